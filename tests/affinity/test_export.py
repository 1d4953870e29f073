import csv
import dataclasses
import json
import math

import pandas
import pytest

import affinity_problems as problems
from sharedtrunk.affinity import _export as export
from sharedtrunk.affinity import _pictures as pictures
from sharedtrunk.affinity import _wording as wording
from sharedtrunk.errors import InputError


def test_a_row_per_auxiliary_holds_what_the_advice_holds():
    advice = problems.advice(4)
    frame = advice.to_frame()
    assert frame["auxiliary"].tolist() == [each.name for each in advice.auxiliaries]
    for each, row in zip(advice.auxiliaries, frame.to_dict("records"), strict=True):
        assert row["labels"] == each.labels
        assert (row["benefit"], row["benefit_low"], row["benefit_high"], row["benefit_error"]) == (
            each.effect.benefit.mean,
            each.effect.benefit.low,
            each.effect.benefit.high,
            each.effect.benefit.standard_error,
        )
        assert (row["accuracy"], row["p_adjusted"], row["verdict"]) == (
            each.effect.accuracy.mean,
            each.effect.p_adjusted,
            each.effect.verdict,
        )
        why = each.explanation
        assert (row["relatedness"], row["relatedness_low"], row["snr_auxiliary"]) == (0.62, why.low, why.snr_auxiliary)
        assert (row["predicted"], row["predicted_verdict"]) == (why.predicted, why.predicted_verdict)
    assert frame["in_best_set"].tolist() == [True, True, False, False]
    assert frame.attrs["main"] == "digit"


def test_what_is_unknown_is_nan_in_the_frame_and_null_in_the_record():
    advice = problems.unknown_advice()
    row = advice.to_frame().iloc[0]
    assert math.isnan(row["benefit"])
    assert math.isnan(row["relatedness"])
    assert not row["in_best_set"]
    (auxiliary,) = export.record(advice)["auxiliaries"]
    assert auxiliary["effect"]["benefit"]["mean"] is None
    assert auxiliary["explanation"] is None


def test_a_row_per_ordered_pair():
    matrix = problems.matrix(4)
    frame = matrix.to_frame()
    assert len(frame) == 12
    there = frame.set_index(["main", "auxiliary"])
    for pair, effect in matrix.effects.items():
        assert there.loc[pair, "benefit"] == effect.benefit.mean
    assert there.loc[("parity", "half"), "same_group"]
    assert not there.loc[("parity", "loop"), "same_group"]


@pytest.mark.parametrize("made", [problems.advice(4), problems.unknown_advice(), problems.matrix(3)])
def test_the_record_is_strict_json_and_holds_every_field(made, tmp_path):
    file = tmp_path / "made.json"
    export.write_json(file, made)
    plain = json.loads(file.read_text(), parse_constant=pytest.fail)
    assert {field.name for field in dataclasses.fields(made)} <= set(plain)
    assert {"units", "versions"} <= set(plain)
    assert "jax" in plain["versions"]


def test_the_record_keeps_numbers_reasons_and_angles():
    advice = problems.advice(3)
    plain = export.record(advice)
    first = plain["auxiliaries"][0]
    assert first["effect"]["benefit"]["low"] == advice.auxiliaries[0].effect.benefit.low
    assert first["explanation"]["angles"] == [12.0, 41.5, 80.0]
    assert first["explanation"]["sentence"] == advice.auxiliaries[0].explanation.sentence
    assert plain["best_set"]["auxiliaries"] == ["parity", "loop"]
    assert [point["labels"] for point in plain["curve"]] == [50, 100, 200, 400]
    matrix = problems.matrix(3)
    effects = export.record(matrix)["effects"]
    assert {(each["main"], each["auxiliary"]): each["benefit"]["mean"] for each in effects} == {
        pair: effect.benefit.mean for pair, effect in matrix.effects.items()
    }


@pytest.mark.parametrize("made", [problems.advice(12), problems.unknown_advice(), problems.matrix(3)])
def test_the_file_of_values_is_the_frame(made, tmp_path):
    file = tmp_path / "made.csv"
    export.write_csv(file, made)
    with file.open(newline="") as lines:
        read = list(csv.DictReader(lines))
    frame = export.frame(made)
    assert [row["auxiliary"] for row in read] == frame["auxiliary"].tolist()
    numbers = pandas.Series([float(row["benefit"] or "nan") for row in read])
    pandas.testing.assert_series_equal(numbers, frame["benefit"], check_names=False, check_exact=True)


@pytest.mark.parametrize("start", ["=1+", "+", "-", "@", "\t", "\r", "\n"])
def test_no_name_is_a_formula_in_a_spreadsheet(start, tmp_path):
    name = f"{start}SUM(1)"
    made = problems.advice(2)
    first = dataclasses.replace(made.auxiliaries[0], name=name)
    advice = dataclasses.replace(made, auxiliaries=(first, *made.auxiliaries[1:]))
    export.write_csv(tmp_path / "made.csv", advice)
    with (tmp_path / "made.csv").open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [row["auxiliary"] for row in rows] == ["'" + name.replace("\r", "\n"), made.auxiliaries[1].name]
    assert float(rows[0]["benefit"]) == first.effect.benefit.mean
    loss = dataclasses.replace(first.effect, benefit=dataclasses.replace(first.effect.benefit, mean=-0.25))
    harmful = dataclasses.replace(first, name="-7", effect=loss)
    export.write_csv(tmp_path / "made.csv", dataclasses.replace(made, auxiliaries=(harmful,)))
    assert (tmp_path / "made.csv").read_text().splitlines()[1].startswith(f"-7,{first.labels},-0.25,")
    export.write_json(tmp_path / "made.json", dataclasses.replace(made, main=name))
    assert json.loads((tmp_path / "made.json").read_text())["main"] == name


def test_half_a_surrogate_pair_in_a_note_is_written_out(tmp_path):
    made = dataclasses.replace(problems.advice(1), notes=("x\udcff",))
    export.write_json(tmp_path / "made.json", made)
    assert json.loads((tmp_path / "made.json").read_text(encoding="utf-8"))["notes"] == ["x\udcff"]


@pytest.mark.parametrize("write", [export.write_json, export.write_csv])
def test_a_file_that_cannot_be_written_is_told(write, tmp_path):
    with pytest.raises(InputError, match="/nowhere/at/all"):
        write(tmp_path / "nowhere/at/all", problems.advice(1))


def test_pictures_are_written_by_suffix(tmp_path):
    pictures.write_picture(tmp_path / "a.png", problems.advice(1))
    pictures.write_picture(tmp_path / "b.PDF", problems.matrix(2))
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "b.PDF").read_bytes().startswith(b"%PDF")
    with pytest.raises(InputError, match="png or pdf; got 'svg'"):
        pictures.write_picture(tmp_path / "c.svg", problems.advice(1))


def test_a_letter_that_the_font_lacks_is_no_warning(tmp_path):
    pictures.write_picture(tmp_path / "a.png", problems.advice(1, main="顧客"))
    assert (tmp_path / "a.png").exists()


def test_a_large_leading_set_is_told_by_its_size():
    figure = problems.advice(6).plot()
    words = {text.get_text().replace("\n", " ") for text in figure.axes[0].texts}
    assert {"the first 4 above", "the first 6 above", "★ parity + loop"} <= words


def test_sentences_tell_the_set_the_weight_and_the_curve():
    told = dict(wording.sentences(problems.advice(3)))
    assert told["Best set"].startswith("parity + loop: +0.220 nats [+0.179, +0.261], helps")
    assert "α = 1 for parity + loop" in told["Weight"]
    assert "(yours: 200)" in told["Labels"]
    assert "task_weights={'digit': 1.0, 'parity': 1.0, 'loop': 1.0}, stop_on='digit')" in told["Train"]
    assert "400: +0.140 nats [+0.079, +0.202], if the trend in ln N continues" in told["Labels"]
    assert "reaches from" in told["Unknown"]


def test_where_no_set_helps_it_says_so():
    told = dict(wording.sentences(problems.advice(2, helps=False)))
    assert told["Best set"].startswith("none: ")
    assert "if it were taken" in told["Weight"]


def test_without_numbers_no_sentence_speaks_of_them():
    advice = problems.unknown_advice()
    assert wording.sentences(advice) == [("Unknown", "loop: 30 of 30 trainings gave no finite loss.")]
    assert wording.rows(advice) == [("loop\n31", "–", "+2.0\n[+0.4, +3.6]", "cannot tell yet", "–", "–")]


def test_the_grouping_in_words():
    assert wording.grouping(problems.matrix(4)) == f"train together: parity + half; alone: loop, {problems.NAMES[2]}."


@pytest.mark.parametrize(
    ("value", "form", "told"), [(-0.0001, "+z.3f", "+0.000"), (float("nan"), ".2f", "–"), (0.625, ".1f", "0.6")]
)
def test_numbers_in_words(value, form, told):
    assert wording.number(value, form) == told


def test_rows_of_the_matrix_are_main_tasks():
    matrix = problems.matrix(3)
    rows = dict(wording.matrix_rows(matrix))
    assert list(rows) == list(matrix.tasks)
    assert rows["parity"][0] is None
    effect = matrix.effects["parity", "loop"]
    assert rows["parity"][1] == (f"{effect.benefit.mean:+.2f}", effect.verdict)
    assert rows["loop"][0][0] == f"{matrix.effects['loop', 'parity'].benefit.mean:+.2f}" != rows["parity"][1][0]


@pytest.mark.parametrize(
    ("value", "error", "told"),
    [(0.62, 0.08, "0.62 ± 0.08"), (0.62, math.nan, "0.62"), (math.nan, 0.08, "–"), (math.nan, math.nan, "–")],
)
def test_an_unknown_value_has_no_error(value, error, told):
    assert wording.with_error(value, error, ".2f") == told


def test_a_picture_of_advice_without_a_set_says_so():
    texts = problems.advice(2, helps=False).plot().texts
    assert any('No set has the verdict "helps" (verdicts are corrected' in text.get_text() for text in texts)

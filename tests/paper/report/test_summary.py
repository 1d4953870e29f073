"""The five sentences: which words stand there is decided by the verdicts and numbers."""

import dataclasses
import math

import pytest

from report_problems import make_check, make_cube
from sharedtrunk.paper.figures import FIGURES
from sharedtrunk.paper.report import _summary as summary
from sharedtrunk.paper.report._agreement import agreement
from sharedtrunk.paper.report._gather import gather

IDS = {name: [phrase.id for phrase in phrases] for name, phrases in summary.CORE.items()}


def checks_of(figure, verdict="holds"):
    return [make_check(id, verdict, stopping) for stopping in ("oracle", "honest") for id in IDS[figure]]


@pytest.fixture
def told(results):
    """`told(left, right)` → the summary, with these verdicts in Figure 2."""

    def tell(left="holds", right="holds", **how):
        folder = results(["fig2-left"], checks=checks_of("fig2-left", left), **how)
        results(["fig2-right"], checks=checks_of("fig2-right", right), **how)
        return summary.summarize(gather(folder))

    return tell


@pytest.mark.parametrize(
    ("left", "right", "answer"),
    [
        ("holds", "holds", "Yes."),
        ("fails", "fails", "No."),
        ("holds", "fails", "In part."),
        ("holds", "undecided", "Where it is decided, yes."),
        ("undecided", "undecided", "Undecided."),
        ("not measured", "not measured", "Not measured here."),
        ("not measured", "holds", "As far as it is measured here, yes."),
        ("undecided", "fails", "No."),
    ],
)
def test_the_answer_follows_from_the_verdicts(told, left, right, answer):
    assert told(left, right).answer == answer


def test_the_claims_of_the_sentences_are_claims_of_the_figures():
    for name, ids in IDS.items():
        judged = {check.id for check in FIGURES[name].judge(make_cube(theory=False))}
        assert set(ids) <= judged


def test_the_words_turn_with_the_verdict(told):
    for verdict, word in (("holds", "grows"), ("fails", "falls"), ("undecided", "is open")):
        first, second, *_ = told(verdict, verdict).sentences
        assert word in first
        phrase = summary.DATA[0]
        words = {"holds": phrase.holds, "fails": phrase.fails, "undecided": phrase.open}[verdict]
        assert words.lower() in second.lower()


def test_numbers_and_their_setting_stand_in_the_sentence(told):
    first = told().sentences[0]
    assert first.count("+0.250 ± 0.010 nats") == 3
    assert first.endswith(", at N = 800.")


def test_what_was_not_measured_says_why(results):
    checks = [
        dataclasses.replace(
            make_check(id, "not measured"), number=math.nan, standard_error=math.nan, reason="needs N = 100"
        )
        for id in IDS["fig2-right"]
    ]
    folder = results(["fig2-right"], checks=checks)
    sentence = summary.summarize(gather(folder)).sentences[1]
    assert sentence.count("not measured: needs N = 100") == 3


def test_a_missing_figure_is_named_with_its_command(results):
    folder = results(["a1"])
    first, second, *_ = summary.summarize(gather(folder)).sentences
    assert f"`sharedtrunk reproduce fig2-left --out {folder}`" in first
    assert f"`sharedtrunk reproduce fig2-right --out {folder}`" in second


def test_validation_stopping_counts_what_changes(results):
    checks = [make_check("one"), make_check("one", stopping="honest"), make_check("two")]
    folder = results(["fig2-left"], checks=[*checks, make_check("two", "fails", "honest")])
    assert (
        "1 of 2 claims of the figures keep their verdict; of the others, 1 goes from holds to fails."
        in (summary.summarize(gather(folder)).sentences[2])
    )
    folder = results(["fig2-left"], checks=checks[:2])
    assert summary.summarize(gather(folder)).sentences[2].endswith("all 1 claims of the figures keep their verdict.")
    folder = results(["fig2-left"], checks=checks[:1])
    assert summary.summarize(gather(folder)).sentences[2] == "No claim was judged with validation stopping."


def test_theory_is_measured_on_the_cube(results):
    checks = [make_check("bounds-hold", number=0.0, standard_error=0.0, low=0.0, high=0.0, cases=108)]
    fourth = summary.summarize(gather(results(["a1"], checks=checks))).sentences[3]
    assert "closely" in fourth
    assert "mean absolute difference 0.020 nats" in fourth
    assert fourth.endswith("all 108 benefits with bounds lie between (22) and (23).")
    broken = [make_check("bounds-hold", "fails", number=3.0, standard_error=0.0, low=3.0, high=3.0, cases=108)]
    fourth = summary.summarize(gather(results(["a1"], checks=broken))).sentences[3]
    assert fourth.endswith("3 of 108 benefits lie outside the bounds (22) and (23).")


def test_what_the_closure_misses_is_told_where_it_fails(results):
    def fourth(verdict):
        bias = make_check("closure-unbiased-where-benefit-is-large", number=-0.024, verdict=verdict)
        return summary.summarize(gather(results(["a1"], checks=[bias]))).sentences[3]

    assert "but where benefits are largest (r = 1, high-SNR aux) it is off by −0.024" in fourth("fails")
    assert "off by" not in fourth("holds")


def test_a_cube_without_theory_says_how_to_store_it(results):
    folder = results(["a1"], theory=False)
    assert f"`sharedtrunk reproduce a1 --out {folder}` adds it" in summary.summarize(gather(folder)).sentences[3]


def test_the_tally_counts_figures_and_ledger(told):
    fifth = told("holds", "fails").sentences[4]
    assert "Of the 6 checks of the paper’s figures with oracle stopping, 3 hold and 3 fail" in fifth
    assert ", 1 hold, 1 hold only under a condition, 1 fail and" in fifth
    assert "are not measured." in fifth  # the claims that datasets of this folder do not decide


def test_agreement_of_a_known_prediction():
    cube = make_cube()
    exact = agreement(cube.assign(benefit_closure=3 * cube["benefit"] + 1))
    assert exact.correlation.mean == pytest.approx(1, abs=1e-12)
    opposite = agreement(cube.assign(benefit_closure=-cube["benefit"]))
    assert opposite.correlation.mean == pytest.approx(-1, abs=1e-12)
    assert agreement(cube).difference.mean == pytest.approx(0.02, abs=1e-12)
    assert agreement(cube).settings == cube["benefit"].size // cube.sizes["seed"]


def test_agreement_leaves_out_what_has_no_value():
    cube = make_cube()
    holed = cube.assign(benefit_closure=cube["benefit_closure"].where(cube["relatedness"] > 0))
    assert agreement(holed).settings == agreement(cube).settings * 2 // 3
    nothing = agreement(cube.assign(benefit_closure=cube["benefit"] * math.nan))
    assert math.isnan(nothing.correlation.mean)
    assert nothing.settings == 0


@pytest.mark.parametrize(("low", "word"), [(0.99, "closely"), (0.8, "roughly"), (0.2, "poorly"), (math.nan, "open")])
def test_the_word_for_the_agreement_follows_from_the_interval(low, word):
    found = agreement(make_cube())
    found = dataclasses.replace(found, correlation=dataclasses.replace(found.correlation, low=low))
    assert word in summary._closure(found)

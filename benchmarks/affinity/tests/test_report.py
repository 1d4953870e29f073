"""Tables and readings of a summary on made-up trials whose answers are known."""

import numpy as np
import pytest

pytest.importorskip("jax")

from benchmarks.affinity import report
from benchmarks.affinity.readings import askings, new_rows, null_reference


def trials(**columns) -> dict[str, np.ndarray]:
    """Trials of one family, unless the columns say otherwise."""
    size = len(next(iter(columns.values())))
    words = {"table": "t", "main": "a", "family": "f", "kind": "different", "predicted_verdict": "unclear"}
    numbers = {"labels": 100, "new": 0, "world": 0, "user": 0, "truth": 0, "truth_error": 0.001, "predicted": 0}
    made = {name: np.full(size, value, object) for name, value in words.items()}
    made |= {name: np.full(size, value, float) for name, value in numbers.items()}
    return made | {name: np.array(values, object if name in words else float) for name, values in columns.items()}


def test_tables_stand_between_the_marks_of_the_readme(tmp_path):
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
    for text in ("| new |", "| newer |"):
        report.insert(readme, text)
        assert readme.read_text() == f"before\n{report.BEGIN}\n{text}\n{report.END}\nafter\n"
    readme.write_text("no marks")
    with pytest.raises(ValueError, match="not found"):
        report.insert(readme, "x")


def test_families_of_other_features_are_not_ranked_together():
    asked = trials(family=["a", "b", "a", "a"], user=[0, 0, 1, 0])
    assert np.unique(askings(asked), return_inverse=True)[1].tolist() == [0, 2, 1, 0]


def test_signs_are_counted_over_the_same_trials_with_and_without_the_null_s_benefit():
    # Shuffled labels help by 0.05, so a benefit of 0.03 hurts beyond them. One trial has no prediction, one is unclear.
    asked = trials(
        kind=["different"] * 5 + ["null"],
        truth=[0.2, 0.03, -0.1, 0.3, 0.3, 0.05],
        truth_error=[0.001, 0.001, 0.001, 0.001, 1, 0.001],
        predicted=[1, -1, -1, np.nan, 1, -1],
    )
    reference, error = null_reference(asked)
    assert (reference.tolist(), error.tolist()) == ([0.05] * 6, [0.001] * 6)
    raw, sure, beyond = report.agreement(asked).splitlines()[2:]
    assert "| 4 | 3 | 50.0%" in raw  # the null itself counts here
    assert "75.0%" in raw
    assert "| 0 | 0 | none | none |" in sure
    assert "| 3 | 1 | 100.0%" in beyond
    assert "66.7%" in beyond


def test_null_reference_is_of_the_same_table_size_and_place_and_counts_a_family_once():
    asked = trials(
        kind=["null", "null", "null", "part", "part"],
        main=["a", "a", "b", "c", "c"],
        user=[0, 1, 0, 0, 0],
        labels=[100, 100, 100, 100, 50],
        truth=[0.1, 0.1, 0.4, 1, 1],
        truth_error=[0.3, 0.3, 0.4, 1, 1],
    )
    reference, error = null_reference(asked)
    np.testing.assert_allclose(reference, [0.25] * 4 + [np.nan])
    np.testing.assert_allclose(error, [0.25] * 4 + [np.nan])


def test_the_trivial_answer_is_the_share_of_labels_on_new_rows():
    answer = new_rows(trials(new_share=[0, 0.5, 1], main=["a", "b", "c"], truth=[0, 1, 1]))
    assert answer.score.tolist() == [0, 0.5, 1]
    assert answer.decisions["share > 0"].tolist() == [False, True, True]


def test_choices_tell_how_often_null_sets_are_recommended_and_what_following_gives():
    found = trials(main=["a", "b"], recommended_truth=[0.1, 0], all_truth=[-0.2, 0], single_truth=[0.3, -0.1])
    found["recommended"] = np.array(["x+y", ""], object)
    null = trials(family=["null"] * 3 + ["nulls"])
    null["recommended"] = np.array(["", "null 0", "", ""], object)
    text = report.choices(found, null)
    assert "| one shuffled | 3 | 33.3%" in text
    assert "| three shuffled | 1 | 0.0%" in text
    assert "a set recommended in 1" in text
    for rule, gain, regret in (("recommended set", 0.05, 0.1), ("| alone", 0, 0.15), ("all together", -0.1, 0.25)):
        line = next(line for line in text.splitlines() if rule in line and "…" in line)
        assert [float(cell.split()[0]) for cell in line.split("|")[2:4]] == pytest.approx([gain, regret])

"""The explained answer for tables whose truth is known: verdicts, words, and what it says when it cannot tell."""

import dataclasses

import numpy as np
import pytest

from sharedtrunk.affinity._explanation import explain, explain_pair, label_overlap, signals, verdict
from sharedtrunk.errors import InputError

ROWS, FEATURES = 1500, 30


@pytest.fixture(scope="module")
def table():
    """One input direction decides `main` and `same`, another `other`; `main` has few labels, `noise` none worth having."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(ROWS, FEATURES))
    flips = rng.random((4, ROWS)) < 0.1
    first, second = ((X[:, k] > 0).astype(int) for k in (0, 1))
    few, many = np.arange(ROWS) < 80, np.arange(ROWS) >= 80
    labels = {
        "main": np.where(few, first ^ flips[0], -1),
        "same": np.where(many, first ^ flips[1], -1),
        "other": np.where(few, second ^ flips[2], -1),
        "noise": np.where(few, rng.integers(2, size=ROWS), -1),
        "parts": 2 * (first ^ flips[3]) + second,
        "copy": np.where(few, first ^ flips[0], -1),
    }
    return X, labels


@pytest.fixture(scope="module")
def found(table):
    return signals(*table)


@pytest.mark.parametrize(
    ("auxiliary", "hidden", "expected"),
    [("same", 50, "helps"), ("parts", 50, "helps"), ("other", 50, "hurts"), ("other", 1, "hurts")],
)
def test_verdict_of_a_table_with_known_truth(found, auxiliary, hidden, expected):
    """Unrelated labels hurt, a little where the trunk has room and much where it has none (the next test but one)."""
    said = explain_pair(found["main"], found[auxiliary], hidden=hidden)
    assert said.predicted_verdict == expected
    assert said.low <= (0.0 if auxiliary == "other" else 1.0) <= said.high
    assert said.agreement(expected) == "agrees"
    assert said.agreement("no difference" if expected != "no difference" else "helps") == "disagrees"
    assert said.agreement("cannot tell yet") == "cannot be compared"


def test_a_well_labelled_task_has_nothing_to_gain(found):
    said = explain_pair(found["same"], found["parts"], hidden=50)
    assert said.predicted_verdict == "no difference"
    assert said.labels_per_parameter > 10 * explain_pair(found["main"], found["same"], hidden=50).labels_per_parameter


def test_benefit_is_directed(found):
    there, back = (explain_pair(found[a], found[b], hidden=50) for a, b in (("main", "same"), ("same", "main")))
    assert there.predicted > 5 * abs(back.predicted)
    assert (there.snr_main, there.snr_auxiliary) == (back.snr_auxiliary, back.snr_main)


def test_a_narrow_trunk_is_said_and_expected_to_hurt(found):
    wide, narrow = (explain_pair(found["main"], found["other"], hidden=H) for H in (50, 1))
    assert (wide.trunk_share, narrow.trunk_share) == (25, 0.5)
    assert narrow.predicted < wide.predicted - 0.1
    assert "0.5 hidden units per direction" in narrow.sentence


def test_no_signal_is_said(found):
    """An auxiliary without signal: r is not claimed, and a signal that could be missed keeps the verdict open."""
    auxiliary = explain_pair(found["main"], found["noise"], hidden=50)
    assert (auxiliary.rank_auxiliary, auxiliary.low, auxiliary.high) == (0, 0, 1)
    assert np.isnan(auxiliary.relatedness)
    assert "no signal distinguishable from noise with 80 labels" in auxiliary.sentence
    assert abs(auxiliary.predicted) < 0.1
    assert auxiliary.predicted_verdict == "cannot tell yet"
    main = explain_pair(found["noise"], found["main"], hidden=50)
    assert np.isnan([main.predicted, main.predicted_error]).all()
    assert main.predicted_verdict == "cannot tell yet"
    assert main.sentence.startswith("The signal of noise is not distinguishable from noise with 80 labels")


def test_a_copy_of_the_label_on_the_same_rows_is_not_help(found):
    """All of it is related and none of it new: theory knows that the noise is the same."""
    said = explain_pair(found["main"], found["copy"], hidden=50)
    assert said.high == 1
    assert said.predicted_verdict in ("no difference", "cannot tell yet")
    assert said.predicted < explain_pair(found["main"], found["same"], hidden=50).predicted / 5


def test_sentence_carries_the_numbers(found):
    said = explain_pair(found["main"], found["same"], hidden=50)
    for part in (
        f"same is closely related to main (r = {said.relatedness:.2f}",
        f"{said.low:.2f} … {said.high:.2f}",
        "1 of 1 angles below 45°",
        f"a signal {said.snr_auxiliary:.1f} times its noise",
        f"main has {said.labels_per_parameter:.2g} labels per parameter",
        f"Theory expects help ({said.predicted:+.3f} ± {said.predicted_error:.3f}",
    ):
        assert part in said.sentence
    assert "\n" not in said.sentence
    unrelated = dataclasses.replace(said, low=0.0, predicted_verdict="hurts")
    assert "not measurably related" in unrelated.sentence
    assert "Theory expects harm" in unrelated.sentence


@pytest.mark.parametrize(
    ("benefit", "error", "expected"),
    [
        (0.1, 0.01, "helps"),
        (-0.1, 0.01, "hurts"),
        (0.1, 0.06, "cannot tell yet"),
        (0.01, 0.001, "no difference"),
        (0.02, 0.001, "helps"),  # small, but surely there
        (0.0, 0.009, "no difference"),
        (0.0, 0.011, "cannot tell yet"),
        (0.0, 0.03, "cannot tell yet"),
        (np.nan, np.nan, "cannot tell yet"),
    ],
)
def test_verdict_follows_from_benefit_and_error(benefit, error, expected):
    assert verdict(benefit, error) == expected


def test_overlap_counts_rows_labelled_twice(found):
    """Ω of a task with itself is the identity; without common rows there is none."""
    itself = label_overlap(found["parts"], found["parts"])
    assert itself is not None
    assert itself.labels == ROWS
    np.testing.assert_allclose(itself.correlation, np.eye(3), atol=1e-9)
    assert label_overlap(found["main"], found["same"]) is None


def test_explain_is_signals_and_a_pair_and_repeats(table, found):
    X, labels = table
    once, again = (explain(X, labels, "main", "same", hidden=50).sentence for _ in range(2))
    assert once == again == explain_pair(found["main"], found["same"], hidden=50).sentence
    assert (
        explain(X, labels, "main", "same", hidden=50, alpha=0.1).predicted
        < explain_pair(found["main"], found["same"], hidden=50).predicted
    )
    with pytest.raises(InputError, match="in the table; got missing"):
        explain(X, labels, "main", "missing", hidden=50)

"""Verdicts: each from a case made to have it, and the correction for the number tried."""

import numpy as np
import pytest

from sharedtrunk.affinity._effects import Paired, effects
from sharedtrunk.affinity._trials import Outcome
from sharedtrunk.affinity._verdicts import CANNOT_TELL, HELPS, HURTS, NO_DIFFERENCE

SPLITS = 40


def _outcome(losses: np.ndarray) -> Outcome:
    """One test row a split."""
    rows = np.where(np.eye(SPLITS, dtype=bool), losses, np.nan)
    return Outcome(
        rows, np.where(np.isfinite(rows), 1.0, np.nan), np.zeros(SPLITS), np.zeros(SPLITS), np.ones(SPLITS, bool)
    )


def _paired(mean: float, error: float, objections=()) -> Paired:
    """A pair whose benefit has exactly this mean and standard error."""
    noise = np.random.default_rng(0).normal(size=SPLITS)
    noise = (noise - noise.mean()) / noise.std(ddof=1)
    return Paired(("b",), 1.0, _outcome(1 - mean - error * SPLITS**0.5 * noise), _outcome(np.ones(SPLITS)), objections)


@pytest.mark.parametrize(
    ("mean", "error", "verdict"),
    [
        (0.1, 0.02, HELPS),
        (-0.1, 0.02, HURTS),
        (0.02, 0.02, CANNOT_TELL),
        (0.004, 0.001, NO_DIFFERENCE),  # surely positive, and negligible
        (-0.002, 0.001, NO_DIFFERENCE),
        (0.0, 0.02, CANNOT_TELL),
    ],
)
def test_verdicts(mean, error, verdict):
    (found,) = effects([_paired(mean, error)], negligible=0.01)
    assert found.benefit.mean == pytest.approx(mean, abs=1e-12)
    assert found.benefit.standard_error == pytest.approx(error)
    assert found.verdict == verdict
    assert (found.reason != "") == (verdict == CANNOT_TELL)


def test_what_helps_alone_may_not_among_many():
    one = _paired(0.05, 0.02)
    (alone,) = effects([one], negligible=0.01)
    among = effects([one] + [_paired(0.0, 0.02)] * 9, negligible=0.01)[0]
    assert alone.verdict == HELPS
    assert among.verdict == CANNOT_TELL
    assert among.p_adjusted == pytest.approx(10 * alone.p_value)
    assert among.benefit == alone.benefit  # the interval is this effect's own
    assert "once corrected for 10" in among.reason


def test_an_objection_prevents_a_verdict():
    (found,) = effects([_paired(0.1, 0.01, objections=["class x is rare"])], negligible=0.01)
    assert (found.verdict, found.reason) == (CANNOT_TELL, "class x is rare")


def test_many_failed_trainings_keep_from_telling():
    good = _paired(0.1, 0.01)
    loss = good.joint.loss.copy()
    loss[:10] = np.nan
    (found,) = effects([good._replace(joint=good.joint._replace(loss=loss))], negligible=0.01)
    assert found.verdict == CANNOT_TELL
    assert "10 of 40 trainings" in found.reason


def test_splits_without_rows_to_judge_by_are_no_trainings():
    good = _paired(0.1, 0.01)
    made = np.arange(SPLITS) >= 10
    loss = np.where(made[:, None], good.joint.loss, np.nan)
    (found,) = effects([good._replace(joint=good.joint._replace(loss=loss, made=made))], negligible=0.01)
    assert (found.verdict, found.benefit.n, found.benefit.left_out) == (HELPS, SPLITS - 10, 0)

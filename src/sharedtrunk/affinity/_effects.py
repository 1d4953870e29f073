"""From paired losses to effects: benefit, interval, correction for the number of comparisons, verdict."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from sharedtrunk._support.statistics import CONFIDENCE, Estimate
from sharedtrunk.affinity._gaussian_benefit import gaussian_benefit
from sharedtrunk.affinity._intervals import holm
from sharedtrunk.affinity._metrics import IN_NATS, LOG_LOSS, SQUARED_ERROR, Scoring
from sharedtrunk.affinity._records import Effect
from sharedtrunk.affinity._trials import Outcome
from sharedtrunk.affinity._verdicts import CANNOT_TELL, HELPS, HURTS, NO_DIFFERENCE
from sharedtrunk.affinity._ways import BESIDE, Way

NEGLIGIBLE = 0.01
"""The largest benefit that is negligible, in nats or in units of another metric, unless the user says otherwise: the line is
a share of what the features explain (`_reference.negligible_line`). An interval within ± the line has the verdict "no
difference"."""

MOST_FAILED = 0.1
"""Share of the splits whose trainings may fail; if more fail, the verdict is "cannot tell yet"."""


class Paired(NamedTuple):
    """Both arms of a comparison on the same splits, and the reasons why the comparison allows no verdict."""

    auxiliaries: tuple[str, ...]
    alpha: float
    joint: Outcome
    single: Outcome
    objections: Sequence[str] = ()
    way: Way = BESIDE


def effects(
    tried: Sequence[Paired],
    *,
    negligible: float | Sequence[float],
    scoring: Scoring = IN_NATS,
) -> list[Effect]:
    """The effect of each comparison; all of them are one family for the correction.

    `negligible` is one line, or one for each comparison.
    """
    lines = [negligible] * len(tried) if isinstance(negligible, int | float) else negligible
    measured = [_measured(each.joint, each.single, scoring) for each in tried]
    p_values = [p for _, _, p in measured]
    found = []
    for each, line, (benefit, accuracy, p), adjusted in zip(tried, lines, measured, holm(p_values), strict=True):
        verdict, reason = _verdict(benefit, adjusted, line, each.objections, scoring)
        if not reason and verdict == CANNOT_TELL:
            reason = _undecided(benefit, p, adjusted, len(tried), " nats" if scoring.metric == LOG_LOSS else "")
        nats = gaussian_benefit(each.joint, each.single, scoring) if scoring.metric == SQUARED_ERROR else None
        numbers = (benefit, accuracy, p, adjusted, verdict, reason)
        found.append(Effect(each.auxiliaries, each.alpha, *numbers, nats=nats, way=each.way))
    return found


def _measured(joint: Outcome, single: Outcome, scoring: Scoring) -> tuple[Estimate, Estimate, float]:
    """Benefit, gain of accuracy, and the p-value of the benefit."""
    made = joint.made & single.made
    gains = scoring.gains(joint, single)[made]
    benefit = scoring.estimate(gains)
    accuracy = scoring.by_row(100 * (joint.right - single.right)[made])
    return benefit, accuracy, scoring.p_value(benefit, gains)


def _verdict(
    benefit: Estimate, p_adjusted: float, negligible: float, objections: Sequence[str], scoring: Scoring
) -> tuple[str, str]:
    """The verdict ("no difference" within ± negligible, else by the p-value), and the reason if the data allow none."""
    if objections:
        return CANNOT_TELL, objections[0]
    if benefit.left_out > MOST_FAILED * (benefit.n + benefit.left_out) or not np.isfinite(benefit.low):
        splits = benefit.n + benefit.left_out
        if scoring.metric.by_split:
            why = "because their test rows lack a class or their training failed"
            return CANNOT_TELL, f"{benefit.left_out} of {splits} splits have no {scoring.metric.name}, {why}"
        return CANNOT_TELL, f"{benefit.left_out} of {splits} trainings gave no finite loss"
    if -negligible < benefit.low and benefit.high < negligible:
        return NO_DIFFERENCE, ""
    if p_adjusted < 1 - CONFIDENCE:
        return (HELPS if benefit.mean > 0 else HURTS), ""
    return CANNOT_TELL, ""


def _undecided(benefit: Estimate, p: float, adjusted: float, tried: int, unit: str) -> str:
    """Why the verdict is "cannot tell yet" for an effect without failures or objections."""
    if p < 1 - CONFIDENCE:
        return f"p = {p:.3f} alone, but {adjusted:.3f} once corrected for {tried} comparisons"
    return f"the interval reaches from {benefit.low:+.3f} to {benefit.high:+.3f}{unit}"

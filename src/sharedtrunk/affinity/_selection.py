"""Which auxiliary tasks to take and how to weigh them, by the one-standard-error rule.

The candidate with the highest measured benefit is partly the luckiest. The rule (Breiman et al. 1984) takes the simplest
candidate within one standard error of the best: the smallest number of auxiliary tasks, or the weight nearest to 1. A set
must also have the verdict "helps"; otherwise the advice is to train alone.
"""

import itertools
from collections.abc import Sequence

import numpy as np

from sharedtrunk.affinity._records import Effect
from sharedtrunk.affinity._verdicts import HELPS
from sharedtrunk.affinity._ways import AVERAGE

ALPHAS = (0.1, 0.3, 1.0, 3.0, 10.0)
"""Weights α that are tried, half a decade apart."""

FEW = 3
"""With up to this many auxiliary tasks every set is tried; with more, only the leading sets."""


def further_sets(ranked: Sequence[str]) -> list[tuple[str, ...]]:
    """Sets of two and more to try, for auxiliaries `ranked` best first: all of them if few, else the leading 2, 3, …"""
    if len(ranked) <= FEW:
        return [names for size in range(2, len(ranked) + 1) for names in itertools.combinations(ranked, size)]
    return [tuple(ranked[:size]) for size in range(2, len(ranked) + 1)]


def best_set(tried: Sequence[Effect]) -> Effect | None:
    """The smallest set within one standard error of the best that has the verdict "helps"; None: train alone.

    The verdict is corrected for all sets that were tried. Without this condition, the best of several sets that do nothing
    would be recommended in a third to a half of all cases.
    """
    best = leading(tried)
    if best is None:
        return None
    helping = [effect for effect in _near(tried, best) if effect.verdict == HELPS]
    return min(helping, key=lambda effect: (len(effect.auxiliaries), -effect.benefit.mean), default=None)


def best_alpha(tried: Sequence[Effect]) -> float:
    """The weight nearest to 1, in ratio, within one standard error of the best; 1 without a measured effect."""
    best = leading(tried)
    if best is None:
        return 1.0
    return min(_near(tried, best), key=lambda effect: (abs(np.log(effect.alpha)), -effect.benefit.mean)).alpha


def leading(tried: Sequence[Effect]) -> Effect | None:
    """The effect with the highest mean benefit, among those with a standard error."""
    known = [effect for effect in tried if np.isfinite(effect.benefit.standard_error)]
    return max(known, key=lambda effect: effect.benefit.mean, default=None)


def likely(effect: Effect) -> float:
    """The expected benefit where there is an outlook, else the measured one; −∞ where it is unknown."""
    value = effect.benefit.mean if effect.outlook is None else effect.outlook.expected
    return value if np.isfinite(value) else -np.inf


def primary(tried: Sequence[Effect]) -> list[Effect]:
    """The effects that decide: of the average of all ways where it was measured, else all.

    To choose the way of the highest expected benefit costs .002 nats on the public tables that judge: estimates are noisier
    than the differences between ways.
    """
    averages = [effect for effect in tried if effect.way == AVERAGE]
    return averages or list(tried)


def recommended(tried: Sequence[Effect]) -> Effect | None:
    """The effect of the highest expected benefit among those that decide, if that is above 0; None: train alone.

    This minimizes the expected loss. Without outlooks the verdicts decide (`best_set`).
    """
    known = [effect for effect in primary(tried) if effect.outlook is not None]
    if not known:
        return best_set(tried)
    best = max(known, key=likely)
    return best if likely(best) > 0 else None


def _near(tried: Sequence[Effect], best: Effect) -> list[Effect]:
    least = best.benefit.mean - best.benefit.standard_error
    return [effect for effect in tried if effect.benefit.mean >= least]

"""Targets of the tasks whose labels are numbers: standardized inside each split by the rows that may be learnt from.

*Numeric* tasks: the number, bounded as features are (`Bounded`: beyond 3 interquartile ranges from the quartiles it grows by
its logarithm only), then mean 0 and variance 1. A loss ½ (y − ŷ)² is then that of a Gaussian of unit variance, up to a
constant, so it stands beside a cross entropy on one trunk; a squared error (y − ŷ)² is a share of the target's variance.

*Ordered* auxiliary tasks: the normal scores of the levels' middle ranks (van der Waerden 1952), Φ⁻¹ of the share of rows
below a level plus half of the share in it, standardized. They do not depend on what numbers the levels are given.

Neither knows a tested row. The rows that decide when a student stops count as learnt from, because one's own model and linear
students learn from them: a squared error means the same for all.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtri

from sharedtrunk.affinity._preparation import Bounded
from sharedtrunk.affinity._splits import TRAIN, VALIDATION
from sharedtrunk.tables import Table

STRATA = 5
"""Groups of equal size, by their numbers, into which the rows of a numeric task are dealt evenly."""


class NumericTargets(NamedTuple):
    """Numbers of the tasks that are trained on numbers (levels of ordered ones), NaN in all other places.

    `ordered` says which tasks have levels, `weights` how much rows count.
    """

    values: Float[np.ndarray, "task sample"]
    ordered: tuple[bool, ...]
    weights: Float[np.ndarray, "sample"] | None = None

    def of(self, role: Int[np.ndarray, "sample"]) -> Float[np.ndarray, "task sample"]:
        """The targets in a split with these roles, NaN where a task has none."""
        learnt = np.isin(role, (TRAIN, VALIDATION))
        found = np.full(self.values.shape, np.nan)
        for task, (values, ordered) in enumerate(zip(self.values, self.ordered, strict=True)):
            if not np.isnan(values).all():
                found[task] = (normal_scores if ordered else bounded)(values, learnt, self.weights)
        return found


def bounded(
    values: Float[np.ndarray, "sample"],
    learnt: Bool[np.ndarray, "sample"],
    weights: Float[np.ndarray, "sample"] | None = None,
) -> Float[np.ndarray, "sample"]:
    """The numbers, bounded and standardized by those that are learnt from; all NaN where these do not differ."""
    known = learnt & ~np.isnan(values)
    if not known.any():
        return np.full(values.shape, np.nan)
    fitted = Bounded().fit(values[known][:, None])
    return _standardized(fitted.transform(values[:, None])[:, 0], known, weights)


def beyond_fence(values: Float[np.ndarray, "sample"]) -> int:
    """How many of the numbers lie so far from the others that they are bounded."""
    known = values[~np.isnan(values)][:, None]
    fitted = Bounded().fit(known)
    low, high = (
        fitted.median_ + fence * np.where(np.isfinite(fitted.width_), fitted.width_, 0) for fence in fitted.fences_
    )
    return int(((known < low) | (known > high)).sum())


def normal_scores(
    levels: Float[np.ndarray, "sample"],
    learnt: Bool[np.ndarray, "sample"],
    weights: Float[np.ndarray, "sample"] | None = None,
) -> Float[np.ndarray, "sample"]:
    """The normal scores of levels, standardized; all NaN where the rows that are learnt from have one level."""
    known = learnt & ~np.isnan(levels)
    places = np.nan_to_num(levels).astype(np.int64)
    counts = np.bincount(places[known], None if weights is None else weights[known], places.max() + 1)
    total = max(counts.sum(), 1.0)
    middle = (np.cumsum(counts) - counts / 2) / total
    # a level beyond all that are learnt from would have the score ±∞
    scores = ndtri(np.clip(middle, 0.5 / total, 1 - 0.5 / total))
    return _standardized(np.where(np.isnan(levels), np.nan, scores[places]), known, weights)


def task_scores(table: Table, tasks: Sequence[str]) -> dict[str, Float[np.ndarray, "sample"]]:
    """Targets of the numeric and ordered tasks by all rows of a table: for the theory, which trains on nothing."""
    every, found = np.ones(len(table.features), bool), {}
    for task in tasks:
        if table.kind(task) == "numeric":
            found[task] = bounded(table.numbers[task], every)
        elif table.kind(task) == "ordered":
            codes = table.labels[task]
            found[task] = normal_scores(np.where(codes >= 0, codes, np.nan), every)
    return found


def _standardized(values: np.ndarray, known: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Mean 0 and variance 1 over the known values, by weight."""
    counted = None if weights is None else weights[known]
    if not known.any():
        return np.full(values.shape, np.nan)
    mean = np.average(values[known], weights=counted)
    deviation = np.sqrt(np.average((values[known] - mean) ** 2, weights=counted))
    return (values - mean) / (deviation if deviation > 0 else np.nan)


def binned(codes: Int[np.ndarray, "sample"]) -> Int[np.ndarray, "sample"]:
    """The stratum of every row of a numeric task from the places of its numbers, −1 where the label is missing."""
    strata, known = np.full(codes.shape, -1, np.int64), codes >= 0
    if known.any():
        below = np.searchsorted(np.sort(codes[known]), codes[known])
        strata[known] = below * STRATA // known.sum()
    return strata

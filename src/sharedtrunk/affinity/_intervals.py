"""Intervals for means over resampled splits, whose numbers are correlated by row and by training.

δ_ji is the single arm's loss of test row i in split j minus the joint arm's; with R repeats every row has R such numbers.
Numbers of one row, and numbers of one split (which share a training), are correlated. Their mean d̄ has the two-way clustered
variance (Cameron, Gelbach and Miller 2011)

    V = V_row + V_split − V_cell,     V_cell = n/(n−1) Σ_ji e_ji²/n²,
    V_row = N/(N−1) Σ_i (Σ_j e_ji)²/n²,     V_split = J/(J−1) Σ_j (Σ_i e_ji)²/n²,

with e = δ − d̄ over the n numbers of N rows and J splits; V is set to at least V_row and V_split. V is the variance over
draws of rows and of trainings; the interval is Student's t with J − 1 degrees of freedom.

**Groups.** Numbers of rows of one group are correlated too. The G groups then take the place of the rows: V_row sums e over
all numbers of a group, V_cell over the numbers of a group in a split, and there are min(J, G) − 1 degrees of freedom. V is
the variance over draws of groups. **Blocks of time** are tested by one split each, so V_split clusters by block already: V is
the variance over blocks, hence over later blocks that differ from each other as the tested ones do.

**Weights.** A row of weight w counts as w rows: e is multiplied by w, and n is the sum of the weights. With whole numbers
this is the interval of repeated rows whose copies are one group.

**Scores of whole splits** (ROC AUC and the like) have no numbers by row, so V cannot be had. `corrected` is the correction of
Nadeau and Bengio (2003) for them,

    V = (1/J + n_test/n_train) s²,

with the variance s² of the J splits' numbers; Bouckaert and Frank (2004) use it for repeated folds. Splits share most of
their training rows, so their numbers are correlated and s²/J is too small.

Where there are numbers by row this correction is not used: it attributes every difference between splits to their
rows, even those due to start and stop, which average out over splits. Neither V nor this correction accounts for the rows
that all trainings have in common; and with few rows and heavy tails the interval is too narrow, as for any mean.
`benchmarks/affinity` measures both effects.
The p-values of effects that are tried together are adjusted by Holm's method (1979), which is valid for any dependence.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from sharedtrunk._support.statistics import CONFIDENCE, Estimate, t_factor


def clustered(
    differences: Float[np.ndarray, "split judged"],
    groups: Int[np.ndarray, "judged"] | None = None,
    *,
    weights: Float[np.ndarray, "judged"] | None = None,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Mean over test rows and splits with its two-way clustered t-interval; `differences` are NaN where a row is not tested.

    Rows of one of the `groups` are one cluster; without groups every row is one. A row counts as many times as its weight. A
    split without any finite number (a training that failed) is left out and counted. With fewer than two splits or clusters
    the error is NaN.
    """
    tested = np.isfinite(differences)
    made = tested.any(axis=1)
    values, tested = differences[made], tested[made]
    splits = len(values)
    left_out = len(differences) - splits
    if splits == 0:
        return Estimate(np.nan, np.nan, np.nan, np.nan, 0, left_out)
    counted = np.broadcast_to(1.0 if weights is None else weights, values.shape)
    mean = float(np.average(values[tested], weights=None if weights is None else counted[tested]))
    clusters = tested_clusters(differences, groups)
    if splits < 2 or clusters < 2:
        return Estimate(mean, np.nan, np.nan, np.nan, splits, left_out)
    residuals = np.where(tested, (values - mean) * counted, 0.0)
    error = _error(*_by_cluster(residuals, tested, groups)) / float(counted[tested].sum())
    half = t_factor(splits if groups is None else min(splits, clusters), confidence) * error
    return Estimate(mean, error, mean - half, mean + half, splits, left_out)


def corrected(
    numbers: Float[np.ndarray, "split"],
    ratio: float,
    groups: int | None = None,
    *,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Mean over splits with the corrected t-interval; `ratio` is n_test/n_train, and NaN is left out and counted.

    With fewer `groups` than splits, the groups give the degrees of freedom.
    """
    finite = numbers[np.isfinite(numbers)]
    splits, left_out = finite.size, numbers.size - finite.size
    if splits < 2 or (groups is not None and groups < 2):
        return Estimate(float(finite.mean()) if splits else np.nan, np.nan, np.nan, np.nan, splits, left_out)
    mean, error = float(finite.mean()), float(finite.std(ddof=1) * (1 / splits + ratio) ** 0.5)
    half = t_factor(min(splits, groups or splits), confidence) * error
    return Estimate(mean, error, mean - half, mean + half, splits, left_out)


def tested_clusters(differences: np.ndarray, groups: np.ndarray | None) -> int:
    """The number of groups that have finite numbers; without groups, of rows."""
    tested = np.isfinite(differences).any(axis=0)
    return int(tested.sum()) if groups is None else np.unique(groups[tested]).size


def _by_cluster(residuals: np.ndarray, tested: np.ndarray, groups: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Sums of the residuals (split, cluster), and which of them have a number."""
    some = tested.any(axis=0)
    residuals, tested = residuals[:, some], tested[:, some]
    if groups is None:
        return residuals, tested
    group_of = np.unique(groups[some], return_inverse=True)[1]
    order = np.argsort(group_of, kind="stable")
    starts = np.flatnonzero(np.diff(group_of[order], prepend=-1))
    return np.add.reduceat(residuals[:, order], starts, axis=1), np.logical_or.reduceat(
        tested[:, order], starts, axis=1
    )


def _error(residuals: Float[np.ndarray, "split cluster"], there: Bool[np.ndarray, "split cluster"]) -> float:
    """The standard error of the sum of all numbers, from their residuals summed by cluster and split."""
    splits, clusters = residuals.shape
    cells = int(there.sum())
    by_cluster = clusters / (clusters - 1) * (residuals.sum(axis=0) ** 2).sum()
    by_split = splits / (splits - 1) * (residuals.sum(axis=1) ** 2).sum()
    both = by_cluster + by_split - cells / (cells - 1) * (residuals**2).sum()
    return float(max(both, by_cluster, by_split) ** 0.5)


def two_sided_p(estimate: Estimate, groups: int | None = None) -> float:
    """The two-sided p-value against a true mean of 0, by the t-distribution of the interval, for so many tested `groups`."""
    from scipy.special import stdtr

    if not estimate.standard_error > 0:
        return 1.0
    degrees = min(estimate.n, groups or estimate.n) - 1
    return float(2 * stdtr(degrees, -abs(estimate.mean) / estimate.standard_error))


def holm(p_values: Sequence[float]) -> list[float]:
    """Holm's adjusted p-values: m − k + 1 times the k-th smallest of the m p-values, made monotone, at most 1."""
    order = np.argsort(p_values, kind="stable")
    raised = np.maximum.accumulate([p_values[index] * (len(order) - rank) for rank, index in enumerate(order)])
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(raised, 1)
    return adjusted.tolist()

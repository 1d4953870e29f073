"""What needs no training: predictions by the class frequencies (or the mean) of a split's training rows, and the line below
which a benefit is negligible.

The loss of the class frequencies minus the loss of the main task alone is what the features explain. A benefit is negligible
if it is a small share of that: on an assay with 6 % active molecules the whole loss may be .2 nats, of which .01 is much.
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from sharedtrunk.affinity._effects import NEGLIGIBLE
from sharedtrunk.affinity._metrics import Scoring
from sharedtrunk.affinity._splits import TEST
from sharedtrunk.affinity._trials import Outcome, Rows

NEGLIGIBLE_SHARE = 0.05
"""A benefit below this share of what the features explain is negligible."""

LEAST_NEGLIGIBLE = 0.001
"""The line is at least this, in units of the metric: smaller benefits are worth nobody's trouble, whatever is explained."""


def by_frequencies(
    codes: Int[np.ndarray, "judged"],
    roles: Int[np.ndarray, "split judged"],
    learnt: Bool[np.ndarray, "split judged"],
    classes: int,
    weights: Float[np.ndarray, "judged"] | None = None,
) -> Outcome:
    """Predict the class frequencies of the rows that are learnt from, by weight, on every split.

    A split that trains without a class is NaN, as for one's own model. `codes` are −1 for rows without a label.
    """
    chosen = [rows & (codes >= 0) for rows in learnt]
    counted = [None if weights is None else weights[rows] for rows in chosen]
    counts = np.stack([np.bincount(codes[rows], w, classes) for rows, w in zip(chosen, counted, strict=True)])
    whole = np.asarray((counts > 0).all(axis=1))
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.where(whole[:, None], counts / np.where(totals > 0, totals, 1), np.nan)
    known = np.asarray(codes >= 0)
    tested = (roles == TEST) & known[None] & whole[:, None]
    own = shares[:, np.maximum(codes, 0)]
    loss = np.where(tested, -np.log(np.where(tested, own, 1.0)), np.nan)
    right = np.where(tested, counts.argmax(axis=1)[:, None] == codes[None], np.nan)
    probabilities = np.where(tested[:, :, None], shares[:, None, :], np.nan)
    nothing = np.full(len(roles), np.nan)
    return Outcome(loss, right, nothing, nothing, tested.any(axis=1), probabilities)


def by_mean(
    targets: Float[np.ndarray, "split judged"],
    roles: Int[np.ndarray, "split judged"],
    learnt: Bool[np.ndarray, "split judged"],
    weights: Float[np.ndarray, "judged"] | None = None,
) -> Outcome:
    """Predict the mean of the numbers that are learnt from, by weight, on every split; `targets` are NaN without a label."""
    counted = (learnt & ~np.isnan(targets)) * (1.0 if weights is None else weights)
    totals = counted.sum(axis=1, keepdims=True)
    means = (counted * np.nan_to_num(targets)).sum(axis=1, keepdims=True) / np.where(totals > 0, totals, np.nan)
    tested = (roles == TEST) & ~np.isnan(targets)
    loss = np.where(tested, (targets - means) ** 2, np.nan)
    nothing = np.full(len(roles), np.nan)
    predicted = np.where(tested, means, np.nan)[:, :, None]
    return Outcome(loss, np.full(loss.shape, np.nan), nothing, nothing, tested.any(axis=1), predicted)


def reference_for(rows: Rows, roles: Int[np.ndarray, "split sample"], learnt: np.ndarray, task: int = 0) -> Outcome:
    """What class frequencies, or the mean, get in a task; `learnt` (split, judged) are the rows that it is learnt from."""
    judged, weights = roles[:, : rows.judged], rows.judged_weights
    if rows.targets is None or not rows.numeric(task):
        return by_frequencies(rows.codes[task, : rows.judged], judged, learnt, rows.classes[task], weights)
    targets = np.stack([rows.targets.of(role)[task, : rows.judged] for role in roles])
    return by_mean(targets, judged, learnt, weights)


def negligible_line(alone: Outcome, reference: Outcome, scoring: Scoring) -> float:
    """5 % of what the features explain, in units of the metric, but at least .001 and at most .01."""
    explained = scoring.score(alone).mean - scoring.score(reference).mean
    share = NEGLIGIBLE_SHARE * scoring.metric.sign * explained
    return float(np.clip(np.nan_to_num(share), LEAST_NEGLIGIBLE, NEGLIGIBLE))

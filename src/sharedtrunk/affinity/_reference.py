"""What needs no training: predictions by the class frequencies of a split's training rows, and the line below which a benefit
is negligible.

The loss of the class frequencies minus the loss of the main task alone is what the features explain. A benefit is negligible
if it is a small share of that: on an assay with 6 % active molecules the whole loss may be .2 nats, of which .01 is much.
"""

import numpy as np
from jaxtyping import Bool, Int

from sharedtrunk.affinity._effects import NEGLIGIBLE
from sharedtrunk.affinity._metrics import Scoring
from sharedtrunk.affinity._splits import TEST
from sharedtrunk.affinity._trials import Outcome

NEGLIGIBLE_SHARE = 0.05
"""A benefit below this share of what the features explain is negligible."""

LEAST_NEGLIGIBLE = 0.001
"""The line is at least this, in units of the metric: smaller benefits are worth nobody's trouble, whatever is explained."""


def by_frequencies(
    codes: Int[np.ndarray, "judged"],
    roles: Int[np.ndarray, "split judged"],
    learnt: Bool[np.ndarray, "split judged"],
    classes: int,
) -> Outcome:
    """Predict the class frequencies of the rows that are learnt from, on every split.

    A split that trains without a class is NaN, as for one's own model. `codes` are −1 for rows without a label.
    """
    counts = np.stack([np.bincount(codes[rows & (codes >= 0)], minlength=classes) for rows in learnt])
    whole = np.asarray((counts > 0).all(axis=1))
    shares = np.where(whole[:, None], counts / np.maximum(counts.sum(axis=1, keepdims=True), 1), np.nan)
    known = np.asarray(codes >= 0)
    tested = (roles == TEST) & known[None] & whole[:, None]
    own = shares[:, np.maximum(codes, 0)]
    loss = np.where(tested, -np.log(np.where(tested, own, 1.0)), np.nan)
    right = np.where(tested, counts.argmax(axis=1)[:, None] == codes[None], np.nan)
    probabilities = np.where(tested[:, :, None], shares[:, None, :], np.nan)
    nothing = np.full(len(roles), np.nan)
    return Outcome(loss, right, nothing, nothing, tested.any(axis=1), probabilities)


def negligible_line(alone: Outcome, reference: Outcome, scoring: Scoring) -> float:
    """5 % of what the features explain, in units of the metric, but at least .001 and at most .01."""
    explained = scoring.score(alone).mean - scoring.score(reference).mean
    share = NEGLIGIBLE_SHARE * scoring.metric.sign * explained
    return float(np.clip(np.nan_to_num(share), LEAST_NEGLIGIBLE, NEGLIGIBLE))

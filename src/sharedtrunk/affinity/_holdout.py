"""Which rows decide when training stops: a share of the labelled rows that holds every class of every task, where it can."""

from collections.abc import Iterable

import numpy as np

from sharedtrunk.affinity._label_columns import MISSING

MOST_HELD_OUT = 4096
"""Validation rows at most: more make the stop no surer (a mean loss is then known to one or two hundredths of a nat)."""


def held_out(
    codes: np.ndarray, fraction: float, random: np.random.RandomState, others: Iterable[np.ndarray] = ()
) -> np.ndarray:
    """A mask (sample,) of round(`fraction` × labelled rows) rows, at most `MOST_HELD_OUT`; `codes` (task, sample) of the
    tasks that decide, `others` (task, sample) of those that are only trained.

    Labelled rows are ordered by their classes, the first task's first, in random order among equals, and taken at even
    distances: a class of the first task, and every combination of classes, gets its share to within a row. A row that holds
    the last training label of a class, of `others` too, stays in training.
    """
    labelled = random.permutation(np.flatnonzero((codes != MISSING).any(axis=0)))
    ordered = labelled[np.lexsort(codes[::-1, labelled])]
    step = min(fraction, MOST_HELD_OUT / len(ordered))
    places = np.floor(step * np.arange(len(ordered) + 1) + 0.5)
    held = np.zeros(codes.shape[1], bool)
    held[ordered[np.diff(places) > 0]] = True
    for task in (*codes, *others):
        for code in np.setdiff1d(task[held], task[~held]):
            if code != MISSING:
                held[held & (task == code)] = False
    return held

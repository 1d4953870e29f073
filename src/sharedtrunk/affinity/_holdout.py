"""The rows that decide when training stops: a stratified share of the labelled rows."""

from collections.abc import Iterable

import numpy as np

from sharedtrunk.tables import MISSING

MOST_HELD_OUT = 4096
"""The largest number of validation rows: these already determine a mean loss to one or two hundredths of a nat."""


def held_out(
    codes: np.ndarray, fraction: float, random: np.random.RandomState, others: Iterable[np.ndarray] = ()
) -> np.ndarray:
    """The validation rows as a mask (sample,): round(`fraction` × labelled rows) rows, at most `MOST_HELD_OUT`.

    `codes` (task, sample) belong to the tasks that decide when to stop, `others` to the tasks that are only trained.

    Labelled rows are sorted by their classes, first by the first task's, with ties in random order, and taken at even
    distances. So each class of the first task, and each combination of classes, gets its share to within a row. If a class
    of any task, `others` included, would have no training labels left, all its rows stay in training.
    """
    labelled = random.permutation(np.flatnonzero((codes != MISSING).any(axis=0)))
    ordered = labelled[np.lexsort(codes[::-1, labelled])]
    step = min(fraction, MOST_HELD_OUT / len(ordered))
    positions = np.floor(step * np.arange(len(ordered) + 1) + 0.5)
    held = np.zeros(codes.shape[1], bool)
    held[ordered[np.diff(positions) > 0]] = True
    for task in (*codes, *others):
        for code in np.setdiff1d(task[held], task[~held]):
            if code != MISSING:
                held[held & (task == code)] = False
    return held

"""Resampled splits: repeated stratified folds; each fold gives the test rows of one split.

A repeat of `folds` folds makes as many splits: one fold tests, the next `VALIDATION_FOLDS` decide when to stop, and the
others are trained on. Within a repeat every row is tested exactly once.
"""

import numpy as np
from jaxtyping import Int

TRAIN, VALIDATION, TEST = 0, 1, 2
"""The roles of a row in a split."""

FOLDS = 10
"""Folds of a repeat: with ten, seven tenths of the labels are trained on."""

VALIDATION_FOLDS = 2
"""Folds that decide when to stop."""


def split_roles(
    strata: Int[np.ndarray, "sample"], *, folds: int, repeats: int, seed: int
) -> Int[np.ndarray, "split sample"]:
    """Roles of every row in every split, TRAIN, VALIDATION or TEST; splits of one repeat are adjacent.

    Rows are dealt to the folds stratum by stratum, in random order, so that every fold has its share of each class.
    """
    generator = np.random.default_rng([seed, 0])
    roles = np.empty((repeats, folds, strata.size), np.int8)
    for repeat in range(repeats):
        fold_of = _dealt(strata, folds, generator)
        for fold in range(folds):
            ahead = (fold_of - fold) % folds
            roles[repeat, fold] = np.select([ahead == 0, ahead <= VALIDATION_FOLDS], [TEST, VALIDATION], TRAIN)
    return roles.reshape(-1, strata.size).astype(np.int64)


def _dealt(strata: np.ndarray, folds: int, generator: np.random.Generator) -> np.ndarray:
    """A fold for every row, dealt like cards: each stratum continues where the one before ended."""
    order = generator.permutation(strata.size)
    order = order[np.argsort(strata[order], kind="stable")]
    fold_of = np.empty(strata.size, np.int64)
    fold_of[order] = np.arange(strata.size) % folds
    return fold_of


def nested_ranks(strata: Int[np.ndarray, "sample"], *, seed: int) -> np.ndarray:
    """A rank in [0, 1) for every row: the rows with ranks ≤ f are a stratified share f, and contain every smaller share."""
    generator = np.random.default_rng([seed, 1])
    ranks = np.empty(strata.size)
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        ranks[generator.permutation(rows)] = (np.arange(rows.size) + generator.uniform()) / rows.size
    return ranks

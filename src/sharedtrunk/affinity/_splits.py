"""Resampled splits: repeated stratified folds; each fold gives the test rows of one split.

A repeat of `folds` folds makes as many splits: one fold tests, the next ones (two of ten) decide when to stop, and the others
are trained on. Within a repeat every row is tested exactly once. Rows of one group are in one fold.

Groups are dealt by our own rule, not by scikit-learn's `StratifiedGroupKFold`, which takes them in the order of their class
imbalance: of two rows that it puts into one fold, 60 % are in one fold again in the next repeat where 40 groups differ in
size, and 17 % with our rule, which draws the order anew. Both balance the classes equally well.
"""

import numpy as np
from jaxtyping import Int

TRAIN, VALIDATION, TEST, LEFT_OUT = 0, 1, 2, 3
"""The roles of a row in a split. A row that is left out is neither trained on nor judged."""

FOLDS = 10
"""Folds of a repeat: with ten, seven tenths of the labels are trained on."""

VALIDATION_FOLDS = 2
"""Folds of ten that decide when to stop."""

_SIZES = (0.5, 1.5)
"""A group's size is multiplied by a random number in this range before groups are sorted by size."""

_TIE = 1e-12
"""Random numbers up to this size decide between equal costs; different costs differ by at least one row in all of them."""


def split_roles(
    strata: Int[np.ndarray, "judged"],
    *,
    folds: int,
    repeats: int,
    seed: int,
    groups: Int[np.ndarray, "judged"] | None = None,
) -> Int[np.ndarray, "split judged"]:
    """Roles of every row in every split, TRAIN, VALIDATION or TEST; splits of one repeat are adjacent.

    Rows, or `groups` of rows, are dealt in random order, so that every fold has its share of each stratum.
    """
    generator = np.random.default_rng([seed, 0])
    roles = np.empty((repeats, folds, strata.size), np.int8)
    for repeat in range(repeats):
        fold_of = dealt(strata, folds, generator, groups)
        for fold in range(folds):
            ahead = (fold_of - fold) % folds
            roles[repeat, fold] = np.select([ahead == 0, ahead <= validation_folds(folds)], [TEST, VALIDATION], TRAIN)
    return roles.reshape(-1, strata.size).astype(np.int64)


def validation_folds(folds: int) -> int:
    """How many of the folds decide when to stop: two of ten."""
    return max(1, round(folds * VALIDATION_FOLDS / FOLDS))


def dealt(
    strata: np.ndarray, folds: int, generator: np.random.Generator, groups: np.ndarray | None = None
) -> np.ndarray:
    """A fold for every row. Rows are dealt like cards: each stratum continues where the one before ended."""
    if groups is not None:
        return _dealt_by_group(strata, groups, folds, generator)
    order = generator.permutation(strata.size)
    order = order[np.argsort(strata[order], kind="stable")]
    fold_of = np.empty(strata.size, np.int64)
    fold_of[order] = np.arange(strata.size) % folds
    return fold_of


def _dealt_by_group(strata: np.ndarray, groups: np.ndarray, folds: int, generator: np.random.Generator) -> np.ndarray:
    """Each group goes to the fold that so far has least of what the group has.

    With m_gs rows of group g in stratum s of n_s rows, a group goes to the fold f of least Σ_s m_gs M_fs / n_s, where M_fs
    counts the rows dealt to f before; this is the greedy step that keeps Σ_fs M_fs²/n_s small. All rows together count as one
    more stratum, which balances the sizes of folds.
    """
    _, group_of = np.unique(groups, return_inverse=True)
    _, stratum_of = np.unique(strata, return_inverse=True)
    count = np.zeros((group_of.max() + 1, stratum_of.max() + 2))
    np.add.at(count, (group_of, stratum_of), 1)
    count[:, -1] = count.sum(axis=1)
    wanted = count / count.sum(axis=0)
    in_fold = np.zeros((folds, count.shape[1]))
    fold_of = np.empty(len(count), np.int64)
    ties = _TIE * generator.random((len(count), folds))
    for group in np.argsort(-count[:, -1] * generator.uniform(*_SIZES, len(count)), kind="stable"):
        fold = int((in_fold @ wanted[group] + ties[group]).argmin())
        fold_of[group] = fold
        in_fold[fold] += count[group]
    return fold_of[group_of]


def nested_ranks(
    strata: Int[np.ndarray, "judged"], *, seed: int, groups: Int[np.ndarray, "judged"] | None = None
) -> np.ndarray:
    """A rank in [0, 1) for every row: the rows with ranks ≤ f are a stratified share f, and contain every smaller share.

    Rows of one group have the same rank; a group counts for the stratum of most of its rows.
    """
    generator = np.random.default_rng([seed, 1])
    group_of = np.arange(strata.size) if groups is None else np.unique(groups, return_inverse=True)[1]
    stratum_of = strata if groups is None else _commonest(strata, group_of)
    sizes = np.bincount(group_of)
    ranks = np.empty(sizes.size)
    for stratum in np.unique(stratum_of):
        shift = generator.uniform()
        members = generator.permutation(np.flatnonzero(stratum_of == stratum))
        ends = np.cumsum(sizes[members])
        ranks[members] = (ends - sizes[members] * (1 - shift)) / ends[-1]
    return ranks[group_of]


def _commonest(strata: np.ndarray, group_of: np.ndarray) -> np.ndarray:
    """The stratum of most rows of each group (group,)."""
    pairs, times = np.unique(np.stack([group_of, strata]), axis=1, return_counts=True)
    most = np.empty(group_of.max() + 1, np.int64)
    order = np.argsort(times, kind="stable")
    most[pairs[0, order]] = pairs[1, order]  # the most frequent stratum is written last
    return most


def with_rest(roles: Int[np.ndarray, "split judged"], rest: int) -> Int[np.ndarray, "split sample"]:
    """Roles of all rows: those of the judged rows, and TRAIN for the `rest`."""
    return np.pad(roles, ((0, 0), (0, rest)), constant_values=TRAIN)


def kept_apart(
    roles: Int[np.ndarray, "split sample"], groups: Int[np.ndarray, "sample"]
) -> Int[np.ndarray, "split sample"]:
    """Leave the rows of tested groups out of training and validation, and those of validation groups out of training."""
    apart, size = roles.copy(), groups.max(initial=-1) + 1
    for role in apart:
        for later, earlier in ((TEST, (TRAIN, VALIDATION)), (VALIDATION, (TRAIN,))):
            there = np.zeros(size, bool)
            there[groups[role == later]] = True
            role[np.isin(role, earlier) & there[groups]] = LEFT_OUT
    return apart

"""Splits that the user gives: a scikit-learn splitter, or pairs of arrays of training and test rows.

Test rows are as given. Two ninths of the training rows decide when to stop, like two folds of ten beside the tested one.
"""

import warnings
from collections.abc import Iterable
from itertools import islice
from typing import Any

import numpy as np
from jaxtyping import Int

from sharedtrunk._support.words import shown
from sharedtrunk.affinity._splits import FOLDS, LEFT_OUT, TEST, TRAIN, VALIDATION, dealt, kept_apart, validation_folds
from sharedtrunk.affinity._trials import Rows
from sharedtrunk.errors import invalid
from sharedtrunk.tables import Table

MOST_SPLITS = 100
"""The largest number of splits: each is one training per arm, and more hardly narrow an interval."""


MOST_LOST = 0.5
"""The largest share of the training rows that may be left out because `cv` tests rows of their groups."""


def given_roles(
    cv: Any, table: Table, rows: Rows, strata: Int[np.ndarray, "judged"], groups: np.ndarray | None, *, seed: int
) -> tuple[Int[np.ndarray, "split sample"], float]:
    """Roles of all rows in the splits of `cv`, which knows the rows by their places in the table.

    `groups` (sample,) are those of `rows`. The second result is the share of the training rows with labels that are left out
    because their group is tested. Raises `InputError` for anything but 2 to `MOST_SPLITS` splits whose training and
    test rows are different rows of the table, with labels that can be judged among both.
    """
    generator = np.random.default_rng([seed, 5])
    pairs = _drawn(cv, table, rows.tasks[0])
    if not 2 <= len(pairs) <= MOST_SPLITS:
        received = f"more than {MOST_SPLITS}" if len(pairs) > MOST_SPLITS else str(len(pairs))
        hint = "Give for example cv=GroupKFold(10) with groups=, or cv=KFold(10)."
        raise invalid(f"cv makes 2 to {MOST_SPLITS} splits", received=received, hint=hint)
    roles = np.stack([_roles(pair, rows, len(table.features), index) for index, pair in enumerate(pairs)])
    lost = 0.0
    if groups is not None:
        before = (roles[:, : rows.judged] == TRAIN).sum()
        roles = kept_apart(roles, groups)
        lost = float((before - (roles[:, : rows.judged] == TRAIN).sum()) / max(before, 1))
        _check_lost(lost)
    for index, role in enumerate(roles):
        _hold_out(role[: rows.judged], strata, None if groups is None else groups[: rows.judged], generator, index)
    return (roles if groups is None else kept_apart(roles, groups)), lost


def _check_lost(lost: float) -> None:
    if lost > MOST_LOST:
        hint = "Give splits of whole groups, such as GroupKFold(10)."
        received = f"{lost:.0%} of the training rows in groups that are tested too"
        raise invalid("cv splits between groups where there are groups", received=received, hint=hint)


def _drawn(cv: Any, table: Table, main: str) -> list:
    """The first splits of `cv`, one more than there may be."""
    split = getattr(cv, "split", None)
    if isinstance(cv, str) or (split is None and not isinstance(cv, Iterable)):
        hint = "Give for example sklearn.model_selection.GroupKFold(10), or a list of (train, test)."
        raise invalid("cv is a splitter of scikit-learn or pairs of index arrays", received=shown(cv), hint=hint)
    try:
        with warnings.catch_warnings():
            # A splitter that ignores groups is welcome: rows of tested groups are left out of training afterwards.
            warnings.filterwarnings("ignore", message="The groups parameter is ignored")
            found = (
                cv
                if split is None
                else split(table.features, table.numbers.get(main, table.labels[main]), table.groups)
            )
            return list(islice(found, MOST_SPLITS + 1))
    except (TypeError, ValueError) as error:
        hint = "Correct cv, or give the groups= that it needs."
        raise invalid("cv splits the rows of the table", received=f"'{error}' from {shown(cv)}", hint=hint) from error


def _mask(part: Any, count: int, index: int) -> np.ndarray:
    given = np.asarray(part)
    mask = np.zeros(count, bool)
    if given.dtype.kind == "b" and given.shape == (count,):
        return given
    if given.ndim != 1 or (given.size and (given.dtype.kind not in "iu" or given.min() < 0 or given.max() >= count)):
        rule = f"a split of cv has numbers of rows, from 0 to {count - 1}"
        raise invalid(rule, received=f"{shown(part)} in split {index}", hint="Correct cv.")
    mask[given.astype(np.int64)] = True
    return mask


def _roles(pair: Any, rows: Rows, table_rows: int, index: int) -> np.ndarray:
    """Roles of all rows in one split, before some training rows become validation rows."""
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        hint = "Give (train, test) for every split."
        raise invalid("a split of cv is a pair", received=f"{shown(pair)} as split {index}", hint=hint)
    train, test = (_mask(part, table_rows, index) for part in pair)
    if (train & test).any():
        received = f"{int((train & test).sum())} rows in both, in split {index}"
        raise invalid("a row is trained on or tested", received=received, hint="Correct cv.")
    role = np.where(train[rows.numbers], TRAIN, LEFT_OUT)
    judged = role[: rows.judged]
    judged[test[rows.numbers[: rows.judged]]] = TEST
    _check(judged, TEST, index)
    return role


def _hold_out(
    judged: np.ndarray, strata: np.ndarray, groups: np.ndarray | None, generator: np.random.Generator, index: int
) -> None:
    """Turn two ninths of the judged training rows, or of their groups, into validation rows."""
    trained = np.flatnonzero(judged == TRAIN)
    mine = None if groups is None else groups[trained]
    units = trained.size if mine is None else np.unique(mine).size
    folds = min(FOLDS - 1, units)
    if folds:
        fold_of = dealt(strata[trained], folds, generator, mine)
        judged[trained[fold_of < validation_folds(folds)]] = VALIDATION
    _check(judged, TRAIN, index)


def _check(judged: np.ndarray, role: int, index: int) -> None:
    if not (judged == role).any():
        word = "tested" if role == TEST else "left to train on"
        raise invalid(
            "Every split of cv trains on and tests rows with labels of the main task",
            received=f"none {word} in split {index}",
            hint="Give other splits.",
        )

"""How the rows of a table are split: random folds of rows or of groups, blocks in order of time, or the user's own splits.

Whatever the splits are, rows of one group never stand on both sides: those of a tested group are left out of training and
validation, and those of a validation group out of training, also rows with labels of auxiliary tasks only.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from sharedtrunk._support.words import counted
from sharedtrunk.affinity._conditions import repeats_for
from sharedtrunk.affinity._given_splits import given_roles
from sharedtrunk.affinity._splits import (
    FOLDS,
    TEST,
    TRAIN,
    VALIDATION,
    kept_apart,
    nested_ranks,
    split_roles,
    with_rest,
)
from sharedtrunk.affinity._time_blocks import time_roles
from sharedtrunk.affinity._trials import Rows
from sharedtrunk.errors import invalid
from sharedtrunk.tables import Table

LEAST_GROUPS = 5
"""The smallest number of groups with labels, and of folds: three are trained on, one decides when to stop, one tests."""


class Resampling(NamedTuple):
    """Roles of all rows, ranks and groups of the judged rows, and the numbers and words that describe the splits.

    `words` say how the splits were made where not by random folds of rows; `notes` are sentences for the user.
    """

    roles: Int[np.ndarray, "split sample"]
    ranks: Float[np.ndarray, "judged"]
    groups: Int[np.ndarray, "judged"] | None
    folds: int
    repeats: int
    words: str
    notes: tuple[str, ...]

    @property
    def judged_roles(self) -> Int[np.ndarray, "split judged"]:
        """Roles of the judged rows."""
        return self.roles[:, : self.ranks.size]


def resampling(
    table: Table,
    rows: Rows,
    strata: Int[np.ndarray, "judged"],
    *,
    labels: int,
    cv: Any,
    repeats: int | None,
    seed: int,
) -> Resampling:
    """The splits of `rows`, by `cv`, by the table's times, or by folds of its groups or rows.

    `labels` of the main task decide the number of repeats. Raises `InputError` for too few groups or times, for `cv` or
    times together with `repeats`, and for `cv` together with times.
    """
    _check(table, cv, repeats)
    groups = None if table.groups is None else table.groups[rows.numbers]
    judged_groups = None if groups is None else groups[: rows.judged]
    ranks = nested_ranks(strata, seed=seed, groups=judged_groups)
    count = 0 if judged_groups is None else np.unique(judged_groups).size
    about_groups = () if groups is None else (_about_groups(count),)
    if cv is not None:
        roles, lost = given_roles(cv, table, rows, strata, groups, seed=seed)
        left_out = f"Of the training rows of cv, {lost:.0%} are left out, because rows of their groups are tested."
        notes = (*about_groups, left_out) if lost else about_groups
        return Resampling(roles, ranks, judged_groups, len(roles), 1, "given by cv", notes)
    if table.times is not None:
        roles = time_roles(table.times[rows.numbers], rows.judged)
        roles = roles if groups is None else _complete(kept_apart(roles, groups), rows.judged)
        words, notes = "later than the rows trained on", (*about_groups, _about_times(len(roles)))
        return Resampling(roles, ranks, judged_groups, len(roles), 1, words, notes)
    folds = FOLDS if groups is None else _group_folds(count)
    repeats = repeats_for(labels) if repeats is None else repeats
    roles = split_roles(strata, folds=folds, repeats=repeats, seed=seed, groups=judged_groups)
    roles = with_rest(roles, len(rows.numbers) - rows.judged)
    if groups is None:
        return Resampling(roles, ranks, None, folds, repeats, "", ())
    words = f"{counted(folds, 'fold')} of groups, {counted(repeats, 'repeat')}"
    return Resampling(kept_apart(roles, groups), ranks, judged_groups, folds, repeats, words, about_groups)


def _check(table: Table, cv: Any, repeats: int | None) -> None:
    if cv is not None and table.times is not None:
        hint = "Leave one of them out: TimeSeriesSplit splits rows that are sorted by time."
        raise invalid("Splits are made by cv or by time", received="both", hint=hint)
    if repeats is not None and (cv is not None or table.times is not None):
        given = "cv" if cv is not None else "times"
        hint = "Leave the repeats out."
        raise invalid("Repeats are of random folds", received=f"repeats together with {given}", hint=hint)


def _group_folds(groups: int) -> int:
    """One fold per group where they are fewer than ten. Raises `InputError` if they are too few."""
    if groups < LEAST_GROUPS:
        raise invalid(
            f"Splits by group need at least {LEAST_GROUPS} groups with labels of the main task",
            received=counted(groups, "group"),
            hint="Give a finer column of groups, or leave it out: the numbers are then about further rows of these groups.",
        )
    return min(FOLDS, groups)


def _complete(roles: np.ndarray, judged: int) -> np.ndarray:
    """The splits that still train on, stop by and test judged rows. Raises `InputError` if they are fewer than two."""
    whole = np.all([(roles[:, :judged] == role).any(axis=1) for role in (TRAIN, VALIDATION, TEST)], axis=0)
    if whole.sum() < 2:
        raise invalid(
            "Splits by group and in order of time need groups that end before others begin",
            received=f"{int(whole.sum())} of {len(roles)} splits with earlier rows of other groups",
            hint="Give the groups or the times only.",
        )
    return roles[whole]


def _about_groups(groups: int) -> str:
    few = f" With so few groups there are {groups} folds, not {FOLDS}." if groups < FOLDS else ""
    return (
        f"The rows with labels are in {groups:,} groups, and a split has each on one side only: the numbers are about rows "
        f"of new groups, and the intervals about other draws of groups.{few}"
    )


def _about_times(splits: int) -> str:
    return (
        f"Each of {splits} blocks of time is tested by students that know earlier rows only: the numbers are about later "
        "rows, and the intervals about later blocks that differ from each other as these do."
    )

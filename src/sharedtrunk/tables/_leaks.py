"""Columns that give a label away, and the bound that distinguishes them from coincidences.

A *leak* is exact: a column determines a task's label in every row that has both. Columns that nearly do so are not found.
Nothing is forbidden: the user judges what a leak means.

**Chance.** Take n rows with class counts n_1 … n_K. If the labels were shuffled over the rows, a column of D distinct values
would determine them with probability at most K^D / (n! / Π n_k!), because each of the K^D functions of its values yields at
most one arrangement of the labels. Sorting by a column would make each class one stretch with probability at most
K! / (n! / Π n_k!), and would put those of a number or of ordered levels in order with probability at most 2 / (n! / Π n_k!).
A leak is reported if at least 30 rows have both and this bound, times the number of comparisons made in
the table, is below 10⁻⁶. A column of all-different numbers, which determines everything, is therefore not a leak, and
neither is a column whose largest three values happen to be the three rows of a rare class.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from scipy.special import gammaln

from sharedtrunk._support.words import closest, shown
from sharedtrunk.errors import invalid
from sharedtrunk.tables._identifiers import Identifier
from sharedtrunk.tables._limits import LEAST_LABELLED
from sharedtrunk.tables._repeated_rows import repeated_rows
from sharedtrunk.tables._table import Table

Kind: TypeAlias = Literal[
    "feature equals label",
    "feature separates label",
    "feature determines label",
    "feature orders label",
    "same labels",
    "auxiliary follows from main",
    "main follows from auxiliary",
    "duplicate rows",
    "repeated identifier",
]

_CHANCE = 1e-6
"""Largest probability with which any coincidence in a table is reported as a leak."""

_FAR_ABOVE_CHANCE = 2
"""Repeated rows are told if there are this many times as many as with shuffled features: a few coarse features coincide."""

_FIRST_ROWS = 1000
"""Rows that are compared before the whole column is sorted; most columns already fail on these."""


@dataclass(frozen=True)
class Leak:
    """A column that gives another one away, or rows that are repeated.

    Attributes
    ----------
    kind : str
        How the column gives the other away; one of the nine `Kind`s.
    column, other : str
        `column`, a feature or a task, gives `other` away. Both are empty for duplicate rows; `other` is empty for a repeated
        identifier, a feature that seems to say which rows belong together.
    sentence : str
        The finding in words.
    severe : bool
        Whether a feature gives the main label away, or an auxiliary task equals it: a benefit would not measure learning.
    """

    kind: Kind
    column: str
    other: str
    sentence: str
    severe: bool = False


def leaks(table: Table, main: str) -> tuple[Leak, ...]:
    """Find the columns that give a label away.

    Parameters
    ----------
    table
        The table.
    main
        The main task.

    Returns
    -------
    tuple of Leak
        Severe findings first.

    Raises
    ------
    InputError
        For a task that the table lacks.
    """
    if main not in table.labels:
        raise invalid("the main task is a task of the table", received=shown(main), hint=closest(main, [*table.labels]))
    sources = _sources(table)
    comparisons = len(table.labels) * (2 * len(sources) + 2)
    limit = math.log(_CHANCE / comparisons)
    found = [leak for task in table.labels for leak in _feature_leaks(table, task, sources, limit, severe=task == main)]
    found += [leak for other in table.labels if other != main for leak in _task_leaks(table, main, other, limit)]
    found += _identifier_leaks(table) + _duplicate_rows(table)
    return tuple(sorted(found, key=lambda leak: not leak.severe))


def log_chance_determined(counts: np.ndarray, distinct: int) -> float:
    """Upper bound on ln P(a column of `distinct` values determines shuffled labels), K^D / multinomial (nats).

    `counts` (class,): rows of each class.
    """
    return float(distinct * np.log(len(counts)) - _log_arrangements(counts))


def log_chance_separated(counts: np.ndarray) -> float:
    """Upper bound on ln P(each class of shuffled labels is one stretch of a sorted column), K! / multinomial (nats)."""
    return float(gammaln(len(counts) + 1) - _log_arrangements(counts))


def log_chance_ordered(counts: np.ndarray) -> float:
    """Upper bound on ln P(shuffled labels rise or fall along a sorted column), 2 / multinomial (nats)."""
    return float(np.log(2) - _log_arrangements(counts))


def _log_arrangements(counts: np.ndarray) -> float:
    return float(gammaln(counts.sum() + 1) - gammaln(counts + 1).sum())


def _sources(table: Table) -> dict[str, np.ndarray]:
    """Values (sample,) by name, NaN in gaps; and where a column's gaps are, by `name is missing`.

    Identifiers of rows that belong together are left out: they are a finding of their own.
    """
    found: dict[str, np.ndarray] = {}
    known = {each.column for each in table.identifiers}
    for name, values in zip(table.feature_names, table.features.T, strict=True):
        if name in known:
            continue
        found[name] = values
        if np.isnan(values).any():
            found[f"{name} is missing"] = np.isnan(values).astype(np.float64)
    return found


def _feature_leaks(
    table: Table, task: str, sources: dict[str, np.ndarray], limit: float, *, severe: bool
) -> Iterator[Leak]:
    codes = table.labels[task]
    for source, values in sources.items():
        known = (codes >= 0) & ~np.isnan(values)
        if known.sum() < LEAST_LABELLED:
            continue
        kind = _relation(values[known], codes[known], limit, in_order=table.kind(task) != "classes")
        if kind is not None:
            yield _feature_leak(source, task, kind, int(known.sum()), severe=severe)


def _relation(values: np.ndarray, codes: np.ndarray, limit: float, *, in_order: bool) -> Kind | None:
    """How the values give the codes away beyond chance, or None; `in_order`: whether the codes have an order."""
    head = slice(0, _FIRST_ROWS)
    if not _determines(values[head], codes[head]):  # a column that fails on some rows fails on the whole table
        return None
    order = np.argsort(values, kind="stable")
    values, codes = values[order], codes[order]
    new_value = np.diff(values) != 0
    new_class = np.diff(codes) != 0
    if (new_class & ~new_value).any():
        return None
    counts = _counts(codes)
    distinct, stretches = int(new_value.sum()) + 1, int(new_class.sum()) + 1
    if in_order and stretches == len(counts) and _rises_or_falls(codes) and log_chance_ordered(counts) < limit:
        return "feature equals label" if distinct == len(counts) else "feature orders label"
    if distinct == len(counts) and log_chance_determined(counts, distinct) < limit:
        return "feature equals label"
    if stretches == len(counts) and log_chance_separated(counts) < limit:
        return "feature separates label"
    return "feature determines label" if log_chance_determined(counts, distinct) < limit else None


def _rises_or_falls(codes: np.ndarray) -> bool:
    steps = np.diff(codes)
    return bool((steps >= 0).all() or (steps <= 0).all())


def _determines(values: np.ndarray, codes: np.ndarray) -> bool:
    """Whether equal values always come with equal codes."""
    order = np.argsort(values, kind="stable")
    return not ((np.diff(values[order]) == 0) & (np.diff(codes[order]) != 0)).any()


def _counts(codes: np.ndarray) -> np.ndarray:
    return np.unique(codes, return_counts=True)[1]


def _feature_leak(feature: str, task: str, kind: Kind, rows: int, *, severe: bool) -> Leak:
    words = {
        "feature equals label": "equals the label of",
        "feature separates label": "alone separates the classes of",
        "feature determines label": "alone determines the label of",
        "feature orders label": "alone puts the labels in order of",
    }[kind]
    sentence = (
        f"Feature {shown(feature)} {words} {shown(task)} in all {rows} rows that have it: "
        "leave it out unless it is known before the label is."
    )
    return Leak(kind, feature, task, sentence, severe=severe)


def _task_leaks(table: Table, main: str, other: str, limit: float) -> Iterator[Leak]:
    a, b = table.labels[main], table.labels[other]
    both = (a >= 0) & (b >= 0)
    rows = int(both.sum())
    if rows < LEAST_LABELLED:
        return
    a, b = a[both], b[both]
    a_ordered, b_ordered = (table.kind(task) != "classes" for task in (main, other))
    other_follows, main_follows = (
        _follows(a, b, limit, a_ordered, b_ordered),
        _follows(b, a, limit, b_ordered, a_ordered),
    )
    where = f"in all {rows} rows that have both"
    if other_follows and main_follows:
        sentence = f"Task {shown(other)} has the labels of {shown(main)}, maybe renamed, {where}: it is the same task."
        yield Leak("same labels", other, main, sentence, severe=True)
    elif other_follows:
        sentence = f"Task {shown(other)} is a function of {shown(main)} {where}: it asks for a part of the same answer."
        yield Leak("auxiliary follows from main", main, other, sentence)
    elif main_follows:
        sentence = (
            f"Task {shown(main)} is a function of {shown(other)} {where}: "
            f"a label of {shown(other)} gives a missing label of {shown(main)} away."
        )
        yield Leak("main follows from auxiliary", other, main, sentence)


def _follows(source: np.ndarray, target: np.ndarray, limit: float, source_ordered: bool, target_ordered: bool) -> bool:
    """Whether the source gives the target away beyond chance; a source with an order may put it in order or in stretches."""
    if not _determines(source, target):
        return False
    counts = _counts(target)
    if log_chance_determined(counts, len(_counts(source))) < limit:
        return True
    along = target[np.argsort(source, kind="stable")]
    if not source_ordered or np.count_nonzero(np.diff(along)) + 1 != len(counts):
        return False
    in_order = target_ordered and _rises_or_falls(along) and log_chance_ordered(counts) < limit
    return in_order or log_chance_separated(counts) < limit


def _duplicate_rows(table: Table) -> list[Leak]:
    """Rows with the features of another row: a split can have them on both sides, unless they are in one group."""
    codes = np.stack(list(table.labels.values()), axis=1)
    labelled = (codes >= 0).any(axis=1)
    groups = None if table.groups is None else table.groups[labelled]
    repeated = repeated_rows(table.features[labelled], groups)
    number = int(repeated.sum())
    if not number or number < _FAR_ABOVE_CHANCE * _repeated_by_chance(table.features[labelled]):
        return []
    again = int(repeated_rows(table.features[labelled], groups, codes[labelled]).sum())
    other = "another row" if groups is None else "a row of another group"
    way_out = (
        "If records were stored twice, remove the copies; if they are one person's or thing's, name the column that says "
        "whose (--groups COLUMN, groups= in Python)."
        if groups is None
        else "If records were stored twice, remove the copies; if two groups are one person or thing, give them one name."
    )
    sentence = (
        f"Of {int(labelled.sum()):,} rows, {number:,} have the same features as {other} ({again:,} have the same labels "
        f"too). {way_out} Otherwise a split may have them on both sides."
    )
    return [Leak("duplicate rows", "", "", sentence)]


def _repeated_by_chance(features: np.ndarray) -> int:
    """The number of rows with the features of another row once each feature is shuffled by itself."""
    generator = np.random.default_rng(0)
    return int(repeated_rows(np.stack([generator.permutation(column) for column in features.T], axis=1)).sum())


def _identifier_leaks(table: Table) -> list[Leak]:
    """Columns that seem to say which rows belong together; none where groups were given."""
    if table.groups is not None:
        return []
    return [Leak("repeated identifier", each.column, "", _identifier_sentence(each)) for each in table.identifiers]


def _identifier_sentence(found: Identifier) -> str:
    return (
        f"Feature {shown(found.column)} has {found.different:,} values, and {found.rows:,} rows share theirs with another "
        f"row: if it says whose rows they are, name it (--groups {shown(found.column)}, groups= in Python), or a split has "
        "the same ones on both sides and the loss is too low for new ones."
    )

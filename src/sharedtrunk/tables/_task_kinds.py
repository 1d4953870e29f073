"""What kind of task a column of labels is: classes, numbers, or ordered levels. Told by the column, or by the user.

*Numeric*: the target is a number, and its distance from the prediction counts. *Ordered*: the levels have an order, and no
distances. *Classes*: neither. A categorical of pandas or pyarrow that is ordered is ordered. A column of numbers is numeric
where it can hardly be classes: more than 20 fractional numbers, more than 100 different numbers, or too few rows for each.
All else is classes, whole numbers too, unless the user says otherwise.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, cast

import numpy as np

from sharedtrunk._support.words import closest, counted, listed, shown
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.tables import _limits
from sharedtrunk.tables._column import Column

TaskKind: TypeAlias = Literal["classes", "numeric", "ordered"]

CLASSES, NUMERIC, ORDERED = "classes", "numeric", "ordered"
KINDS: tuple[TaskKind, ...] = (NUMERIC, CLASSES, ORDERED)

_MOST_NUMBERED_CLASSES = 100
"""Different numbers that are still taken for classes: pressures and earnings have more, codes of trades or wards fewer."""

LEAST_VALUES = 3
"""Different values that a numeric task and levels that an ordered one have at least: two are classes."""

Kinds: TypeAlias = Mapping[str, str | Sequence[Any]]
"""Kinds of tasks as a user gives them: by column "numeric", "classes", "ordered", or the levels in their order."""


@dataclass(frozen=True)
class AskedKind:
    """The kind that a user gives a column, and its levels in order where they were given."""

    kind: TaskKind
    levels: tuple[str, ...] | None = None


def asked_kinds(kinds: Kinds | None) -> dict[str, AskedKind]:
    """The kinds that a user gives, checked. Raises `InputError` for unknown kinds and for fewer than three levels."""
    return {str(name): _asked(str(name), given) for name, given in (kinds or {}).items()}


def _asked(name: str, given: str | Sequence[Any]) -> AskedKind:
    if isinstance(given, str) and given in KINDS:
        return AskedKind(given)
    levels = [part.strip() for part in given.split("<")] if isinstance(given, str) else [str(each) for each in given]
    if len(levels) < LEAST_VALUES or len(set(levels)) < len(levels) or "" in levels:
        rule = (
            f"the kind of a task is {', '.join(KINDS[:-1])} or {KINDS[-1]}, or three different levels or more in order"
        )
        hint = f"Give for example --kind {shown(name)}=numeric, or low<medium<high."
        raise invalid(rule, received=f"{shown(given)} for {shown(name)}", hint=hint)
    return AskedKind(ORDERED, tuple(levels))


def check_asked(asked: Iterable[str], tasks: Sequence[str]) -> None:
    """Raise `InputError` for a kind of a column that is no task."""
    for name in asked:
        if name not in tasks:
            rule = "kinds are those of tasks"
            raise invalid(rule, received=f"{shown(name)}, which is none", hint=closest(name, list(tasks)))


def kind_of(labels: Column, asked: AskedKind | None) -> TaskKind:
    """The kind of a column of labels. Raises `InputError` for a kind that it cannot have."""
    present = labels.values[~labels.missing]
    if asked is None:
        if labels.order is not None and len(set(present.tolist())) >= LEAST_VALUES:
            return ORDERED
        return NUMERIC if _must_be_numeric(present) else CLASSES
    if asked.kind == NUMERIC:
        _check_numeric(labels.name, present)
    return asked.kind


def _must_be_numeric(present: np.ndarray) -> bool:
    """Whether these are numbers that cannot be classes."""
    if present.dtype.kind not in "iuf" or not np.isfinite(present).all():
        return False
    distinct = np.unique(present)
    fractions = int((distinct != np.round(distinct)).sum())
    few = distinct.size <= _limits.FEW_CLASSES or distinct.size * _limits.LEAST_ROWS_PER_CLASS <= present.size
    return fractions > _limits.FEW_CLASSES or distinct.size > _MOST_NUMBERED_CLASSES or not few


def _check_numeric(name: str, present: np.ndarray) -> None:
    rule, where = "a numeric task holds numbers", f"in {shown(name)}"
    if present.dtype.kind not in "iuf":
        example = shown(present[0]) if present.size else "nothing"
        hint = f"Correct those cells or name them (--missing TEXT), or say --kind {name}=classes."
        raise invalid(rule, received=f"values such as {example} {where}", hint=hint)
    if not np.isfinite(present).all():
        raise invalid("labels are finite", received=f"an infinity {where}", hint="Mark it as missing.")
    found = np.unique(present).size
    if found < LEAST_VALUES:
        rule = f"a numeric task has at least {LEAST_VALUES} different values"
        hint = f"Say --kind {name}=classes."
        raise invalid(rule, received=f"{counted(found, 'value')} {where}", hint=hint)


def levels_in_order(labels: Column, asked: AskedKind | None) -> tuple:
    """The levels of an ordered task that occur, lowest first. Raises `InputError` where no order is known."""
    present = set(labels.values[~labels.missing].tolist())
    if asked is not None and asked.levels is not None:
        found = _as_asked(labels.name, present, asked.levels)
    elif labels.order is not None:
        found = tuple(level for level in labels.order if level in present)
    elif labels.values.dtype.kind in "iuf":
        found = tuple(sorted(present))
    else:
        raise _no_order(labels.name)
    if len(found) < LEAST_VALUES:
        rule = f"an ordered task has at least {LEAST_VALUES} levels"
        received = f"{counted(len(found), 'level')} in {shown(labels.name)}"
        raise invalid(rule, received=received, hint=f"Say --kind {labels.name}=classes.")
    return found


def _as_asked(name: str, present: set, levels: tuple[str, ...]) -> tuple:
    by_text = {_text(value): value for value in present}
    unknown = sorted(text for text in by_text if text not in levels)
    if unknown:
        rule = f"the levels of {shown(name)} are those that were given in order"
        raise invalid(rule, received=listed(unknown), hint="Name all levels, or mark others as missing.")
    return tuple(by_text[level] for level in levels if level in by_text)


def _text(value: object) -> str:
    """A level as a user writes it: 3 for 3.0."""
    return str(int(cast("float", value))) if isinstance(value, float) and value.is_integer() else str(value)


def _no_order(name: str) -> InputError:
    hint = f"Give the levels in order (--kind '{name}=low<medium<high'), or an ordered categorical of pandas."
    return invalid("an ordered task of texts needs their order", received=f"texts in {shown(name)}", hint=hint)


def kind_note(name: str, kind: TaskKind, asked: AskedKind | None, values: np.ndarray, order: tuple = ()) -> str:
    """What was inferred about a column's labels (labelled sample,), as a sentence; empty where it is plain or was asked."""
    if kind == ORDERED:
        given = "" if asked is not None else f" (--kind {name}=classes forgets the order)"
        return f"{shown(name)} is ordered: {' < '.join(map(str, order[:8]))}{' < …' if len(order) > 8 else ''}{given}."
    if asked is not None:
        return ""
    different = np.unique(values).size if values.dtype.kind in "iuf" else 0
    if kind == NUMERIC:
        way_out = f"--kind {name}=classes takes them for classes"
        return f"{shown(name)} is taken for a number: it has {different:,} different values ({way_out})."
    if different > _limits.FEW_CLASSES:
        way_out = f"--kind {name}=numeric takes it for a number, --kind {name}=ordered for ordered classes"
        return f"{shown(name)} is taken for {different:,} classes without an order ({way_out})."
    return ""

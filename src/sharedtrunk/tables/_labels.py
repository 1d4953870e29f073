"""Labels to class codes: names keep their type, −1 where the label is missing, and a task must be a task.

Whole-numbered floats become integers (a column of integers with gaps arrives as floats). Labels that differ stay different
classes; those that may have been meant as one ("01" and "1", "Yes" and "yes") are named in a note.
"""

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from sharedtrunk._support.words import listed, shown
from sharedtrunk.errors import invalid
from sharedtrunk.tables import _limits
from sharedtrunk.tables._column import Column
from sharedtrunk.tables._missing import said_of_missing
from sharedtrunk.tables._text_column import parsed


@dataclass(frozen=True)
class Coded:
    """A task's class codes (sample,), −1 where the label is missing, its class names in code order, and notes on them."""

    codes: np.ndarray
    classes: tuple
    notes: tuple[str, ...] = ()


def coded_labels(labels: Column) -> Coded:
    """Codes and class names (sorted) of a column of labels. Raises `InputError` where nothing could be learnt."""
    present = ~labels.missing
    number = int(present.sum())
    _check_labelled(labels, number)
    codes = np.full(len(labels.values), -1, np.int64)
    codes[present], classes = _coded(labels.name, labels.values[present])
    check_classes(labels.name, classes, number)
    said = [said_of_missing(labels.name, labels.missing_texts)] if labels.missing_texts else []
    return Coded(codes, classes, (*said, *_alike(labels.name, classes)))


def _coded(name: str, values: np.ndarray) -> tuple[np.ndarray, tuple]:
    if values.dtype.kind == "O":
        return _coded_objects(name, values)
    if values.dtype.kind == "f":
        _check_finite(name, values)
        if (values == np.round(values)).all() and (np.abs(values) < 2**62).all():
            values = values.astype(np.int64)
    distinct, codes = np.unique(values, return_inverse=True)
    return codes.astype(np.int64), tuple(distinct.tolist())


def _coded_objects(name: str, values: np.ndarray) -> tuple[np.ndarray, tuple]:
    try:
        distinct = set(values.tolist())
    except TypeError as error:
        hint = "Give class names that are texts, numbers or true and false."
        raise invalid("class names are hashable", received=f"others in {shown(name)}", hint=hint) from error
    _check_finite(name, np.array([float(value) for value in distinct if isinstance(value, float | np.floating)]))
    try:
        ordered = sorted(distinct)
    except (TypeError, ValueError, ArithmeticError):  # of types that do not compare: by type, then as written
        ordered = sorted(distinct, key=_type_and_text)
    place = {value: code for code, value in enumerate(ordered)}
    return np.array([place[value] for value in values.tolist()], np.int64), tuple(ordered)


def _type_and_text(value: object) -> tuple[str, str]:
    return type(value).__name__, repr(value)


def _alike(name: str, classes: tuple) -> list[str]:
    """A note where text classes differ in their spelling only."""
    groups: dict[Hashable, list[str]] = {}
    for text in classes:
        if isinstance(text, str):
            number = parsed([text])
            key = text.strip().casefold() if number is None or number[0] != number[0] else float(number[0])
            groups.setdefault(key, []).append(text)
    same = [f"{listed(group)}" for group in groups.values() if len(group) > 1]
    if not same:
        return []
    more = f" and {len(same) - 3} more such" if len(same) > 3 else ""
    return [f"{shown(name)}: different classes, though spelled alike: {'; '.join(same[:3])}{more}."]


def _check_labelled(labels: Column, number: int) -> None:
    if number < _limits.LEAST_LABELLED:
        rule = f"a task needs at least {_limits.LEAST_LABELLED} labelled rows"
        received, hint = f"{number} in {shown(labels.name)}", "Label more rows, or leave the task out."
        if labels.missing_texts:
            hint = f"{hint[:-1]}. {said_of_missing(labels.name, labels.missing_texts)}"
        raise invalid(rule, received=received, hint=hint)


def _check_finite(name: str, values: np.ndarray) -> None:
    if not np.isfinite(values).all():
        raise invalid("labels are finite", received=f"an infinity in {shown(name)}", hint="Mark it as missing.")


def check_classes(name: str, classes: tuple[object, ...], number: int) -> None:
    """Raise `InputError` where a task's classes, of `number` labelled rows, are one class, a measurement or identifiers."""
    if len(classes) == 1:
        received = f"one in {shown(name)}, {shown(classes[0])}"
        raise invalid("a task has at least two classes", received=received, hint="Leave the task out.")
    broken = [value for value in classes if isinstance(value, float) and not value.is_integer()]
    if len(broken) > _limits.MOST_NON_INTEGERS:
        received = f"{len(classes)} distinct numbers in {shown(name)}, such as {shown(broken[0])}"
        raise invalid("a task's labels are classes", received=received, hint="Bin it, for example at its median.")
    received = f"{len(classes)} classes in the {number} labelled rows of {shown(name)}"
    hint = (
        "Bin it if it is a measurement (at its median, say), merge rare classes, leave it out if it is an identifier."
    )
    if len(classes) > _limits.MOST_CLASSES:
        raise invalid(f"a task has at most {_limits.MOST_CLASSES} classes", received=received, hint=hint)
    if len(classes) > _limits.MANY_CLASSES and len(classes) * _limits.LEAST_ROWS_A_CLASS > number:
        least = _limits.LEAST_ROWS_A_CLASS
        rule = (
            f"a task of more than {_limits.MANY_CLASSES} classes has at least {least} labelled rows to each on average"
        )
        raise invalid(rule, received=received, hint=hint)

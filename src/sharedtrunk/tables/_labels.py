"""Turn labels into class codes, for tables and for estimators: which labels are classes, and in which order.

Class names keep their type; the code is −1 where the label is missing. Labels of a numeric task keep their numbers, and their
codes are places in the order of all different ones. In a table, floats that are whole numbers become
integers (a column of integers with gaps arrives as floats). Different labels stay different classes; a note names those that
may have been meant as one ("01" and "1", "Yes" and "yes").
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from sharedtrunk._support.words import listed, shown
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.tables import _limits
from sharedtrunk.tables._column import Column
from sharedtrunk.tables._missing import missing_note
from sharedtrunk.tables._sentinels import sentinel_note, sentinels
from sharedtrunk.tables._several_labels import parts_note, parts_of
from sharedtrunk.tables._task_kinds import NUMERIC, ORDERED, AskedKind, TaskKind, kind_note, kind_of, levels_in_order
from sharedtrunk.tables._text_column import parsed

MISSING = -1
"""The code of a missing label."""


@dataclass(frozen=True)
class Coded:
    """A task's class codes (sample,), −1 where the label is missing, its class names in code order, and notes on them.

    A numeric task has its `numbers` (sample,), NaN where missing, and no classes. A task of one of the labels in a cell names
    their `column`.
    """

    codes: np.ndarray
    classes: tuple
    notes: tuple[str, ...] = ()
    kind: TaskKind = "classes"
    numbers: np.ndarray | None = None
    column: str | None = None


def coded_tasks(labels: Column, asked: AskedKind | None = None) -> dict[str, Coded]:
    """The tasks of a column by name: itself, or one for each label of cells with several. Raises `InputError`."""
    parts = parts_of(labels) if asked is None else None
    if parts is None:
        return {labels.name: coded_labels(labels, asked)}
    if not parts:
        hint = f"Say --kind {labels.name}=classes to take each cell for one label."
        raise invalid("labels of cells with several are frequent", received=f"none in {shown(labels.name)}", hint=hint)
    found = {name: replace(coded_labels(part), column=labels.name) for name, part in parts.items()}
    first = next(iter(found))
    note = parts_note(labels.name, parts)
    return found | {first: replace(found[first], notes=(note, *found[first].notes))}


def coded_labels(labels: Column, asked: AskedKind | None = None) -> Coded:
    """Codes and class names (in order) of a column of labels. Raises `InputError` if no task could be learned from them."""
    present = labels.values[~labels.missing]
    if present.dtype.kind == "M":
        hint = "Make classes of them (such as the month), or leave the column out (--drop COLUMN)."
        raise invalid("labels are classes", received=f"dates or times in {shown(labels.name)}", hint=hint)
    _check_labelled(labels, len(present))
    if present.dtype.kind == "f" and (present == np.round(present)).all() and (np.abs(present) < 2**62).all():
        present = present.astype(np.int64)
    notes = [missing_note(labels.name, labels.missing_texts)] if labels.missing_texts else []
    kind = kind_of(labels, asked)
    if kind == NUMERIC:
        note = kind_note(labels.name, kind, asked, present)
        return _numeric(labels, present, tuple(filter(None, (*notes, note))))
    ordered = kind == ORDERED
    classes = levels_in_order(labels, asked) if ordered else ordered_classes(labels.name, present)
    check_classes(labels.name, classes, len(present))
    codes = class_codes(labels.name, present, labels.missing, classes)
    notes += [kind_note(labels.name, kind, asked, present, classes)]
    alike = () if ordered else _alike(labels.name, classes)
    return Coded(codes, classes, tuple(filter(None, (*notes, *alike))), kind)


def _numeric(labels: Column, present: np.ndarray, notes: tuple[str, ...]) -> Coded:
    """A numeric task: numbers, and as codes their places among the different ones."""
    numbers, codes = np.full(len(labels.missing), np.nan), np.full(len(labels.missing), MISSING, np.int64)
    numbers[~labels.missing] = present
    codes[~labels.missing] = np.unique(present, return_inverse=True)[1]
    largest = float(np.abs(present).max())
    if largest > _limits.LARGEST:
        received = f"{largest:.3g} in {shown(labels.name)}"
        raise invalid("numbers of a task are at most 1e300", received=received, hint="Rescale them.")
    found = sentinels(numbers[:, None], (labels.name,))
    told = () if not found else (sentinel_note(found),)
    return Coded(codes, (), (*notes, *told), NUMERIC, numbers)


def ordered_classes(name: str, labels: np.ndarray) -> tuple:
    """The distinct labels in order: sorted, or by type and text where they do not compare.

    Parameters
    ----------
    name
        The task, for messages.
    labels : (sample,)
        The labels that are not missing, of any hashable type.

    Raises
    ------
    InputError
        For labels that are not hashable, and for infinities.
    """
    try:
        distinct = set(labels.tolist())
    except TypeError as error:
        raise _unhashable(name) from error
    if any(isinstance(value, float | np.floating) and not np.isfinite(value) for value in distinct):
        raise invalid("labels are finite", received=f"an infinity in {shown(name)}", hint="Mark it as missing.")
    try:
        return tuple(sorted(distinct))
    except (TypeError, ValueError, ArithmeticError):
        return tuple(sorted(distinct, key=_type_and_text))


def class_codes(name: str, labels: np.ndarray, missing: np.ndarray, classes: Sequence[Hashable]) -> np.ndarray:
    """Indices in `classes`, `MISSING` where the label is missing, and `len(classes)` for a label that is not a class.

    Parameters
    ----------
    name
        The task, for messages.
    labels : (labelled sample,)
        The labels that are not missing.
    missing : (sample,)
        Where the label is missing.
    classes
        The class names in the order of their codes.

    Returns
    -------
    (sample,) of int64

    Raises
    ------
    InputError
        For labels that are not hashable.
    """
    code = {value: index for index, value in enumerate(classes)}
    codes = np.full(len(missing), MISSING, np.int64)
    try:
        codes[~missing] = [code.get(value, len(code)) for value in labels.tolist()]
    except TypeError as error:
        raise _unhashable(name) from error
    return codes


def _unhashable(name: str) -> InputError:
    hint = "Give class names that are texts, numbers or true and false."
    return invalid("class names are hashable", received=f"unhashable values in {shown(name)}", hint=hint)


def _type_and_text(value: object) -> tuple[str, str]:
    return type(value).__name__, repr(value)


def _alike(name: str, classes: tuple) -> list[str]:
    """A note on text classes that differ in their spelling only."""
    groups: dict[Hashable, list[str]] = {}
    for text in classes:
        if isinstance(text, str):
            number = parsed([text])
            key = text.strip().casefold() if number is None or number[0] != number[0] else float(number[0])
            groups.setdefault(key, []).append(text)
    same = [listed(group) for group in groups.values() if len(group) > 1]
    if not same:
        return []
    more = f" and {len(same) - 3} more such" if len(same) > 3 else ""
    return [f"{shown(name)}: different classes, though spelled alike: {'; '.join(same[:3])}{more}."]


def _check_labelled(labels: Column, number: int) -> None:
    if number < _limits.LEAST_LABELLED:
        rule = f"a task needs at least {_limits.LEAST_LABELLED} labelled rows"
        received, hint = f"{number} in {shown(labels.name)}", "Label more rows, or leave the task out."
        if labels.missing_texts:
            hint = f"{hint[:-1]}. {missing_note(labels.name, labels.missing_texts)}"
        raise invalid(rule, received=received, hint=hint)


def check_classes(name: str, classes: tuple[object, ...], number: int) -> None:
    """Raise `InputError` if a task has fewer than two classes, or if the classes are a measurement or identifiers.

    Parameters
    ----------
    name
        The task.
    classes
        The task's different labels.
    number
        The task's number of labelled rows.
    """
    if len(classes) < 2:
        received = f"1 class, {shown(classes[0])}, in {shown(name)}" if classes else f"no labels in {shown(name)}"
        hint = "Leave the task out, or add rows of another class."
        raise invalid("a task has at least two classes", received=received, hint=hint)
    fractions = [value for value in classes if isinstance(value, float) and not value.is_integer()]
    if len(fractions) > _limits.MOST_NON_INTEGERS:
        # "Unknown label type: continuous" is scikit-learn's wording, which its estimator checks expect
        rule = "a task's labels are classes (Unknown label type: continuous)"
        received = f"{len(fractions)} different fractional numbers in {shown(name)}, such as {shown(fractions[0])}"
        raise invalid(rule, received=received, hint="Bin them, or give a numeric task of a table.")
    received = f"{len(classes)} classes in the {number} labelled rows of {shown(name)}"
    hint = "Bin it if it is a measurement (at its median, say), merge rare classes, or leave it out if it is an identifier."
    if len(classes) > _limits.MOST_CLASSES:
        raise invalid(f"a task has at most {_limits.MOST_CLASSES} classes", received=received, hint=hint)
    if len(classes) > _limits.FEW_CLASSES and len(classes) * _limits.LEAST_ROWS_PER_CLASS > number:
        least = _limits.LEAST_ROWS_PER_CLASS
        rule = (
            f"a task of more than {_limits.FEW_CLASSES} classes has at least {least} labelled rows per class on average"
        )
        raise invalid(rule, received=received, hint=hint)

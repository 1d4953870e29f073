"""Labels to class codes: names keep their type, −1 where the label is missing, and a task must be a task.

Whole-numbered floats become integers (a column of integers with gaps arrives as floats).
"""

import numpy as np

from sharedtrunk._errors import invalid
from sharedtrunk.tables import _limits
from sharedtrunk.tables._column import Column
from sharedtrunk.tables._words import shown


def class_codes(labels: Column) -> tuple[np.ndarray, tuple]:
    """Codes (sample,) int64 and class names in code order (sorted). Raises `InputError` where nothing could be learnt."""
    present = ~labels.missing
    number = int(present.sum())
    _check_labelled(labels.name, number)
    codes = np.full(len(labels.values), -1, np.int64)
    codes[present], classes = _coded(labels.name, labels.values[present])
    check_classes(labels.name, classes, number)
    return codes, classes


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
        way_out = "Give class names that are texts, numbers or true and false."
        raise invalid("class names are hashable", received=f"others in {shown(name)}", way_out=way_out) from error
    try:
        ordered = sorted(distinct)
    except TypeError:  # of different types: by type, then as written
        ordered = sorted(distinct, key=_type_and_text)
    place = {value: code for code, value in enumerate(ordered)}
    return np.array([place[value] for value in values.tolist()], np.int64), tuple(ordered)


def _type_and_text(value: object) -> tuple[str, str]:
    return type(value).__name__, repr(value)


def _check_labelled(name: str, number: int) -> None:
    if number < _limits.LEAST_LABELLED:
        rule = f"a task needs at least {_limits.LEAST_LABELLED} labelled rows"
        raise invalid(rule, received=f"{number} in {shown(name)}", way_out="Label more rows, or leave the task out.")


def _check_finite(name: str, values: np.ndarray) -> None:
    if not np.isfinite(values).all():
        raise invalid("labels are finite", received=f"an infinity in {shown(name)}", way_out="Mark it as missing.")


def check_classes(name: str, classes: tuple[object, ...], number: int) -> None:
    """Raise `InputError` where a task's classes, of `number` labelled rows, are one class, a measurement or identifiers."""
    if len(classes) == 1:
        received = f"one in {shown(name)}, {shown(classes[0])}"
        raise invalid("a task has at least two classes", received=received, way_out="Leave the task out.")
    broken = [value for value in classes if isinstance(value, float) and value != round(value)]
    if len(broken) > _limits.MOST_NON_INTEGERS:
        received = f"{len(classes)} distinct numbers in {shown(name)}, such as {shown(broken[0])}"
        raise invalid("a task's labels are classes", received=received, way_out="Bin it, for example at its median.")
    many = len(classes) > _limits.MANY_CLASSES and len(classes) * _limits.LEAST_ROWS_A_CLASS > number
    if many or len(classes) > _limits.MOST_CLASSES:
        rule = f"a task has at most {_limits.MOST_CLASSES} classes, with {_limits.LEAST_ROWS_A_CLASS} rows to each"
        received = f"{len(classes)} classes in the {number} labelled rows of {shown(name)}"
        way_out = "Merge rare classes, bin it if it is a measurement, leave it out if it is an identifier."
        raise invalid(rule, received=received, way_out=way_out)

"""From arrays and data frames in memory to a table."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from sharedtrunk._support.limits import check_different_names
from sharedtrunk._support.words import shown
from sharedtrunk.errors import invalid
from sharedtrunk.tables._assemble import assembled, coded_columns
from sharedtrunk.tables._column import Column, column
from sharedtrunk.tables._frames import dense, frame_columns
from sharedtrunk.tables._missing import MissingTexts, missing_texts
from sharedtrunk.tables._table import Table
from sharedtrunk.tables._task_kinds import Kinds


def from_arrays(
    X: object,
    Y: object,
    *,
    task_names: Sequence[str] | None = None,
    feature_names: Sequence[str] | None = None,
    missing: Sequence[Any] | str | None = None,
    kinds: Kinds | None = None,
) -> Table:
    """Make a table of features and labels that are in memory.

    Numbers stay unchanged, true and false become 1 and 0, dates become numbers of days, and texts and categories indices of
    their levels; a missing feature is NaN. Constant columns, copies of a column up to scale and identifiers (text with
    nearly one value per row) are left out; the table's notes say so. Class names keep their type; floats that are whole
    numbers become integers.

    Parameters
    ----------
    X
        (sample, feature) array, SciPy sparse matrix (made dense up to 1 GiB), or pandas, polars or pyarrow data frame.
    Y
        A data frame as for X, a mapping from name to (sample,), or an array (sample, task) or (sample,) of any dtype. None,
        NaN, pandas' NA, masked entries and the texts in `missing` mark a missing label.
    task_names, feature_names
        Names that replace those of a frame, or the defaults x0, x1, … and task0, task1, …
    missing
        Texts that stand for a missing value, as for `read`. None: NA, NaN, null, None, ? and their other spellings.
    kinds
        Kinds of tasks by name: "numeric", "classes", "ordered", or the levels of an ordered one, lowest first. Of other tasks
        an ordered categorical is ordered, numbers that cannot be classes are numeric, and cells with several labels
        (`red|blue`) make a task `name=label` of each label.

    Returns
    -------
    Table
        Features, class codes, and notes on what was done, such as the texts that were taken for missing labels.

    Raises
    ------
    InputError
        For infinite features, text among numbers, sparse labels, different numbers of rows in X and Y, kinds that labels
        cannot have, and tasks with one class, too few labelled rows or too many classes.
    """
    texts = missing_texts(missing)
    features = feature_columns(X, texts, feature_names)
    labels = _columns(Y, "Y", task_names, "task", texts)
    rows = {name: len(columns[0].values) for name, columns in (("X", features), ("Y", labels))}
    if rows["X"] != rows["Y"]:
        received = f"{rows['X']} in X and {rows['Y']} in Y"
        hint = "Mark a missing label by None or NaN."
        raise invalid("X and Y have the same rows", received=received, hint=hint)
    return assembled(features, coded_columns(labels, [each.name for each in labels], kinds))


def feature_columns(X: object, texts: MissingTexts, names: Sequence[str] | None = None) -> list[Column]:
    """The columns of features in memory. Raises `InputError` for values that no column can hold."""
    return _columns(X, "X", names, "x", texts)


def _columns(given: object, which: str, names: Sequence[str] | None, default: str, texts: MissingTexts) -> list[Column]:
    if which == "Y" and hasattr(given, "toarray"):  # SciPy's sparse matrices and arrays
        hint = "Give Y.toarray(); its zeros are labels too."
        raise invalid("Y is dense", received="a sparse matrix", hint=hint)
    given = dense(given)
    found = frame_columns(given, which, texts, label=which == "Y")
    if found is None and isinstance(given, Mapping):
        found = _of_mapping(given, which, texts)
    if found is None:
        found = _of_array(given, which, default, texts)
    if names is not None:
        found = _renamed(found, which, names)
    # A lone surrogate cannot be written to any file, so it is escaped in a name.
    found = [replace(each, name=each.name.encode("utf-8", "backslashreplace").decode()) for each in found]
    _check(found, which)
    return found


def _of_mapping(given: Mapping, which: str, texts: MissingTexts) -> list[Column]:
    columns = [_named(str(name), values, which, texts) for name, values in given.items()]
    lengths = {each.name: len(each.values) for each in columns}
    if len(set(lengths.values())) > 1:
        raise invalid(f"all columns of {which} have the same rows", received=lengths, hint="Give equal lengths.")
    return columns


def _named(name: str, values: object, which: str, texts: MissingTexts) -> Column:
    found = frame_columns(values, which, texts, label=which == "Y")
    if found is not None and len(found) == 1:
        return replace(found[0], name=name)
    array = _array(values, which)
    if array.ndim != 1:
        received = f"shape {array.shape} for {shown(name)}"
        raise invalid(f"{which} maps names to arrays (sample,)", received=received, hint="Give each one axis.")
    return column(name, array, texts)


def _of_array(given: object, which: str, default: str, texts: MissingTexts) -> list[Column]:
    array = _array(given, which)
    if array.ndim == 1 and which == "Y":
        array = array[:, None]
    if array.ndim != 2:
        axes = "(sample, task)" if which == "Y" else "(sample, feature)"
        hint = "Reshape it: X.reshape(-1, 1) for one feature, X.reshape(len(X), -1) for images."
        raise invalid(f"{which} has the axes {axes}", received=f"shape {array.shape}", hint=hint)
    return [column(f"{default}{j}", array[:, j], texts) for j in range(array.shape[1])]


def _array(given: Any, which: str) -> np.ndarray:
    if isinstance(given, np.ma.MaskedArray):
        array = np.ma.getdata(given).astype(object)
        array[np.ma.getmaskarray(given)] = None
        return array
    if isinstance(given, np.ndarray):
        return given
    if hasattr(given, "to_pylist"):  # a pyarrow array: NumPy would turn integers with gaps into floats
        given = given.to_pylist()
    if hasattr(given, "__array__"):
        return np.asarray(given)
    try:
        # Without dtype=object NumPy would turn a list of texts, numbers and None into texts.
        array = np.array(given, dtype=object)
        return array if array.ndim else np.asarray(given)
    except ValueError as error:
        raise invalid(f"{which} is an array", received="rows of unequal length", hint="Make them equal.") from error


def _renamed(columns: list[Column], which: str, names: Sequence[str]) -> list[Column]:
    if len(names) != len(columns):
        received = f"{len(names)} names for {len(columns)} columns of {which}"
        raise invalid("each column has one name", received=received, hint="Give as many names as columns.")
    return [replace(each, name=str(name)) for name, each in zip(names, columns, strict=True)]


def _check(columns: list[Column], which: str) -> None:
    if not columns or not len(columns[0].values):
        received = "no columns" if not columns else "no rows"
        raise invalid(f"{which} has columns and rows", received=received, hint="Check how it was selected.")
    check_different_names(f"columns of {which}", [each.name for each in columns])

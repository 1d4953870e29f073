"""Rows that belong together (groups), and rows in order (times), as codes and numbers of a table.

A group is a person, a batch or a molecule's scaffold: rows of one group resemble each other more than rows of two. A row
without a group is a group of its own. Times are numbers or dates; only their order is used.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from sharedtrunk._support.words import counted, shown
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.tables._frames import object_array
from sharedtrunk.tables._table import Table


def with_related_rows(
    table: Table, *, groups: Any = None, times: Any = None, group_name: str = "groups", time_name: str = "times"
) -> Table:
    """Give a table the groups and times of its rows.

    Parameters
    ----------
    table
        The table.
    groups
        One value per row, of any hashable type; None, NaN and the like: a group of its own. None: the table's own groups.
    times
        One number or date per row, as numbers, dates or texts. None: the table's own times.
    group_name, time_name
        What messages call them, such as the column's name.

    Returns
    -------
    Table
        With a note on rows without a group.

    Raises
    ------
    InputError
        For another number of rows, values that are not hashable, missing times, and texts that are not dates.
    """
    if groups is not None:
        codes, missing = _group_codes(_values(groups, len(table.features), group_name), group_name)
        alone = f"{counted(missing, 'row')} without a value in {shown(group_name)}: each counts as a group of its own."
        table = replace(table, groups=codes, notes=(*table.notes, alone) if missing else table.notes)
    if times is not None:
        table = replace(table, times=_numbers(_values(times, len(table.features), time_name), time_name))
    return table


def _values(given: Any, rows: int, name: str) -> np.ndarray:
    """The values (sample,), tuples kept whole."""
    if hasattr(given, "to_pylist"):
        given = given.to_pylist()
    values = np.asarray(given) if hasattr(given, "__array__") else object_array(list(given))
    if values.shape != (rows,):
        received = f"shape {values.shape} for {rows} rows in {shown(name)}"
        raise invalid("groups and times have one value per row", received=received, hint="Give one for every row.")
    return values


def _group_codes(values: np.ndarray, name: str) -> tuple[np.ndarray, int]:
    """A code per group (sample,), and the number of rows without a group."""
    import pandas as pd

    try:
        codes, known = pd.factorize(values)
    except TypeError as error:
        received = f"'{error}' in {shown(name)}"
        raise invalid(
            "a group is a hashable value", received=received, hint="Give numbers, texts or tuples."
        ) from error
    codes = np.array(codes, np.int64)
    alone = codes < 0
    codes[alone] = len(known) + np.arange(alone.sum())
    return codes, int(alone.sum())


def _numbers(values: np.ndarray, name: str) -> np.ndarray:
    """Times as numbers (sample,) in their order."""
    import pandas as pd

    missing = int(pd.isna(values).sum())
    if missing:
        hint = "Fill them in, or leave those rows out."
        raise invalid("every row has a time", received=f"{missing} missing in {shown(name)}", hint=hint)
    if values.dtype.kind in "biuf":
        numbers = values.astype(np.float64)
    elif values.dtype.kind == "M":
        numbers = _ticks(pd.to_datetime(values))
    else:
        numbers = _of_objects(values, name)
    if not np.isfinite(numbers).all():
        raise _no_times(name, "infinite numbers")
    return numbers


def _of_objects(values: np.ndarray, name: str) -> np.ndarray:
    """Numbers, texts of numbers, dates, or texts of dates."""
    import pandas as pd

    try:
        return np.array([float(value) for value in values])
    except (TypeError, ValueError):
        pass
    try:
        return _ticks(pd.to_datetime(pd.Series(values), format="ISO8601", utc=True))
    except (TypeError, ValueError, OverflowError):
        pass
    orders = [ticks for ticks in (_read_dates(values, dayfirst) for dayfirst in (False, True)) if ticks is not None]
    if not orders:
        raise _no_times(name, f"values such as {shown(values[0])}")
    # 3/4/2024 and 4/3/2024: which is later depends on what the first number is.
    if len(orders) == 2 and (np.argsort(orders[0], kind="stable") != np.argsort(orders[1], kind="stable")).any():
        raise _no_times(name, f"dates whose day and month cannot be told apart, such as {shown(values[0])},")
    return orders[0]


def _read_dates(values: np.ndarray, dayfirst: bool) -> np.ndarray | None:
    import warnings

    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it reads one value at a time, or the day first after all
            return _ticks(pd.to_datetime(pd.Series(values), dayfirst=dayfirst, utc=True))
    except (TypeError, ValueError, OverflowError):
        return None


def _ticks(dates: Any) -> np.ndarray:
    """Seconds of pandas' dates as numbers."""
    return np.asarray(dates, "datetime64[us]").astype(np.int64) / 1e6


def _no_times(name: str, received: str) -> InputError:
    hint = "Write dates as 2024-03-31, or give numbers."
    return invalid("a time is a number or a date", received=f"{received} in {shown(name)}", hint=hint)

"""Data frames of pandas, polars and pyarrow as columns with their names.

A frame is recognized by its methods, so none of the three libraries is imported here. Sparse columns of pandas and sparse
matrices of SciPy are made dense where they fit into the memory that a table may take.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from sharedtrunk.errors import invalid
from sharedtrunk.tables import _limits
from sharedtrunk.tables._arrow import arrow_columns
from sharedtrunk.tables._column import Column, column
from sharedtrunk.tables._missing import MissingTexts

_NUMPY_TYPES = {f"{kind}{bits}" for kind in ("Int", "UInt", "Float") for bits in (8, 16, 32, 64)} - {"Float8"}
"""Polars' types that NumPy has too; the others (128 bits, decimals) are read as Python's numbers."""


def named_columns(frame: Any) -> list[tuple[Any, Any]] | None:
    """Names and columns of a frame or series of pandas, polars or pyarrow; None for anything else.

    The columns are series of pandas or polars, or arrays of pyarrow. The name of a nameless series is None.
    """
    if hasattr(frame, "iloc"):
        if not hasattr(frame, "columns"):
            return [(frame.name, frame)]
        return [(name, frame.iloc[:, index]) for index, name in enumerate(frame.columns)]
    if hasattr(frame, "get_columns"):
        return [(series.name, series) for series in frame.get_columns()]
    if hasattr(frame, "null_count") and hasattr(frame, "to_list") and hasattr(frame, "name"):
        return [(frame.name or None, frame)]
    if hasattr(frame, "column_names") and hasattr(frame, "itercolumns"):
        return list(zip(frame.column_names, frame.itercolumns(), strict=True))
    return None


def frame_columns(frame: Any, which: str, texts: MissingTexts, *, label: bool) -> list[Column] | None:
    """The columns of a frame or series; None for anything else. Raises `InputError` for values that no column can hold."""
    named = named_columns(frame)
    if named is None:
        return None
    levels = getattr(getattr(frame, "columns", None), "nlevels", 1)
    if levels > 1:
        hint = "Flatten the column names."
        raise invalid(f"{which} has one level of column names", received=f"{levels}", hint=hint)
    if any(_is_sparse(values) for _, values in named):
        _check_dense((len(frame), len(named)))
    return [
        found
        for name, values in named
        for found in _read(str(which if name is None else name), values, texts, label=label)
    ]


def dense(given: Any) -> Any:
    """A dense array of the numbers in a SciPy sparse matrix or array; anything else is returned unchanged.

    Parameters
    ----------
    given : (sample, feature)

    Raises
    ------
    InputError
        Where the dense array would take more memory than a table may, 1 GiB.
    """
    if not hasattr(given, "toarray"):
        return given
    _check_dense(given.shape)
    return given.toarray()


def _check_dense(shape: tuple[int, ...]) -> None:
    numbers = float(np.prod(shape, dtype=np.float64))
    if 8 * numbers > _limits.MOST_BYTES:
        rule = f"sparse features are made dense up to {_limits.MOST_BYTES / 2**30:.3g} GiB, at 8 bytes per number"
        received = f"shape {shape}, about {8 * numbers / 2**30:.2g} GiB"
        hint = "Give fewer rows, or fewer columns (sklearn's TruncatedSVD, SelectKBest or VarianceThreshold)."
        raise invalid(rule, received=received, hint=hint)


def _read(name: str, values: Any, texts: MissingTexts, *, label: bool) -> list[Column]:
    if hasattr(values, "iloc"):
        return [_of_series(name, values, texts)]
    if hasattr(values, "to_pylist"):
        return arrow_columns(name, values, texts, label=label)
    return [_of_polars(name, values, texts)]


def _is_sparse(series: Any) -> bool:
    return type(getattr(series, "dtype", None)).__name__ == "SparseDtype"


def _of_series(name: str, series: Any, texts: MissingTexts) -> Column:
    if _is_sparse(series):
        series = series.sparse.to_dense()
    if isinstance(series.dtype, np.dtype):
        return column(name, series.to_numpy(), texts)
    plain = column(name, series.astype(object).to_numpy(), texts)
    if type(series.dtype).__name__ == "CategoricalDtype":
        order = tuple(series.cat.categories) if series.cat.ordered else None
        return replace(plain, values=series.astype(object).to_numpy(), category=True, order=order)
    return plain


def _of_polars(name: str, series: Any, texts: MissingTexts) -> Column:
    plain = not series.null_count() and type(series.dtype).__name__ in _NUMPY_TYPES
    found = column(name, series.to_numpy() if plain else object_array(series.to_list()), texts)
    return replace(found, category=type(series.dtype).__name__ in ("Categorical", "Enum"))


def object_array(values: list) -> np.ndarray:
    """The values (sample,) unchanged; NumPy alone would turn lists into a second axis."""
    array = np.empty(len(values), object)
    array[:] = values
    return array

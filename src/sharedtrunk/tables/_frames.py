"""Data frames of pandas, polars and pyarrow as columns with their names.

A frame is known by its methods: none of the three libraries is imported for it. Sparse columns of pandas and sparse matrices
of SciPy are made dense where they fit the memory that a table may take.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from sharedtrunk.errors import invalid
from sharedtrunk.tables._arrow import arrow_columns
from sharedtrunk.tables._column import Column, column
from sharedtrunk.tables._missing import MissingTexts
from sharedtrunk.tables._request import check_size

_NUMPYS = {f"{kind}{bits}" for kind in ("Int", "UInt", "Float") for bits in (8, 16, 32, 64)} - {"Float8"}
"""Polars' types that NumPy has as well; the others (128 bits, decimals) are read as Python's numbers."""

_TOO_LARGE = "Give fewer columns or rows, or reduce them first (for example by TruncatedSVD)."


def frame_columns(frame: Any, which: str, texts: MissingTexts, *, label: bool) -> list[Column] | None:
    """The columns of a frame or series; None where it is neither. Raises `InputError` for what no column can hold."""
    if hasattr(frame, "iloc"):
        return _of_pandas(frame, which, texts)
    if hasattr(frame, "get_columns"):
        return [_of_polars(str(series.name), series, texts) for series in frame.get_columns()]
    if hasattr(frame, "null_count") and hasattr(frame, "to_list") and hasattr(frame, "name"):
        return [_of_polars(str(frame.name or which), frame, texts)]
    if hasattr(frame, "column_names") and hasattr(frame, "combine_chunks"):
        pairs = zip(frame.column_names, frame.columns, strict=True)
        return [found for name, values in pairs for found in arrow_columns(name, values, texts, label=label)]
    return None


def dense_matrix(given: Any) -> np.ndarray:
    """A sparse matrix of SciPy as an array. Raises `InputError` where it would be too large."""
    check_size(float(np.prod(given.shape, dtype=np.float64)), _TOO_LARGE)
    return given.toarray()


def _of_pandas(frame: Any, which: str, texts: MissingTexts) -> list[Column]:
    if not hasattr(frame, "columns"):  # a series
        frame = frame.to_frame(name=which if frame.name is None else frame.name)
    if frame.columns.nlevels > 1:
        hint = "Flatten the column names."
        raise invalid(f"{which} has one level of column names", received=f"{frame.columns.nlevels}", hint=hint)
    columns = [frame.iloc[:, place] for place in range(frame.shape[1])]
    if any(_is_sparse(series) for series in columns):
        check_size(float(frame.shape[0]) * frame.shape[1], _TOO_LARGE)
        columns = [series.sparse.to_dense() if _is_sparse(series) else series for series in columns]
    return [_of_series(str(name), series, texts) for name, series in zip(frame.columns, columns, strict=True)]


def _is_sparse(series: Any) -> bool:
    return type(series.dtype).__name__ == "SparseDtype"


def _of_series(name: str, series: Any, texts: MissingTexts) -> Column:
    if isinstance(series.dtype, np.dtype):
        return column(name, series.to_numpy(), texts)
    plain = column(name, series.astype(object).to_numpy(), texts)
    if type(series.dtype).__name__ == "CategoricalDtype":
        return replace(plain, values=series.astype(object).to_numpy(), category=True)
    return plain


def _of_polars(name: str, series: Any, texts: MissingTexts) -> Column:
    plain = not series.null_count() and type(series.dtype).__name__ in _NUMPYS
    found = column(name, series.to_numpy() if plain else _objects(series.to_list()), texts)
    return replace(found, category=type(series.dtype).__name__ in ("Categorical", "Enum"))


def _objects(values: list) -> np.ndarray:
    array = np.empty(len(values), object)
    array[:] = values
    return array

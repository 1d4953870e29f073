"""Parquet files: columns by type, lists of equal length as embeddings, the size checked before the table is read.

Only Arrow's own types are read; pandas' metadata is ignored, and nothing is unpickled.
"""

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.errors import invalid
from sharedtrunk.tables._arrow import arrow_columns
from sharedtrunk.tables._request import (
    ReadColumns,
    ReadRequest,
    check_size,
    columns_to_read,
    left_out_note,
    no_rows,
    read_fewer,
    sampled_rows,
)

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

_FIRST_ROWS = 100
"""Rows from which the length of lists is estimated."""


def read_parquet(path: Path, request: ReadRequest) -> ReadColumns:
    """Read the requested columns. Raises `InputError`, also where pyarrow is not installed."""
    arrow, parquet = _libraries()
    try:
        with parquet.ParquetFile(path) as file:
            request = request.of(file.schema_arrow.names)
            kept = columns_to_read(request, file.schema_arrow.names)
            note = left_out_note(request, file.schema_arrow.names, kept)
            total = file.metadata.num_rows
            if not total:
                raise no_rows(path)
            chosen = sampled_rows(request, total)
            rows = total if chosen is None else len(chosen)
            check_size(rows * _numbers_per_row(file, kept), read_fewer(request.rows))
            table = file.read(columns=list(kept)) if chosen is None else _taken(arrow, file, kept, chosen)
            if table.num_rows != rows:
                raise OSError(f"{table.num_rows} rows, but its metadata say {rows}")
            columns = [
                found
                for name in kept
                for found in arrow_columns(
                    name,
                    _written(arrow, table.column(name), request, name),
                    request.missing,
                    label=name in request.as_written,
                )
            ]
    except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # the system failed, not the content
            raise
        reason = str(error).splitlines()[0][:120]
        hint = "Write the file again, or give the table as CSV."
        raise invalid("a .parquet file is Parquet data", received=f"'{reason}' in {path}", hint=hint) from error
    return ReadColumns(columns, np.arange(total) if chosen is None else chosen, total, (note,) if note else ())


def _written(
    arrow: ModuleType, values: "pyarrow.ChunkedArray", request: ReadRequest, name: str
) -> "pyarrow.ChunkedArray":
    """The column, dates of a column of groups or times as texts: they are read like those of a CSV file."""
    dated = name in request.about_rows and arrow.types.is_temporal(values.type)
    return values.cast(arrow.string()) if dated else values


def _libraries() -> tuple[ModuleType, ModuleType]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        hint = "Install it: pip install 'sharedtrunk[parquet]', or give the table as CSV."
        raise invalid("Parquet files are read by pyarrow", received="no pyarrow here", hint=hint) from error
    return pyarrow, pyarrow.parquet


def _numbers_per_row(file: "pyarrow.parquet.ParquetFile", kept: tuple[str, ...]) -> float:
    """Mean number of values in a row of the kept columns, over the file's first rows; each value in a list counts.

    The mean is read from the data, not from the metadata: asking a damaged file for the metadata of a column can end the
    process (pyarrow 26, `RowGroupMetaData.column`).
    """
    first = next(file.iter_batches(batch_size=_FIRST_ROWS, columns=list(kept)), None)
    if first is None:
        raise OSError("no rows, but its metadata say that there are some")
    return sum(_leaves(values) for values in first.columns) / max(first.num_rows, 1)


def _leaves(values: "pyarrow.Array") -> int:
    return len(values.flatten()) if hasattr(values, "value_lengths") else len(values)


def _taken(
    arrow: ModuleType, file: "pyarrow.parquet.ParquetFile", kept: tuple[str, ...], chosen: np.ndarray
) -> "pyarrow.Table":
    """The chosen rows, one batch in memory at a time."""
    start, parts = 0, []
    for batch in file.iter_batches(columns=list(kept)):
        inside = chosen[(chosen >= start) & (chosen < start + batch.num_rows)] - start
        parts.append(batch.take(arrow.array(inside)))
        start += batch.num_rows
    return arrow.Table.from_batches(parts)

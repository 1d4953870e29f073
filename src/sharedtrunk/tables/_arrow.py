"""Arrow's columns, from a Parquet file or a table in memory, converted by type. Lists of equal length are embeddings."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk._support.words import shown
from sharedtrunk.errors import invalid
from sharedtrunk.tables._column import Column, column, numeric_column, unreadable
from sharedtrunk.tables._missing import MissingTexts

if TYPE_CHECKING:
    import pyarrow


def arrow_columns(
    name: str, values: "pyarrow.ChunkedArray | pyarrow.Array", texts: MissingTexts, *, label: bool
) -> list[Column]:
    """The column, or one column per entry of its lists. Raises `InputError` for types that no column can hold."""
    import pyarrow as arrow

    values = arrow.chunked_array([values]) if isinstance(values, arrow.Array) else values  # an Array of a record batch
    kinds = arrow.types
    if kinds.is_dictionary(values.type):
        order = _order(values)
        plain = values.cast(values.type.value_type)
        return [replace(each, order=order) for each in arrow_columns(name, plain, texts, label=label)]
    if kinds.is_list(values.type) or kinds.is_large_list(values.type) or kinds.is_fixed_size_list(values.type):
        if label:
            raise unreadable(name, "lists instead of labels")
        return _block(name, values)
    if kinds.is_temporal(values.type):
        return [column(name, np.array(values.to_pylist(), object), texts)]
    missing = values.is_null().to_numpy().astype(bool)
    if kinds.is_string(values.type) or kinds.is_large_string(values.type) or kinds.is_string_view(values.type):
        return [column(name, np.array(values.to_pylist(), object), texts)]
    if kinds.is_boolean(values.type):
        return [Column(name, values.fill_null(False).to_numpy().astype(bool), missing)]
    if kinds.is_integer(values.type):
        return [numeric_column(name, values.fill_null(0).to_numpy(), missing, texts)]
    if label and kinds.is_decimal(values.type):  # as floats, two classes could become one
        return [column(name, np.array(values.to_pylist(), object), texts)]
    if kinds.is_floating(values.type) or kinds.is_decimal(values.type) or kinds.is_null(values.type):
        numbers = values.cast(arrow.float64(), safe=False).to_numpy().astype(np.float64)
        return [numeric_column(name, numbers, np.isnan(numbers), texts)]
    raise unreadable(name, f"values of type {shown(str(values.type))}")


def _order(values: "pyarrow.ChunkedArray") -> tuple | None:
    """The levels of an ordered dictionary; None where it is not ordered or pieces of the column have different ones."""
    found = {tuple(chunk.dictionary.to_pylist()) for chunk in values.chunks}
    return found.pop() if values.type.ordered and len(found) == 1 else None


def _block(name: str, values: "pyarrow.ChunkedArray") -> list[Column]:
    """A column of equally long lists of numbers: one column for each entry of the list, `name[0]`, `name[1]`, …"""
    import pyarrow as arrow
    from pyarrow.compute import call_function

    value_type = values.type.value_type
    if not (arrow.types.is_integer(value_type) or arrow.types.is_floating(value_type)):
        raise unreadable(name, f"lists of type {shown(str(value_type))}")
    whole = values.combine_chunks()
    lengths = np.unique(call_function("list_value_length", [whole]).drop_null().to_numpy())
    if whole.null_count or len(lengths) != 1:
        received = f"lists of {len(lengths)} lengths and {whole.null_count} missing ones in {shown(name)}"
        hint = "Pad or average them, or leave the column out (--drop COLUMN)."
        raise invalid("lists in a column have one length", received=received, hint=hint)
    flat = whole.flatten().cast(arrow.float64(), safe=False).to_numpy(zero_copy_only=False)
    block = flat.reshape(len(whole), int(lengths[0]))
    return [Column(f"{name}[{j}]", block[:, j], np.isnan(block[:, j])) for j in range(block.shape[1])]

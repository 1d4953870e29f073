"""From a file's rows, one after another, to columns: all rows, or a random sample, with only some rows in memory at a time.

A sample of N rows keeps the rows with the N smallest of independent random keys: each set of N rows is equally likely, and
at most 2N rows and one piece are in memory.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np

from sharedtrunk.tables._column import Column
from sharedtrunk.tables._request import ReadColumns, ReadRequest, check_size, no_rows, read_fewer

PIECE = 8192
"""Rows held in memory as they are in the file at a time."""


@runtime_checkable
class ColumnBuilder(Protocol):
    """Takes a column's cells piece by piece."""

    def add(self, cells: list[Any], /) -> None:
        """Take the next cells."""

    def finish(self) -> Column:
        """The column of all cells."""
        ...


def gathered(
    path: Path,
    rows: Iterator[Sequence[Any]],
    names: Sequence[str],
    builders: Mapping[str, ColumnBuilder],
    request: ReadRequest,
) -> ReadColumns:
    """The columns of the builders, from rows with a cell for every name. Raises `InputError`."""
    if request.rows is None:
        return _whole(path, rows, names, builders)
    check_size(request.rows * len(builders), read_fewer(request.rows))
    return _sampled(path, rows, names, builders, request.rows, request.seed)


def _whole(
    path: Path, rows: Iterator[Sequence[Any]], names: Sequence[str], builders: Mapping[str, ColumnBuilder]
) -> ReadColumns:
    total = 0
    for piece in _pieces(rows):
        total += len(piece)
        check_size(total * len(builders), read_fewer(None))
        _add(builders, names, piece)
    if not total:
        raise no_rows(path)
    return ReadColumns([builder.finish() for builder in builders.values()], np.arange(total), total)


def _sampled(
    path: Path,
    rows: Iterator[Sequence[Any]],
    names: Sequence[str],
    builders: Mapping[str, ColumnBuilder],
    wanted: int,
    seed: int,
) -> ReadColumns:
    rng, total, limit = np.random.default_rng(seed), 0, np.inf
    held: list[tuple[float, int, Sequence[Any]]] = []  # key, number in the file, cells
    for piece in _pieces(rows):
        keys = rng.random(len(piece))
        held += [(float(keys[i]), total + int(i), piece[i]) for i in np.flatnonzero(keys < limit)]
        total += len(piece)
        if len(held) > 2 * wanted:
            held = _smallest(held, wanted)
            limit = held[-1][0]
    if not total:
        raise no_rows(path)
    chosen = sorted((number, cells) for _, number, cells in _smallest(held, wanted))
    _add(builders, names, [cells for _, cells in chosen])
    numbers = np.array([number for number, _ in chosen])
    return ReadColumns([builder.finish() for builder in builders.values()], numbers, total)


def _smallest(held: list[tuple[float, int, Sequence[Any]]], wanted: int) -> list[tuple[float, int, Sequence[Any]]]:
    return sorted(held)[:wanted]


def _add(builders: Mapping[str, ColumnBuilder], names: Sequence[str], piece: Sequence[Sequence[Any]]) -> None:
    for name, cells in zip(names, zip(*piece, strict=True), strict=True):
        if name in builders:
            builders[name].add(list(cells))


def _pieces(rows: Iterator[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    while piece := list(itertools.islice(rows, PIECE)):
        yield piece

"""Results show themselves as a small table, as text in a terminal and as HTML in a notebook."""

import abc
import html
import itertools
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import equinox as eqx

from sharedtrunk._support.concrete import are_arrays

MOST_ROWS = 12
"""Rows that are shown of a longer table."""


class SmallTable(NamedTuple):
    """A title, headings, the cells row by row, and how many rows there are. No more rows are made than are shown."""

    title: str
    headings: Sequence[str]
    rows: Iterable[Sequence[str]]
    total: int

    @property
    def shown(self) -> list[Sequence[str]]:
        """The first rows."""
        return list(itertools.islice(self.rows, MOST_ROWS))

    @property
    def more(self) -> list[str]:
        """A sentence on the rows that are not shown."""
        return [f"… and {self.total - MOST_ROWS:,} more rows"] if self.total > MOST_ROWS else []


class ShowsItself(abc.ABC):
    """A result with a table. Inside a JAX transformation it has no values, and shows shapes instead."""

    @abc.abstractmethod
    def _table(self) -> SmallTable: ...

    def __repr__(self) -> str:
        if isinstance(self, eqx.Module) and not are_arrays(self):
            return eqx.tree_pformat(self)
        table = self._table()
        cells = [[cell.replace("\n", " ") for cell in row] for row in (table.headings, *table.shown)]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
        return "\n".join([table.title, *lines, *table.more])

    def _repr_html_(self) -> str:
        table = self._table()
        head = "".join(f"<th>{_escaped(heading)}</th>" for heading in table.headings)
        body = "".join(f"<tr>{''.join(f'<td>{_escaped(cell)}</td>' for cell in row)}</tr>" for row in table.shown)
        more = "".join(f"<p>{_escaped(text)}</p>" for text in table.more)
        return f"<div><p><b>{_escaped(table.title)}</b></p><table><tr>{head}</tr>{body}</table>{more}</div>"


def _escaped(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")

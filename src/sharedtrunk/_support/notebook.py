"""Results show themselves as a small table, as text in a terminal and as HTML in a notebook."""

import html
from collections.abc import Sequence

import numpy as np

MOST_ROWS = 12
"""Rows that are shown of a longer table."""


class ShowsItself:
    """A result with a table; `_table` returns its title, the headings of the columns, and the cells row by row."""

    def _table(self) -> tuple[str, Sequence[str], Sequence[Sequence[str]]]:
        raise NotImplementedError

    def __repr__(self) -> str:
        title, headings, rows = self._table()
        cells = [[heading.replace("\n", " ") for heading in headings], *(_one_line(row) for row in rows[:MOST_ROWS])]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
        return "\n".join([title, *lines, *_more(rows)])

    def _repr_html_(self) -> str:
        title, headings, rows = self._table()
        head = "".join(f"<th>{_escaped(heading)}</th>" for heading in headings)
        body = "".join(f"<tr>{''.join(f'<td>{_escaped(cell)}</td>' for cell in row)}</tr>" for row in rows[:MOST_ROWS])
        more = "".join(f"<p>{_escaped(text)}</p>" for text in _more(rows))
        return f"<div><p><b>{_escaped(title)}</b></p><table><tr>{head}</tr>{body}</table>{more}</div>"


def number(value: float | np.generic | np.ndarray, digits: int = 4) -> str:
    """A number with so many digits; a dash for NaN."""
    return f"{float(value):.{digits}g}" if np.isfinite(value) else "–"


def _one_line(row: Sequence[str]) -> list[str]:
    return [cell.replace("\n", " ") for cell in row]


def _escaped(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")


def _more(rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"… and {len(rows) - MOST_ROWS:,} more rows"] if len(rows) > MOST_ROWS else []

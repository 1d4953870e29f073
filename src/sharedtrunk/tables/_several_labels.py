"""Cells with several labels, such as `red|blue`: one task for each label, whether a cell has it.

A column of texts has several labels in a cell if bars or semicolons stand in some cells and a label of one cell is a label of
another one too. The task of the label red of the column color is called `color=red`, with the classes False and True.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from sharedtrunk._support.words import counted, listed, shown
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.tables._column import Column

SEPARATORS = "|;"

MOST_PARTS = 100
"""The largest number of labels that the cells of a column have: texts with more are sentences."""

LEAST_WITH = 5
"""A label that fewer cells have, or that fewer lack, is no task: it could not be learned and tested."""


def parts_of(labels: Column) -> dict[str, Column] | None:
    """The columns of single labels by the task's name; None for a column whose cells have one label each."""
    present = labels.values[~labels.missing]
    if present.dtype.kind != "O" or labels.category or not all(isinstance(value, str) for value in present):
        return None
    for separator in SEPARATORS:
        cells = [_labels(value, separator) for value in present]
        counts = Counter(label for cell in cells for label in cell)
        if _are_several(cells, counts):
            frequent = [label for label, count in counts.items() if LEAST_WITH <= count <= len(cells) - LEAST_WITH]
            return {part_name(labels.name, label): _part(labels, cells, label) for label in sorted(frequent)}
    return None


def _labels(text: str, separator: str) -> frozenset[str]:
    return frozenset(filter(None, (label.strip() for label in text.split(separator))))


def _are_several(cells: list[frozenset[str]], counts: Counter) -> bool:
    """Whether some cells hold several labels that other cells hold in other company."""
    several = {cell for cell in cells if len(cell) > 1}
    company: dict[str, set[frozenset[str]]] = {}
    for cell in set(cells):
        for label in cell:
            company.setdefault(label, set()).add(cell)
    shared = sum(1 for label in frozenset().union(*several) if len(company[label]) > 1)
    return bool(several) and len(counts) <= MOST_PARTS and 2 * shared >= len(frozenset().union(*several))


def _part(labels: Column, cells: list[frozenset[str]], label: str) -> Column:
    has = np.zeros(len(labels.values), bool)
    has[~labels.missing] = [label in cell for cell in cells]
    return replace(labels, name=part_name(labels.name, label), values=has)


def part_name(column: str, label: str) -> str:
    """The name of the task whether a cell of the column has the label."""
    return f"{column}={label}"


def column_of(task: str, names: Collection[str]) -> str:
    """The column that a task is of: itself, or the part before an equals sign where only that is among `names`."""
    column = task
    while column not in names and "=" in column:
        column = column.rpartition("=")[0]
    return column if column in names else task


def parts_note(name: str, parts: dict[str, Column]) -> str:
    """What was found in the cells, as a sentence."""
    return f"{shown(name)} has several labels in a cell: {counted(len(parts), 'task')}, {listed(list(parts))}."


def no_such_part(task: str, parts: Sequence[str]) -> InputError:
    """The error for the name of a label that no task is made of."""
    hint = f"There is {listed(parts)}." if parts else "Its cells have one label each: name the column."
    rule = f"a task of a label is one that at least {LEAST_WITH} cells have and {LEAST_WITH} lack"
    return invalid(rule, received=f"{shown(task)}, which is none", hint=hint)

"""The draws as arrays: one comparison for each draw, set of auxiliary tasks and way of using them."""

from typing import NamedTuple

import numpy as np
from benchmarks.affinity.public.question import SHUFFLED

from sharedtrunk.affinity._outlook import Situation


class Comparisons(NamedTuple):
    """Arrays by comparison.

    set: names of the auxiliary tasks. estimate, error: benefit and standard error as the user knows them. true, true_error:
    the benefit on fresh rows. weights: 1 over the number of the table's comparisons. null: whether an auxiliary task is
    shuffled.
    """

    table: np.ndarray
    question: np.ndarray
    draw: np.ndarray
    set: np.ndarray
    way: np.ndarray
    estimate: np.ndarray
    error: np.ndarray
    true: np.ndarray
    true_error: np.ndarray
    situation: np.ndarray
    null: np.ndarray
    weights: np.ndarray

    def chosen(self, rows: np.ndarray) -> "Comparisons":
        """These comparisons."""
        return Comparisons(*(values[rows] for values in self))

    @property
    def features(self) -> np.ndarray:
        """x of the prior (comparison, feature)."""
        return np.stack([each.features() for each in self.situation])

    def by_draw(self) -> "list[Comparisons]":
        """The comparisons of every draw."""
        _, first, place = np.unique(self.draw, return_index=True, return_inverse=True)
        return [self.chosen(np.flatnonzero(place == index)) for index in np.argsort(first)]


def comparisons(draws: list[dict], split: str | None = None) -> Comparisons:
    """The comparisons of draws from tables of this split."""
    rows = []
    for draw in draws:
        if "records" not in draw or (split is not None and draw["split"] != split):
            continue
        alone = draw["records"][0]
        for each in draw["records"][1:]:
            situation = Situation(alone["labels"], each["more"], each["way"])
            names = tuple(draw["tasks"][task] for task in each["set"])
            question = " ".join(map(str, draw["case"][:3]))
            known = each["known"], _positive(each["known_error"])
            true = each["true"], _positive(each["true_error"])
            null = any(name.startswith(SHUFFLED) for name in names)
            rows.append(
                (
                    draw["table"],
                    question,
                    str(draw["case"]),
                    names,
                    each["way"],
                    *known,
                    *true,
                    situation,
                    null,
                )
            )
    columns = [_column(column) for column in zip(*rows, strict=True)]
    _, place, counts = np.unique(columns[0], return_inverse=True, return_counts=True)
    return Comparisons(*columns, 1 / counts[place])


def _positive(error: float | None) -> float:
    """An error that is at least tiny; infinite where it is not known, as of a single group."""
    return np.inf if error is None or not np.isfinite(error) else max(error, 1e-6)


def _column(values: tuple) -> np.ndarray:
    """An array of numbers or texts; of objects for names and situations."""
    if not isinstance(values[0], tuple):
        return np.array(values)
    column = np.empty(len(values), object)
    column[:] = values
    return column

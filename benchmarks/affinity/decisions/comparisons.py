"""The draws as arrays: one comparison for each draw, set of auxiliary tasks and way of using them."""

from typing import NamedTuple

import numpy as np

from sharedtrunk.affinity._outlook import Situation


class Comparisons(NamedTuple):
    """Arrays by comparison.

    estimate, error: benefit and standard error as the user knows them. true, true_error: the benefit on fresh rows. features:
    x of the prior. weights: 1 over the number of the table's comparisons.
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
    features: np.ndarray
    weights: np.ndarray

    def chosen(self, rows: np.ndarray) -> "Comparisons":
        """These comparisons."""
        return Comparisons(*(values[rows] for values in self))


def comparisons(draws: list[dict], split: str | None = None) -> Comparisons:
    """The comparisons of draws from tables of this split."""
    rows = []
    for draw in draws:
        if "records" not in draw or (split is not None and draw["split"] != split):
            continue
        alone = draw["records"][0]
        for each in draw["records"][1:]:
            situation = Situation(alone["labels"], each["more"], alone["classes"], each["way"])
            name = ", ".join(draw["tasks"][task] for task in each["set"])
            rows.append(
                (
                    draw["table"],
                    f"{draw['case'][0]} {draw['case'][1]} {draw['case'][2]}",
                    str(draw["case"]),
                    name,
                    each["way"],
                    each["known"],
                    max(each["known_error"], 1e-6),
                    each["true"],
                    max(each["true_error"], 1e-6),
                    situation.features(),
                )
            )
    columns = [np.array(column) for column in zip(*rows, strict=True)]
    _, place, counts = np.unique(columns[0], return_inverse=True, return_counts=True)
    return Comparisons(*columns, 1 / counts[place])

"""What advice says about kinds of task: how numbers and ordered levels are trained on, and which numbers are bounded."""

from collections.abc import Sequence

from sharedtrunk._support.words import listed, shown
from sharedtrunk.affinity._numeric_targets import beyond_fence
from sharedtrunk.tables import Table


def notes_on_units(table: Table, tasks: Sequence[str]) -> list[str]:
    """A sentence on the unit of a matrix's benefits where some tasks are numeric."""
    numeric = [task for task in tasks if table.kind(task) == "numeric"]
    return (
        [f"Numeric: {listed(numeric)}. Their benefits are shares of the target's variance, not nats."]
        if numeric
        else []
    )


def notes_on_kinds(table: Table, tasks: Sequence[str]) -> list[str]:
    """A sentence for each kind of task that is not classes, and for numbers far from all others; the main task is first."""
    numeric = [task for task in tasks if table.kind(task) == "numeric"]
    ordered = [task for task in tasks[1:] if table.kind(task) == "ordered"]
    found = []
    if numeric:
        found.append(
            f"Numeric: {listed(numeric)}. Each split standardizes the target by the rows that it learns from, and trains on "
            "half the squared error, which is in nats of a Gaussian."
        )
    if ordered:
        found.append(f"Ordered: {listed(ordered)}, trained on as normal scores of the ranks beside the main task.")
    if table.kind(tasks[0]) == "ordered":
        found.append(
            f"Ordered: {shown(tasks[0])}, trained on as classes; --metric ranked_probability_score knows the order."
        )
    for task in numeric:
        far = beyond_fence(table.numbers[task])
        if far:
            found.append(
                f"{far:,} of {int((table.labels[task] >= 0).sum()):,} values of {shown(task)} lie more than 3 interquartile "
                "ranges beyond the quartiles: beyond that they grow by their logarithm only, in training and in the loss."
            )
    return found

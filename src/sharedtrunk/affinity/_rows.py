"""A table laid out for training, with shuffled rows, and reasons that rule out a verdict."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Int

from sharedtrunk._support.words import counted
from sharedtrunk.affinity._numeric_targets import NumericTargets
from sharedtrunk.affinity._preparation import preparation
from sharedtrunk.affinity._split_inputs import SplitInputs
from sharedtrunk.affinity._splits import TRAIN
from sharedtrunk.affinity._training_weights import TrainingWeights, class_weights
from sharedtrunk.affinity._trials import Rows
from sharedtrunk.errors import invalid
from sharedtrunk.tables import MISSING, Table

LEAST_LABELS = 30
"""The smallest number of labels of a judged task: these leave three test rows in each of ten folds."""


def prepared_rows(
    table: Table, tasks: Sequence[str], judged: Sequence[str], *, seed: int, class_weight: Any = None
) -> Rows:
    """The rows that carry a label of `tasks`, shuffled: rows with a label of a `judged` task first, then the rest.

    Each split prepares its inputs from the features by the rows that it trains on. Numeric tasks, and ordered ones that
    are not judged, are trained on numbers. Rows of weight 0 are left out. Raises `InputError` for unknown or repeated
    tasks and for a judged task with fewer than `LEAST_LABELS` labels or with one class.
    """
    _check(table, tasks, judged)
    codes = np.stack([np.asarray(table.labels[task], np.int64) for task in tasks])
    if table.weights is not None:
        codes = np.where(table.weights > 0, codes, MISSING)
    labelled = (codes[[tasks.index(task) for task in judged]] >= 0).any(axis=0)
    first = np.flatnonzero(labelled)
    rest = np.flatnonzero(~labelled & (codes >= 0).any(axis=0))
    order = np.concatenate(
        [np.random.default_rng([seed, stream]).permutation(part) for stream, part in ((3, first), (2, rest))]
    )
    kinds = [table.kind(task) for task in tasks]
    numeric = [
        kind == "numeric" or (kind == "ordered" and task not in judged) for kind, task in zip(kinds, tasks, strict=True)
    ]
    classes = tuple(1 if each else len(table.classes[task]) for each, task in zip(numeric, tasks, strict=True))
    inputs = SplitInputs(table.features[order], preparation(table.feature_names, table.categories, table.dates))
    weights = None if table.weights is None else table.weights[order]
    targets = _targets(table, tasks, numeric, codes, order, weights) if any(numeric) else None
    by_class = class_weights(class_weight, table, tasks)
    counted = None if weights is None and not any(by_class) else TrainingWeights(weights, by_class)
    return Rows(tuple(tasks), inputs, codes[:, order], classes, first.size, order, targets, counted)


def _targets(table: Table, tasks, numeric, codes: np.ndarray, order: np.ndarray, weights) -> NumericTargets:
    """Numbers of numeric tasks, and levels of ordered ones, in the order of the rows."""
    values = np.full(codes.shape, np.nan)
    for place, task in enumerate(tasks):
        if numeric[place]:
            values[place] = np.where(codes[place] >= 0, table.numbers.get(task, codes[place]), np.nan)
    ordered = tuple(each and table.kind(task) == "ordered" for each, task in zip(numeric, tasks, strict=True))
    return NumericTargets(values[:, order], ordered, weights)


def objections(
    codes: Int[np.ndarray, "judged"], names: Sequence[object], roles: Int[np.ndarray, "split judged"], task: str
) -> list[str]:
    """Reasons why no verdict on a main task is possible: classes that are missing from some splits' training rows."""
    found = []
    for code, name in enumerate(names):
        absent = int((~((codes == code)[None] & (roles == TRAIN)).any(axis=1)).sum())
        if absent:
            labels = counted(int((codes == code).sum()), "label")
            found.append(
                f"{task} = {name} has {labels}, so {absent} of {len(roles)} splits train without it: label more of it, or "
                "merge or drop the class"
            )
    return found


def _check(table: Table, tasks: Sequence[str], judged: Sequence[str]) -> None:
    unknown = [task for task in tasks if task not in table.labels]
    if unknown or len(set(tasks)) < len(tasks):
        raise invalid(
            "Tasks are different label columns of the table",
            received=", ".join(map(str, unknown or tasks)),
            hint=f"It has {', '.join(map(str, table.labels))}.",
        )
    for task in judged:
        labels = table.labels[task]
        count, seen = int((labels >= 0).sum()), np.unique(labels[labels >= 0]).size
        if count < LEAST_LABELS or seen < 2:
            raise invalid(
                f"A main task needs at least {LEAST_LABELS} labelled rows and 2 classes",
                received=f"{task} with {count} labelled rows and {seen} classes",
                hint="Label more rows of it.",
            )

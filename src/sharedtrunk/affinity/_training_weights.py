"""How much a row counts in training: its own weight times that of its class.

    c_ti = α_t w_i v_t,label(i) / Σ_j w_j v_t,label(j),    v_tk = Σ_j w_j / (K Σ_{j: label k} w_j) if balanced

over the rows that are trained on. Rows that stand for several have whole-number weights, and training on them is training on
repeated rows. Means of held-out losses are weighted by w alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Bool, Float, Int

from sharedtrunk._support.limits import shown
from sharedtrunk._support.words import listed
from sharedtrunk.errors import invalid
from sharedtrunk.tables import Table

ClassWeight: TypeAlias = Literal["balanced"] | tuple[float, ...] | None
"""The weights of a task's classes in the order of their codes; None: all 1."""


class TrainingWeights(NamedTuple):
    """Weights of the rows (None: all 1) and, by task, of the classes."""

    rows: Float[np.ndarray, "sample"] | None
    classes: tuple[ClassWeight, ...]

    def of(
        self, codes: Int[np.ndarray, "task sample"], trained: Bool[np.ndarray, "task sample"]
    ) -> Float[np.ndarray, "task sample"]:
        """Weights of all labels of a training, those of balanced classes by the labels that are `trained` on."""
        rows = np.ones(codes.shape[1]) if self.rows is None else self.rows
        return np.stack(
            [
                rows * _factors(labels, rows * known, how)[np.maximum(labels, 0)]
                for labels, known, how in zip(codes, trained, self.classes, strict=True)
            ]
        )


def _factors(labels: np.ndarray, counted: np.ndarray, how: ClassWeight) -> np.ndarray:
    """Weights of the classes."""
    if how is None:
        return np.ones(int(labels.max(initial=0)) + 1)
    if how == "balanced":
        counts = np.bincount(np.maximum(labels, 0), counted * (labels >= 0))
        present = counts > 0
        return np.where(present, counts.sum() / (max(present.sum(), 1) * np.where(present, counts, 1.0)), 1.0)
    return np.array(how)


def class_weights(class_weight: Any, table: Table, tasks: Sequence[str]) -> tuple[ClassWeight, ...]:
    """The class weights of all tasks, the main one first. Raises `InputError` for anything but "balanced", None or a mapping.

    "balanced" is for every task with classes; a mapping from class names to weights is for the main task.
    """
    if class_weight is None:
        return (None,) * len(tasks)
    if isinstance(class_weight, str) and class_weight == "balanced":
        return tuple("balanced" if table.kind(task) != "numeric" else None for task in tasks)
    if not isinstance(class_weight, Mapping):
        hint = "Give 'balanced', or a weight for every class of the main task."
        raise invalid("class_weight is 'balanced' or a dict", received=shown(class_weight), hint=hint)
    names, main = table.classes[tasks[0]], tasks[0]
    if set(class_weight) != set(names):
        rule = f"class_weight has a weight for every class of {main}"
        raise invalid(
            rule, received=listed(list(map(str, class_weight))), hint=f"It has {listed(list(map(str, names)))}."
        )
    weights = tuple(float(class_weight[name]) for name in names)
    if not all(0 < weight < np.inf for weight in weights):
        raise invalid(
            "class weights are finite numbers above 0", received=shown(dict(class_weight)), hint="1 is usual."
        )
    return (weights, *(None,) * (len(tasks) - 1))

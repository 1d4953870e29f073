"""A table: features as numbers, and for every task a class code per row, −1 where the label is missing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from sharedtrunk.tables._identifiers import Identifier
from sharedtrunk.tables._task_kinds import TaskKind


@dataclass(frozen=True)
class Table:
    """A user's data. Nothing in it is estimated from the rows: `affinity` prepares the features by the rows of a training.

    Attributes
    ----------
    features : (sample, feature)
        Float64, as they came: numbers, dates as days since 1970 (UTC), categories as indices of their levels, NaN for a gap.
    feature_names : tuple of str
        Names of the columns of `features`.
    labels : dict of str to (sample,)
        Class codes (int64) by task, −1 where the label is missing.
    classes : dict of str to tuple
        Class names by task, in the order of the codes, of any hashable type. A numeric task has none: its codes are places in
        the order of its different numbers.
    notes : tuple of str
        One sentence for each thing that was noticed or done.
    categories : dict of str to tuple of str
        Names of the levels, in the order of their indices, by feature; features that are not named here are no categories.
    dates : collection of str
        Names of the features that are dates. All that are neither dates nor categories are numbers.
    groups : (sample,) or None
        A code (int64) for every row: rows with the same code belong together, such as those of one person.
    times : (sample,) or None
        A number for every row, larger for later rows.
    identifiers : tuple of Identifier
        Features that seem to say which rows belong together.
    kinds : dict of str to str
        "numeric" or "ordered" by task; a task that is not named here has classes without an order.
    numbers : dict of str to (sample,)
        Numbers (float64) of the numeric tasks, NaN where the label is missing.
    weights : (sample,) or None
        How many rows a row stands for, in training and in means; 0 leaves it out.
    parts : dict of str to tuple of str
        The tasks that a column of several labels in a cell became, by the column's name.
    """

    features: np.ndarray
    feature_names: tuple[str, ...]
    labels: dict[str, np.ndarray]
    classes: dict[str, tuple]
    notes: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    dates: Collection[str] = ()
    groups: np.ndarray | None = None
    times: np.ndarray | None = None
    identifiers: tuple[Identifier, ...] = ()
    kinds: Mapping[str, TaskKind] = field(default_factory=dict)
    numbers: Mapping[str, np.ndarray] = field(default_factory=dict)
    weights: np.ndarray | None = None
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def kind(self, task: str) -> TaskKind:
        """The kind of a task."""
        return self.kinds.get(task, "classes")

    def tasks_of(self, names: Sequence[str]) -> tuple[str, ...]:
        """The tasks of these names, each once: a column of several labels in a cell stands for all of its tasks."""
        return tuple(dict.fromkeys(task for name in names for task in self.parts.get(name, (name,))))

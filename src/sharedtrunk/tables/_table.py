"""A table: features as numbers, and for every task a class code per row, −1 where the label is missing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np

from sharedtrunk.tables._identifiers import Identifier


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
        Class names by task, in the order of the codes, of any hashable type.
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

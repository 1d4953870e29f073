"""A table: numeric features, and for every task a class code per row, −1 where the label is missing."""

from dataclasses import dataclass

import numpy as np

from sharedtrunk.tables._identifiers import Identifier


@dataclass(frozen=True)
class Table:
    """A user's data, ready to be trained on.

    Attributes
    ----------
    features : (sample, feature)
        Float64, finite, encoded and *not* standardized.
    feature_names : tuple of str
        Names of the columns of `features`.
    labels : dict of str to (sample,)
        Class codes (int64) by task, −1 where the label is missing.
    classes : dict of str to tuple
        Class names by task, in the order of the codes, of any hashable type.
    notes : tuple of str
        One sentence for each thing that was noticed or done.
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
    groups: np.ndarray | None = None
    times: np.ndarray | None = None
    identifiers: tuple[Identifier, ...] = ()

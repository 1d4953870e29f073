"""A table: numeric features, and for every task a class code per row, −1 where the label is missing."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Table:
    """What a user's file or arrays become before anything is trained.

    `features` (sample, feature): float64, finite, encoded, *not* standardized; `feature_names` its columns. `labels`: task
    name → int64 class codes (sample,), −1 where the label is missing; `classes`: task name → its class names in code order
    (of any hashable type). `notes`: one sentence for each thing that was noticed or done on the way.
    """

    features: np.ndarray
    feature_names: tuple[str, ...]
    labels: dict[str, np.ndarray]
    classes: dict[str, tuple]
    notes: tuple[str, ...]

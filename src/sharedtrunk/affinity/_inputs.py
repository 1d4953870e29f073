"""Checks of features as scikit-learn's users give them."""

from typing import Any

import numpy as np

from sharedtrunk._support.limits import check_different_names
from sharedtrunk.errors import invalid
from sharedtrunk.tables import LARGEST


def check_feature_names(X: Any) -> None:
    """Raise `InputError` if two columns of a frame (pandas, polars, pyarrow) have the same name."""
    names = getattr(X, "column_names", None)  # pyarrow; its `columns` are arrays, not names
    names = getattr(X, "columns", None) if names is None else names
    if names is not None and not callable(names):
        check_different_names("columns of X", list(names))


def check_size(inputs: np.ndarray) -> None:
    """Raise `InputError` if differences of `inputs` (sample, feature) may exceed the range of a double."""
    largest = max(inputs.max(initial=0.0), -inputs.min(initial=0.0))
    if largest > LARGEST:
        rule = f"features are below {LARGEST:.0e}"
        raise invalid(rule, received=f"{largest:.3g}", hint="Rescale them, or leave those columns out.")

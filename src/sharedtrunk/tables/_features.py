"""The features of an array or frame alone, for a transformer: read once from rows to fit, then alike from other rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from sharedtrunk.tables._arrays import feature_columns
from sharedtrunk.tables._encode import Features, encode, encode_like
from sharedtrunk.tables._missing import missing_texts
from sharedtrunk.tables._tidy import tidy


def read_features(X: Any, *, missing: Sequence[Any] | str | None = None) -> Features:
    """Find the kind of each column of X, and read it as numbers; what `from_arrays` leaves out is left out here too.

    Parameters
    ----------
    X : (sample, feature)
        As for `from_arrays`.
    missing
        As for `from_arrays`.

    Returns
    -------
    Features
        Values, names, levels, dates and notes.

    Raises
    ------
    InputError
        For what `from_arrays` refuses of X.
    """
    return tidy(encode(feature_columns(X, missing_texts(missing))))


def read_features_like(X: Any, features: Features, *, missing: Sequence[Any] | str | None = None) -> np.ndarray:
    """Read other rows of the same columns.

    Parameters
    ----------
    X : (sample, feature)
        As for `from_arrays`.
    features
        What was read from the rows that a transformer was fitted to.
    missing
        As for `from_arrays`.

    Returns
    -------
    (sample, feature)
        What does not fit a column's kind is NaN; an unknown level is one past the last.

    Raises
    ------
    InputError
        For infinities.
    """
    return encode_like(feature_columns(X, missing_texts(missing)), features)

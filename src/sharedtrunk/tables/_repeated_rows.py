"""Rows that are equal up to rounding, found by one projection and one sort.

Equal rows have equal projections on a random direction, so only neighbours along the direction are compared in full.
"""

import numpy as np

from sharedtrunk.tables._tidy import standardized

_ROUNDING = 1e-6
"""Standardized features that differ by less are equal: far above the rounding of float32, far below a measurement's noise."""

_FEW_FEATURES = 2
"""Tables with up to this many features have near-equal rows by chance, so their rows are compared exactly."""


def repeated_rows(
    features: np.ndarray, groups: np.ndarray | None = None, codes: np.ndarray | None = None
) -> np.ndarray:
    """Find the rows with the features of another row.

    Parameters
    ----------
    features : (sample, feature)
        Numbers, NaN where one is missing: gaps are equal to gaps.
    groups : (sample,), optional
        Only rows of another group count.
    codes : (sample, task), optional
        Labels that must be equal too.

    Returns
    -------
    (sample,) of bool
    """
    gaps = np.isnan(features)
    rows = np.hstack([standardized(np.where(gaps, 0.0, features))[0], gaps[:, gaps.any(axis=0)]])
    if codes is not None:
        rows = np.hstack([rows, codes])
    tolerance = 0.0 if features.shape[1] <= _FEW_FEATURES else _ROUNDING
    direction = np.random.default_rng(0).standard_normal(rows.shape[1])
    order = np.argsort(rows @ direction, kind="stable")
    equal = (np.abs(np.diff(rows[order], axis=0)) <= tolerance).all(axis=1)
    alike = np.empty(len(rows), np.int64)
    alike[order] = np.concatenate([[0], np.cumsum(~equal)])  # one number for rows that are equal
    if groups is None:
        return np.bincount(alike)[alike] > 1
    pairs = np.unique(np.stack([alike, groups]), axis=1)[0]  # each group once for every kind of row
    return np.bincount(pairs, minlength=alike.max() + 1)[alike] > 1

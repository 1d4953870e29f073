"""Standardization, and features that it makes redundant: constant columns, and copies of a column on another scale.

Two columns are the same if one is an affine function of the other: standardization makes them equal up to sign. Candidates
are found by projecting on one random direction, in one pass and one sort, and then compared in full.
"""

import numpy as np

from sharedtrunk._support.words import listed, shown
from sharedtrunk.tables._encode import Features

_ROUNDING = 1e-12
"""A column whose range is below this share of its largest absolute value is constant up to rounding."""

_ORDINARY = 1e100
"""Numbers up to this size, and down to its inverse, can be squared and summed without scaling."""

_SAME = 1e-8
"""Standardized columns that differ by less everywhere are copies: far above rounding, far below any measurement's noise."""


def tidy(features: Features) -> Features:
    """Leave out constant and duplicate columns (the later ones), with a note for each kind."""
    varying = varies(features.values)
    constant = [name for name, varies in zip(features.names, varying, strict=True) if not varies]
    notes = [f"Left out, because constant: {listed(constant)}."] if constant else []
    columns = np.flatnonzero(varying)
    copies = _copies(features.values, columns)
    if copies:
        pairs = [f"{shown(features.names[copy])} (of {shown(features.names[of])})" for copy, of in copies.items()]
        more = f" and {len(pairs) - 6} more" if len(pairs) > 6 else ""
        notes.append(f"Left out, because copies of another column up to scale: {', '.join(pairs[:6])}{more}.")
    kept = [int(j) for j in columns if j not in copies]
    values = features.values if len(kept) == len(features.names) else features.values[:, kept]
    return Features(values, tuple(features.names[j] for j in kept), (*features.notes, *notes))


def standardized(features: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scale features to mean 0 and variance 1 along the samples: (x − mean) / scale.

    Parameters
    ----------
    features : (sample, feature)
        Finite numbers of any size up to 1e300.

    Returns
    -------
    (sample, feature), (feature,), (feature,)
        The standardized features, mean and scale. A constant column (see `varies`) has scale 1 and becomes zero.
    """
    least, most = features.min(axis=0), features.max(axis=0)
    mean, deviation = _mean_and_deviation(features, np.maximum(-least, most))
    scale = np.where(_apart(least, most) & (deviation > 0), deviation, 1.0)
    return (features - mean) / scale, mean, scale


def varies(features: np.ndarray) -> np.ndarray:
    """Find the columns that are not constant up to rounding.

    Parameters
    ----------
    features : (sample, feature)

    Returns
    -------
    (feature,) of bool
    """
    return _apart(features.min(axis=0), features.max(axis=0))


def _apart(least: np.ndarray, most: np.ndarray) -> np.ndarray:
    return most - least > _ROUNDING * np.maximum(np.abs(least), np.abs(most))


def _mean_and_deviation(features: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (feature,), also where the squares of the largest values, `size`, overflow."""
    ordinary = (size == 0) | ((size > 1 / _ORDINARY) & (size < _ORDINARY))
    if ordinary.all():
        return features.mean(axis=0), features.std(axis=0)
    # Scaling by a power of two is exact.
    exponent = np.where(ordinary, 0, np.frexp(size)[1])
    scaled = np.ldexp(features, -exponent)
    return np.ldexp(scaled.mean(axis=0), exponent), np.ldexp(scaled.std(axis=0), exponent)


def _copies(values: np.ndarray, columns: np.ndarray) -> dict[int, int]:
    """Map the index of each copy to the index of its original, which is an earlier column."""
    direction = np.random.default_rng(0).standard_normal(len(values))
    projection = np.array([abs(direction @ _scaled(values[:, j])) for j in columns])
    order = np.argsort(projection, kind="stable")
    copies: dict[int, int] = {}
    reach = _SAME * np.abs(direction).sum()
    for i, first in enumerate(order):
        for second in order[i + 1 :]:
            if projection[second] - projection[first] > reach:
                break
            a, b = sorted((int(columns[first]), int(columns[second])))
            if b not in copies and a not in copies and _same(values[:, a], values[:, b]):
                copies[b] = a
    return dict(sorted(copies.items()))


def _same(first: np.ndarray, second: np.ndarray) -> bool:
    a, b = _scaled(first), _scaled(second)
    return bool(min(np.abs(a - b).max(), np.abs(a + b).max()) < _SAME)


def _scaled(column: np.ndarray) -> np.ndarray:
    return standardized(column[:, None])[0][:, 0]

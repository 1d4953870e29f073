"""Standardization, and features that it makes redundant: constant columns, and copies of a column on another scale.

Two columns are the same if one is an affine function of the other: standardization makes them equal up to sign. Candidates
are found by projecting on one random direction, in one pass and one sort, and then compared in full.
"""

from dataclasses import replace

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
    gaps = np.isnan(features.values).any(axis=0)
    varying = varies(features.values) | gaps  # where a value is missing can tell something too
    constant = [name for name, varies in zip(features.names, varying, strict=True) if not varies]
    notes = [f"Left out, because constant: {listed(constant)}."] if constant else []
    copies = _exact_copies(features, np.flatnonzero(varying))
    scalable = varying & ~gaps
    scalable[[features.names.index(name) for name, levels in features.categories.items() if len(levels) > 2]] = False
    copies |= _copies(features.values, np.array([j for j in np.flatnonzero(scalable) if j not in copies], int))
    copies = dict(sorted(copies.items()))
    if copies:
        pairs = [f"{shown(features.names[copy])} (of {shown(features.names[of])})" for copy, of in copies.items()]
        more = f" and {len(pairs) - 6} more" if len(pairs) > 6 else ""
        notes.append(f"Left out, because copies of another column up to scale: {', '.join(pairs[:6])}{more}.")
    kept = [int(j) for j in np.flatnonzero(varying) if j not in copies]
    values = features.values if len(kept) == len(features.names) else features.values[:, kept]
    names = tuple(features.names[j] for j in kept)
    return replace(features, values=values, names=names, notes=(*features.notes, *notes)).of_kept_columns()


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


def _exact_copies(features: Features, columns: np.ndarray) -> dict[int, int]:
    """Copies among categories, whose levels may have other names, and among columns with gaps: index of copy → original."""
    first: dict[bytes, int] = {}
    copies = {}
    for j in columns:
        values = features.values[:, j]
        if features.names[j] in features.categories:
            _, place, code = np.unique(values, return_index=True, return_inverse=True)
            values = place[code].astype(float)  # every level is known by the first row that has it
        elif not np.isnan(values).any():
            continue
        original = first.setdefault(values.tobytes(), int(j))
        if original != j:
            copies[int(j)] = original
    return copies


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
    return copies


def _same(first: np.ndarray, second: np.ndarray) -> bool:
    a, b = _scaled(first), _scaled(second)
    return bool(min(np.abs(a - b).max(), np.abs(a + b).max()) < _SAME)


def _scaled(column: np.ndarray) -> np.ndarray:
    return standardized(column[:, None])[0][:, 0]

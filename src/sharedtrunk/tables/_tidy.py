"""Features that say nothing new: constant columns, and columns that are another one on a different scale.

Two columns are the same where one is an affine function of the other, which standardization makes equal up to sign.
Candidates are found by their size along one random direction, in one pass and one sort; each is then compared in full.
"""

import numpy as np

from sharedtrunk.tables._encode import Features
from sharedtrunk.tables._words import listed, shown

_ROUNDING = 1e-12
"""A range this small beside the values is their rounding."""

_SAME = 1e-8
"""Standardized columns this close everywhere are the same: far above rounding, far below any measurement's noise."""


def tidy(features: Features) -> Features:
    """Leave out constant and duplicate columns (the later ones), with a note for each kind."""
    varying = _varies(features.values)
    constant = [name for name, varies in zip(features.names, varying, strict=True) if not varies]
    notes = [f"Left out, because constant: {listed(constant)}."] if constant else []
    places = np.flatnonzero(varying)
    copies = _copies(features.values, places)
    if copies:
        pairs = [f"{shown(features.names[copy])} (of {shown(features.names[of])})" for copy, of in copies.items()]
        more = f" and {len(pairs) - 6} more" if len(pairs) > 6 else ""
        notes.append(f"Left out, because copies of another column up to scale: {', '.join(pairs[:6])}{more}.")
    kept = [int(j) for j in places if j not in copies]
    values = features.values if len(kept) == len(features.names) else features.values[:, kept]
    return Features(values, tuple(features.names[j] for j in kept), (*features.notes, *notes))


def standardized(features: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features with mean 0 and variance 1 along the samples: (x − mean) / scale, with mean and scale (feature,).

    `features` (sample, feature). A constant column keeps scale 1: it becomes zero.
    """
    mean = features.mean(axis=0)
    scale = np.where(_varies(features), features.std(axis=0), 1.0)
    return (features - mean) / scale, mean, scale


def _varies(features: np.ndarray) -> np.ndarray:
    least, most = features.min(axis=0), features.max(axis=0)
    return most - least > _ROUNDING * np.maximum(np.abs(least), np.abs(most))


def _copies(values: np.ndarray, places: np.ndarray) -> dict[int, int]:
    """Column → the earlier column that it copies."""
    direction = np.random.default_rng(0).standard_normal(len(values))
    size = np.array([abs(direction @ _scaled(values[:, j])) for j in places])
    order = np.argsort(size, kind="stable")
    copies: dict[int, int] = {}
    reach = _SAME * np.abs(direction).sum()
    for i, first in enumerate(order):
        for second in order[i + 1 :]:
            if size[second] - size[first] > reach:
                break
            a, b = sorted((int(places[first]), int(places[second])))
            if b not in copies and a not in copies and _same(values[:, a], values[:, b]):
                copies[b] = a
    return dict(sorted(copies.items()))


def _same(first: np.ndarray, second: np.ndarray) -> bool:
    a, b = _scaled(first), _scaled(second)
    return bool(min(np.abs(a - b).max(), np.abs(a + b).max()) < _SAME)


def _scaled(column: np.ndarray) -> np.ndarray:
    return standardized(column[:, None])[0][:, 0]

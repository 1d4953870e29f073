"""Features as a student sees them: standardized by the rows that it is trained on, without those that are constant there."""

from typing import NamedTuple

import numpy as np

from sharedtrunk.errors import invalid
from sharedtrunk.tables import standardized, varies


class Scaling(NamedTuple):
    """Mean and scale (feature,) of the training rows, 0 and 1 without standardization, and which features vary there."""

    mean: np.ndarray
    scale: np.ndarray
    varying: np.ndarray


def scaling_of(training: np.ndarray, *, standardize: bool) -> Scaling:
    """The scaling of the training rows (sample, feature)."""
    features = training.shape[1]
    mean, scale = standardized(training)[1:] if standardize else (np.zeros(features), np.ones(features))
    return Scaling(mean, scale, varies(training))


def scaled(inputs: np.ndarray, scaling: Scaling, dtype: str) -> np.ndarray:
    """Inputs as the network sees them in training: 0 for features that are ignored.

    Raises `InputError` where `dtype` cannot hold their squares.
    """
    with np.errstate(over="ignore"):  # the check below reports it
        seen = np.where(scaling.varying, (inputs - scaling.mean) / scaling.scale, 0.0)
    largest = np.abs(seen).max()
    if not largest < np.sqrt(np.finfo(dtype).max):
        standardize = (scaling.scale != 1).any()
        received = f"values up to {largest:.3g}{' standard deviations' if standardize else ''}"
        raise invalid(f"inputs must be small enough for {dtype} to square", received=received, hint="Rescale them.")
    return seen

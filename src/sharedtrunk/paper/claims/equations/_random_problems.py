"""Random problems for the ledger; every draw depends only on the seed and on its own name."""

import itertools

import jax
import numpy as np

from sharedtrunk._support.randomness import stream

EXACT = 1e-10
"""Relative error within which an exact identity holds in float64."""


def generator(seed: int, name: str) -> np.random.Generator:
    """NumPy's random generator of the stream `name`."""
    return np.random.default_rng(np.asarray(jax.random.key_data(stream(jax.random.key(seed), name))))


def orthonormal(rng: np.random.Generator, rows: int, columns: int) -> np.ndarray:
    """Orthonormal columns of random direction."""
    return np.linalg.qr(rng.standard_normal((rows, columns)))[0]


def centred_frame(rng: np.random.Generator, classes: int, rank: int) -> np.ndarray:
    """Orthonormal class vectors, (class, rank), whose entries sum to zero; rank < classes."""
    draw = rng.standard_normal((classes, rank))
    return np.linalg.qr(draw - draw.mean(axis=0))[0]


def layers(rng: np.random.Generator, sizes: tuple[int, ...], scale: float = 1.0) -> list[np.ndarray]:
    """Layers of a network, from the inputs upwards, (out, in), entries N(0, scale²/in)."""
    return [scale * rng.standard_normal((out, into)) / into**0.5 for into, out in itertools.pairwise(sizes)]


def softmax(z: np.ndarray) -> np.ndarray:
    """Probabilities over the first axis."""
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def log_partition(z: np.ndarray) -> np.ndarray:
    """ln Σ_c exp z_c over the first axis."""
    top = z.max(axis=0)
    return top + np.log(np.exp(z - top).sum(axis=0))


def one_hot(labels: np.ndarray, classes: int) -> np.ndarray:
    """Columns (class, sample) with a one at the label."""
    return np.eye(classes)[:, labels]


def relative(found: np.ndarray, expected: np.ndarray) -> float:
    """‖found − expected‖ / ‖expected‖."""
    return float(np.linalg.norm(found - expected) / np.linalg.norm(expected))

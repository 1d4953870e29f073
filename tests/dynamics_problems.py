"""Small problems and slow, obvious references for the flows. The references import nothing of sharedtrunk."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import dynamics, gaussian, teachers

RULE = gaussian.Sobol(points=512, scrambles=1)
CLASSES = (4, 3)
FEATURES = 12


def slow(*values):
    """A parametrized case that is left to `make test-slow`: every case compiles its own solver."""
    return pytest.param(*values, marks=pytest.mark.slow)


def pair(key, classes=CLASSES, features=FEATURES):
    """Two noisy teachers of half relatedness and unequal numbers of classes."""
    return teachers.related_pair(
        key, relatedness=0.5, classes=classes, rank=2, features=features, singular_values=(1.5, 3.0)
    )


def start(key, hidden=(5,), classes=CLASSES, features=FEATURES, scale=0.6):
    """Random layers, the same numbers in either precision; no hidden layer gives the single-layer student."""
    sizes = (features, *hidden)
    keys = iter(jax.random.split(key, len(hidden) + len(classes)))

    def draw(out, into):
        weights = scale * jax.random.normal(next(keys), (out, into), jnp.float32) / into**0.5
        return weights.astype(jnp.result_type(float))

    trunk = tuple(draw(out, into) for into, out in itertools.pairwise(sizes))
    return dynamics.Layers(trunk, tuple(draw(size, sizes[-1]) for size in classes))


def stacked(trees):
    """Lanes as one batch."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)


def covariance(features=FEATURES):
    """A positive definite covariance with a spread of about ten."""
    root = np.random.default_rng(3).normal(size=(features, features)) / features**0.5
    return root @ root.T + 0.2 * np.eye(features)


def softmax(z):
    e = np.exp(z - z.max(axis=0))
    return e / e.sum(axis=0)


def runge_kutta(slope, state, times, substeps):
    """States at `times` (lists of arrays) by the classical fourth-order method with fixed steps."""
    seen = [state]
    for begin, end in itertools.pairwise(times):
        h = (end - begin) / substeps
        for _ in range(substeps):
            k1 = slope(state)
            k2 = slope([w + h / 2 * k for w, k in zip(state, k1, strict=True)])
            k3 = slope([w + h / 2 * k for w, k in zip(state, k2, strict=True)])
            k4 = slope([w + h * k for w, k in zip(state, k3, strict=True)])
            state = [w + h / 6 * (a + 2 * b + 2 * c + d) for w, a, b, c, d in zip(state, k1, k2, k3, k4, strict=True)]
        seen.append(state)
    return seen


def sample_slope(x, onehots):
    """Minus the gradient of the training loss of a two-layer student on inputs (feature, sample): [trunk, *heads]."""

    def slope(state):
        trunk, *heads = state
        hidden = trunk @ x
        deltas = [(y - softmax(head @ hidden)) / x.shape[1] for head, y in zip(heads, onehots, strict=True)]
        back = sum(head.T @ delta for head, delta in zip(heads, deltas, strict=True))
        return [back @ x.T, *(delta @ hidden.T for delta in deltas)]

    return slope


def one_hot(weights, x):
    return np.eye(len(weights))[np.argmax(weights @ x, axis=0)].T


def cross_entropy(W, x, onehot):
    z = W @ x
    top = z.max(axis=0)
    return np.mean(np.log(np.exp(z - top).sum(axis=0)) + top - (onehot * z).sum(axis=0))

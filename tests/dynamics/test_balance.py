"""Balanced starts: the composites asked for, conserved matrices that vanish; and the share of a drive off the diagonal."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dynamics_problems import pair, start
from sharedtrunk import dynamics


def composites(layers):
    trunk = np.eye(layers.trunk[0].shape[-1]) if layers.trunk else None
    for layer in layers.trunk:
        trunk = np.asarray(layer, float) @ trunk
    return [np.asarray(head, float) if trunk is None else np.asarray(head, float) @ trunk for head in layers.heads]


@pytest.mark.parametrize("hidden", [None, (), (7,), (9, 7, 12)])
def test_balanced_start(key, hidden):
    weights = [teacher.weights for teacher in pair(key)]
    layers = dynamics.balanced_start(weights, hidden=hidden)
    widths = tuple(layer.shape[0] for layer in layers.trunk)
    assert widths == ((7,) if hidden is None else hidden)
    for made, given in zip(composites(layers), weights, strict=True):
        np.testing.assert_allclose(made, given, atol=5e-6)
    for matrix in dynamics.conserved(layers):
        np.testing.assert_allclose(matrix, 0, atol=5e-6)


def test_balanced_lanes(key):
    """A leading lane axis goes through."""
    weights = jax.random.normal(key, (3, 4, 12))
    batch = dynamics.balanced_start([weights], hidden=(4, 6))
    for lane in range(3):
        alone = dynamics.balanced_start([weights[lane]], hidden=(4, 6))
        np.testing.assert_allclose(
            composites(jax.tree.map(lambda w, lane=lane: w[lane], batch))[0], composites(alone)[0], atol=1e-5
        )
    assert [m.shape for m in dynamics.conserved(batch)] == [(3, 4, 4), (3, 6, 6)]


def test_random_layers_are_not_balanced(key):
    assert max(float(jnp.abs(m).max()) for m in dynamics.conserved(start(key, (6, 5)))) > 0.05


def test_off_diagonal_share(key):
    """0 for U diag Vᵀ, 1 for what has no diagonal, and by hand in between."""
    U, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 3)))
    V, _ = np.linalg.qr(np.random.default_rng(2).normal(size=(8, 3)))
    inner = np.array([[3.0, 0, 4.0], [0, 0, 0], [0, 0, 0]])
    assert dynamics.off_diagonal_share(U @ np.diag([1.0, -2.0, 3.0]) @ V.T, U, V) < 1e-6
    np.testing.assert_allclose(dynamics.off_diagonal_share(U @ inner @ V.T, U, V), 0.8, rtol=1e-6)
    batch = np.stack([U @ inner @ V.T, U @ (inner - np.diag([3.0, 0, 0])) @ V.T])
    share = dynamics.off_diagonal_share(batch, np.stack([U, U]), np.stack([V, V]))
    np.testing.assert_allclose(share, [0.8, 1.0], rtol=1e-6)

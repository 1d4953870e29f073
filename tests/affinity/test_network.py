"""The student's logits against NumPy, and the law of its start."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import engine_problems as problems
from sharedtrunk.affinity._network import HEAD_SCALE, hidden_units, initial_network, logits


@pytest.mark.long
@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_logits_are_layer_by_layer(activation):
    batch, inputs, _, _ = problems.lane_problem(activation=activation)
    network = jax.tree.map(lambda leaf: leaf[0] + 0.1, batch.start)  # biases that count
    layers = [
        [np.asarray(leaf, float) for leaf in part]
        for part in (network.trunk, network.trunk_biases, network.heads, network.head_biases)
    ]
    hidden, z = problems.naive_logits(layers, np.asarray(inputs, float), activation == "relu")
    tolerance = 1e-12 if jax.config.jax_enable_x64 else 1e-5
    np.testing.assert_allclose(hidden_units(network, inputs), hidden[-1], atol=tolerance)
    for ours, theirs in zip(logits(network, inputs), z, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=tolerance)


def start(key, classes, activation="relu"):
    make = jax.jit(lambda key: initial_network(key, 80, (120, 120), classes, activation, jnp.result_type(float)))
    return make(key)


@pytest.mark.parametrize(("activation", "gain"), [("relu", 2.0), ("linear", 1.0)])
def test_start_has_the_stated_variances(key, activation, gain):
    network = start(key, (60, 60), activation)
    expected = [gain / 80, gain / 120, HEAD_SCALE**2 / 120, HEAD_SCALE**2 / 120]
    for weights, variance in zip((*network.trunk, *network.heads), expected, strict=True):
        error = variance * np.sqrt(2 / weights.size)  # of a mean of squares of normals
        np.testing.assert_allclose(np.mean(np.square(weights)), variance, atol=5 * error)
        np.testing.assert_allclose(np.mean(weights), 0, atol=5 * np.sqrt(variance / weights.size))
    assert all((np.asarray(bias) == 0).all() for bias in (*network.trunk_biases, *network.head_biases))


def test_networks_with_other_heads_share_the_trunk_and_the_first_head(key):
    one, two = start(key, (60,)), start(key, (60, 60))
    for ours, theirs in zip((*one.trunk, one.heads[0]), (*two.trunk, two.heads[0]), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_layers_and_heads_of_one_shape_differ(key):
    network = initial_network(key, 5, (5, 5), (5, 5), "relu", jnp.result_type(float))
    assert (np.asarray(network.trunk[0]) != np.asarray(network.trunk[1])).all()
    assert (np.asarray(network.heads[0]) != np.asarray(network.heads[1])).all()

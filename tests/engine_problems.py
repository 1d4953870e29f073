"""Lanes for the engine's tests, and the same trainings written out in plain NumPy, one lane and one row weight at a time."""

import functools

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk.affinity._engine import Lanes, Schedule
from sharedtrunk.affinity._network import initial_network

FEATURES, CLASSES, HIDDEN = 5, (3, 2), (7, 6)
JUDGED, ROWS = 24, 32


def schedule(**changes):
    return Schedule(
        judged=JUDGED, judged_batch=JUDGED, rest_batch=ROWS, check_every=2, patience=8, max_steps=80, tol=0.01
    )._replace(**changes)


@functools.cache
def lane_problem(lanes=3, activation="relu", seed=0):
    """Lanes with roles, weights, criteria of their own; rows with missing labels; inputs and one-hot labels."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(ROWS, FEATURES))
    codes = np.stack([(inputs @ random.normal(size=(FEATURES, size))).argmax(axis=1) for size in CLASSES])
    codes[1, random.permutation(ROWS)[:6]] = -1
    codes[0, JUDGED:] = -1
    roles = random.integers(3, size=(lanes, JUDGED))
    trains = np.concatenate([roles == 0, np.ones((lanes, ROWS - JUDGED), bool)], axis=1)
    alpha = random.uniform(0.2, 1.5, size=(lanes, 2))
    dtype = jnp.result_type(float)
    start = jax.jit(jax.vmap(lambda key: initial_network(key, FEATURES, HIDDEN, CLASSES, activation, dtype)))
    criteria = np.broadcast_to(np.array([[1.0, 0.0], [0.4, 0.6]]), (lanes, 2, 2))
    batch = Lanes(
        start=start(jax.random.split(jax.random.key(seed), lanes)),
        coefficients=jnp.asarray(alpha[:, :, None] * normalized(trains[:, None, :] & (codes >= 0)[None]), dtype),
        validation=jnp.asarray(normalized((roles == 1)[:, None, :] & (codes[:, :JUDGED] >= 0)[None]), dtype),
        criteria=jnp.asarray(criteria, dtype),
        open=jnp.ones((lanes, 2), bool),
    )
    return batch, jnp.asarray(inputs, dtype), one_hot(codes, CLASSES), codes


def normalized(mask):
    return mask / np.maximum(mask.sum(axis=-1, keepdims=True), 1)


def one_hot(codes, classes):
    dtype = jnp.result_type(float)
    return tuple(
        jnp.asarray(task[:, None] == np.arange(size), dtype) for task, size in zip(codes, classes, strict=True)
    )


def lane_of(batch, lane):
    """One lane of a batch, as a batch of one."""
    return jax.tree.map(lambda leaf: leaf[lane : lane + 1], batch)


def plain(network, lane=0):
    """Weights and biases of one lane as lists of NumPy arrays: trunk, its biases, heads, their biases."""
    parts = (network.trunk, network.trunk_biases, network.heads, network.head_biases)
    return [[np.array(leaf[lane], float) for leaf in part] for part in parts]


def naive_logits(layers, inputs, relu):
    trunk, trunk_biases, heads, head_biases = layers
    hidden = [inputs]
    for weights, bias in zip(trunk, trunk_biases, strict=True):
        z = hidden[-1] @ weights.T + bias
        hidden.append(np.maximum(z, 0) if relu else z)
    return hidden, [hidden[-1] @ head.T + bias for head, bias in zip(heads, head_biases, strict=True)]


def naive_row_losses(layers, inputs, codes, relu):
    """Cross-entropy and correctness (task, sample), zero where the label is missing."""
    losses, right = np.zeros(codes.shape), np.zeros(codes.shape)
    for task, z in enumerate(naive_logits(layers, inputs, relu)[1]):
        for row, code in enumerate(codes[task]):
            if code >= 0:
                losses[task, row] = np.log(np.exp(z[row]).sum()) - z[row, code]
                right[task, row] = z[row].argmax() == code
    return losses, right


def naive_gradient(layers, inputs, codes, coefficients, relu):
    """Gradient of Σ c_ti ℓ_ti by textbook backpropagation, arranged as `plain`."""
    trunk, _, heads, _ = layers
    hidden, logits = naive_logits(layers, inputs, relu)
    slopes = [[np.zeros_like(leaf) for leaf in part] for part in layers]
    back = np.zeros_like(hidden[-1])
    for task, z in enumerate(logits):
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        target = codes[task][:, None] == np.arange(z.shape[1])
        delta = (p - target) * np.where(codes[task] >= 0, coefficients[task], 0)[:, None]
        slopes[2][task] = delta.T @ hidden[-1]
        slopes[3][task] = delta.sum(axis=0)
        back = back + delta @ heads[task]
    for layer in reversed(range(len(trunk))):
        if relu:
            back = back * (hidden[layer + 1] > 0)
        slopes[0][layer] = back.T @ hidden[layer]
        slopes[1][layer] = back.sum(axis=0)
        back = back @ trunk[layer]
    return slopes


def naive_training(layers, inputs, codes, lane, plan, rate, relu):
    """One lane by Adam with the constants of its paper; by criterion the best check, and when the patience was renewed."""
    coefficients, validation, criteria = lane
    mean = [[np.zeros_like(leaf) for leaf in part] for part in layers]
    square = [[np.zeros_like(leaf) for leaf in part] for part in layers]
    stops = [{"validation": np.inf, "reference": np.inf, "reference_step": 0, "open": True} for _ in criteria]
    step = 0
    while True:
        losses, right = naive_row_losses(layers, inputs[: plan.judged], codes[:, : plan.judged], relu)
        per_task = (validation * losses).sum(axis=1)
        for best, weights in zip(stops, criteria, strict=True):
            value = weights @ per_task
            if best["open"] and value < best["validation"]:
                best |= {"validation": value, "step": step, "row_loss": weights @ losses, "row_right": weights @ right}
                best["network"] = [[leaf.copy() for leaf in part] for part in layers]
            if best["open"] and value < best["reference"] - plan.tol:
                best |= {"reference": value, "reference_step": step}
            best["open"] = best["open"] and step - best["reference_step"] < plan.patience
        if step >= plan.max_steps or not any(best["open"] for best in stops):
            return stops
        for _ in range(plan.check_every):
            step += 1
            slopes = naive_gradient(layers, inputs, codes, coefficients, relu)
            for part in range(4):
                for index, slope in enumerate(slopes[part]):
                    m = mean[part][index] = 0.9 * mean[part][index] + 0.1 * slope
                    v = square[part][index] = 0.999 * square[part][index] + 0.001 * slope**2
                    move = (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
                    layers[part][index] = layers[part][index] - rate * move

"""The library's own path, through its public interface: `students.train` with `students.Descent`."""

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import students

from .problem import CLASSES, STEP, Lanes, Train


def build(lanes: Lanes) -> Train:
    """All lanes as one batch."""
    dtype = lanes.inputs.dtype
    problem = students.make_problem(jnp.asarray(lanes.inputs), list(map(jnp.asarray, lanes.labels)), classes=CLASSES)
    one = students.SharedTrunk(tuple(map(jnp.asarray, lanes.trunk)), tuple(map(jnp.asarray, lanes.heads)), _kind(lanes))
    start = jax.tree.map(lambda w: jnp.broadcast_to(w[None], (lanes.count, *w.shape)), one)
    evaluation = None if lanes.case.activation == "linear" else _least_evaluation(lanes)
    method = students.Descent(step=STEP)

    def train(steps: int) -> list[np.ndarray]:
        times = jnp.asarray([0.0, steps * STEP], dtype)
        final = students.train(start, problem, times, method, evaluation=evaluation).final
        return [np.asarray(w) for w in (*final.trunk, *final.heads)]

    return train


def _kind(lanes: Lanes):
    return "relu" if lanes.case.activation == "relu" else "linear"


def _least_evaluation(lanes: Lanes) -> students.FreshInputs:
    """A ReLU student has to be evaluated on something at the two saved times: two points."""
    inputs, labels = jnp.asarray(lanes.inputs[:2].T), jnp.asarray(lanes.labels[0, :, :2])
    return students.FreshInputs(inputs, labels, inputs, labels)

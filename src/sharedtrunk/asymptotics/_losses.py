"""Losses of a student with given order parameters on clean and on fresh noisy labels, and its accuracy.

The student's logits h_A of a fresh point and the teachers' logits are jointly Gaussian, so both losses are F of the student's
Gram matrix minus the inner product with a label moment: package `gaussian` computes them, and no test set is drawn.
Confidence is the mean probability of the named class, which a calibrated student has equal to its accuracy.
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._support.cache.programs import program
from sharedtrunk.asymptotics._fields import TaskFields
from sharedtrunk.asymptotics._response import frames
from sharedtrunk.asymptotics._trunk import Order, power

RULE = gaussian.Sobol(points=4096, scrambles=8)
"""Points of the losses, whose error is 10⁻⁵ nats, and of accuracies."""


class Judge(NamedTuple):
    """Moments of clean labels and of fresh noisy labels in the directions of the fields, with the clean teacher."""

    clean_moment: Float[Array, "class direction"]
    noisy_moment: Float[Array, "class seen"]
    clean: Float[Array, "class direction"]


class Losses(NamedTuple):
    """Losses in nats on clean and on fresh noisy labels, accuracy on clean labels and confidence.

    Those by nodes have an axis of their scrambles.
    """

    generalization_loss: Float[Array, "student"]
    validation_loss: Float[Array, "student"]
    accuracy: Float[Array, "student scramble"]
    confidence: Float[Array, "student scramble"]


def judge_of(fields: TaskFields, inverse_temperature: float | None) -> Judge:
    """The label moments of the main task, computed once for any number of students."""
    main, beta = fields.noisy[: fields.classes[0]], inverse_temperature
    noisy = _label_moment(main) if beta is None else gaussian.softmax_moment(beta * main)
    clean = _label_moment(fields.clean) if np.any(np.asarray(fields.clean)) else jnp.zeros_like(fields.clean)
    return Judge(clean, noisy, fields.clean)


def _label_moment(rows: Array) -> Array:
    host = np.asarray(rows)
    return jnp.asarray(_moment_of_bytes(host.tobytes(), host.shape, host.dtype.str))


@functools.lru_cache(maxsize=8)
def _moment_of_bytes(rows: bytes, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """A second for ten classes, and both arms of a benefit and all searches of the best decay need the same ones."""
    return np.asarray(gaussian.label_moment(np.frombuffer(rows, dtype).reshape(shape)))


@program
def losses_of(judge: Judge, order: Order, classes: tuple[int, ...]) -> Losses:
    """The losses of students (student, …)."""
    student = jax.lax.map(lambda each: _rows(each, judge, classes), order)
    seen = judge.noisy_moment.shape[-1]
    free_energy = gaussian.free_energy(student, rule=RULE)
    generalization = free_energy - jnp.einsum("scd,cd->s", student[..., : judge.clean.shape[-1]], judge.clean_moment)
    validation = free_energy - jnp.einsum("scd,cd->s", student[..., :seen], judge.noisy_moment)
    nodes = jnp.asarray(gaussian.standard_nodes(RULE, student.shape[-1]), student.dtype)
    truth = jnp.argmax(judge.clean @ nodes[:, : judge.clean.shape[-1]], axis=1)

    def judged(both):
        normals, truth = both
        logits = student @ normals
        right = (jnp.argmax(logits, axis=1) == truth[None]).astype(logits.dtype)
        named = jnp.max(jax.nn.softmax(logits, axis=1), axis=1)
        return jnp.mean(right, axis=-1), jnp.mean(named, axis=-1)

    accuracy, confidence = jax.lax.map(judged, (nodes, truth))
    return Losses(generalization, validation, accuracy.T, confidence.T)


def _rows(order: Order, judge: Judge, classes: tuple[int, ...]) -> Array:
    """The main task's logits of a student in the directions of the clean teacher, then in directions of its own."""
    frame = jnp.asarray(frames(classes)[0], order.gram.dtype)
    rows = classes[0] - 1
    seen = order.overlap[:rows]
    own = frame @ power(order.gram[:rows, :rows] - seen @ seen.T, 0.5)
    unseen = jnp.zeros((classes[0], judge.clean.shape[-1] - seen.shape[-1]), seen.dtype)
    return jnp.concatenate([frame @ seen, unseen, own], axis=-1)

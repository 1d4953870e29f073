"""Losses of a student with given order parameters on clean and on fresh noisy labels, and its accuracy.

The student's logits h_A of a fresh point and the teachers' logits are jointly Gaussian, so both losses are F of the student's
Gram matrix minus the inner product with a label moment: package `gaussian` computes them, and no test set is drawn.
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

LOSS_POINTS = 4096
"""Points of the losses. Each scramble of the fixed point has a scramble of these, so that the spread covers both."""


class Judge(NamedTuple):
    """Moments of clean labels and of fresh noisy labels in the directions of the fields, with the clean teacher."""

    clean_moment: Float[Array, "class direction"]
    noisy_moment: Float[Array, "class seen"]
    clean: Float[Array, "class direction"]


class Losses(NamedTuple):
    """Losses in nats on clean and on fresh noisy labels, accuracy on clean labels, each (scramble,)."""

    generalization_loss: Float[Array, "scramble"]
    validation_loss: Float[Array, "scramble"]
    accuracy: Float[Array, "scramble"]


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
    """The losses and accuracy of students (scramble, …)."""
    frame = jnp.asarray(frames(classes)[0], order.gram.dtype)
    rows = classes[0] - 1
    overlap = frame @ order.overlap[..., :rows, :]
    rest = order.gram[..., :rows, :rows] - order.overlap[..., :rows, :] @ jnp.swapaxes(
        order.overlap[..., :rows, :], -1, -2
    )
    own = frame @ jax.lax.map(lambda part: power(part, 0.5), rest)
    directions, seen = judge.clean.shape[-1], order.overlap.shape[-1]
    unseen = jnp.zeros((*overlap.shape[:-1], directions - seen), overlap.dtype)
    student = jnp.concatenate([overlap, unseen, own], axis=-1)

    def padded(rows):
        return jnp.pad(rows, ((0, 0), (0, student.shape[-1] - rows.shape[-1])))

    rule = gaussian.Sobol(points=LOSS_POINTS, scrambles=student.shape[0])
    free_energy = jnp.diagonal(gaussian.free_energy_scrambles(student, rule=rule))
    generalization, validation = (
        free_energy - jnp.einsum("...cd,cd->...", student, padded(moment), precision="highest")
        for moment in (judge.clean_moment, judge.noisy_moment)
    )
    clean = jnp.broadcast_to(padded(judge.clean), student.shape)
    return Losses(generalization, validation, gaussian.accuracy(student, clean, rule=rule))

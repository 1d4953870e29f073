"""Losses of a student with given order parameters on clean and on fresh noisy labels, and its accuracy.

The student's logits h_A of a fresh point and the teachers' logits are jointly Gaussian, so both losses are F of the student's
Gram matrix minus the inner product with a label moment: package `gaussian` computes them, and no test set is drawn.
"""

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
    main = fields.noisy[: fields.classes[0]]
    if inverse_temperature is None:
        noisy = gaussian.label_moment(main)
    else:
        noisy = gaussian.softmax_moment(inverse_temperature * main)
    clean = gaussian.label_moment(fields.clean) if np.any(np.asarray(fields.clean)) else jnp.zeros_like(fields.clean)
    return Judge(clean, noisy, fields.clean)


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

"""ReLU students: they have no composite weights, so their losses are sampled, on inputs that all lanes of a seed share.

There are two sets of inputs, and no student trains on either. The first (`WATCH_POINTS`) gives the watched curve, whose
minimum is the oracle's stop. The curve is computed at every `STRIDE`th saved time during training, and afterwards at all
saved times around the lowest of these (`_near_lowest`). The second, `fresh_points` in `scrambles` blocks, evaluates the
stopped students. It did not choose the stopping time, so the loss is unbiased. A benefit is a paired difference over blocks.
"""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sharedtrunk import benefit, students, teachers
from sharedtrunk._support.cache.programs import program
from sharedtrunk._support.randomness import stream
from sharedtrunk._support.statistics import half_width
from sharedtrunk.experiments._draw import Draw
from sharedtrunk.experiments._follow import follow_with, method_from
from sharedtrunk.experiments._near_lowest import STRIDE, NearLowest, after_leg, before_first_leg, without_gaps
from sharedtrunk.experiments._stopped import columns, with_result
from sharedtrunk.experiments.problems import StandardSettings
from sharedtrunk.flows.legs import Lowest, lowest_so_far
from sharedtrunk.flows.minimum import first_minimum, vertex_below
from sharedtrunk.flows.stopped import Stopped, Stops
from sharedtrunk.flows.trajectory import Trajectory

WATCH_POINTS = 2048
"""Inputs of the watched curve. The curve only has to find the minimum, and all lanes share its sampling error."""

BLOCK = 256
"""Inputs evaluated together: their activations stay in the cache of a core."""


class EvaluationData(NamedTuple):
    """Inputs of the watched curve, and blocks of inputs (columns) for the stopped students, with all lanes' clean labels."""

    watched: students.FreshInputs
    inputs: Float[Array, "block feature sample"]
    labels: Int[Array, "block lane sample"]

    def validation(self, lanes: np.ndarray) -> students.FreshInputs:
        """The validation points of some lanes, by index: few enough to be evaluated at every saved time."""
        labels = jnp.asarray(np.asarray(self.watched.validation_labels)[lanes])
        return students.FreshInputs(self.watched.validation_inputs, labels, self.watched.validation_inputs, labels)

    def losses(self, lanes: np.ndarray, networks) -> np.ndarray:
        """The watched loss (lane, time) of some lanes' networks, which have lane and time as first axes."""
        labels = jnp.asarray(np.asarray(self.watched.clean_labels)[lanes])
        return np.asarray(_losses(networks, self.watched.inputs, labels))


@program
def _losses(networks, inputs: Float[Array, "feature sample"], labels: Int[Array, "lane sample"]):
    parts = jnp.moveaxis(inputs.reshape(inputs.shape[0], -1, BLOCK), 1, 0)
    classes = jnp.moveaxis(labels.reshape(labels.shape[0], -1, BLOCK), 1, 0)

    def at_one_time(given):
        return jnp.mean(students.sampled_losses(given, parts, classes)[0], axis=1)

    return jax.lax.map(at_one_time, jax.tree.map(lambda w: jnp.swapaxes(w, 0, 1), networks)).T


def draw_evaluation_data(settings: StandardSettings, draw: Draw, seed: int) -> EvaluationData:
    """The evaluation inputs of a seed, with the clean labels of every lane of `draw`."""
    key, features, blocks = jax.random.key(seed), draw.inputs.shape[1], settings.scrambles
    watch = teachers.draw_inputs(stream(key, "watching"), WATCH_POINTS, features, dtype=settings.dtype)
    count = settings.fresh_points // blocks
    inputs = teachers.draw_inputs(stream(key, "valuing"), count * blocks, features, dtype=settings.dtype)
    labels = teachers.hard_labels(draw.clean_weights, inputs).reshape(-1, blocks, count)
    watched = students.FreshInputs(
        watch.T,
        teachers.hard_labels(draw.clean_weights, watch),
        draw.validation_inputs.T,
        draw.validation_labels,
    )
    return EvaluationData(watched, inputs.reshape(blocks, count, features).swapaxes(1, 2), labels.swapaxes(0, 1))


def relu_lanes(settings: StandardSettings, draw: Draw, evaluation: EvaluationData) -> dict[str, np.ndarray]:
    """Train ReLU students, stop them by both rules, and evaluate both: the columns that a sweep stores."""
    problem, count = draw.problem(settings), draw.start.heads[0].shape[0]
    start = jax.tree.map(np.array, draw.start)
    at_start = (Lowest(np.full(count, np.inf), np.zeros(count), start), before_first_leg(start))

    def train_leg(lanes, networks, leg, step, carried):
        lowest_validation, near = carried
        part = students.train(
            networks,
            students.of_lanes(problem, lanes),
            leg,
            method_from(settings, float(leg[0])),
            evaluation=evaluation.validation(lanes),
            networks=True,
            first_step=step,
        )
        part = jax.tree.map(np.asarray, part)
        watched = np.append(np.arange(0, len(leg) - 1, STRIDE), len(leg) - 1)
        curve = np.full(part.validation_loss.shape, np.nan, part.validation_loss.dtype)
        curve[:, watched] = evaluation.losses(lanes, jax.tree.map(lambda w: w[:, watched], part.networks))
        carried = (
            lowest_so_far(lowest_validation, leg, part.validation_loss, part.networks),
            after_leg(near, np.asarray(leg), curve, part.networks),
        )
        return dataclasses.replace(part, generalization_loss=curve), carried

    followed, (lowest_validation, near) = follow_with(settings, draw, train_leg, at_start)
    trajectory, lowest = _filled_in(followed, near, evaluation)
    times, curve = np.asarray(trajectory.times), np.asarray(trajectory.generalization_loss)
    oracle, validation = benefit.oracle_stop(trajectory), benefit.validation_stop(trajectory)
    below = vertex_below(times, curve, oracle)
    stops = (
        (_evaluated(lowest, evaluation, times[oracle], below), followed.generalization_loss),
        (
            _evaluated(lowest_validation.observed, evaluation, times[validation], np.zeros(below.shape)),
            followed.validation_loss,
        ),
    )
    # The curves before filling in decide whether a lane is bracketed: filling in can move the minimum later, by up to
    # the distance between watched times.
    return columns(Stops(*(with_result(stopped, followed, curve) for stopped, curve in stops)), {})


def _filled_in(
    trajectory: Trajectory, near: NearLowest, evaluation: EvaluationData
) -> tuple[Trajectory, students.SharedTrunk]:
    """The watched curve with all saved times around its lowest point filled in, and the networks at the lowest point."""
    times, networks = without_gaps(near)
    lanes = np.arange(len(times))
    losses = evaluation.losses(lanes, networks)
    curve = np.array(trajectory.generalization_loss)
    saved = np.abs(np.asarray(trajectory.times)[:, None, None] - times).argmin(axis=0)
    curve[lanes[:, None], saved] = losses
    index = first_minimum(losses)
    return dataclasses.replace(trajectory, generalization_loss=curve), jax.tree.map(lambda w: w[lanes, index], networks)


def _evaluated(networks, evaluation: EvaluationData, time: np.ndarray, below: np.ndarray) -> Stopped:
    """The loss on every block of inputs, minus `below`: how far a parabola's vertex lies below the loss at the saved time."""
    losses, accuracy = students.sampled_losses(networks, evaluation.inputs, evaluation.labels)
    blocks = np.asarray(losses, np.float64) - below[:, None]
    error = half_width(blocks) + below / 2
    return Stopped(blocks.mean(axis=-1), error, time, np.asarray(accuracy, np.float64), blocks, below / 2)

"""ReLU students: no composite weights, so their losses are sampled, on inputs that all lanes of a seed share.

Two sets of inputs, neither trained on. The first (`WATCH_POINTS`) gives the curve whose minimum is the oracle's stop: at
every `STRIDE`th saved time on the way, and at all saved times around the lowest of these (`_around`). The second,
`fresh_points` in `scrambles` blocks, values the students stopped. The value is unbiased, because the points that chose the
time do not enter it. A benefit is a paired difference over blocks.
"""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sharedtrunk import benefit, students, teachers
from sharedtrunk._support.programs import program
from sharedtrunk._support.randomness import stream
from sharedtrunk.benefit._stopping import first_minimum
from sharedtrunk.benefit._value import mean_with_error
from sharedtrunk.experiments._draw import Draw
from sharedtrunk.experiments._follow import follow
from sharedtrunk.experiments._networks_kept import STRIDE, Around, Best
from sharedtrunk.experiments._stopped import columns_of, told
from sharedtrunk.experiments.problems import StandardSettings
from sharedtrunk.flows.parabola import vertex_below
from sharedtrunk.flows.trajectory import Trajectory

WATCH_POINTS = 2048
BLOCK = 256
"""Inputs looked at together: their activations stay in the cache of a core."""


class Fresh(NamedTuple):
    """What watches a training, and what values it: blocks of inputs, columns each, with every lane's clean labels."""

    watched: students.FreshInputs
    inputs: Float[Array, "block feature sample"]
    labels: Int[Array, "block lane sample"]

    def deciding(self, lanes: np.ndarray) -> students.FreshInputs:
        """The points of honest stopping, for some lanes by number: few enough to be looked at at every saved time."""
        labels = jnp.asarray(np.asarray(self.watched.validation_labels)[lanes])
        return students.FreshInputs(self.watched.validation_inputs, labels, self.watched.validation_inputs, labels)

    def losses(self, lanes: np.ndarray, networks) -> np.ndarray:
        """The loss that is watched, of some lanes' networks (lane, time first): (lane, time)."""
        labels = jnp.asarray(np.asarray(self.watched.clean_labels)[lanes])
        return np.asarray(_losses(networks, self.watched.inputs, labels))


@program
def _losses(networks, inputs: Float[Array, "feature sample"], labels: Int[Array, "lane sample"]):
    parts = jnp.moveaxis(inputs.reshape(inputs.shape[0], -1, BLOCK), 1, 0)
    classes = jnp.moveaxis(labels.reshape(labels.shape[0], -1, BLOCK), 1, 0)

    def at_one_time(given):
        return jnp.mean(students.sampled_losses(given, parts, classes)[0], axis=1)

    return jax.lax.map(at_one_time, jax.tree.map(lambda w: jnp.swapaxes(w, 0, 1), networks)).T


def draw_fresh(settings: StandardSettings, draw: Draw, seed: int) -> Fresh:
    """Fresh inputs of a seed, with the clean labels of every lane of `draw`."""
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
    return Fresh(watched, inputs.reshape(blocks, count, features).swapaxes(1, 2), labels.swapaxes(0, 1))


def sampled_lanes(settings: StandardSettings, draw: Draw, fresh: Fresh) -> dict[str, np.ndarray]:
    """Train ReLU students, stop them by the oracle and honestly, and value both on fresh inputs."""
    best, around = Best(draw.start), Around(draw.start.heads[0].shape[0])
    problem = draw.problem(settings)

    def watch(lanes, networks, leg, step):
        part = students.train(
            networks,
            students.of_lanes(problem, lanes),
            leg,
            settings.method,
            evaluation=fresh.deciding(lanes),
            networks=True,
            first_step=step,
        )
        part = jax.tree.map(np.asarray, part)
        best.keep(lanes, part.validation_loss, part.networks)
        watched = np.append(np.arange(0, len(leg) - 1, STRIDE), len(leg) - 1)
        curve = np.full(part.validation_loss.shape, np.nan, part.validation_loss.dtype)
        curve[:, watched] = fresh.losses(lanes, jax.tree.map(lambda w: w[:, watched], part.networks))
        around.keep(lanes, np.asarray(leg), curve, part.networks)
        return dataclasses.replace(part, generalization_loss=curve)

    followed = follow(settings, draw, watch=watch)
    trajectory, lowest = _looked_closer(followed, around, fresh)
    oracle, honest = benefit.oracle_stop(trajectory), benefit.honest_stop(trajectory)
    curve = np.asarray(trajectory.generalization_loss)
    below = vertex_below(np.asarray(trajectory.times), curve, oracle)
    stops = {"": (lowest, oracle, below), "_honest": (best.networks, honest, np.zeros(below.shape))}
    columns = {}
    for suffix, (networks, index, refinement) in stops.items():
        columns |= columns_of(suffix, _valued(networks, fresh, np.asarray(trajectory.times)[index], refinement))
    # settled as seen on the way: a closer look may find the minimum up to a watched time later
    return told(followed, columns)


def _looked_closer(trajectory: Trajectory, around: Around, fresh: Fresh) -> tuple[Trajectory, students.SharedTrunk]:
    """The watched curve with all saved times around its lowest point filled in, and the networks at the lowest of these."""
    times, networks = around.gathered()
    lanes = np.arange(len(times))
    losses = fresh.losses(lanes, networks)
    curve = np.array(trajectory.generalization_loss)
    saved = np.abs(np.asarray(trajectory.times)[:, None, None] - times).argmin(axis=0)
    curve[lanes[:, None], saved] = losses
    index = first_minimum(losses)
    return dataclasses.replace(trajectory, generalization_loss=curve), jax.tree.map(lambda w: w[lanes, index], networks)


def _valued(networks, fresh: Fresh, time: np.ndarray, below: np.ndarray) -> benefit.Stopped:
    """The loss by every block of fresh inputs, less what the parabola through the saved times still finds below."""
    losses, accuracy = students.sampled_losses(networks, fresh.inputs, fresh.labels)
    blocks = np.asarray(losses, np.float64) - below[:, None]
    mean, error = mean_with_error(blocks)
    return benefit.Stopped(mean, error + below / 2, np.asarray(accuracy, np.float64), time, blocks, below / 2)

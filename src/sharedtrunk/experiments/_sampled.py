"""ReLU students: no composite weights, so their losses are sampled, on inputs that all lanes of a seed share.

Two sets of inputs, neither trained on. The first (`WATCH_POINTS`) gives the curve whose minimum is the oracle's stop, at
every saved time; the second, `fresh_points` in `scrambles` blocks, values the students stopped. The value is unbiased,
because the points that chose the time do not enter it. A benefit is a paired difference over blocks.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sharedtrunk import benefit, students, teachers
from sharedtrunk._parabola import vertex_below
from sharedtrunk._randomness import stream
from sharedtrunk.benefit._value import mean_with_error
from sharedtrunk.experiments._draw import Draw
from sharedtrunk.experiments._follow import follow
from sharedtrunk.experiments._settings import StandardSettings
from sharedtrunk.experiments._value import columns_of, told

WATCH_POINTS = 2048


class Fresh(NamedTuple):
    """What watches a training, and what values it: blocks of inputs, columns each, with every lane's clean labels."""

    watched: students.FreshInputs
    inputs: Float[Array, "block feature sample"]
    labels: Int[Array, "block lane sample"]

    def watched_by(self, lanes: np.ndarray) -> students.FreshInputs:
        """What watches some lanes, by number."""
        labels = (self.watched.clean_labels, self.watched.validation_labels)
        clean, noisy = (jnp.asarray(np.asarray(all_labels)[lanes]) for all_labels in labels)
        return students.FreshInputs(self.watched.inputs, clean, self.watched.validation_inputs, noisy)


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
    best = (_Best(draw.start), _Best(draw.start))
    problem = draw.problem(settings)

    def watch(lanes, networks, leg, step):
        part = students.train(
            networks,
            students.of_lanes(problem, lanes),
            leg,
            settings.method,
            evaluation=fresh.watched_by(lanes),
            networks=True,
            first_step=step,
        )
        part = jax.tree.map(np.asarray, part)
        for record, curve in zip(best, (part.generalization_loss, part.validation_loss), strict=True):
            record.keep(lanes, curve, part.networks)
        return part

    trajectory = follow(settings, draw, watch=watch)
    oracle, honest = benefit.oracle_stop(trajectory), benefit.honest_stop(trajectory)
    curve = np.asarray(trajectory.generalization_loss)
    below = vertex_below(np.asarray(trajectory.times), curve, oracle)
    stops = {"": (best[0], oracle, below), "_honest": (best[1], honest, np.zeros(below.shape))}
    columns = {}
    for suffix, (record, index, refinement) in stops.items():
        columns |= columns_of(suffix, _valued(record.networks, fresh, np.asarray(trajectory.times)[index], refinement))
    return told(trajectory, columns)


class _Best:
    """Every lane's network at the lowest point of a curve so far."""

    def __init__(self, start: students.SharedTrunk):
        self.networks = jax.tree.map(np.array, start)
        self._loss = np.full(start.heads[0].shape[0], np.inf)

    def keep(self, lanes: np.ndarray, curve: np.ndarray, networks) -> None:
        """Take one leg of some lanes in. A later equal loss, such as a leg's first, changes nothing."""
        lowest = np.where(np.isfinite(curve), curve, np.inf)
        index = lowest.argmin(axis=1)
        loss = np.take_along_axis(lowest, index[:, None], axis=1)[:, 0]
        (better,) = np.nonzero(loss < self._loss[lanes])
        self._loss[lanes[better]] = loss[better]
        for kept, seen in zip(jax.tree.leaves(self.networks), jax.tree.leaves(networks), strict=True):
            kept[lanes[better]] = seen[better, index[better]]


def _valued(networks, fresh: Fresh, time: np.ndarray, below: np.ndarray) -> benefit.Stopped:
    """The loss by every block of fresh inputs, less what the parabola through the saved times still finds below."""
    losses, accuracy = students.sampled_losses(networks, fresh.inputs, fresh.labels)
    blocks = np.asarray(losses, np.float64) - below[:, None]
    mean, error = mean_with_error(blocks)
    return benefit.Stopped(mean, error + below / 2, np.asarray(accuracy, np.float64), time, blocks, below / 2)

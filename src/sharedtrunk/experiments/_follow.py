"""Training leg by leg, until the minima of the curves that decide when to stop are bracketed."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import benefit, gaussian, students
from sharedtrunk.experiments._draw import Draw
from sharedtrunk.experiments._settings import StandardSettings
from sharedtrunk.experiments._times import descent_legs, flow_legs
from sharedtrunk.trajectory import Result, Trajectory

FIRST_STEP = 0.1
"""Of the flow; given, so that all legs share one compiled program."""

Watch = Callable[..., Trajectory]
"""From network, problem, times and first step to one leg on the host, with both curves filled in."""


def follow(settings: StandardSettings, draw: Draw, *, whole: bool = False, watch: Watch | None = None) -> Trajectory:
    """Train leg by leg until every lane's minima are bracketed, or (`whole`) to the time limit whatever they do.

    `watch` trains one leg; the usual one computes the curves of linear students.
    """
    watch = _linear_watch(settings, draw) if watch is None else watch
    problem = draw.problem(settings)
    legs = (
        flow_legs(settings.time_limit, short=settings.activation == "relu")
        if settings.training == "flow"
        else descent_legs(settings.time_limit, settings.step)
    )
    seen: Trajectory | None = None
    network, step = draw.start, FIRST_STEP
    for leg in legs:
        part = watch(network, problem, jnp.asarray(leg), step)
        network, step = _without_failed(part), part.mean_step
        seen = part if seen is None else _joined(seen, part)
        if not whole and bool(settled(seen).all()):
            break
    assert seen is not None  # there is at least one leg
    return seen


def _linear_watch(settings: StandardSettings, draw: Draw) -> Watch:
    def watch(network, problem, leg, step) -> Trajectory:
        return _watched(settings, draw, students.train(network, problem, leg, settings.method, first_step=step))

    return watch


def _without_failed(part: Trajectory) -> students.SharedTrunk:
    """The network to go on with: failed lanes, whose numbers are no longer used, go on from zero weights."""
    fine = np.asarray(part.result) == Result.SUCCESS
    return jax.tree.map(lambda w: jnp.where(fine[:, None, None], w, jnp.zeros_like(w)), part.final)


def _watched(settings: StandardSettings, draw: Draw, trajectory: Trajectory) -> Trajectory:
    """Fill in the curves that decide when to stop; of the composites, only the main task's are needed from here on."""
    trajectory = dataclasses.replace(trajectory, composites=trajectory.composites[:1])
    rule = gaussian.Sobol(points=settings.coarse_points, scrambles=1)
    trajectory = benefit.with_generalization_loss(trajectory, draw.moments, rule=rule)
    trajectory = benefit.with_validation_loss(trajectory, draw.validation_inputs, draw.validation_labels)
    # Stopping is decided on the host; the network alone goes on.
    return dataclasses.replace(jax.tree.map(np.asarray, trajectory), final=trajectory.final)


def _joined(first: Trajectory, second: Trajectory) -> Trajectory:
    """Two legs as one; the second begins at the first one's last time, which is kept once."""

    def along(a, b):
        return np.concatenate([a, b[:, 1:]], axis=1)

    return Trajectory(
        times=np.concatenate([first.times, second.times[1:]]),
        composites=tuple(along(a, b) for a, b in zip(first.composites, second.composites, strict=True)),
        result=np.where(first.result == Result.SUCCESS, second.result, first.result),
        final=second.final,
        mean_step=second.mean_step,
        generalization_loss=along(first.generalization_loss, second.generalization_loss),
        validation_loss=along(first.validation_loss, second.validation_loss),
        gradient_evaluations=first.gradient_evaluations + second.gradient_evaluations,  # pyright: ignore[reportOperatorIssue]
    )


def settled(trajectory: Trajectory):
    """Lanes with nothing left to learn about: both minima bracketed, or failed for good."""
    curves = (trajectory.generalization_loss, trajectory.validation_loss)
    done = [benefit.bracketed(trajectory.times, curve) for curve in curves]  # pyright: ignore[reportArgumentType]
    return (done[0] & done[1]) | (trajectory.result != Result.SUCCESS)

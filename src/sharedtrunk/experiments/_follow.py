"""Training leg by leg, until the minima of the curves that decide when to stop are bracketed."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import benefit, gaussian, students
from sharedtrunk.experiments._batches import batch_width, batches
from sharedtrunk.experiments._draw import Draw
from sharedtrunk.experiments._legs import descent_legs, flow_legs
from sharedtrunk.experiments.problems import StandardSettings
from sharedtrunk.flows.trajectory import Result, Trajectory

FIRST_STEP = {"linear": 0.5, "relu": 0.1}
"""Of the flow; given, so that all legs share one compiled program. A first step that is too long is tried again shorter."""

_CURVES = ("generalization_loss", "validation_loss")
_SEEN = ("composites", *_CURVES)

Watch = Callable[..., Trajectory]
"""From lanes of the draw (by number), their networks, times and first step to one leg on the host, with both curves
filled in. A lane that fills up a batch comes twice, the second time for nothing."""


def follow(settings: StandardSettings, draw: Draw, *, whole: bool = False, watch: Watch | None = None) -> Trajectory:
    """Train leg by leg until every lane's minima are bracketed, or (`whole`) to the time limit whatever they do.

    Lanes train in batches that fit the cache. One that is settled, or failed, trains no further: from there its curves
    and weights are NaN, and the others close ranks. `final` holds each lane's network at its own last time;
    `gradient_evaluations` counts every lane's. `watch` trains one leg; the usual one computes the curves of linear students.
    """
    watch = _linear_watch(settings, draw) if watch is None else watch
    legs = (
        flow_legs(settings.time_limit, short=settings.activation == "relu")
        if settings.training == "flow"
        else descent_legs(settings.time_limit, settings.step, short=settings.activation == "relu")
    )
    record = _Record(draw.start, FIRST_STEP[settings.activation])
    width = batch_width(settings, record.count, draw.inputs.shape[0])
    pending = np.arange(record.count)
    for leg in legs:
        record.begin(leg)
        for batch in batches(pending, width):
            networks, step = record.state(batch)
            record.keep(batch, watch(batch, networks, leg, step))
        seen = record.trajectory(_CURVES)
        going_on = seen.result == Result.SUCCESS if whole else ~settled(seen)
        pending = pending[going_on[pending]]
        if not pending.size:
            break
    return record.trajectory()


class _Record:
    """What has been seen of every lane, and where it stands."""

    def __init__(self, start: students.SharedTrunk, first_step: float):
        self._networks = jax.tree.map(np.array, start)
        self.count = start.heads[0].shape[0]
        self._steps = np.full(self.count, first_step)
        self._result = np.full(self.count, int(Result.SUCCESS))
        self._evaluations = 0
        self._times: list[np.ndarray] = []
        self._legs: list[dict[str, Any]] = []

    def begin(self, leg: np.ndarray) -> None:
        self._times.append(leg if not self._times else leg[1:])
        self._legs.append({})

    def state(self, lanes: np.ndarray) -> tuple[students.SharedTrunk, float]:
        """Networks of some lanes, and a step with which they can go on together."""
        return jax.tree.map(lambda weights: weights[lanes], self._networks), float(self._steps[lanes].min())

    def keep(self, lanes: np.ndarray, part: Trajectory) -> None:
        own, first = np.unique(lanes, return_index=True)
        # a leg begins where the one before ended, and that time is kept once
        skipped = 0 if len(self._times) == 1 else 1
        for name in _SEEN:
            seen = jax.tree.map(lambda leaf: np.asarray(leaf)[first, skipped:], getattr(part, name))
            if name not in self._legs[-1]:
                self._legs[-1][name] = jax.tree.map(self._blank, seen)
            _put(self._legs[-1][name], own, seen)
        _put(self._networks, own, jax.tree.map(lambda leaf: np.asarray(leaf)[first], part.final))
        self._result[own] = np.asarray(part.result)[first]
        self._steps[own] = float(np.asarray(part.mean_step))
        self._evaluations += int(np.asarray(part.gradient_evaluations)) * own.size

    def _blank(self, seen: np.ndarray) -> np.ndarray:
        return np.full((self.count, *seen.shape[1:]), np.nan, seen.dtype)

    def trajectory(self, names: tuple[str, ...] = _SEEN) -> Trajectory:
        """All legs as one, with what is named of what was seen."""
        joined = {}
        for name in names:
            legs = [leg[name] for leg in self._legs]
            joined[name] = jax.tree.map(lambda *parts: np.concatenate(parts, axis=1), *legs)
        return Trajectory(
            times=np.concatenate(self._times),
            composites=joined.pop("composites", ()),
            result=self._result.copy(),
            final=self._networks,
            gradient_evaluations=np.int64(self._evaluations),
            **joined,
        )


def _put(whole: Any, lanes: np.ndarray, some: Any) -> None:
    """Write some lanes of every array of a tree, in place."""
    for leaf, part in zip(jax.tree.leaves(whole), jax.tree.leaves(some), strict=True):
        leaf[lanes] = part


def settled(trajectory: Trajectory):
    """Lanes with nothing left to learn about: both minima bracketed, or failed for good."""
    curves = (trajectory.generalization_loss, trajectory.validation_loss)
    done = [benefit.bracketed(trajectory.times, curve) for curve in curves]  # pyright: ignore[reportArgumentType]
    return (done[0] & done[1]) | (trajectory.result != Result.SUCCESS)


def _linear_watch(settings: StandardSettings, draw: Draw) -> Watch:
    problem = draw.problem(settings)
    parts: dict[bytes, tuple] = {}

    def watch(lanes, networks, leg, step) -> Trajectory:
        key = lanes.tobytes()
        if key not in parts:  # batches mostly stay as they are from leg to leg
            judges = (np.asarray(draw.moments)[lanes], np.asarray(draw.validation_labels)[lanes])
            parts[key] = (students.of_lanes(problem, lanes), *map(jnp.asarray, judges))
        problem_part, moments, labels = parts[key]
        method = settings.method_from(float(leg[0]))
        trained = students.train(networks, problem_part, leg, method, first_step=step, seen_tasks=1)
        return _watched(settings, trained, moments, draw.validation_inputs, labels)

    return watch


def _watched(settings: StandardSettings, trajectory: Trajectory, moments, inputs, labels) -> Trajectory:
    """Fill in the curves that decide when to stop."""
    rule = gaussian.Sobol(points=settings.coarse_points, scrambles=1)
    trajectory = benefit.with_generalization_loss(trajectory, moments, rule=rule)
    return benefit.with_validation_loss(trajectory, inputs, labels)

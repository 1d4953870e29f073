"""How many steps descent needs to be as accurate as the flow: loss curves within ACCURACY of gradient flow up to the stop.

The reference is the flow at rtol = 1e-7 in double precision. A lane stops twice, at the minimum of its generalization loss
(oracle) and at that of its validation loss; its end is the first time at which both minima are bracketed, up to which any
path must train to know them. Descent's error is proportional to its step, as `order` shows. So the largest step for
ACCURACY follows from the error at the last step tried, lane by lane: for the whole curve up to the end, for the part up to
both stops, and for the part up to the oracle's stop.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import benefit, experiments, gaussian, students
from sharedtrunk.errors import invalid
from sharedtrunk.experiments._follow import FIRST_STEP, method_from

ACCURACY = 1e-4
"""The largest error of a loss curve, in nats."""

SPACING = 0.25
REFERENCE_RTOL = 1e-7
RULE = gaussian.Sobol(points=4096, scrambles=1)
LEG_ENDS = (10.0, 20.0, 45.0, 100.0, 220.0, 500.0)
SMALL = 1e-2
"""No smaller step is tried once the last error (nats) is below this and the one before below 2.2 times this."""

MOST_STEPS_A_SPACING = 64


CURVE, BOTH, ORACLE = "whole curve", "both stops", "oracle's stop"
"""How far the curve has to be right: to the end, as our own flow's is, or only as far as benefits are read off it."""


@dataclasses.dataclass(frozen=True)
class Needs:
    """Lane by lane: the end, and the number of saved times until then. By how far the curve has to be right: descent's
    largest step, the ratio of its errors at the last two steps (2 at first order), and our own flow's error (nats)."""

    end: np.ndarray
    saved: np.ndarray
    largest_step: dict[str, np.ndarray]
    order: dict[str, np.ndarray]
    flow_error: dict[str, np.ndarray]

    def steps(self, reach: str) -> np.ndarray:
        """Steps of descent until the end, every lane with its own largest step."""
        return self.end / self.largest_step[reach]

    def steps_alike(self, reach: str) -> np.ndarray:
        """The same with one step for all lanes of the chunk: the smallest of their largest."""
        return self.end / self.largest_step[reach].min()


def needs(settings: experiments.StandardSettings, lanes: list[dict]) -> Needs:
    """Find what the lanes of one chunk need. Raises `InputError` where no step tried is small enough."""
    draw = _double(experiments.draw_lanes(settings, lanes))
    double = dataclasses.replace(settings, precision="float64")
    times, curves, end = _reference(double, draw)
    inside = np.where(np.arange(times.size) <= end[:, None], curves, np.inf)
    oracle, validation = np.argmin(inside, axis=2)
    known = _Known(times, curves[0], {CURVE: end, BOTH: np.maximum(oracle, validation), ORACLE: oracle})
    step, order = _largest_step(double, draw, known)
    return Needs(times[end], end + 1, step, order, known.errors(_own_curve(double, draw, known.times)))


@dataclasses.dataclass(frozen=True)
class _Known:
    """The reference curve (lane, time) and the index up to which it has to be right."""

    times: np.ndarray
    curve: np.ndarray
    reaches: dict[str, np.ndarray]

    def errors(self, curve: np.ndarray) -> dict[str, np.ndarray]:
        """The largest difference from the reference within reach, lane by lane; infinite where the curve is not finite."""
        difference = np.where(np.isfinite(curve), np.abs(curve - self.curve), np.inf)
        reached = np.arange(self.times.size)
        return {
            name: np.where(reached <= last[:, None], difference, 0.0).max(axis=1) for name, last in self.reaches.items()
        }


def saved_times() -> np.ndarray:
    """Multiples of SPACING: all of them up to 20, then about 4 % apart, to the standard problem's time limit."""
    later = 20.0 * 1.04 ** np.arange(1, 83)
    times = np.concatenate([np.arange(0, 20.1, SPACING), np.round(later / SPACING) * SPACING])
    return np.unique(np.append(times[times < LEG_ENDS[-1]], [*LEG_ENDS]))


def _double(draw: experiments.Draw) -> experiments.Draw:
    """The same numbers in double precision, so that rounding stays out of the comparison."""
    return jax.tree.map(lambda a: a.astype(jnp.float64) if jnp.issubdtype(a.dtype, jnp.floating) else a, draw)


def _reference(settings, draw: experiments.Draw):
    """Saved times, the tight flow's two losses (curve, lane, time), and the index of every lane's end."""
    times = saved_times()
    problem, network = draw.problem(settings), draw.start
    method = students.Flow(rtol=REFERENCE_RTOL, atol=REFERENCE_RTOL / 100, max_steps=1 << 17)
    curves, end, begin = np.empty((2, draw.moments.shape[0], 0)), np.empty(0), 0.0
    for leg_end in LEG_ENDS:
        leg = times[(times >= begin) & (times <= leg_end)]
        trajectory = students.train(network, problem, jnp.asarray(leg), method)
        network, begin = trajectory.final, leg_end
        part = _losses(draw, trajectory)
        # a leg begins at the time at which the one before has ended
        curves = np.concatenate([curves, part[:, :, min(1, curves.shape[2]) :]], axis=2)
        end = _ends(times[: curves.shape[2]], curves)
        if (end >= 0).all():
            break
    # If a minimum is not bracketed by the time limit, any path has to train up to that limit.
    return times[: curves.shape[2]], curves, np.where(end >= 0, end, curves.shape[2] - 1)


def _losses(draw: experiments.Draw, trajectory) -> np.ndarray:
    """Generalization and validation loss (curve, lane, time)."""
    trajectory = dataclasses.replace(trajectory, composites=trajectory.composites[:1])
    trajectory = benefit.with_generalization_loss(trajectory, draw.moments, rule=RULE)
    trajectory = benefit.with_validation_loss(trajectory, draw.validation_inputs, draw.validation_labels)
    return np.stack([np.asarray(trajectory.generalization_loss), np.asarray(trajectory.validation_loss)])


def _ends(times: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """The first index at which both curves' minima are bracketed, −1 where there is none, lane by lane."""
    both = np.stack(
        [
            benefit.bracketed(times[: last + 1], curves[0, :, : last + 1])
            & benefit.bracketed(times[: last + 1], curves[1, :, : last + 1])
            for last in range(1, times.size)
        ],
        axis=1,
    )
    return np.where(both.any(axis=1), both.argmax(axis=1) + 1, -1)


def _curve(settings, draw: experiments.Draw, times: np.ndarray, method) -> np.ndarray:
    trajectory = students.train(draw.start, draw.problem(settings), jnp.asarray(times), method)
    return _losses(draw, trajectory)[0]


def _own_curve(settings, draw: experiments.Draw, times: np.ndarray) -> np.ndarray:
    """The loss curve of the library's own training: one method early, another late."""
    network, begin, step, parts = draw.start, 0.0, FIRST_STEP[settings.activation], []
    for end in LEG_ENDS:
        leg = times[(times >= begin) & (times <= end)]
        if leg.size < 2:
            break
        method = method_from(settings, begin)
        trajectory = students.train(network, draw.problem(settings), jnp.asarray(leg), method, first_step=step)
        parts.append(_losses(draw, trajectory)[0][:, min(1, len(parts)) :])
        network, begin, step = trajectory.final, end, trajectory.mean_step
    return np.concatenate(parts, axis=1)


def _largest_step(settings, draw: experiments.Draw, known: _Known):
    """Every lane's largest step for ACCURACY, at most SPACING, and the ratio of its last two errors, by reach."""
    divisor, previous = 1, None
    while True:
        step = SPACING / divisor
        errors = known.errors(_curve(settings, draw, known.times, students.Descent(step=step)))
        worst = errors[CURVE].max()  # the others reach no farther
        if previous is not None and previous[CURVE].max() <= 2.2 * SMALL and worst <= SMALL:
            break
        if divisor >= MOST_STEPS_A_SPACING:
            raise invalid(
                f"Descent must come within {SMALL} nats of the flow at steps down to {step}",
                received=f"errors up to {worst:.1e}",
                hint="Allow more steps a spacing",
            )
        divisor, previous = 2 * divisor, errors
    # a lane that stops at its start has no error at all
    largest = {name: np.minimum(step * ACCURACY / np.maximum(error, 1e-12), SPACING) for name, error in errors.items()}
    order = {name: previous[name] / np.maximum(error, 1e-12) for name, error in errors.items()}
    return largest, order

"""The value of a stopped student, by a fine rule: what the coarse curve is not exact enough for.

The curve only has to find the minimum, which is flat. How far below the lowest saved time it lies is read off that time and
its two neighbours by `REFINING`, whose error is alike at all three: from a curve of 256 nodes the value at the minimum
comes out within 4e-5 nats (mostly 1e-6), from its own differences within 1e-4 (24 students of the standard problem).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from sharedtrunk import gaussian
from sharedtrunk._axes import AnyArray, Covariance
from sharedtrunk._errors import invalid
from sharedtrunk._parabola import vertex_below
from sharedtrunk._programs import program
from sharedtrunk._statistics import t_factor
from sharedtrunk.benefit._curves import check_judges, main_composites
from sharedtrunk.benefit._stopping import at
from sharedtrunk.trajectory import Trajectory

CONFIDENCE = 0.99
"""Of the numerical errors: wide, because the spread of eight scrambles is itself uncertain."""


REFINING = gaussian.Sobol(points=512, scrambles=4)
"""For differences between neighbouring times; several scrambles, because only then its nodes know the second order."""

ACCURACY = gaussian.Sobol(points=8192, scrambles=1)
"""Right to 0.004 (root mean square); the loss, not the accuracy, is what is compared."""


class Stopped(NamedTuple):
    """A student at the time it was stopped: its loss (nats) with the estimated error, its accuracy, and the time.

    `scrambles` is the loss by every independent scramble of the rule: two students are compared scramble by scramble,
    because their quadrature errors are alike. `refinement` is the rest of the error: from the spacing of the saved times
    and from the label moment.
    """

    loss: Float[np.ndarray, "*lane"]
    error: Float[np.ndarray, "*lane"]
    accuracy: Float[np.ndarray, "*lane"]
    time: Float[np.ndarray, "*lane"]
    scrambles: Float[np.ndarray, "*lane scramble"] | None = None
    refinement: Float[np.ndarray, "*lane"] | None = None


def value_at(
    trajectory: Trajectory,
    index: Int[AnyArray, "*lane"],
    moment: Float[AnyArray, "*lane class feature"],
    clean_weights: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Covariance | None = None,
    rule: gaussian.Sobol = gaussian.FINE,
    refine: bool = False,
    moment_error: float = 0.0,
) -> Stopped:
    """L(W; M) at the saved time `index` of every lane, by a fine rule, and the accuracy against the clean teacher.

    With `refine` the minimum between saved times is added: the parabola through the saved point and its neighbours, all
    three valued by `REFINING`, says how far below the saved point it lies. The error is the rule's estimate plus half of
    that correction, plus ‖W‖ · `moment_error`, the Frobenius error of the label moment. Nonlinear students bring loss,
    error and accuracy with them. A lane whose weights are not finite is NaN. Raises `InputError` for a rule with fewer
    than 4 scrambles, which tells no error, and as `population_loss`.
    """
    if rule.scrambles < 4:
        raise invalid(
            "Valuing a student needs a rule of at least 4 scrambles", received=repr(rule), way_out="Use gaussian.FINE"
        )
    index = np.asarray(index)
    time = np.asarray(trajectory.times)[index]
    if not trajectory.composites:
        curves = (trajectory.generalization_loss, trajectory.error, trajectory.accuracy)
        loss, error, accuracy = (at(curve, index) for curve in curves)  # pyright: ignore[reportArgumentType]
        return Stopped(loss, error, accuracy, time)
    composites = np.asarray(main_composites(trajectory))
    weights = _at(composites, index[..., None])[..., 0, :, :]
    # The rules take finite weights only; lanes that have none are put back as NaN below.
    check_judges(weights, moment, covariance)
    moment, finite = jnp.asarray(moment), np.isfinite(weights).all(axis=(-2, -1))
    parts = _valued(_finite(weights), moment, jnp.asarray(clean_weights), covariance, rule)
    scrambles, accuracy = (np.array(part, np.float64) for part in parts)
    scrambles[~finite], accuracy[~finite] = np.nan, np.nan
    below = _below(trajectory, composites, index, moment, covariance) if refine else np.zeros(finite.shape)
    scrambles = scrambles - below[..., None]
    mean, error = mean_with_error(scrambles)
    rest = below / 2 + moment_error * np.linalg.norm(weights, axis=(-2, -1))
    return Stopped(mean, error + rest, accuracy, time, scrambles, rest)


def mean_with_error(scrambles: Float[np.ndarray, "*lane scramble"]):
    """Mean over independent scrambles and the half-width of its 99 % interval (Student's t), lane by lane."""
    count = scrambles.shape[-1]
    spread = np.std(scrambles, axis=-1, ddof=1) / count**0.5
    return np.mean(scrambles, axis=-1), t_factor(count, CONFIDENCE) * spread


def _below(trajectory: Trajectory, composites: np.ndarray, index: np.ndarray, moment, covariance) -> np.ndarray:
    """How far below the saved time `index` the minimum lies; 0 at either end of the curve."""
    around = np.clip(index[..., None] + np.arange(-1, 2), 0, composites.shape[-3] - 1)
    weights = _at(composites, around)
    losses = _losses(_finite(weights), moment[..., None, :, :], covariance, REFINING)
    losses = np.asarray(losses, np.float64).mean(axis=-1)
    curve = np.full(composites.shape[:-2], np.nan)
    np.put_along_axis(curve, around, np.where(np.isfinite(weights).all(axis=(-2, -1)), losses, np.nan), axis=-1)
    return vertex_below(np.asarray(trajectory.times), curve, index)


def _at(composites: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Composite weights at some saved times of every lane."""
    return np.take_along_axis(composites, indices[..., None, None], axis=-3)


def _finite(weights: np.ndarray) -> jax.Array:
    """Zero weights where those given are not finite."""
    return jnp.asarray(np.where(np.isfinite(weights).all(axis=(-2, -1), keepdims=True), weights, 0))


@program
def _losses(weights, moment, covariance, rule):
    energies = gaussian.free_energy_scrambles(weights, covariance=covariance, rule=rule)
    moment = jnp.broadcast_to(moment, weights.shape)
    return energies - jnp.einsum("...cf,...cf->...", moment, weights, precision="highest")[..., None]


@program
def _valued(weights, moment, clean_weights, covariance, rule):
    accuracy = gaussian.accuracy(weights, clean_weights, covariance=covariance, rule=ACCURACY)
    return _losses(weights, moment, covariance, rule), accuracy

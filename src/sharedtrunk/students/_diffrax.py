"""A flow solved by diffrax, which `students` imports only here.

All lanes of a batch share one step, chosen so that the worst lane meets the tolerance. This file is imported when a
program is traced: importing diffrax takes half a second, which a worker that loads compiled programs does not need.
"""

import abc
import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp

from sharedtrunk.flows.runge_kutta import Tableau, explicit_step, hermite_weights, weighted_sum
from sharedtrunk.students._batch import batch_drive
from sharedtrunk.students._flow import Flow
from sharedtrunk.students._stiffness import first_estimate, stabilized_step


class TsitourasInterpolation(diffrax.AbstractLocalInterpolation):
    """Tsitouras' interpolation y(t0 + θ (t1 − t0)) = y0 + (t1 − t0) Σ_j b_j(θ) k_j, from a tuple of slopes k_j."""

    t0: Any  # pyright: ignore[reportIncompatibleVariableOverride]
    t1: Any  # pyright: ignore[reportIncompatibleVariableOverride]
    y0: Any
    slopes: tuple

    def evaluate(self, t0: Any, t1: Any = None, left: bool = True) -> Any:
        if t1 is not None:
            return jax.tree.map(jnp.subtract, self.evaluate(t1), self.evaluate(t0))
        step = self.t1 - self.t0
        return weighted_sum(self.y0, step, _interpolation_weights((t0 - self.t0) / step), self.slopes)


def _interpolation_weights(position):
    """b_j(θ), as the values of diffrax's interpolation for slopes that are unit vectors."""
    unit = jnp.eye(len(diffrax.Tsit5.tableau.b_sol), dtype=position.dtype)
    zero, one = jnp.zeros_like(position), jnp.ones_like(position)
    return diffrax.Tsit5.interpolation_cls(t0=zero, t1=one, y0=0 * unit[0], y1=unit[0], k=unit).evaluate(position)


class ExplicitSolver(diffrax.AbstractSolver):
    """A method of diffrax with its stages written out, for fields that do not depend on time."""

    term_structure: ClassVar = diffrax.AbstractTerm
    method: ClassVar[Any]

    def order(self, terms):
        return self.method().order(terms)

    def init(self, terms, t0, t1, y0, args):
        return terms.vf(t0, y0, args)

    def step(self, terms, t0, t1, y0, args, solver_state, made_jump):
        step, tableau = t1 - t0, Tableau(self.method.tableau.a_lower, self.method.tableau.b_error)
        y1, slopes, error = explicit_step(lambda y: terms.vf(t0, y, args), tableau, y0, solver_state, step)
        return y1, error, self.dense(y0, y1, slopes, step), slopes[-1], diffrax.RESULTS.successful

    def func(self, terms, t0, y0, args):
        return terms.vf(t0, y0, args)

    @staticmethod
    @abc.abstractmethod
    def dense(y0, y1, slopes, step) -> dict:
        """The arguments of the interpolation."""


class Tsitouras(ExplicitSolver):
    """`diffrax.Tsit5`, of fifth order."""

    method: ClassVar = diffrax.Tsit5
    interpolation_cls: ClassVar = TsitourasInterpolation

    @staticmethod
    def dense(y0, y1, slopes, step) -> dict:
        return {"y0": y0, "slopes": slopes}


class BogackiShampine(ExplicitSolver):
    """`diffrax.Bosh3`, of third order."""

    method: ClassVar = diffrax.Bosh3
    interpolation_cls: ClassVar = diffrax.ThirdOrderHermitePolynomialInterpolation

    @staticmethod
    def dense(y0, y1, slopes, step) -> dict:
        return hermite(y0, y1, slopes[0], slopes[-1], step)


def hermite(y0, y1, first, last, step) -> dict:
    """The arguments of diffrax's cubic interpolation from a step's ends and slopes."""
    scaled = (jax.tree.map(lambda f: step * f, slope) for slope in (first, last))
    return dict(zip(("y0", "y1", "k0", "k1"), (y0, y1, *scaled), strict=True))


class Chebyshev(diffrax.AbstractSolver):
    """The Runge–Kutta–Chebyshev step with as many stages as stability needs, for fields that do not depend on time."""

    term_structure: ClassVar = diffrax.AbstractTerm
    interpolation_cls: ClassVar = diffrax.ThirdOrderHermitePolynomialInterpolation

    def order(self, terms):
        return 2

    def init(self, terms, t0, t1, y0, args):
        return first_estimate(lambda y: terms.vf(t0, y, args), y0)

    def step(self, terms, t0, t1, y0, args, solver_state, made_jump):
        y1, error, stiffness = stabilized_step(lambda y: terms.vf(t0, y, args), y0, solver_state, t1 - t0)
        dense = hermite(y0, y1, solver_state.slope, stiffness.slope, t1 - t0)
        return y1, error, dense, stiffness, diffrax.RESULTS.successful

    def func(self, terms, t0, y0, args):
        return terms.vf(t0, y0, args)


class Observation(NamedTuple):
    """An observation at a time between steps, instead of a state."""

    observed: Any


class ObservationInterpolation(diffrax.AbstractLocalInterpolation):
    """The quartic polynomial through observations and slopes at both ends of a step and an observation in its middle."""

    t0: Any  # pyright: ignore[reportIncompatibleVariableOverride]
    t1: Any  # pyright: ignore[reportIncompatibleVariableOverride]
    before: tuple
    after: tuple
    middle: Any

    def evaluate(self, t0: Any, t1: Any = None, left: bool = True) -> Any:
        step = self.t1 - self.t0
        x = (t0 - self.t0) / step
        bump = 16 * (x * (1 - x)) ** 2  # 1 in the middle; value and slope are 0 at both ends
        ends = hermite_weights(x, step)
        halves = (0.5, 0.125 * step, 0.5, -0.125 * step)
        weights = [end - bump * half for end, half in zip(ends, halves, strict=True)]
        saved = (*self.before, *self.after, self.middle)
        return Observation(weighted_sum(None, jnp.ones_like(step), (*weights, bump), saved))


class ObservingSolver(diffrax.AbstractSolver):
    """A method that interpolates an observation of the state between steps, instead of the state itself.

    The observation, a student's composite weights, is a sixth of the network's size, and a step has several saved times.
    """

    term_structure: ClassVar = diffrax.AbstractTerm
    interpolation_cls: ClassVar = ObservationInterpolation
    method: Any
    observe: Callable = eqx.field(static=True)

    def order(self, terms):
        return self.method.order(terms)

    def init(self, terms, t0, t1, y0, args):
        slope = self.method.init(terms, t0, t1, y0, args)
        return slope, jax.jvp(self.observe, (y0,), (slope,))

    def step(self, terms, t0, t1, y0, args, solver_state, made_jump):
        slope, before = solver_state
        y1, error, dense, slope, result = self.method.step(terms, t0, t1, y0, args, slope, made_jump)
        after = jax.jvp(self.observe, (y1,), (slope,))
        middle = self.observe(self.method.interpolation_cls(t0=t0, t1=t1, **dense).evaluate((t0 + t1) / 2))
        return y1, error, {"before": before, "after": after, "middle": middle}, (slope, after), result

    def func(self, terms, t0, y0, args):
        return terms.vf(t0, y0, args)


def solve_flow(
    method: Flow, network, prepared, axes, times, first_step, weight_decay, observe, *, smooth: bool = False
):
    """Follow the flow of a batch of lanes through `times`, with the `weight_decay` given here, not the method's.

    `smooth` says that the observations are a smooth function of the network; they are then interpolated between steps.
    Returns observations by time, the final network, gradient evaluations, the mean step, and whether the last time was
    reached.
    """

    def field(_, state, args):
        return batch_drive(state, args[0], axes, args[1])

    def observed_at(t, state, args):
        return state.observed if isinstance(state, Observation) else observe(state)

    solver = _solver(method)
    shortest = 16 * jnp.finfo(times.dtype).eps.astype(times.dtype) * times[-1]
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(field),  # pyright: ignore[reportArgumentType]
        ObservingSolver(solver, observe) if smooth else solver,
        t0=times[0],
        t1=times[-1],
        dt0=first_step,
        y0=network,
        args=(prepared, weight_decay),
        saveat=diffrax.SaveAt(
            subs=[
                diffrax.SubSaveAt(ts=times, fn=observed_at),
                diffrax.SubSaveAt(t1=True),
            ],
            solver_state=method.stabilized,
        ),
        stepsize_controller=LaneController(
            diffrax.PIDController(
                rtol=method.rtol,
                atol=method.atol,
                norm=worst_lane_norm,
                dtmin=shortest,
            )
        ),
        max_steps=method.max_steps,
        throw=False,
    )
    saved, final = solution.ys  # pyright: ignore[reportGeneralTypeIssues]
    evaluations = _evaluations(method, solution) + int(first_step is None)
    mean_step = (times[-1] - times[0]) / jnp.maximum(solution.stats["num_accepted_steps"], 1).astype(times.dtype)
    complete = solution.result == diffrax.RESULTS.successful
    return saved, jax.tree.map(lambda leaf: leaf[0], final), evaluations, mean_step, complete


def _solver(method: Flow) -> Any:
    if method.stabilized:
        return Chebyshev()
    return Tsitouras() if method.order == 5 else BogackiShampine()


def _evaluations(method: Flow, solution):
    """Evaluations of the drive. Consecutive steps share one; a rejected stabilized step counts as an average accepted one."""
    if not method.stabilized:
        return len(_solver(method).method.tableau.a_lower) * solution.stats["num_steps"] + 1
    done = solution.solver_state.evaluations
    accepted, rejected = (solution.stats[f"num_{kind}_steps"].astype(done.dtype) for kind in ("accepted", "rejected"))
    return done + done * rejected // jnp.maximum(accepted, 1)


class LaneController(diffrax.AbstractStepSizeController):
    """A PID controller that sets the step by the worst lane that is still finite.

    A lane that is no longer finite is left out, so that it does not shrink the step of the others to zero. A finite lane that
    the trial step makes infinite or NaN has an infinite error, so that a shorter step is tried. At the shortest step that the
    precision of the times allows, the lane is given up.

    Diffrax's controller receives one scaled error per lane, because otherwise it would read states and errors of megabytes
    several times. Only the first step is chosen from the states themselves, by `worst_lane_norm`.
    """

    pid: diffrax.PIDController

    def wrap(self, direction):
        return LaneController(self.pid.wrap(direction))  # pyright: ignore[reportArgumentType]

    def init(self, terms, t0, t1, y0, dt0, args, func, error_order):
        return self.pid.init(terms, t0, t1, y0, dt0, args, func, error_order)

    def adapt_step_size(self, t0, t1, y0, y1_candidate, args, y_error, error_order, controller_state):
        errors = scaled_errors(y0, y1_candidate, y_error, self.pid.rtol, self.pid.atol)
        errors = jnp.where(_finite_lanes(y0), jnp.where(jnp.isfinite(errors), errors, jnp.inf), 0)
        zeros = jnp.zeros_like(errors)
        control = dataclasses.replace(self.pid, rtol=0, atol=1, norm=jnp.max)
        return control.adapt_step_size(t0, t1, zeros, zeros, args, errors, error_order, controller_state)


def _finite_lanes(tree):
    flags = [jnp.isfinite(leaf).reshape(leaf.shape[0], -1).all(axis=1) for leaf in jax.tree.leaves(tree)]
    return jnp.stack(flags).all(axis=0)


def scaled_errors(before, after, error, rtol, atol):
    """Root mean square of error / (atol + rtol max(|before|, |after|)) of every lane; not finite where `after` is not."""

    def scaled(y0, y1, e):
        within = e / (atol + rtol * jnp.maximum(jnp.abs(y0), jnp.abs(y1)))
        return jnp.where(jnp.isfinite(y1), within, jnp.nan)

    return _lane_norms(jax.tree.map(scaled, before, after, error))


def worst_lane_norm(error):
    """The largest over lanes of the root-mean-square scaled error."""
    return jnp.max(_lane_norms(error))


def _lane_norms(error):
    leaves = [leaf.reshape(leaf.shape[0], -1) for leaf in jax.tree.leaves(eqx.filter(error, eqx.is_array))]
    squares = sum(jnp.sum(leaf * leaf, axis=1) for leaf in leaves) / sum(leaf.shape[1] for leaf in leaves)
    return jnp.sqrt(squares)

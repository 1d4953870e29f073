"""The function that Figure 1's sweep calls: aligned students of rank-one teachers, each with four theories.

The *students* descend on 100 points, step by step. They are compared with (3), one *equation* for one number s, in two
readings; with the *population* flow, which has infinitely many points; and with the Gaussian *closure* of the same 100
points. There are two order parameters: the *projection* û·W v̂ on the noisy teacher's leading singular vectors, which is
the s of (3), and the student's own leading *singular value*, which is never smaller.

As printed, the teacher's term of (3) is ŝ G(ŝûv̂ᵀ) with the noisy teacher's own ŝ for labels of either kind: the student
learns a softmax and ends at s = ŝ. Appendix B writes βΣ̂ with β ≫ 1. The *limit* β → ∞ is (3) for argmax labels, under
which s grows without bound. The limit does not apply to soft labels, and is not solved for them.
"""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import dynamics, gaussian, students
from sharedtrunk._support.cache.programs import program
from sharedtrunk.experiments._rank_one_descent import RankOneStudent, descend
from sharedtrunk.experiments._rank_one_draw import RankOneDraw, draw_rank_one
from sharedtrunk.experiments.problems import RankOneProblem
from sharedtrunk.flows.minimum import first_minimum
from sharedtrunk.flows.result import Result
from sharedtrunk.flows.trajectory import Trajectory

LATER_TIMES = 31
"""Saved times from the end of the descent to the time limit, where a flow continues the training."""

LOSS_POINTS = 4096
"""Nodes of the rule for the validation loss, an integral in one dimension."""


def rank_one_lanes(settings: dict, lanes: list[dict]) -> dict[str, np.ndarray]:
    """Train the lanes of one chunk, solve the theories, and return both order parameters at the saved steps.

    Parameters
    ----------
    settings
        `RankOneProblem` as JSON data.
    lanes
        Values of every lane by name: `seed`, `classes` and `labels` ("hard": argmax of the noisy teacher, "soft": its softmax
        at β = 1), which all lanes share, and `s_main`, `noise` and `start`, s(0).

    Returns
    -------
    dict of arrays (lane, …)
        Curves (lane, save): `projection` û·W v̂ and `singular_value` σ₁(W) of the students, and the same of
        the two flows with suffix `_population` or `_closure`; `equation` and `limit`, the s of (3) as printed and in its
        hard-label limit (NaN for soft labels); and `steps`, the step counts. Numbers (lane,): result codes; `named_classes`,
        how many classes the labels name; `validation_excess`, by how much the validation loss on infinitely many points at
        the last step exceeds its minimum up to the time limit (nats); and `validation_stop`, the step count of that minimum
        (NaN if it is not bracketed).

    Raises
    ------
    InputError
        For unknown settings, lanes that differ in what they must share, and values out of range.
    """
    parsed = RankOneProblem.parse(settings)
    draw = draw_rank_one(parsed, lanes)
    times = jnp.asarray(parsed.counts * parsed.step, draw.first.dtype)
    root = jnp.sqrt(draw.first)[:, None]
    start = RankOneStudent(root * draw.left, root * draw.right)
    step = jnp.asarray(parsed.step, draw.first.dtype)
    trained = _Students(*descend(start, draw.inputs, draw.probabilities, step, jnp.asarray(parsed.counts)))
    theories = _theories(parsed, draw, start, lanes[0]["labels"], times)
    values = {"result": trained.result, "projection": trained.along(draw), "singular_value": trained.singular_values}
    for name, trajectory in theories.items():
        values[f"result_{name}"] = np.asarray(trajectory.result, np.int32)
        weights = np.asarray(trajectory.composites[0], np.float64)
        values[f"projection_{name}"] = np.einsum("lc,ltcf,lf->lt", draw.left, weights, draw.right)
        # W has rank one up to rounding, so σ₁ is its Frobenius norm
        values[f"singular_value_{name}"] = np.linalg.norm(weights, axis=(-2, -1))
    for name in ("equation", "limit"):  # (3) describes one number, the projection
        values[name] = values.pop(f"projection_{name}", np.full_like(values["projection"], np.nan))
        values.pop(f"singular_value_{name}", None)
    values.setdefault("result_limit", np.zeros_like(values["result"]))  # soft labels have no limit that could fail
    values |= _validation(parsed, draw, trained)
    values["steps"] = np.broadcast_to(parsed.counts, (len(lanes), parsed.counts.size))
    likeliest = np.asarray(draw.probabilities).argmax(axis=1)
    values["named_classes"] = np.array([len(set(labels)) for labels in likeliest.tolist()], np.int32)
    return {name: value.astype(np.float32) if value.dtype.kind == "f" else value for name, value in values.items()}


class _Students:
    """The trained students on the host, (lane, save, …), in float64."""

    def __init__(self, head, trunk):
        self.head, self.trunk = (np.moveaxis(np.asarray(part, np.float64), 0, 1) for part in (head, trunk))

    @property
    def result(self) -> np.ndarray:
        finite = np.isfinite(self.singular_values).all(axis=1)
        return np.where(finite, int(Result.SUCCESS), int(Result.DIVERGED)).astype(np.int32)

    @property
    def singular_values(self) -> np.ndarray:
        return np.linalg.norm(self.head, axis=-1) * np.linalg.norm(self.trunk, axis=-1)

    def along(self, draw: RankOneDraw) -> np.ndarray:
        """û·W v̂."""
        return np.einsum("lc,ltc->lt", draw.left, self.head) * np.einsum("ltf,lf->lt", self.trunk, draw.right)


def _theories(settings: RankOneProblem, draw: RankOneDraw, start, labels: str, times) -> dict[str, Trajectory]:
    tolerance = dynamics.Tolerance(rtol=settings.rtol, atol=1e-2 * settings.rtol, order=3)
    readings = {"equation": 1.0} | ({"limit": None} if labels == "hard" else {})
    equations = {name: _equations(draw.left, draw.value, draw.right, beta) for name, beta in readings.items()}
    layers = dynamics.Layers((start.trunk[:, None, :],), (start.head[:, :, None],))
    closure = dynamics.closure_flow(
        [draw.inputs],
        [draw.probabilities],
        np.zeros(draw.moments.shape[1:], draw.moments.dtype),
        rule=gaussian.Sobol(points=settings.points, scrambles=1),
    )
    # The population flow is the closure of a sample whose second moment is the population's. If there are as many points
    # as features, both share one compiled program.
    parts = ((draw.moments,), (jnp.eye(draw.inputs.shape[-1], dtype=draw.inputs.dtype),))
    population = eqx.tree_at(lambda flow: (flow.moments, flow.roots), closure, parts)
    return {
        **{name: dynamics.solve(flow, draw.first, times, tolerance) for name, flow in equations.items()},
        "population": dynamics.solve(population, layers, times, tolerance, stop=False),
        "closure": dynamics.solve(closure, layers, times, tolerance, stop=False),
    }


@program
def _equations(left, value, right, beta: float | None) -> dynamics.RankOneFlow:
    one = functools.partial(dynamics.rank_one_flow, inverse_temperature=beta)
    return jax.vmap(one)(left, value, right)


def _validation(settings: RankOneProblem, draw: RankOneDraw, trained: _Students) -> dict[str, np.ndarray]:
    """The minimum of F(W) − ⟨M̂, W⟩. The flow that descent approximates continues the training beyond the last step."""
    later = np.geomspace(settings.step * settings.steps, settings.time_limit, LATER_TIMES)
    dtype = draw.first.dtype
    problem = students.make_problem(draw.inputs, [draw.probabilities])
    head, trunk = (jnp.asarray(part[:, -1], dtype) for part in (trained.head, trained.trunk))
    last = students.SharedTrunk((trunk[:, None, :],), (head[:, :, None],))
    flow = students.Flow(rtol=settings.rtol)
    weights = np.asarray(
        students.train(last, problem, jnp.asarray(later, dtype), flow).composites[0][:, 1:], np.float64
    )
    # W = σ u vᵀ has rank one, so its F is that of a single feature with weights σ u
    trunk_norm = np.linalg.norm(trained.trunk, axis=-1, keepdims=True)
    one_feature = np.concatenate([trained.head * trunk_norm, _left(weights)], axis=1)
    F = gaussian.free_energy(
        jnp.asarray(one_feature[..., None], dtype), rule=gaussian.Sobol(points=LOSS_POINTS, scrambles=1)
    )
    moments = np.asarray(draw.moments, np.float64)
    moment_terms = [
        np.einsum("lcf,ltc,ltf->lt", moments, trained.head, trained.trunk, optimize=True),
        np.einsum("lcf,ltcf->lt", moments, weights),
    ]
    loss = np.asarray(F, np.float64) - np.concatenate(moment_terms, axis=1)
    counts = np.concatenate([settings.counts, later[1:] / settings.step])
    lowest = first_minimum(loss)
    bracketed = (lowest < counts.size - 1) & np.isfinite(loss[:, -1])
    return {
        "validation_excess": loss[:, settings.counts.size - 1] - loss[np.arange(len(loss)), lowest],
        "validation_stop": np.where(bracketed, counts[lowest], np.nan),
    }


def _left(weights: np.ndarray) -> np.ndarray:
    """σ u of W = σ u vᵀ: W times the direction of its largest row."""
    largest = np.argmax(np.linalg.norm(weights, axis=-1), axis=-1)
    row = np.take_along_axis(weights, largest[..., None, None], axis=-2)[..., 0, :]
    return np.einsum("...cf,...f->...c", weights, row / np.linalg.norm(row, axis=-1, keepdims=True))

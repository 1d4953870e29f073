"""Figure 1's point function: one aligned student of a rank-one teacher, and four theories of it.

The *students* descend on 100 points, step by step. Beside them stand (3), one *equation* for one number; the
*population* flow, which has infinitely many points; and the Gaussian *closure* of the same 100 points. Two order
parameters are seen: the *projection* û·W v̂ on the noisy teacher's leading singular vectors, which is the s of (3), and the
student's own leading *singular value*, never below it.

(3) is solved in two readings. As printed its teacher's term is ŝ G(ŝûv̂ᵀ) with the noisy teacher's own ŝ, whatever the
labels: the student is taught a softmax and ends at s = ŝ. Appendix B writes βΣ̂ with β ≫ 1; the *limit* β → ∞ is (3) for
argmax labels, under which s grows without end. It says nothing of soft labels, where it is not solved.
"""

import functools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import dynamics, gaussian, students
from sharedtrunk.experiments._rank_one_draw import RankOneDraw, RankOneSettings, draw_rank_one
from sharedtrunk.trajectory import Trajectory

LATER_TIMES = 31
"""How often the students are seen from the end of the descent to the time limit, where a flow follows them."""

LOSS_POINTS = 4096
"""Of the validation loss, in one dimension."""


def rank_one_lanes(settings: dict, lanes: list[dict]) -> dict[str, np.ndarray]:
    """Train the lanes of one chunk, solve the theories, and return both order parameters at the saved steps.

    `lanes` share `classes` and `labels` ("hard": argmax of the noisy teacher, "soft": its softmax at β = 1); each has
    `s_main`, `noise`, `start` (s(0)) and `seed`. Curves are (lane, save): `projection` û·W v̂ and `singular_value` σ₁(W) of
    the students, the same with `_population` and `_closure`, `equation` and `limit`, the s of (3) as printed and in its
    hard-label limit (NaN for soft labels), and `steps`, the step counts.
    Lane by lane also result codes, the number of `named_classes` among the labels, and of the validation loss (infinitely
    many fresh points, the training labels' kind): its `validation_excess` at the last step over its minimum up to the
    time limit (nats), and `validation_stop`, the minimum's step count (NaN: not bracketed).

    Raises `InputError` for unknown settings, and lanes that differ in what they share or have impossible values.
    """
    parsed = RankOneSettings.parse(settings)
    draw = draw_rank_one(parsed, lanes)
    times = jnp.asarray(parsed.counts * parsed.step, draw.first.dtype)
    problem = students.make_problem(draw.inputs, [draw.probabilities])
    trained = students.train(draw.start, problem, times, students.Descent(step=parsed.step))
    theories = _theories(parsed, draw, lanes, times)
    seen = {"": trained, **{f"_{name}": each for name, each in theories.items()}}
    values = {f"result{name}": np.asarray(each.result, np.int32) for name, each in seen.items()}
    for name, each in seen.items():
        weights = np.asarray(each.composites[0], np.float64)
        values[f"projection{name}"] = np.einsum("lc,ltcf,lf->lt", draw.left, weights, draw.right)
        values[f"singular_value{name}"] = _leading(weights)[0]
    for name in ("equation", "limit"):  # (3) knows one number
        values[name] = values.pop(f"projection_{name}", np.full_like(values["projection"], np.nan))
        values.pop(f"singular_value_{name}", None)
    values.setdefault("result_limit", np.zeros_like(values["result"]))  # not solved for soft labels, so not failed
    values |= _validation(parsed, draw, problem, trained)
    values["steps"] = np.broadcast_to(parsed.counts, (len(lanes), parsed.counts.size))
    likeliest = np.asarray(draw.probabilities).argmax(axis=1)
    values["named_classes"] = np.array([len(set(labels)) for labels in likeliest.tolist()], np.int32)
    return {name: value.astype(np.float32) if value.dtype.kind == "f" else value for name, value in values.items()}


def _theories(settings: RankOneSettings, draw: RankOneDraw, lanes: list[dict], times) -> dict[str, Trajectory]:
    tolerance = dynamics.Tolerance(rtol=settings.rtol, atol=1e-2 * settings.rtol, order=3)
    readings = {"equation": 1.0} | ({"limit": None} if lanes[0]["labels"] == "hard" else {})
    equations = {name: _equations(draw.left, draw.value, draw.right, beta) for name, beta in readings.items()}
    layers = _thin_layers(draw)
    closure = dynamics.closure_flow(
        [draw.inputs],
        [draw.probabilities],
        np.zeros(draw.moments.shape[1:], draw.moments.dtype),
        rule=gaussian.Sobol(points=settings.points, scrambles=1),
    )
    # The population flow is the closure of a sample whose second moment is the population's: with as many points as
    # features both are one compiled program.
    lane_count, features = len(lanes), draw.inputs.shape[-1]
    root = np.broadcast_to(np.eye(features, dtype=draw.inputs.dtype), (lane_count, features, features))
    parts = ((draw.moments,), (jnp.asarray(root),))
    population = eqx.tree_at(lambda flow: (flow.moments, flow.roots), closure, parts)
    return {
        **{name: dynamics.solve(each, draw.first, times, tolerance) for name, each in equations.items()},
        "population": dynamics.solve(population, layers, times, tolerance, stop=False),
        "closure": dynamics.solve(closure, layers, times, tolerance, stop=False),
    }


@functools.partial(jax.jit, static_argnums=3)
def _equations(left, value, right, beta: float | None) -> dynamics.RankOneFlow:
    one = functools.partial(dynamics.rank_one_flow, inverse_temperature=beta)
    return jax.vmap(one)(left, value, right)


def _thin_layers(draw: RankOneDraw) -> dynamics.Layers:
    """s(0) û v̂ᵀ through one hidden unit: a start of rank one stays so, and a wider trunk would carry zeros."""
    left, right, root = np.asarray(draw.left), np.asarray(draw.right), np.sqrt(np.asarray(draw.first))
    trunk, head = root[:, None, None] * right[:, None, :], root[:, None, None] * left[:, :, None]
    return dynamics.Layers((jnp.asarray(trunk),), (jnp.asarray(head),))


def _leading(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The largest singular value σ₁ and σ₁ times its left vector; NaN where weights are not finite."""
    # squaring costs the largest value no digits
    gram = np.einsum("...cf,...df->...cd", weights, weights)
    finite = np.isfinite(gram).all(axis=(-2, -1))
    squares, left = np.linalg.eigh(np.where(finite[..., None, None], gram, 0))
    value = np.where(finite, np.sqrt(np.maximum(squares[..., -1], 0)), np.nan)
    return value, value[..., None] * left[..., -1]


def _thin_student(weights: np.ndarray, dtype) -> students.SharedTrunk:
    """σ₁ u vᵀ of every lane, balanced, through one hidden unit."""
    value, along = _leading(weights)
    root = np.sqrt(value)[:, None]
    left, right = along / root, np.einsum("lc,lcf->lf", along, weights) / (value[:, None] * root)
    return students.SharedTrunk((jnp.asarray(right[:, None, :], dtype),), (jnp.asarray(left[:, :, None], dtype),))


def _validation(settings: RankOneSettings, draw: RankOneDraw, problem, trained: Trajectory) -> dict[str, np.ndarray]:
    """F(W) − ⟨M̂, W⟩ along the training, followed beyond the last step by the flow that descent approximates."""
    later = np.geomspace(settings.step * settings.steps, settings.time_limit, LATER_TIMES)
    times = jnp.asarray(later, draw.first.dtype)
    # Through one hidden unit: a start of rank one is a saddle of a wider trunk, where rounding would in time add to the rank.
    thin = _thin_student(np.asarray(trained.composites[0][:, -1], np.float64), draw.first.dtype)
    going_on = students.train(thin, problem, times, students.Flow(rtol=settings.rtol))
    weights = jnp.concatenate([trained.composites[0], going_on.composites[0][:, 1:]], axis=1)
    weights = np.asarray(weights, np.float64)
    # W is of rank one, so its logits are those of one feature
    logits = jnp.asarray(_leading(weights)[1][..., None], draw.first.dtype)
    F = gaussian.free_energy(logits, rule=gaussian.Sobol(points=LOSS_POINTS, scrambles=1))
    loss = np.asarray(F, np.float64) - np.einsum("lcf,ltcf->lt", draw.moments, weights)
    counts = np.concatenate([settings.counts, later[1:] / settings.step])
    place = np.argmin(np.where(np.isnan(loss), np.inf, loss), axis=1)
    bracketed = (place < counts.size - 1) & np.isfinite(loss[:, -1])
    return {
        "validation_excess": loss[:, trained.times.size - 1] - loss[np.arange(len(loss)), place],
        "validation_stop": np.where(bracketed, counts[place], np.nan),
    }

"""Train a batch of students side by side and save them at given times."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sharedtrunk._support.arguments import check_kind_of, check_times, described, floating, is_number
from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.cache.programs import program
from sharedtrunk._support.concrete import all_finite, concrete
from sharedtrunk.errors import invalid
from sharedtrunk.flows.result import Result
from sharedtrunk.flows.trajectory import Trajectory
from sharedtrunk.students._batch import prepare
from sharedtrunk.students._descent import Descent, run_descent
from sharedtrunk.students._evaluation import FreshInputs, evaluate
from sharedtrunk.students._flow import Flow
from sharedtrunk.students._network import SharedTrunk, composites, like
from sharedtrunk.students._problem import Problem, carries_lanes, check_cross_entropy, lane_axes


def train(
    network: SharedTrunk,
    problem: Problem,
    times: Float[AnyArray, "time"],
    method: Flow | Descent | None = None,
    *,
    evaluation: FreshInputs | None = None,
    networks: bool = False,
    first_step: Float[AnyArray, ""] | np.floating | float | None = None,
    seen_tasks: int | None = None,
) -> Trajectory:
    """Train students by `Flow` (default) or `Descent`, as in (2) and (8), and save them at `times`.

    Parameters
    ----------
    network
        The start at times[0]: one student, or a batch with a leading lane axis on every weight.
    problem
        What the students are trained on; its parts are shared by the lanes or carry the same axis.
    times
        Rising times (time,) at which students are saved.
    method
        `Flow` or `Descent`; `Flow()` by default.
    evaluation
        Inputs on which losses are computed at every saved time; required for nonlinear students.
    networks
        Return every saved network too.
    first_step
        First step of a flow. `mean_step` of an earlier trajectory saves a few evaluations.
    seen_tasks
        Return composite weights of the first `seen_tasks` tasks only; all tasks by default.

    Returns
    -------
    Trajectory
        For linear students the composite weights of every task (*lane, time, class, feature). Training continues from
        `final` with `train(trajectory.final, problem, later_times)`. `result` holds a `Result` code per lane; the numbers
        of a failed lane are not finite.

    Raises
    ------
    InputError
        For shapes that do not match, weights that are not finite, times that do not rise, a step that is not positive,
        a weight decay that is not a finite number ≥ 0, `seen_tasks` out of range, or (descent) times that are not multiples
        of the step.
    """
    check_kind_of(network, SharedTrunk, "A student", "Use random_start")
    check_kind_of(problem, Problem, "The problem", "Use make_problem")
    check_cross_entropy(problem)
    method = Flow() if method is None else method
    check_kind_of(method, (Flow, Descent), "The method", "Leave it out for Flow()")
    single = network.heads[0].ndim == 2
    lanes = jax.tree.map(lambda w: w[None], network) if single else network
    _check_network(lanes)
    _check_problem(lanes, problem)
    _check_evaluation(lanes, evaluation)
    _check_seen(lanes, seen_tasks)
    times = floating(times, "Times").astype(lanes.heads[0].dtype)
    counts = _check_method(method, times, problem)
    decay = _weight_decay(method, times.dtype)
    if isinstance(method, Flow):
        method = dataclasses.replace(method, weight_decay=0.0)  # programs do not depend on its value
        step = None if first_step is None else jnp.asarray(first_step, times.dtype)
        saved, final, result, evaluations, mean_step = _train_flow(
            lanes, problem, times, method, step, decay, evaluation, networks, seen_tasks
        )
    else:
        key = jax.random.key(0) if method.key is None else method.key
        step = jnp.asarray(method.step, times.dtype)
        mean_step = step
        saved, final, result, evaluations = _train_descent(
            lanes, problem, counts, step, decay, key, method.batch_size, evaluation, networks, seen_tasks
        )
    if single:
        saved, final, result = jax.tree.map(lambda leaf: leaf[0], (saved, final, result))
    weights = saved.pop("composites", ())
    return Trajectory(times, weights, result, final, mean_step=mean_step, gradient_evaluations=evaluations, **saved)


@program
def _train_flow(
    lanes, problem, times, method: Flow, first_step, weight_decay, evaluation, networks: bool, seen_tasks: int | None
):
    # imported here, since a program from the cache does not need it
    from sharedtrunk.students._diffrax import solve_flow

    axes, observe = lane_axes(problem), _observer(evaluation, networks, seen_tasks)
    saved, final, evaluations, mean_step, complete = solve_flow(
        method,
        lanes,
        prepare(lanes, problem, axes),
        axes,
        times,
        first_step,
        weight_decay,
        observe,
        smooth=evaluation is None and not networks and not method.stabilized,
    )
    failure = jnp.where(complete, Result.DIVERGED, Result.STEP_LIMIT)
    return *_finish(saved, final, failure), evaluations, mean_step


@program
def _train_descent(
    lanes, problem, counts, step, weight_decay, key, batch_size, evaluation, networks: bool, seen_tasks: int | None
):
    axes, observe = lane_axes(problem), _observer(evaluation, networks, seen_tasks)
    saved, final, steps = run_descent(step, weight_decay, key, batch_size, lanes, problem, axes, counts, observe)
    return *_finish(saved, final, jnp.asarray(Result.DIVERGED)), steps


def _observer(evaluation: FreshInputs | None, networks: bool, seen_tasks: int | None):
    """The function that says what is saved of a batch of networks at each time."""
    fresh_axes = None if evaluation is None else _evaluation_axes(evaluation)

    def observe(lanes: SharedTrunk) -> dict:
        saved = {"networks": lanes} if networks else {}
        if evaluation is None:
            some_tasks = like(lanes, lanes.trunk, lanes.heads[:seen_tasks])
            return saved | {"composites": jax.vmap(composites)(some_tasks)}
        return saved | jax.vmap(evaluate, in_axes=(0, fresh_axes))(lanes, evaluation)

    return observe


def _evaluation_axes(evaluation: FreshInputs) -> FreshInputs:
    """Which parts carry a lane axis (0) and which do not (None), in the form that `vmap` takes."""
    flags = [0 if part.ndim == most else None for part, most in _parts(evaluation)]
    return jax.tree.unflatten(jax.tree.structure(evaluation), flags)


def _parts(evaluation: FreshInputs):
    """Each part with the number of axes that it has when it carries a lane axis."""
    return (
        (evaluation.inputs, 3),
        (evaluation.clean_labels, 2),
        (evaluation.validation_inputs, 3),
        (evaluation.validation_labels, 2),
    )


def _finish(saved, final, failure: Int[Array, ""]):
    """Put lanes first, and give lanes whose numbers are not all finite the code `failure`."""
    saved = jax.tree.map(lambda leaf: jnp.swapaxes(leaf, 0, 1), saved)
    finite = [jnp.isfinite(leaf).all(axis=tuple(range(1, leaf.ndim))) for leaf in jax.tree.leaves((saved, final))]
    return saved, final, jnp.where(jnp.stack(finite).all(axis=0), int(Result.SUCCESS), failure)


def _check_network(lanes: SharedTrunk) -> None:
    layers = [*lanes.trunk, *lanes.heads]
    if not lanes.trunk or not lanes.heads or any(w.ndim != 3 or w.shape[0] != layers[0].shape[0] for w in layers):
        raise invalid(
            "A student needs a trunk layer and a head, all with the same lane axis or all without",
            received=[w.shape for w in layers],
            hint="Stack whole students along axis 0",
        )
    inner = [below.shape[1] == above.shape[2] for below, above in zip(lanes.trunk[:-1], lanes.trunk[1:], strict=True)]
    if not all(inner) or any(head.shape[2] != lanes.trunk[-1].shape[1] for head in lanes.heads):
        raise invalid(
            "Each layer must take as many units as the layer below has",
            received=[w.shape[1:] for w in layers],
            hint="Shapes are (out, in), trunk from the inputs upwards",
        )
    if not all_finite(lanes):
        raise invalid(
            "Initial weights must be finite numbers",
            received="NaN or infinity",
            hint="Check the start or its scale",
        )


def _check_problem(lanes: SharedTrunk, problem: Problem) -> None:
    count = lanes.heads[0].shape[0]
    features, tasks = lanes.trunk[0].shape[2], len(lanes.heads)
    lane_counts = [
        part.shape[0] for part, axis in zip(jax.tree.leaves(problem), carries_lanes(problem), strict=True) if axis
    ]
    fits = (
        problem.inputs.shape[-2] == features
        and len(problem.targets) == tasks
        and all(t.shape[-2] == h.shape[1] for t, h in zip(problem.targets, lanes.heads, strict=False))
        and all(size == count for size in lane_counts)
    )
    if not fits:
        raise invalid(
            "Student and problem must agree in features, tasks, classes and lanes",
            received=f"student: {features} features, classes {[h.shape[1] for h in lanes.heads]}, {count} lanes; "
            f"problem: {problem.inputs.shape[-2]} features, classes {[t.shape[-2] for t in problem.targets]}, "
            f"lane axes {sorted(set(lane_counts))}",
            hint="Give one head per task with as many outputs as the task has classes",
        )


def _check_evaluation(lanes: SharedTrunk, evaluation: FreshInputs | None) -> None:
    if evaluation is not None:
        _check_fresh(lanes, evaluation)
    elif lanes.activation != "linear":
        raise invalid(
            "A student with a nonlinearity has no composite weights, so its losses must be evaluated in training",
            received="evaluation=None",
            hint="Pass evaluation=FreshInputs(...)",
        )


def _check_seen(lanes: SharedTrunk, seen_tasks: int | None) -> None:
    if seen_tasks is not None and not 1 <= seen_tasks <= len(lanes.heads):
        raise invalid(
            f"seen_tasks must be from 1 to {len(lanes.heads)}, the number of tasks",
            received=seen_tasks,
            hint="Leave it out for all",
        )


def _check_fresh(lanes: SharedTrunk, fresh: FreshInputs) -> None:
    features, classes = lanes.trunk[0].shape[2], lanes.heads[0].shape[1]
    for inputs, labels in (
        (fresh.inputs, fresh.clean_labels),
        (fresh.validation_inputs, fresh.validation_labels),
    ):
        known = concrete(labels)
        in_range = known is None or ((known >= 0) & (known < classes)).all()
        if inputs.shape[-2] != features or inputs.shape[-1] != labels.shape[-1] or not in_range:
            raise invalid(
                f"Fresh inputs are columns (feature, sample) with labels 0 … {classes - 1}, one per column",
                received=f"inputs {inputs.shape} for {features} features and labels {labels.shape}",
                hint="Transpose the inputs, or recode the labels",
            )


def _check_method(method: Flow | Descent, times, problem: Problem):
    """Check times and method; for descent, return the step counts of the times."""
    known = check_times(times)
    if isinstance(method, Flow):
        if not (method.rtol > 0 and method.atol > 0 and method.max_steps > 0 and method.order in (3, 5)):
            raise invalid(
                "A flow needs rtol, atol and max_steps > 0, and order 3 or 5",
                received=f"rtol={method.rtol}, atol={method.atol}, max_steps={method.max_steps}, order={method.order}",
                hint="The standard problem uses rtol=1e-4",
            )
        return None
    count = problem.inputs.shape[-1]
    if not method.step > 0 or (method.batch_size is not None and not 1 <= method.batch_size <= count):
        raise invalid(
            "Descent needs a step > 0 and a batch size between 1 and the number of samples",
            received=f"step={method.step}, batch_size={method.batch_size} for {count} samples",
            hint="Leave batch_size out for the full batch",
        )
    counts = np.rint(known / method.step)
    if not np.allclose(counts * method.step, known, rtol=1e-5, atol=1e-5 * method.step):
        raise invalid(
            "Descent can be saved only at multiples of its step",
            received=f"step {method.step} and times {np.array2string(known, threshold=6)}",
            hint="Use times = step · integers",
        )
    return jnp.asarray(counts.astype(np.int32))


def _weight_decay(method: Flow | Descent, dtype) -> Float[Array, ""] | None:
    """λ, traced so that all values have one program; None for 0, whose program computes no decay."""
    decay = method.weight_decay
    known = concrete(decay) if is_number(decay) else np.nan
    if known is not None and not 0 <= known <= jnp.finfo(dtype).max:
        raise invalid(
            "The weight decay must be one finite number ≥ 0", received=described(decay), hint="0 is no weight decay"
        )
    return None if known is not None and known == 0 else jnp.asarray(decay, dtype)

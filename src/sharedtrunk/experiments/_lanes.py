"""The point function: train one chunk of lanes of the standard problem, stop them, and value what they learned."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import benefit, gaussian, students
from sharedtrunk._errors import invalid
from sharedtrunk.experiments._draw import Draw, draw_chunk
from sharedtrunk.experiments._settings import StandardSettings
from sharedtrunk.experiments._times import descent_legs, flow_legs
from sharedtrunk.trajectory import Result, Trajectory

LANE_MULTIPLE = 12
"""Chunks are filled up to a multiple of this by repeating a lane: fewer shapes, so fewer programs to compile."""

FIRST_STEP = 0.1
"""Of the flow; given, so that all legs share one compiled program."""


def standard_lanes(settings: dict, lanes: list[dict]) -> dict[str, np.ndarray]:
    """Train the lanes of one chunk and return, lane by lane, losses, accuracies, stopping times and result codes.

    `lanes` share `n_samples` and `seed`; each has `s_main` and, for a joint lane (`settings["tasks"]` = 2), `s_aux` and
    `relatedness`. A baseline (1) is trained as a joint lane whose auxiliary task has weight 0, which leaves the main task
    as it is alone, and shares the joint lanes' compiled program.

    Losses in nats: at the minimum over time of the generalization loss (`loss`) and of the validation loss
    (`loss_honest`), each with its estimated numerical error (`_error`), its value by every scramble of the quadrature
    rule (`_scrambles`) and what the spacing of the times leaves open (`_refinement`).
    """
    parsed = StandardSettings.parse(settings)
    seed, samples = (_common(lanes, name) for name in ("seed", "n_samples"))
    padded = lanes + lanes[-1:] * (-len(lanes) % LANE_MULTIPLE)
    draw = draw_chunk(parsed, seed, samples, padded)
    values = stop_and_value(parsed, draw, follow(parsed, draw))
    values |= describe_labels(parsed, draw)
    return {name: value[: len(lanes)] for name, value in values.items()}


def describe_labels(settings: StandardSettings, draw: Draw) -> dict[str, np.ndarray]:
    """What the main task's training labels are like: the share that noise flipped, the rarest and commonest class."""
    labels = np.asarray(draw.labels[0])
    shares = (labels[:, :, None] == np.arange(settings.classes)).mean(axis=1)
    return {
        "label_flips": (labels != np.asarray(draw.clean_labels)).mean(axis=1),
        "smallest_class": shares.min(axis=1),
        "largest_class": shares.max(axis=1),
    }


def _common(lanes: list[dict], name: str) -> int:
    values = {int(lane[name]) for lane in lanes}
    if len(values) != 1:
        raise invalid(
            f"Lanes of one chunk must share {name}", received=sorted(values), way_out=f"Group the sweep by {name}"
        )
    return values.pop()


def follow(settings: StandardSettings, draw: Draw, *, whole: bool = False) -> Trajectory:
    """Train leg by leg until every lane's minima are bracketed, or (`whole`) to the time limit whatever they do."""
    problem = students.make_problem(
        draw.inputs, draw.labels, classes=settings.classes, task_weights=settings.task_weights
    )
    legs = (
        flow_legs(settings.time_limit)
        if settings.training == "flow"
        else descent_legs(settings.time_limit, settings.step)
    )
    seen: Trajectory | None = None
    network, step = draw.start, FIRST_STEP
    for leg in legs:
        trained = students.train(network, problem, jnp.asarray(leg), settings.method, first_step=step)
        part = _watched(settings, draw, trained)
        network, step = _without_failed(part), part.mean_step
        seen = part if seen is None else _joined(seen, part)
        if not whole and bool(_settled(seen).all()):
            break
    assert seen is not None  # there is at least one leg
    return seen


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


def _settled(trajectory: Trajectory):
    """Lanes with nothing left to learn about: both minima bracketed, or failed for good."""
    curves = (trajectory.generalization_loss, trajectory.validation_loss)
    done = [benefit.bracketed(trajectory.times, curve) for curve in curves]  # pyright: ignore[reportArgumentType]
    return (done[0] & done[1]) | (trajectory.result != Result.SUCCESS)


def stop_and_value(settings: StandardSettings, draw: Draw, trajectory: Trajectory) -> dict[str, np.ndarray]:
    """Stop every lane by the oracle and honestly, and value both by the fine rule."""
    rule = gaussian.Sobol(points=settings.fine_points, scrambles=settings.scrambles)
    oracle, honest = benefit.oracle_stop(trajectory), benefit.honest_stop(trajectory)
    judges = (draw.moments, draw.clean_weights)
    known = {"rule": rule, "moment_error": float(draw.moment_error)}
    valued = {
        "": benefit.value_at(trajectory, oracle, *judges, refine=True, **known),
        "_honest": benefit.value_at(trajectory, honest, *judges, **known),
    }
    failed = trajectory.result != Result.SUCCESS
    unsettled = ~_settled(trajectory)
    code = np.where(failed, trajectory.result, np.where(unsettled, Result.NOT_BRACKETED, Result.SUCCESS))
    out = {"result": code.astype(np.int8)}
    for suffix, stopped in valued.items():
        columns = {
            f"loss{suffix}": stopped.loss,
            f"loss{suffix}_error": stopped.error,
            f"loss{suffix}_scrambles": stopped.scrambles,
            f"loss{suffix}_refinement": stopped.refinement,
            f"accuracy{suffix}": stopped.accuracy,
            f"stop{suffix}": stopped.time,
        }
        for name, column in columns.items():
            bad = failed.reshape(failed.shape + (1,) * (column.ndim - 1))  # pyright: ignore[reportOptionalMemberAccess]
            out[name] = np.where(bad, np.nan, column)
    return out

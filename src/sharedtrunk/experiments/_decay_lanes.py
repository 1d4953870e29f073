"""Students at the minimum with weight decay: the lanes of the standard problem at their best λ, or at a given one.

A path of falling λ takes the place of training, with −ln λ as its time. The oracle's λ is where the generalization loss is
lowest, the validation's where the loss on held-out points is. Both usually lie between two λ of the path, and are found as
stops between saved times are (`flows.minimum`). Teachers, inputs and labels are those of `standard_lanes`.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Bool, Float

from sharedtrunk import benefit, gaussian, students
from sharedtrunk._support.axes import AnyArray
from sharedtrunk.errors import invalid
from sharedtrunk.experiments._draw import Draw, draw_lanes
from sharedtrunk.experiments._stopped import columns, stopped_students
from sharedtrunk.experiments.problems import StandardSettings
from sharedtrunk.flows.minimum import first_minimum, value_at
from sharedtrunk.flows.result import Result
from sharedtrunk.flows.trajectory import Trajectory

SPACING = 0.5 * np.log(2)
"""Distance of neighbours on the path, in ln λ."""

LEG_POINTS, LEGS = 4, 9
"""λ of a leg, and the largest number of legs: the path ends at 5·10⁻⁶ of its first λ."""

BEYOND = 2
"""λ of the path beyond the lowest loss, as many as the polynomial of a stop needs."""

TOLERANCE = 5e-4
"""Duality gap in nats at which a minimum is done. Rounding in float32 is less, and the best loss changes by less than
1e-4."""


def decay_lanes(settings: dict, lanes: list[dict]) -> dict[str, np.ndarray]:
    """Minimize the training loss with weight decay for the lanes of one chunk, and evaluate the students at their best λ.

    Parameters
    ----------
    settings
        `StandardSettings` of linear students with one hidden layer, as JSON data. Start, training and width make no
        difference: there is one minimum, and the trunk is taken to be as wide as the composites' rank.
    lanes
        As `standard_lanes` takes them. If lanes hold a `weight_decay` λ > 0, which they share, the students have that λ.

    Returns
    -------
    dict of arrays (lane, …)
        Losses, accuracies and codes as `standard_lanes` has them, with `weight_decay` and `weight_decay_honest` in place of
        stopping times: λ at the minimum of the generalization loss, and at that of the validation loss.

    Raises
    ------
    InputError
        Where `standard_lanes` raises it, and for students that are not linear or have more hidden layers.
    """
    parsed = StandardSettings.parse(settings)
    if parsed.activation != "linear" or parsed.hidden_layers != 1:
        raise invalid(
            "Students with weight decay are linear, with one hidden layer",
            received=f"{parsed.activation}, {parsed.hidden_layers} layers",
            hint="Deeper students have several minima: use standard_lanes",
        )
    given = _given(lanes)
    draw = draw_lanes(parsed, lanes)
    if given is None:
        stops = stopped_students(parsed, draw, follow_path(parsed, draw), bracketed=bracketed_on_path)
    else:
        stops = stopped_students(parsed, draw, _leg(parsed, draw, -np.log([given])), bracketed=_always)
    found = columns(stops, {})
    decays = {f"weight_decay{suffix}": np.exp(-found.pop(f"stop{suffix}")) for suffix in ("", "_honest")}
    return found | decays


def _given(lanes: list[dict]) -> float | None:
    """The λ that lanes share, or None where they hold none."""
    values = {lane.get("weight_decay") for lane in lanes}
    if len(values) != 1:
        raise invalid("Lanes of one chunk must share weight_decay", received=values, hint="Group the sweep by it")
    return values.pop()


def follow_path(settings: StandardSettings, draw: Draw) -> Trajectory:
    """Students along falling λ, leg by leg, until both minima of every lane are bracketed.

    Parameters
    ----------
    settings, draw
        The problem, and the data of a chunk of lanes.

    Returns
    -------
    Trajectory
        `times` are −ln λ. Both curves (lane, time) in nats and the main task's composites.
    """
    legs = _legs(settings)
    path = _leg(settings, draw, next(legs))
    for times in legs:
        if np.any(path.result) or all(
            curve is not None and bracketed_on_path(path.times, curve).all()
            for curve in (path.generalization_loss, path.validation_loss)
        ):
            break
        path = _joined(path, _leg(settings, draw, times))
    return path


def bracketed_on_path(times: Float[AnyArray, "time"], curve: Float[AnyArray, "lane time"]) -> Bool[np.ndarray, "lane"]:
    """Whether the path goes on for `BEYOND` points after the curve's smallest value, and the curve ends above it."""
    lowest, last = first_minimum(curve), np.shape(times)[0] - 1
    return np.asarray((last - lowest >= BEYOND) & (np.asarray(curve)[:, last] > value_at(curve, lowest)))


def _always(times, curve) -> np.ndarray:
    return np.ones(len(curve), bool)


def _legs(settings: StandardSettings) -> Iterator[np.ndarray]:
    """−ln λ of each leg, from λ = Σ_t α_t: a larger λ leaves hardly any weights."""
    first = -np.log(sum(settings.alpha))
    for leg in range(LEGS):
        yield first + SPACING * (leg * LEG_POINTS + np.arange(LEG_POINTS))


def _leg(settings: StandardSettings, draw: Draw, times: np.ndarray) -> Trajectory:
    """A leg begins from zero weights; the minimum does not depend on that."""
    found = students.minimize(draw.problem(settings), np.exp(-times), tolerance=TOLERANCE)
    leg = Trajectory(times, found.composites[:1], np.max(np.asarray(found.result), axis=1))
    leg = benefit.with_generalization_loss(leg, draw.moments, rule=gaussian.Sobol(settings.coarse_points, scrambles=1))
    return benefit.with_validation_loss(leg, draw.validation_inputs, draw.validation_labels)


def _joined(path: Trajectory, leg: Trajectory) -> Trajectory:
    """A path and its next leg. A lane's code is the first that is not a success."""
    pairs = {name: (getattr(path, name), getattr(leg, name)) for name in ("generalization_loss", "validation_loss")}
    return Trajectory(
        np.concatenate([path.times, leg.times]),
        (np.concatenate([path.composites[0], leg.composites[0]], axis=1),),
        np.where(path.result != Result.SUCCESS, path.result, leg.result),
        **{name: np.concatenate(pair, axis=1) for name, pair in pairs.items()},
    )

"""The best weight decay, and the benefit of an auxiliary task when both arms have their best.

From the λ beyond which two layers have no weights, λ falls until the loss has fallen and rises; Brent's method finds the
minimum in between. All λ share their nodes, so the curve is smooth; the quick nodes are left to the best λ.
"""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import equinox as eqx
import numpy as np
from jaxtyping import Float
from scipy import optimize

from sharedtrunk._support.arguments import described, is_number
from sharedtrunk._support.limits import check_choice
from sharedtrunk._support.statistics import half_width
from sharedtrunk.asymptotics._evolved import StateEvolution
from sharedtrunk.asymptotics._fields import TaskFields, check_fields
from sharedtrunk.asymptotics._solver import Solver, checked_samples
from sharedtrunk.errors import invalid
from sharedtrunk.flows.result import Result

Criterion = Literal["oracle", "validation"]

_STEP, _MOST_STEPS = math.log(2), 15
"""Steps of ln λ down from the weight decay beyond which two layers have no weights, and their number: four decades.

The steps are short because fixed points take longer the further λ falls below its best value.
"""

_PRECISION = 0.05
"""Precision of ln λ: the loss is flat at its minimum, so it changes by the square of this."""

_BEYOND = 1e-6
"""Margin in ln λ above the threshold: exactly where the first weights appear, the iteration converges very slowly."""

_NONE = 0.1
"""Margin in ln λ above the threshold where no weights are best."""

_CLEAR = 1e-3
"""Differences of the loss below this many nats count as noise."""

_DIVERGED = 1e3
"""Loss of students that diverged, in nats: Brent's method computes with it."""


class Benefit(NamedTuple):
    """The multitask benefit at the best weight decay of each arm.

    Parameters
    ----------
    benefit
        Generalization loss of the main task alone minus that beside the others, in nats; positive where they help.
    error
        Half-width of its 99 % interval over the scrambles, which both arms share.
    single, joint
        Both arms at their best weight decay.
    """

    benefit: Float[np.ndarray, ""]
    error: Float[np.ndarray, ""]
    single: StateEvolution
    joint: StateEvolution


def best_weight_decay(
    fields: TaskFields, samples_per_feature: float, *, criterion: Criterion = "oracle", **settings
) -> StateEvolution:
    """The students at the λ with the lowest loss of the main task.

    Parameters
    ----------
    fields
        What the labels depend on (`fields_of_teachers`, `fields_of_gram`).
    samples_per_feature
        a = N/N_f > 0.001, one number.
    criterion
        "oracle": the loss on clean labels. "validation": the loss on fresh noisy labels, as many validation points have it.
    settings
        Other arguments of `state_evolution`.

    Returns
    -------
    StateEvolution
        At the best λ, its `weight_decay`. Where a fixed point was not reached, the loss of its last iterate counts, so that
        the result is `Result.STEP_LIMIT` if that λ seems best; students that diverged are left out. Where no student of two
        layers is better than chance, the one without weights; where the loss still falls at an end of the grid (four
        decades), the result is `Result.NOT_BRACKETED`.

    Raises
    ------
    InputError
        For an unknown criterion, and where `state_evolution` raises it.
    """
    check_choice("criterion", criterion, get_args(Criterion))
    check_fields(fields)
    if not is_number(samples_per_feature):
        raise invalid("N/N_f is one number > 0.001", received=described(samples_per_feature), hint="Give such as 4.0")
    a = float(checked_samples(samples_per_feature))
    solver = Solver(fields, **settings)
    log_decay, bracketed = _search(solver, a, criterion)
    students = solver.at(a, math.exp(log_decay))
    if bracketed:
        return students
    return eqx.tree_at(lambda each: each.result, students, np.asarray(int(Result.NOT_BRACKETED)))


def _search(solver: Solver, samples_per_feature: float, criterion: Criterion) -> tuple[float, bool]:
    """Logarithm of the best λ, and whether it lies between two that are worse."""

    def loss(log_decay: float) -> float:
        students = solver.at(samples_per_feature, math.exp(log_decay), rough=True)
        value = students.generalization_loss if criterion == "oracle" else students.validation_loss
        return float(value) if np.isfinite(value) else _DIVERGED

    largest = math.log(solver.largest_decay(samples_per_feature)) + _BEYOND
    grid, losses, lowest, ended = [largest], [loss(largest)], 0, False
    while len(grid) < _MOST_STEPS and not ended:
        grid.append(grid[-1] - _STEP)
        losses.append(loss(grid[-1]))
        lowest = int(np.argmin(losses))
        # another task's weights may come first, which leaves the loss where it is, up to the nodes' error
        gained, rose = losses[0] - losses[lowest], losses[-1] - losses[lowest]
        ended = rose > _CLEAR and (gained > _CLEAR or losses[-1] > losses[0] + _CLEAR)
    open_above = lowest == 0 and solver.layers == 1  # a trunk has no weights at a larger λ either
    if open_above or lowest == len(grid) - 1:
        return grid[lowest], False
    best = optimize.minimize_scalar(
        loss, bounds=(grid[lowest + 1], grid[max(lowest - 1, 0)]), method="bounded", options={"xatol": _PRECISION}
    )
    if best.fun < losses[lowest]:
        return float(best.x), True
    return (grid[lowest] if lowest else largest + _NONE), True


def benefit_at_best_decay(
    fields: TaskFields,
    samples_per_feature: float,
    *,
    criterion: Criterion = "oracle",
    task_weights: Sequence[float] | None = None,
    label_shares: Sequence[float] | None = None,
    **settings,
) -> Benefit:
    """How much the auxiliary tasks help the main task when both arms have their best weight decay.

    Parameters
    ----------
    fields, samples_per_feature, criterion
        See `best_weight_decay`.
    task_weights, label_shares
        One entry per task, as in `state_evolution`; the main task alone has its own entries.
    settings
        Other arguments of `state_evolution`.

    Returns
    -------
    Benefit
        The benefit with its error, and both arms, which share their nodes.

    Raises
    ------
    InputError
        Where `best_weight_decay` raises it.
    """
    both = {"task_weights": task_weights, "label_shares": label_shares}
    joint = best_weight_decay(fields, samples_per_feature, criterion=criterion, **both, **settings)
    alone = {name: None if values is None else values[:1] for name, values in both.items()}
    single = best_weight_decay(fields.main(), samples_per_feature, criterion=criterion, **alone, **settings)
    difference = single.losses[..., 0] - joint.losses[..., 0]
    return Benefit(np.asarray(difference.mean(axis=-1)), np.asarray(half_width(difference)), single, joint)

"""The three ways of knowing, each for all groups of a plan: joint lanes and their baselines at their stops."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import jax
import numpy as np

from sharedtrunk.experiments import Draw, StandardSettings
from sharedtrunk.prediction._arms import Arm
from sharedtrunk.prediction._lane_groups import Group, Plan, keys_of, weights_of
from sharedtrunk.prediction._simulation import simulated_arm
from sharedtrunk.prediction._theory import closure_arm, lanes_of, population_arm

_T = TypeVar("_T")


def by_population(problem: StandardSettings, plan: Plan, draws: list[Draw], workers: int) -> tuple[Arm, Arm]:
    """Infinite data know no N: every lane of a seed is followed once."""
    known: dict[tuple, int] = {}
    parts, weights = [], []
    for group, draw in zip(plan.groups, draws, strict=True):
        keys = keys_of(group)
        new = [n for n, key in enumerate(keys) if key not in known]
        known |= {keys[n]: len(known) + place for place, n in enumerate(new)}
        if new:
            parts.append(lanes_of(draw, np.array(new)))
            weights.append(weights_of(problem, group)[new])
    arm = population_arm(parts, np.concatenate(weights), problem.time_limit, workers)
    places = [np.array([known[key] for key in keys_of(group)]) for group in plan.groups]
    index = [
        np.concatenate([p[getattr(g, which)] for g, p in zip(plan.groups, places, strict=True)])
        for which in ("joint_index", "single_index")
    ]
    return arm.lanes(index[0]), arm.lanes(index[1])


def by_closure(problem: StandardSettings, plan: Plan, draws: list[Draw], workers: int) -> tuple[Arm, Arm]:
    inside = max(1, workers // len(plan.groups))

    def one(group: Group, draw: Draw) -> Arm:
        return closure_arm(draw, weights_of(problem, group), problem.time_limit, inside)

    return _joined(plan, _side_by_side(one, plan, draws, workers))


def by_simulation(
    problem_of: dict[int, StandardSettings], plan: Plan, draws: list[Draw], workers: int
) -> tuple[Arm, Arm]:
    def one(group: Group, draw: Draw) -> Arm:
        count = len(group.joint)
        arms = (
            simulated_arm(problem_of[2], draw, slice(0, count)),
            simulated_arm(problem_of[1], draw, slice(count, None)),
        )
        return _stacked(arms)

    return _joined(plan, _side_by_side(one, plan, draws, workers))


def _joined(plan: Plan, arms: list[Arm]) -> tuple[Arm, Arm]:
    """Joint lanes and their baselines of all members of all groups."""
    both = [
        [arm.lanes(getattr(group, which)) for group, arm in zip(plan.groups, arms, strict=True)]
        for which in ("joint_index", "single_index")
    ]
    joint, single = (_stacked(parts) for parts in both)
    return joint, single


def _stacked(arms: Sequence[Arm]) -> Arm:
    return jax.tree.map(lambda *parts: np.concatenate(parts), *arms)


def _side_by_side(one: Callable[..., _T], plan: Plan, draws: list[Draw], workers: int) -> list[_T]:
    """`one` of every group, in threads; the first group goes ahead and compiles for all."""
    first = one(plan.groups[0], draws[0])
    with ThreadPoolExecutor(workers) as pool:
        return [first, *pool.map(one, plan.groups[1:], draws[1:])]

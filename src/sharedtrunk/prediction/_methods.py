"""The methods that stop early, each for all groups of a plan: joint lanes and their baselines at their stops."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from sharedtrunk.experiments import Draw, StandardSettings
from sharedtrunk.flows.stopped import Stops
from sharedtrunk.prediction._arms import closure_arm, joined, population_arm, simulated_arm, some_lanes
from sharedtrunk.prediction._lane_groups import Group, Plan, lane_keys, of_tasks, task_weights

_T = TypeVar("_T")


def by_population(problem: StandardSettings, plan: Plan, draws: list[Draw], workers: int) -> tuple[Stops, Stops]:
    """Joint and single arm by the population flow. It does not depend on N: lanes that differ only in N are solved once."""
    place_of: dict[tuple, int] = {}
    arms = []
    for tasks in dict.fromkeys(group.tasks for group in plan.groups):
        parts, weights = [], []
        for group, draw in zip(plan.groups, draws, strict=True):
            keys = lane_keys(group)
            unsolved = [lane for lane, key in enumerate(keys) if key not in place_of] if group.tasks == tasks else []
            place_of |= {keys[lane]: len(place_of) + place for place, lane in enumerate(unsolved)}
            if unsolved:
                parts.append(some_lanes(draw, np.array(unsolved)))
                weights.append(task_weights(problem, group)[unsolved])
        arms.append(population_arm(parts, np.concatenate(weights), problem.time_limit, workers))
    arm = joined(arms)
    places_by_group = [np.array([place_of[key] for key in lane_keys(group)]) for group in plan.groups]
    pairs = list(zip(plan.groups, places_by_group, strict=True))
    joint = np.concatenate([places[group.joint_index] for group, places in pairs])
    single = np.concatenate([places[group.single_index] for group, places in pairs])
    return arm.lanes(joint), arm.lanes(single)


def by_closure(problem: StandardSettings, plan: Plan, draws: list[Draw], workers: int) -> tuple[Stops, Stops]:
    """Joint and single arm by the Gaussian closure of every sample."""
    workers_per_group = max(1, workers // len(plan.groups))

    def arm_of(group: Group, draw: Draw) -> Stops:
        return closure_arm(draw, task_weights(problem, group), problem.time_limit, workers_per_group)

    return _both_arms(plan, in_threads(arm_of, list(zip(plan.groups, draws, strict=True)), workers))


def by_simulation(problem: StandardSettings, plan: Plan, draws: list[Draw], workers: int) -> tuple[Stops, Stops]:
    """Joint and single arm by training students on every sample."""

    def arm_of(group: Group, draw: Draw) -> Stops:
        count = len(group.joint)
        joint = simulated_arm(of_tasks(problem, group.tasks), some_lanes(draw, slice(0, count)))
        return joined([joint, simulated_arm(of_tasks(problem, 1), some_lanes(draw, slice(count, None)))])

    return _both_arms(plan, in_threads(arm_of, list(zip(plan.groups, draws, strict=True)), workers))


def _both_arms(plan: Plan, arms: list[Stops]) -> tuple[Stops, Stops]:
    """Joint lanes and their baselines, from the lanes of every group."""
    pairs = list(zip(plan.groups, arms, strict=True))
    joint = joined([arm.lanes(group.joint_index) for group, arm in pairs])
    return joint, joined([arm.lanes(group.single_index) for group, arm in pairs])


def in_threads(function: Callable[..., _T], jobs: Sequence[tuple], workers: int) -> list[_T]:
    """Call `function(*job)` for every job, in threads. The first job runs alone, because it compiles for all."""
    first = [function(*job) for job in jobs[:1]]
    with ThreadPoolExecutor(workers) as pool:
        return [*first, *pool.map(lambda job: function(*job), jobs[1:])]

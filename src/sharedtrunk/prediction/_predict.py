"""The room's verbs: draw once, follow both theories and the simulation on the same draws, and put them side by side."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import jax
import numpy as np

from sharedtrunk._errors import invalid
from sharedtrunk.experiments import Draw, StandardSettings, draw_chunk
from sharedtrunk.prediction._arms import Arm, compared
from sharedtrunk.prediction._plan import Group, Plan, keys_of, weights_of
from sharedtrunk.prediction._prediction import Prediction, WayName
from sharedtrunk.prediction._setting import Setting, check_whole, standard_problem
from sharedtrunk.prediction._simulation import simulated_arm
from sharedtrunk.prediction._theory import closure_arm, lanes_of, population_arm

_T = TypeVar("_T")


def predict(
    samples: int = 400,
    s_main: float = 1.0,
    s_aux: float = 10.0,
    relatedness: float = 0.5,
    *,
    simulate: bool = True,
    **options: Any,
) -> Prediction:
    """The multitask benefit of one setting, in nats: by both theories and, with `simulate`, by a quick simulation.

    N = `samples` points, teachers of equal singular values s̄_A = `s_main`, s̄_B = `s_aux` and relatedness r·I. `options`
    are those of `predict_grid`: seeds, sizes, noise, start, task weights. `print(predict(…).sentence)` says which way
    to believe here, and why. Raises `InputError` for a value out of range.
    """
    return predict_grid([Setting(samples, s_main, s_aux, relatedness)], simulate=simulate, **options)[0]


def predict_grid(
    settings: Iterable[Setting],
    *,
    simulate: bool = False,
    seeds: int | Sequence[int] = 5,
    classes: int = 10,
    rank: int | None = None,
    features: int = 100,
    hidden: int = 100,
    noise: float = 1.0,
    start_scale: float = 0.3,
    task_weights: tuple[float, float] = (1.0, 1.0),
    time_limit: float = 500.0,
    precision: str = "float32",
    workers: int | None = None,
) -> list[Prediction]:
    """`predict` of many settings of one problem, as batches; lanes that several settings need are followed once.

    *population*: the flow of infinite data from the noisy teachers. *closure*: the Gaussian closure of the drawn samples.
    *simulation*: students trained on those samples. All stop at the minimum of the generalization loss (19), and are
    bounded by (24)–(25) with M(W̄) at the stopped weights. `seeds` is a number (0, 1, …) or the seeds themselves; `rank` is
    the number of classes unless said; `workers` threads work side by side, one per core unless said.

    Raises `InputError` for values out of range, and for float64 where JAX's is off.
    """
    problem_of = {
        tasks: standard_problem(
            tasks,
            classes=classes,
            rank=rank,
            task_weights=task_weights,
            features=features,
            hidden=hidden,
            noise=noise,
            start_scale=start_scale,
            time_limit=time_limit,
            precision=precision,
        )
        for tasks in (1, 2)
    }
    plan = Plan(tuple(settings), _seeds(seeds))
    if noise == 0 and any(setting.s_aux == 0 for setting in plan.settings):
        raise invalid("A task needs a signal or noise", received="s_aux = 0 and noise = 0", way_out="Raise either")
    workers = len(os.sched_getaffinity(0)) if workers is None else workers
    check_whole("workers", workers, "threads")
    if not plan.settings:
        return []
    draws = [draw_chunk(problem_of[2], group.seed, group.samples, group.joint + group.single) for group in plan.groups]
    arms: dict[WayName, tuple[Arm, Arm]] = {
        "population": _population(problem_of[2], plan, draws, workers),
        "closure": _closure(problem_of[2], plan, draws, workers),
    }
    if simulate:
        arms["simulation"] = _simulation(problem_of, plan, draws, workers)
    moments = np.concatenate(
        [np.asarray(draw.moments)[g.joint_index] for g, draw in zip(plan.groups, draws, strict=True)]
    )
    return plan.predictions({name: compared(*both, moments) for name, both in arms.items()}, problem_of[2])


def _seeds(seeds: int | Sequence[int]) -> tuple[int, ...]:
    if not isinstance(seeds, Sequence):
        check_whole("seeds", seeds, "seeds")
        seeds = range(seeds)
    if not seeds or any(isinstance(s, bool) or not isinstance(s, int | np.integer) or s < 0 for s in seeds):
        raise invalid("Seeds are whole numbers ≥ 0, at least one", received=list(seeds), way_out="Give seeds=5")
    return tuple(int(seed) for seed in seeds)


def _population(problem: StandardSettings, plan: Plan, draws: list[Draw], workers: int) -> tuple[Arm, Arm]:
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


def _closure(problem: StandardSettings, plan: Plan, draws: list[Draw], workers: int) -> tuple[Arm, Arm]:
    inside = max(1, workers // len(plan.groups))

    def one(group: Group, draw: Draw) -> Arm:
        return closure_arm(draw, weights_of(problem, group), problem.time_limit, inside)

    return _joined(plan, _side_by_side(one, plan, draws, workers))


def _simulation(
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

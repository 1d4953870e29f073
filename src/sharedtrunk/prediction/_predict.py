"""The room's verbs: draw once, follow both theories and the simulation on the same draws, and put them side by side."""

from collections.abc import Iterable

import numpy as np

from sharedtrunk._support.environment import cores
from sharedtrunk._support.limits import MOST_PROCESSES
from sharedtrunk.errors import invalid
from sharedtrunk.experiments import draw_chunk
from sharedtrunk.prediction._arms import Arm, compared
from sharedtrunk.prediction._lane_groups import Plan
from sharedtrunk.prediction._methods import by_closure, by_population, by_simulation
from sharedtrunk.prediction._prediction import Prediction, WayName
from sharedtrunk.prediction._setting import Setting, as_seeds, as_settings, as_whole, standard_problem

MOST_INPUTS = 2e9
"""Numbers in the training inputs of all seeds and sample counts, and in the weights of all students: each of the two lies in
memory as a whole."""


def predict(
    samples: int = 400,
    s_main: float = 1.0,
    s_aux: float = 10.0,
    relatedness: float = 0.5,
    *,
    simulate: bool = True,
    seeds: int | Iterable[int] = 5,
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
) -> Prediction:
    """The multitask benefit of one setting, in nats: by both theories and, unless `simulate` is False, by a quick simulation.

    N = `samples` points, teachers of equal singular values s̄_A = `s_main`, s̄_B = `s_aux` and relatedness r·I; all else as
    in `predict_grid`, which simulates only where asked. `print(predict(…).sentence)` says which way to believe here, and
    why. Raises `InputError` for a value out of range.
    """
    return predict_grid(
        [Setting(samples, s_main, s_aux, relatedness)],
        simulate=simulate,
        seeds=seeds,
        classes=classes,
        rank=rank,
        features=features,
        hidden=hidden,
        noise=noise,
        start_scale=start_scale,
        task_weights=task_weights,
        time_limit=time_limit,
        precision=precision,
        workers=workers,
    )[0]


def predict_grid(
    settings: Iterable[Setting | tuple[int, float, float, float]],
    *,
    simulate: bool = False,
    seeds: int | Iterable[int] = 5,
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
    *simulation*: students trained on those samples; here only with `simulate`, in `predict` unless told otherwise. All stop
    at the minimum of the generalization loss (19), and are bounded by (24)–(25) with M(W̄) at the stopped weights.

    `settings` are `Setting`s, or tuples (samples, s_main, s_aux, relatedness). `seeds` is a number (0, 1, …) or the seeds
    themselves; `rank` is the number of classes unless said; `workers` threads work side by side, one per core unless said.

    Raises `InputError` for values out of range, for inputs of all seeds beyond `MOST_INPUTS` numbers, and for float64 where
    JAX's is off.
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
    plan = Plan(as_settings(settings), as_seeds(seeds))
    _check_plan(plan, features, noise)
    _check_weights(plan, hidden, features + 2 * classes)
    workers = cores() if workers is None else as_whole("workers", workers, "one per core", MOST_PROCESSES)
    if not plan.settings:
        return []
    draws = [draw_chunk(problem_of[2], group.seed, group.samples, group.joint + group.single) for group in plan.groups]
    arms: dict[WayName, tuple[Arm, Arm]] = {
        "population": by_population(problem_of[2], plan, draws, workers),
        "closure": by_closure(problem_of[2], plan, draws, workers),
    }
    if simulate:
        arms["simulation"] = by_simulation(problem_of, plan, draws, workers)
    moments = np.concatenate(
        [np.asarray(draw.moments)[g.joint_index] for g, draw in zip(plan.groups, draws, strict=True)]
    )
    return plan.predictions({name: compared(*both, moments) for name, both in arms.items()}, problem_of[2])


def _check_plan(plan: Plan, features: int, noise: float) -> None:
    if noise == 0 and any(setting.s_aux == 0 for setting in plan.settings):
        raise invalid("A task needs a signal or noise", received="s_aux = 0 and noise = 0", hint="Raise either")
    points = sum(group.samples for group in plan.groups)
    if points * features > MOST_INPUTS:
        raise invalid(
            f"seeds × samples × features must be at most {MOST_INPUTS:.0e} numbers, which lie in memory together",
            received=f"{points:.3g} points of {features} features",
            hint="Ask for fewer samples, seeds or features",
        )


def _check_weights(plan: Plan, hidden: int, connections: int) -> None:
    """Raise `InputError` where the weights of all students, `connections` to each hidden unit, would fill the memory."""
    students = sum(len(group.joint) + len(group.single) for group in plan.groups)
    if students * hidden * connections > MOST_INPUTS:
        raise invalid(
            f"the weights of all students must be at most {MOST_INPUTS:.0e} numbers, which lie in memory together",
            received=f"{students} students of {hidden} hidden units with {connections} weights each",
            hint="Ask for fewer seeds, hidden units, classes or features",
        )

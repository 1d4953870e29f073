"""`predict` and `predict_grid`: draw once, run theories and the simulation on the same draws, and compare them."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from sharedtrunk._support.environment import cores
from sharedtrunk._support.limits import MOST_PROCESSES
from sharedtrunk.errors import invalid
from sharedtrunk.experiments import StandardSettings, draw_chunk
from sharedtrunk.flows.stopped import Stops
from sharedtrunk.prediction._arms import compared
from sharedtrunk.prediction._decay import by_decay, refusal
from sharedtrunk.prediction._lane_groups import Plan, of_tasks
from sharedtrunk.prediction._methods import by_closure, by_population, by_simulation
from sharedtrunk.prediction._prediction import Answer, Method, Prediction
from sharedtrunk.prediction._setting import Setting, as_seeds, as_settings, as_whole, check_ranks, standard_problem

MOST_INPUTS = 2e9
"""The largest number of entries of all inputs, or of all students' weights: 8 GB in float32 and 16 GB in float64."""


def predict(
    samples: int = 400,
    s_main: float | Sequence[float] = 1.0,
    s_aux: float | Sequence[Any] = 10.0,
    relatedness: float | Sequence[Any] = 0.5,
    *,
    simulate: bool = True,
    best_decay: bool = False,
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
    """The multitask benefit of one setting by theory and by a quick simulation, and which of them to believe.

    `print(predict(…).sentence)` says which method to believe here, and why. With several auxiliary tasks the benefit is that
    of training beside all of them.

    Parameters
    ----------
    samples, s_main, s_aux, relatedness
        The `Setting`: N, s̄_A, s̄_B and r. Lists stand for unequal singular values, a matrix R and several auxiliary tasks.
    simulate, best_decay
        Whether to train students too, and whether to add the theory of weight decay (`predict_grid`).
    seeds, classes, rank, features, hidden, noise, start_scale, task_weights, time_limit, precision, workers
        See `predict_grid`.

    Returns
    -------
    Prediction
        The answers "population", "closure", "simulation" and "decay", in nats.

    Raises
    ------
    InputError
        For a value out of range.
    """
    return predict_grid(
        [Setting(samples, s_main, s_aux, relatedness)],
        simulate=simulate,
        best_decay=best_decay,
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
    settings: Iterable[Setting | tuple[int, Any, Any, Any]],
    *,
    simulate: bool = False,
    best_decay: bool = False,
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
    """`predict` for many settings of one problem, in batches; lanes that several settings need are computed once.

    *population* is the flow on infinite data from the noisy teachers, *closure* the Gaussian closure of the drawn samples,
    *simulation* the students trained on those samples. All stop at the minimum of the generalization loss (19). The bounds
    (24)–(25) take the clean label moment M(W̄) and the stopped weights. *decay* speaks of another training: to the minimum
    with the best weight decay of each arm, in the limit N, N_f → ∞ at N/N_f
    (`asymptotics.benefit_at_best_decay`), for the class directions and relatedness of every seed's teachers.

    Parameters
    ----------
    settings
        `Setting`s, or tuples (samples, s_main, s_aux, relatedness).
    simulate
        Whether to train students too.
    best_decay
        Whether to add *decay*, which takes seconds a seed for three classes and minutes for ten. A setting that it does not
        cover has the reason in `Prediction.refused`.
    seeds
        Number of seeds (0, 1, …), or the seeds themselves. A seed draws teachers, inputs and start.
    classes, rank, features, hidden
        Sizes of both tasks and of the trunk; the rank of the teachers is the number of classes by default.
    noise
        Scale σ̂ of the teachers' noise.
    start_scale
        The initial weights are start_scale · N(0, 1/fan_in).
    task_weights
        (α_A, α_B), the weights of the main task's loss and of each auxiliary task's.
    time_limit
        Training time up to which the minimum is searched for.
    precision
        "float32" or "float64", which needs JAX's x64 mode.
    workers
        Threads; one per core by default.

    Returns
    -------
    list of Prediction
        One per setting, in the same order.

    Raises
    ------
    InputError
        For values out of range, for inputs or weights of more than `MOST_INPUTS` numbers, and for float64 without JAX's
        x64 mode.
    """
    problem = standard_problem(
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
    plan = Plan(as_settings(settings), as_seeds(seeds))
    _check_plan(plan, problem)
    _check_weights(plan, problem)
    workers = cores() if workers is None else as_whole("workers", workers, "one per core", MOST_PROCESSES)
    if not plan.settings:
        return []
    draws = [
        draw_chunk(of_tasks(problem, group.tasks), group.seed, group.samples, group.joint + group.single)
        for group in plan.groups
    ]
    arms: dict[Method, tuple[Stops, Stops]] = {
        "population": by_population(problem, plan, draws, workers),
        "closure": by_closure(problem, plan, draws, workers),
    }
    if simulate:
        arms["simulation"] = by_simulation(problem, plan, draws, workers)
    moments = np.concatenate(
        [np.asarray(draw.moments)[g.joint_index] for g, draw in zip(plan.groups, draws, strict=True)]
    )
    answers: dict[Method, Answer] = {name: compared(*both, moments) for name, both in arms.items()}
    refused: list[dict[Method, str]] = [{} for _ in plan.settings]
    if best_decay:
        answers["decay"] = by_decay(problem, plan, workers)
        reasons = [refusal(problem, 1 + len(setting.auxiliaries)) for setting in plan.settings]
        refused = [{} if reason is None else {"decay": reason} for reason in reasons]
    return plan.predictions(answers, problem, refused)


def _check_plan(plan: Plan, problem: StandardSettings) -> None:
    for setting in plan.settings:
        check_ranks(setting, problem.rank)
    if problem.noise == 0 and any(np.max(s_aux) == 0 for each in plan.settings for s_aux, _ in each.auxiliaries):
        raise invalid("A task needs a signal or noise", received="s_aux = 0 and noise = 0", hint="Raise either")
    points = sum(group.samples for group in plan.groups)
    if points * problem.features > MOST_INPUTS:
        raise invalid(
            f"seeds × samples × features must be at most {MOST_INPUTS:.0e}, because all inputs are in memory at once",
            received=f"{points:.3g} points of {problem.features} features",
            hint="Ask for fewer samples, seeds or features",
        )


def _check_weights(plan: Plan, problem: StandardSettings) -> None:
    """Raise `InputError` where the weights of all students would fill the memory."""
    students = sum(len(group.joint) + len(group.single) for group in plan.groups)
    tasks = max((group.tasks for group in plan.groups), default=2)
    hidden, connections = problem.hidden, problem.features + tasks * problem.classes
    if students * hidden * connections > MOST_INPUTS:
        raise invalid(
            f"all students together must have at most {MOST_INPUTS:.0e} weights, because they are in memory at once",
            received=f"{students} students of {hidden} hidden units with {connections} weights each",
            hint="Ask for fewer seeds, hidden units, classes or features",
        )

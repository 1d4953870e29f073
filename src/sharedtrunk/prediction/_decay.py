"""Training to the minimum with weight decay in place of early stopping, each arm with its best λ, as N and N_f → ∞.

The theory has no draws of inputs, noise and start, but the teachers of every seed: for finitely many classes the class
directions Ū of the tasks, and so the benefit, differ from seed to seed at any size.
"""

import dataclasses
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from sharedtrunk import asymptotics
from sharedtrunk.experiments import StandardSettings, draw_teachers
from sharedtrunk.flows.result import Result
from sharedtrunk.prediction._lane_groups import Group, Plan, of_tasks
from sharedtrunk.prediction._methods import in_threads
from sharedtrunk.prediction._prediction import Answer
from sharedtrunk.teachers import Teacher, relatedness

MOST_CLASSES = 100
"""The largest number of classes of all tasks together: the solver's time grows as the third power."""


def refusal(problem: StandardSettings, tasks: int) -> str | None:
    """Why this theory has no answer for students with so many tasks; None where it has one."""
    classes = tasks * problem.classes
    if classes > MOST_CLASSES:
        return f"none: at most {MOST_CLASSES} classes of all tasks, got {classes}"
    if classes > problem.hidden:
        return f"none: needs a hidden unit for each of {classes} classes, got {problem.hidden}"
    return None


def by_decay(problem: StandardSettings, plan: Plan, workers: int) -> Answer:
    """The answer for all members of all groups, one group after the other; NaN where `refusal` has a reason."""
    jobs = []
    for number, group in enumerate(plan.groups):
        if refusal(problem, group.tasks) is None:
            drawn = draw_teachers(of_tasks(problem, group.tasks), group.seed, group.joint)
            jobs += [(number, lane, limit(teachers)) for lane, teachers in enumerate(drawn)]

    def benefit(number: int, lane: int, teachers: Sequence[Teacher]) -> tuple[tuple[int, int], dict[str, float | int]]:
        return (number, lane), _numbers(_benefit(problem, plan.groups[number], teachers))

    known = dict(in_threads(benefit, jobs, workers))
    members = [(number, lane) for number, group in enumerate(plan.groups) for lane in group.joint_index]
    columns = {field.name: np.nan for field in dataclasses.fields(Answer)} | {"result": Result.SUCCESS}
    each = [{**columns, **known.get(member, {})} for member in members]
    answer: dict = {name: np.array([numbers[name] for numbers in each]) for name in columns}
    return Answer(**{**answer, "benefit_honest": None})


def limit(teachers: Sequence[Teacher]) -> list[Teacher]:
    """Teachers with the Gram matrices of infinitely many features.

    The relatedness to the main task is exact at any size. The parts of the auxiliary tasks' directions outside the main
    task's overlap at random at finite size; here each has features of its own. The noise is left out, because `asymptotics`
    adds its limit.
    """
    main, *others = teachers
    nothing = jnp.zeros_like(main.right)
    rights = [[main.right, *(nothing for _ in others)]]
    for space, teacher in enumerate(others):
        shared = main.right @ relatedness(main, teacher).T
        own = [teacher.right - shared if other == space else nothing for other in range(len(others))]
        rights.append([shared, *own])
    return [
        dataclasses.replace(teacher, right=jnp.concatenate(parts), noise=jnp.tile(0 * teacher.noise, len(parts)))
        for teacher, parts in zip(teachers, rights, strict=True)
    ]


def _benefit(problem: StandardSettings, group: Group, teachers: Sequence[Teacher]) -> asymptotics.Benefit:
    fields = asymptotics.fields_of_teachers(teachers, noise=problem.noise)
    weights = of_tasks(problem, group.tasks).task_weights(group.tasks)
    if problem.alpha[1] == 0:  # the joint student is the single one
        fields, weights = fields.main(), weights[:1]
    return asymptotics.benefit_at_best_decay(
        fields,
        group.samples / problem.features,
        task_weights=weights,
        layers=problem.hidden_layers + 1,
    )


def _numbers(found: asymptotics.Benefit) -> dict[str, float | int]:
    """The columns of an answer. An arm that failed has no numbers, and without both arms there is no benefit."""
    codes = {"single": int(found.single.result), "joint": int(found.joint.result)}
    numbers: dict[str, float | int] = {"result": codes["joint"] or codes["single"]}
    for arm, students in (("single", found.single), ("joint", found.joint)):
        if codes[arm] == Result.SUCCESS:
            numbers |= {
                f"loss_{arm}": float(students.generalization_loss),
                f"decay_{arm}": float(students.weight_decay),
            }
    if numbers["result"] == Result.SUCCESS:
        numbers |= {"benefit": float(found.benefit), "error": float(found.error)}
    return numbers

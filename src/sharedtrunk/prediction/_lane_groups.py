"""Which lanes to train for which settings: grouped by sample count, form and seed, each distinct lane once.

Settings of one *form* have the same number of auxiliary tasks, and numbers, lists and matrices in the same places. Only lanes
of one form are drawn side by side, so no setting's draws depend on the forms of the others.
"""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any, NamedTuple

import numpy as np

from sharedtrunk.experiments import StandardSettings
from sharedtrunk.prediction._prediction import Answer, Method, Prediction
from sharedtrunk.prediction._sentence import sentence
from sharedtrunk.prediction._setting import Setting

FIXED = ("tasks", "activation", "start", "fresh_points")
"""Fields of the problem that a prediction leaves out: its students are always linear and start at random."""


class Group(NamedTuple):
    """Lanes that share samples, form and seed: distinct joint lanes, then distinct baselines.

    `members` are the (setting, seed) pairs of the grid that need the group, as indices. `joint_index` and `single_index`
    say which lanes of the group are the joint lane and the baseline of each member.
    """

    samples: int
    tasks: int
    seed: int
    joint: list[dict]
    single: list[dict]
    members: list[tuple[int, int]]
    joint_index: np.ndarray
    single_index: np.ndarray


class Plan:
    """The groups of lanes for a grid of settings and seeds."""

    def __init__(self, settings: tuple[Setting, ...], seeds: tuple[int, ...]):
        self.settings, self.seeds = settings, seeds
        kinds = [(setting.samples, _form(setting)) for setting in settings]
        members = [[n for n, each in enumerate(kinds) if each == kind] for kind in dict.fromkeys(kinds)]
        self.groups = [self._group(indices, n) for indices in members for n in range(len(seeds))]

    def _group(self, indices: list[int], seed_index: int) -> Group:
        seed, first = self.seeds[seed_index], self.settings[indices[0]]
        samples, tasks = int(first.samples), 1 + len(first.auxiliaries)
        lanes = [tuple(self.settings[n].lane().items()) for n in indices]
        mains = [self.settings[n].lane()["s_main"] for n in indices]
        joint, single = list(dict.fromkeys(lanes)), list(dict.fromkeys(mains))
        shared = {"n_samples": samples, "seed": seed}
        # the auxiliary tasks of a baseline are drawn but have weight 0
        form = dict(joint[0])
        others = {"s_aux": _filled(form["s_aux"], 1.0), "relatedness": _filled(form["relatedness"], 0.0)}
        return Group(
            samples,
            tasks,
            seed,
            [{**dict(lane), **shared} for lane in joint],
            [{"s_main": s, **others, **shared} for s in single],
            [(n, seed_index) for n in indices],
            np.array([joint.index(lane) for lane in lanes]),
            len(joint) + np.array([single.index(s) for s in mains]),
        )

    def predictions(
        self, answers: dict[Method, Answer], problem: StandardSettings, refused: Sequence[dict[Method, str]]
    ) -> list[Prediction]:
        """One prediction per setting.

        `answers` are those of all members of all groups, one group after the other; `refused` has for every setting the
        methods without an answer, with the reason.
        """
        members = [member for group in self.groups for member in group.members]
        order = np.empty((len(self.settings), len(self.seeds)), int)
        for index, member in enumerate(members):
            order[member] = index
        known = {name: value for name, value in asdict(problem).items() if name not in FIXED}
        predictions = []
        for setting, seeds, without in zip(self.settings, order, refused, strict=True):
            by_method: dict[Method, Answer] = {
                name: answer.of_seeds(seeds) for name, answer in answers.items() if name not in without
            }
            words = sentence(setting, by_method, problem.features, time_limit=problem.time_limit)
            predictions.append(Prediction(setting, known, self.seeds, by_method, words, without))
        return predictions


def _form(setting: Setting) -> tuple:
    """The form of a setting: its lane with 0 in place of every number."""
    return tuple(_filled(value, 0.0) for value in setting.lane().values())


def _filled(value: Any, number: float) -> Any:
    """The value with `number` in place of every number in it."""
    return tuple(_filled(each, number) for each in value) if isinstance(value, tuple) else number


def lane_keys(group: Group) -> list[tuple]:
    """A key for every lane of a group. Lanes that differ only in their number of samples have the same key."""
    joint = [(group.seed, lane["s_main"], lane["s_aux"], lane["relatedness"]) for lane in group.joint]
    return joint + [(group.seed, lane["s_main"]) for lane in group.single]


def task_weights(problem: StandardSettings, group: Group) -> np.ndarray:
    """The tasks' weights in every lane (lane, task): a baseline is a joint lane whose auxiliary tasks have weight 0."""
    joint, single = (of_tasks(problem, tasks).task_weights(group.tasks) for tasks in (group.tasks, 1))
    return np.array([joint] * len(group.joint) + [single] * len(group.single))


def of_tasks(problem: StandardSettings, tasks: int) -> StandardSettings:
    """The same problem for students that train on this many tasks."""
    return replace(problem, tasks=tasks)

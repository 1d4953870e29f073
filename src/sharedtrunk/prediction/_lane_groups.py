"""Which lanes to follow for which settings: grouped by sample count and seed, each distinct lane once."""

from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np

from sharedtrunk.experiments import StandardSettings
from sharedtrunk.prediction._prediction import Prediction, Way, WayName
from sharedtrunk.prediction._sentence import sentence
from sharedtrunk.prediction._setting import Setting

FIXED = ("tasks", "activation", "start", "fresh_points")
"""What a prediction has no choice of: linear students with a random start."""


class Group(NamedTuple):
    """Lanes that share samples and seed: distinct joint lanes, then distinct baselines, and who needs which."""

    samples: int
    seed: int
    joint: list[dict]
    single: list[dict]
    members: list[tuple[int, int]]
    """(setting, seed) by place in the whole grid."""
    joint_index: np.ndarray
    single_index: np.ndarray


class Plan:
    """Which lanes to follow for which settings."""

    def __init__(self, settings: tuple[Setting, ...], seeds: tuple[int, ...]):
        self.settings, self.seeds = settings, seeds
        counts = list(dict.fromkeys(setting.samples for setting in settings))
        self.groups = [self._group(samples, place) for samples in counts for place in range(len(seeds))]

    def _group(self, samples: int, place: int) -> Group:
        inside = [n for n, setting in enumerate(self.settings) if setting.samples == samples]
        lanes = [tuple(self.settings[n].lane().items()) for n in inside]
        mains = [self.settings[n].lane()["s_main"] for n in inside]
        joint, single = list(dict.fromkeys(lanes)), list(dict.fromkeys(mains))
        shared = {"n_samples": int(samples), "seed": self.seeds[place]}
        return Group(
            int(samples),
            self.seeds[place],
            [{**dict(lane), **shared} for lane in joint],
            # the auxiliary task of a baseline is drawn and has no weight
            [{"s_main": s, "s_aux": 1.0, "relatedness": 0.0, **shared} for s in single],
            [(n, place) for n in inside],
            np.array([joint.index(lane) for lane in lanes]),
            len(joint) + np.array([single.index(s) for s in mains]),
        )

    def predictions(self, found: dict[WayName, Way], problem: StandardSettings) -> list[Prediction]:
        """One per setting, from ways that hold all members of all groups, one after the other."""
        members = [member for group in self.groups for member in group.members]
        order = np.empty((len(self.settings), len(self.seeds)), int)
        for place, member in enumerate(members):
            order[member] = place
        known = {name: value for name, value in asdict(problem).items() if name not in FIXED}
        predictions = []
        for setting, places in zip(self.settings, order, strict=True):
            ways: dict[WayName, Way] = {name: _chosen(way, places) for name, way in found.items()}
            told = sentence(setting, ways, problem.features, time_limit=problem.time_limit)
            predictions.append(Prediction(setting, known, self.seeds, ways, told))
        return predictions


def _chosen(way: Way, places: np.ndarray) -> Way:
    columns: dict[str, Any] = {name: None if value is None else value[places] for name, value in vars(way).items()}
    return Way(**columns)


def keys_of(group: Group) -> list[tuple]:
    """What tells the lanes of a group apart when the sample count does not."""
    joint = [(group.seed, lane["s_main"], lane["s_aux"], lane["relatedness"]) for lane in group.joint]
    return joint + [(group.seed, lane["s_main"]) for lane in group.single]


def weights_of(problem: StandardSettings, group: Group) -> np.ndarray:
    """The tasks' weights in every lane (lane, task): a baseline is a joint lane whose auxiliary task has none."""
    main, auxiliary = problem.alpha
    return np.array([(main, auxiliary)] * len(group.joint) + [(main, 0.0)] * len(group.single))

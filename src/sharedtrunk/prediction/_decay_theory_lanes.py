"""Lanes of the theory of weight decay: both arms at their best λ with many features, or at a given λ with the drawn teachers.

They take the settings and lanes of `experiments.decay_lanes`. With many features the benefit still depends on the teachers'
class vectors, so a lane of theory is paired with the simulated lane of the same seed.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np

from sharedtrunk import asymptotics, experiments, teachers
from sharedtrunk._support.statistics import half_width
from sharedtrunk.experiments import StandardSettings
from sharedtrunk.prediction._theory_lanes import linear_settings


def decay_limit_lanes(settings: dict, lanes: list[dict]) -> dict[str, np.ndarray]:
    """Both arms with many features (N, N_f → ∞ at the lanes' N/N_f), each at its best λ.

    Lanes that differ in the seed alone share the best λ of the first of them, and all lanes share the λ of the main task
    alone: the loss is flat at its minimum, and seeds differ little.

    Parameters
    ----------
    settings, lanes
        See `experiments.decay_lanes`; `tasks` makes no difference. Lanes share `n_samples` and `s_main`.

    Returns
    -------
    dict
        Lane by lane: `loss_single` and `loss_joint` in nats, `loss_single_error`, `loss_joint_error` and `benefit_error`,
        which are half-widths of 99 % intervals, `weight_decay_single`, `weight_decay_joint`, and the `result` code.

    Raises
    ------
    InputError
        Where `experiments.decay_lanes` raises it.
    """
    parsed = linear_settings(settings)
    a = lanes[0]["n_samples"] / parsed.features
    fields = [asymptotics.fields_of_teachers(each, noise=parsed.noise) for each in _teachers(parsed, lanes)]
    groups = [(lane["s_aux"], lane["relatedness"]) for lane in lanes]

    def best(wanted: asymptotics.TaskFields, alpha: tuple[float, ...]) -> asymptotics.StateEvolution:
        return asymptotics.best_weight_decay(wanted, a, task_weights=alpha, quick_points=0)

    single = best(fields[0].main(), parsed.alpha[:1])
    joint = {group: best(fields[groups.index(group)], parsed.alpha) for group in dict.fromkeys(groups)}
    alone: dict[int, asymptotics.StateEvolution] = {}
    for lane, each in zip(lanes, fields, strict=True):
        if lane["seed"] not in alone:  # the main task alone is the same for all lanes of a seed
            alone[lane["seed"]] = _students(each.main(), a, float(single.weight_decay), parsed.alpha[:1])
    found = _columns(
        (alone[lane["seed"]], _students(each, a, float(joint[group].weight_decay), parsed.alpha))
        for lane, each, group in zip(lanes, fields, groups, strict=True)
    )
    searched = np.array([joint[group].result or single.result for group in groups], np.int8)
    return {**found, "result": np.where(found["result"] == 0, searched, found["result"])}


def decay_drawn_lanes(settings: dict, lanes: list[dict]) -> dict[str, np.ndarray]:
    """Both arms at the lanes' λ, with the Gram matrices of the very teachers that label the simulated samples.

    Parameters
    ----------
    settings, lanes
        See `experiments.decay_lanes`; `tasks` makes no difference. Lanes hold a `weight_decay`.

    Returns
    -------
    dict
        As `decay_limit_lanes`.

    Raises
    ------
    InputError
        Where `experiments.decay_lanes` raises it.
    """
    parsed = linear_settings(settings)

    def arms(lane: dict, drawn: Sequence[teachers.Teacher]):
        fields, a = asymptotics.fields_of_teachers(drawn), lane["n_samples"] / parsed.features
        return (
            _students(wanted, a, lane["weight_decay"], parsed.alpha[:tasks])
            for tasks, wanted in ((1, fields.main()), (2, fields))
        )

    return _columns(arms(*both) for both in zip(lanes, _teachers(parsed, lanes), strict=True))


def _teachers(settings: StandardSettings, lanes: list[dict]) -> list[tuple[teachers.Teacher, ...]]:
    """The teachers of the simulated lanes; of both tasks, also where the main task alone is meant."""
    both = dataclasses.replace(settings, tasks=2)
    return [experiments.draw_teachers(both, int(lane["seed"]), [lane])[0] for lane in lanes]


def _students(
    fields: asymptotics.TaskFields, samples_per_feature: float, weight_decay: float, alpha: tuple[float, ...]
) -> asymptotics.StateEvolution:
    return asymptotics.of_fields(fields, samples_per_feature, weight_decay, task_weights=alpha)


def _columns(arms) -> dict[str, np.ndarray]:
    rows = []
    for single, joint in arms:
        losses = {"single": single.losses[:, 0], "joint": joint.losses[:, 0]}
        row = {f"loss_{arm}": values.mean() for arm, values in losses.items()}
        row |= {f"loss_{arm}_error": half_width(values) for arm, values in losses.items()}
        row["benefit_error"] = half_width(losses["single"] - losses["joint"])
        row |= {"weight_decay_single": single.weight_decay, "weight_decay_joint": joint.weight_decay}
        row["result"] = joint.result or single.result
        rows.append(row)
    return {
        name: np.array([row[name] for row in rows], np.int8 if name == "result" else np.float64) for name in rows[0]
    }

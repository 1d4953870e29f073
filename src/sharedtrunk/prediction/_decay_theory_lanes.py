"""Lanes of the theory of weight decay: both arms at their best λ with many features, or at a given λ with the drawn teachers.

They take the settings and lanes of `experiments.decay_lanes`. With many features the benefit still depends on the teachers'
class vectors, so a lane of theory is paired with the simulated lane of the same seed.
"""

import functools
import math
from collections.abc import Sequence

import jax
import numpy as np

from sharedtrunk import asymptotics, gaussian, teachers
from sharedtrunk._support.statistics import half_width
from sharedtrunk.experiments import StandardSettings
from sharedtrunk.prediction._theory_lanes import linear_settings

SEARCH = gaussian.Sobol(points=512, scrambles=4)
"""Nodes with which the best λ is sought: a quarter of the usual ones, because the loss is flat there."""

STEP, MOST_STEPS = 0.5 * math.log(2), 40
"""Distance in ln λ of neighbours that the search tries, and its largest number of steps."""


def decay_limit_lanes(settings: dict, lanes: list[dict]) -> dict[str, np.ndarray]:
    """Both arms with many features (N, N_f → ∞ at the lanes' N/N_f), each at its best λ.

    Lanes that differ in the seed alone share their λ, at which the mean of their losses is lowest, and all lanes share the λ
    of the main task alone.

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
    fields = [asymptotics.fields_of_teachers(_teachers(parsed, lane), noise=parsed.noise) for lane in lanes]
    groups = [(lane["s_aux"], lane["relatedness"]) for lane in lanes]

    def of_group(wanted) -> list[asymptotics.TaskFields]:
        return [each for each, group in zip(fields, groups, strict=True) if group == wanted]

    single = _best_decay([each.main() for each in of_group(groups[0])], a, parsed.alpha[:1])
    joint = {group: _best_decay(of_group(group), a, parsed.alpha) for group in dict.fromkeys(groups)}
    return _columns(
        _arms(each, a, single, joint[group], parsed.alpha) for each, group in zip(fields, groups, strict=True)
    )


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
    return _columns(
        _arms(
            asymptotics.fields_of_teachers(_teachers(parsed, lane)),
            lane["n_samples"] / parsed.features,
            lane["weight_decay"],
            lane["weight_decay"],
            parsed.alpha,
        )
        for lane in lanes
    )


def _teachers(settings: StandardSettings, lane: dict) -> tuple[teachers.Teacher, ...]:
    """The teachers that `experiments.draw_lanes` draws for this lane."""
    return teachers.related_pair(
        jax.random.key(int(lane["seed"])),
        relatedness=lane["relatedness"],
        classes=settings.classes,
        features=settings.features,
        rank=settings.rank,
        singular_values=(lane["s_main"], lane["s_aux"]),
        noise=settings.noise,
        dtype=settings.dtype,
    )


def _arms(
    fields: asymptotics.TaskFields, samples_per_feature: float, single: float, joint: float, alpha: tuple[float, ...]
) -> tuple[asymptotics.StateEvolution, asymptotics.StateEvolution]:
    """The main task alone and beside the auxiliary one, each at its λ, on the same nodes."""
    return (
        asymptotics.state_evolution(fields.main(), samples_per_feature, single, task_weights=alpha[:1]),
        asymptotics.state_evolution(fields, samples_per_feature, joint, task_weights=alpha),
    )


def _best_decay(
    fields: Sequence[asymptotics.TaskFields], samples_per_feature: float, alpha: tuple[float, ...]
) -> float:
    """λ at the lowest mean loss: a walk along λ = e^{−STEP k}, and the vertex of the parabola through the lowest three."""

    @functools.cache
    def loss(k: int) -> float:
        decay = math.exp(-STEP * k)
        found = [
            asymptotics.state_evolution(each, samples_per_feature, decay, task_weights=alpha, rule=SEARCH)
            for each in fields
        ]
        mean = float(np.mean([each.generalization_loss for each in found]))
        return mean if math.isfinite(mean) else math.inf

    k = round(-math.log(0.15 * samples_per_feature**-1.2) / STEP)  # about the best λ at s̄_A = 10
    for _ in range(MOST_STEPS):
        lowest = min((k, k - 1, k + 1), key=loss)  # without weights the loss is constant, and the walk stays
        if lowest == k:
            break
        k = lowest
    before, at, after = (loss(k + shift) for shift in (-1, 0, 1))
    curvature = before - 2 * at + after
    vertex = (before - after) / (2 * curvature) if 0 < curvature < math.inf else 0.0
    return math.exp(-STEP * (k + vertex))


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

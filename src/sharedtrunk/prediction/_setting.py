"""A setting: the four values that a user asks about. Sizes, noise, start and training belong to the shared problem."""

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from sharedtrunk._support.limits import (
    LARGEST_SEED,
    LARGEST_WIDTH,
    MOST_SAMPLES,
    MOST_SEEDS,
    check_seeds,
    check_whole,
    shown,
)
from sharedtrunk.errors import invalid
from sharedtrunk.experiments import StandardSettings


@dataclass(frozen=True)
class Setting:
    """The setting of a prediction. Numbers of any type are converted to Python's.

    Parameters
    ----------
    samples
        Number of training points N, at least 1.
    s_main, s_aux
        Singular values s̄_A > 0 and s̄_B ≥ 0 of the two teachers, all equal in each.
    relatedness
        r between −1 and 1; the teachers' relatedness is R = r·I (4).

    Raises
    ------
    InputError
        For values out of range.
    """

    samples: int = 400
    s_main: float = 1.0
    s_aux: float = 10.0
    relatedness: float = 0.5

    def __post_init__(self):
        checked = {
            "samples": as_whole("samples", self.samples, "400", MOST_SAMPLES),
            "s_main": _positive("s_main", self.s_main, "Give the main task a signal"),
            "s_aux": _not_negative("s_aux", self.s_aux, "0 is a task of pure noise"),
            "relatedness": _as_number(
                "relatedness",
                self.relatedness,
                "a number between −1 and 1",
                "It is a cosine: 0 is unrelated",
                lambda x: abs(x) <= 1,
            ),
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    def lane(self) -> dict[str, float]:
        """The joint student as a lane of `experiments`, without its seed and number of samples."""
        return {"s_main": self.s_main, "s_aux": self.s_aux, "relatedness": self.relatedness}


def as_settings(settings: object) -> tuple[Setting, ...]:
    """Settings, or tuples of their four numbers, as `Setting`s."""
    if not isinstance(settings, Iterable) or isinstance(settings, str | dict):
        raise invalid("settings must be a list of Setting", received=shown(settings), hint="Give [Setting(…)]")
    return tuple(_as_setting(each) for each in settings)


def _as_setting(given: object) -> Setting:
    if isinstance(given, Setting):
        return given
    if not isinstance(given, tuple | list) or len(given) != 4:
        raise invalid(
            "A setting must be a Setting or (samples, s_main, s_aux, relatedness)",
            received=shown(given),
            hint="Give [Setting(400, 1.0, 10.0, 0.5)]",
        )
    return Setting(*given)


def as_seeds(seeds: object) -> tuple[int, ...]:
    """The seeds 0 … n − 1 for a number n, or the listed seeds, which must differ."""
    if not isinstance(seeds, Iterable):
        hint = "Leave it out for 5, or list the seeds themselves"
        return tuple(range(check_seeds(seeds, rule="seeds must be a whole number, at least 1", hint=hint)))
    found = list(itertools.islice(seeds, MOST_SEEDS + 1))
    check_seeds(max(len(found), 1), rule="", hint=f"List at most {MOST_SEEDS:,}")
    if not found or any(
        isinstance(s, bool) or not isinstance(s, Integral) or not 0 <= int(s) <= LARGEST_SEED for s in found
    ):
        raise invalid(
            "Seeds must be whole numbers from 0 to 2³² − 1, at least one",
            received=shown(found),
            hint="Give seeds=5",
        )
    if len(set(found)) < len(found):
        raise invalid(
            "Seeds must differ: a repeated one fakes certainty",
            received=shown(found),
            hint=f"Give seeds={len(found)}",
        )
    return tuple(int(seed) for seed in found)


def as_whole(name: str, value: object, usual: str, most: int = LARGEST_WIDTH) -> int:
    """`value` as an int; raises unless it is a whole number from 1 to `most`."""
    return check_whole(
        name,
        value,
        least=1,
        rule=f"{name} must be a whole number, at least 1",
        most=most,
        reason="beyond which nothing fits into memory",
        hint=f"Leave it out for {usual}",
    )


def standard_problem(tasks: int, *, classes, rank, task_weights, **others: Any) -> StandardSettings:
    """The problem as `experiments` takes it. It is checked here, so that errors use the names of the user's arguments."""
    rank_name = "classes" if rank is None else "rank"
    classes = as_whole("classes", classes, "10")
    rank = classes if rank is None else as_whole("rank", rank, "the number of classes")
    others |= {name: as_whole(name, others[name], "100") for name in ("features", "hidden")}
    _check_sizes(classes, rank, others["features"], rank_name)
    others["noise"] = _not_negative("noise", others["noise"], "0 gives both tasks their clean teachers")
    others["start_scale"] = _positive("start_scale", others["start_scale"], "A student that starts at zero never moves")
    others["time_limit"] = _positive("time_limit", others["time_limit"], "Leave it out for 500")
    return StandardSettings(tasks=tasks, classes=classes, rank=rank, alpha=_as_task_weights(task_weights), **others)


def _check_sizes(classes: int, rank: int, features: int, rank_name: str) -> None:
    if classes < 2:
        raise invalid("classes must be at least 2", received=classes, hint="With one class there is nothing to learn")
    if rank > classes:
        raise invalid("rank must be at most classes", received=f"{rank} for {classes}", hint="Lower the rank")
    if features < 2 * rank:
        raise invalid(
            f"features must be at least 2 · {rank_name}, so that the tasks can be unrelated",
            received=f"{features} features, {rank_name} {rank}",
            hint=f"Lower {rank_name} or raise features",
        )


def _as_task_weights(given: object) -> tuple[float, float]:
    if not isinstance(given, Iterable) or len(pair := tuple(given)) != 2:
        raise invalid("task_weights must be two numbers", received=shown(given), hint="Give (1.0, 1.0)")
    return (
        _positive("task_weights[0]", pair[0], "The main task must be learned"),
        _not_negative("task_weights[1]", pair[1], "0 leaves the auxiliary task out"),
    )


def _positive(name: str, value: object, hint: str) -> float:
    return _as_number(name, value, "a finite number above 0", hint, lambda x: x > 0)


def _not_negative(name: str, value: object, hint: str) -> float:
    return _as_number(name, value, "a finite number, at least 0", hint, lambda x: x >= 0)


def _as_number(name: str, value: object, rule: str, hint: str, holds) -> float:
    try:
        number = float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    except OverflowError:  # a whole number beyond all floats
        number = math.inf
    if not math.isfinite(number) or not holds(number):
        raise invalid(f"{name} must be {rule}", received=shown(value), hint=hint)
    return number

"""A setting: the four values that a user asks about. Sizes, noise, start and training belong to the shared problem."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral
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
from sharedtrunk.prediction._numbers import not_negative, positive
from sharedtrunk.prediction._task_values import (
    Related,
    Values,
    auxiliary_relatedness,
    auxiliary_values,
    check_sizes,
    equal_as_one,
    main_values,
    multiple_as_one,
)


@dataclass(frozen=True)
class Setting:
    """The setting of a prediction. Numbers of any kind become Python's, lists and arrays become tuples.

    Parameters
    ----------
    samples
        Number of training points N, at least 1.
    s_main
        Singular values s̄_A of the main task's teacher: one number above 0 for all, or a list with one per component.
    s_aux
        Singular values s̄_B ≥ 0 of the auxiliary task's teacher. A list has an entry per auxiliary task, each a number or a
        list with one per component.
    relatedness
        r between −1 and 1, which means R = r·I (4), or the matrix R of the auxiliary task as a list of rows, one row per
        component of its teacher and one column per component of the main one. For several auxiliary tasks it is a list with
        one such entry each. Given the main task, the auxiliary ones are independent, and their order does not matter.

    Raises
    ------
    InputError
        For values out of range and lists whose lengths do not fit.
    """

    samples: int = 400
    s_main: float | Sequence[float] = 1.0
    s_aux: float | Sequence[Any] = 10.0
    relatedness: float | Sequence[Any] = 0.5

    def __post_init__(self):
        s_aux = auxiliary_values(self.s_aux)
        related = auxiliary_relatedness(self.relatedness, len(s_aux))
        first, *others = s_aux
        checked = {
            "samples": as_whole("samples", self.samples, "400", MOST_SAMPLES),
            "s_main": main_values(self.s_main),
            "s_aux": s_aux if others or isinstance(first, tuple) else first,
            "relatedness": related if others else related[0],
        }
        for name, value in checked.items():
            object.__setattr__(self, name, value)

    @property
    def auxiliaries(self) -> tuple[tuple[Values, Related], ...]:
        """Singular values and relatedness of every auxiliary task, in the order in which they were given."""
        s_aux = self.s_aux if isinstance(self.s_aux, tuple) else (self.s_aux,)
        return tuple(zip(s_aux, self.relatedness if len(s_aux) > 1 else (self.relatedness,), strict=True))  # pyright: ignore[reportReturnType, reportArgumentType]

    @property
    def auxiliary_names(self) -> tuple[str, ...]:
        """B for the only auxiliary task, B1, B2, … for several."""
        count = len(self.auxiliaries)
        return ("B",) if count == 1 else tuple(f"B{index}" for index in range(1, count + 1))

    @property
    def auxiliaries_in_words(self) -> str:
        """All auxiliary tasks by name: "B", "B1 and B2", "B1, B2 and B3", "B1 … B9"."""
        *before, last = self.auxiliary_names
        if len(before) > 2:
            return f"{before[0]} … {last}"
        return " and ".join(filter(None, (", ".join(before), last)))

    def lane(self) -> dict[str, Any]:
        """The joint student as a lane of `experiments`, without its seed and number of samples.

        A list of equal singular values becomes one number, and so does R = r·I. Auxiliary tasks are sorted by their values,
        so that settings that differ only in the order are one lane.
        """
        each = [(equal_as_one(values), multiple_as_one(related)) for values, related in self.auxiliaries]
        each.sort(key=lambda task: [(isinstance(part, tuple), part) for part in task], reverse=True)
        s_aux, relatedness = zip(*each, strict=True)
        one = len(each) == 1 and not isinstance(s_aux[0], tuple)
        return {
            "s_main": equal_as_one(self.s_main),
            "s_aux": s_aux[0] if one else s_aux,
            "relatedness": relatedness[0] if one else relatedness,
        }


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


def check_ranks(setting: Setting, rank: int) -> None:
    """Raise `InputError` where the setting's lists do not fit teachers of this rank."""
    check_sizes("s_main", setting.s_main, None, rank)
    for task, each in enumerate(setting.auxiliaries):
        check_sizes(f"s_aux[{task}]", *each, rank)


def standard_problem(*, classes, rank, task_weights, **others: Any) -> StandardSettings:
    """The problem of two tasks as `experiments` takes it, checked here under the names of the user's arguments."""
    rank_name = "classes" if rank is None else "rank"
    classes = as_whole("classes", classes, "10")
    rank = classes if rank is None else as_whole("rank", rank, "the number of classes")
    others |= {name: as_whole(name, others[name], "100") for name in ("features", "hidden")}
    _check_sizes(classes, rank, others["features"], rank_name)
    others["noise"] = not_negative("noise", others["noise"], "0 gives both tasks their clean teachers")
    others["start_scale"] = positive("start_scale", others["start_scale"], "A student that starts at zero never moves")
    others["time_limit"] = positive("time_limit", others["time_limit"], "Leave it out for 500")
    return StandardSettings(tasks=2, classes=classes, rank=rank, alpha=_as_task_weights(task_weights), **others)


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
        positive("task_weights[0]", pair[0], "The main task must be learned"),
        not_negative("task_weights[1]", pair[1], "0 leaves the auxiliary task out"),
    )

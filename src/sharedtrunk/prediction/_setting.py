"""A setting: what a user asks about. Everything else (sizes, noise, start, training) is the problem, shared by settings."""

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

from sharedtrunk._errors import invalid
from sharedtrunk.experiments import StandardSettings


@dataclass(frozen=True)
class Setting:
    """N samples, the singular values s̄_A and s̄_B of both teachers, and their relatedness r (R = r·I) (4)."""

    samples: int = 400
    s_main: float = 1.0
    s_aux: float = 10.0
    relatedness: float = 0.5

    def __post_init__(self):
        check_whole("samples", self.samples, "training points")
        _check("s_main", self.s_main, "a finite number above 0", "Give the main task a signal", lambda x: x > 0)
        _check("s_aux", self.s_aux, "a finite number, at least 0", "0 is a task of pure noise", lambda x: x >= 0)
        _check(
            "relatedness",
            self.relatedness,
            "a number between −1 and 1",
            "It is a cosine: 0 is unrelated",
            lambda x: abs(x) <= 1,
        )

    def lane(self) -> dict[str, float]:
        """The joint student's place in a grid, in the words of `experiments`."""
        return {"s_main": float(self.s_main), "s_aux": float(self.s_aux), "relatedness": float(self.relatedness)}


def check_whole(name: str, value: object, of_what: str) -> None:
    """Raise unless `value` is a whole number, at least 1."""
    if not isinstance(value, Integral) or isinstance(value, bool) or int(value) < 1:
        raise invalid(f"{name} must be a whole number of {of_what}, at least 1", received=value, way_out="Ask for more")


def standard_problem(tasks: int, *, classes: int, rank: int | None, task_weights, **others: Any) -> StandardSettings:
    """The problem in the words of `experiments`; checks the sizes here, by the names that the user gave."""
    rank = classes if rank is None else rank
    sizes = {"classes": classes, "rank": rank, "features": others["features"], "hidden": others["hidden"]}
    for name, value in sizes.items():
        check_whole(name, value, name)
    if classes < 2 or rank > classes or others["features"] < 2 * rank:
        raise invalid(
            "A pair of tasks needs 2 classes or more, rank ≤ classes, and features ≥ 2 · rank",
            received=f"{classes} classes, rank {rank}, {others['features']} features",
            way_out="Lower the rank or raise the features",
        )
    return StandardSettings(tasks=tasks, classes=classes, rank=rank, alpha=tuple(task_weights), **others)


def _check(name: str, value: object, rule: str, way_out: str, holds) -> None:
    number = isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)
    if not number or not holds(float(value)):  # pyright: ignore[reportArgumentType]
        raise invalid(f"{name} must be {rule}", received=value, way_out=way_out)

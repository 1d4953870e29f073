"""A lane's own values: singular values and relatedness of its tasks, as a sweep or a prediction gives them, and as arrays.

Singular values are one number, or a list with one per rank; relatedness is a number, or a matrix as a list of rows. If
`s_aux` is a number, the lane has one auxiliary task. If it is a list, `s_aux` and `relatedness` have one entry per auxiliary
task.
"""

from typing import Any

import numpy as np

from sharedtrunk.errors import invalid

_SLACK = 1e-6
"""How far a norm may exceed 1 by rounding in single precision; `teachers` takes such a matrix as one of norm 1."""


def _is_contraction(value: np.ndarray) -> bool:
    """Whether a number or matrix has norm at most 1."""
    return bool(abs(value) <= 1 if value.ndim == 0 else value.ndim == 2 and np.linalg.norm(value, 2) <= 1 + _SLACK)


_RULES = {
    "n_samples": ("whole and at least 1", lambda v: v.ndim == 0 and v == np.floor(v) and v >= 1),
    "seed": ("whole and at least 0", lambda v: v.ndim == 0 and v == np.floor(v) and v >= 0),
    "s_main": ("finite and above 0", lambda v: v.ndim < 2 and (v.min() > 0 if v.ndim == 0 else v.min() >= 0 < v.max())),
}
_OPTIONAL_RULES = {"weight_decay": ("finite and above 0", lambda v: v.ndim == 0 and v > 0)}
_AUXILIARY_RULES = {
    "s_aux": ("finite and at least 0", lambda v: v.ndim < 2 and v.min() >= 0),
    "relatedness": ("between −1 and 1", _is_contraction),
}


def check_lanes(lanes: list[dict], tasks: int) -> None:
    """Check values on the host, because teachers are drawn under jit, where values are unknown."""
    for lane in lanes:
        for name, (rule, holds) in _RULES.items():
            _check(name, lane.get(name, "none"), rule, holds)
        for name, (rule, holds) in _OPTIONAL_RULES.items():
            if name in lane:
                _check(name, lane[name], rule, holds)
        if tasks > 1:
            for name, (rule, holds) in _AUXILIARY_RULES.items():
                for value in _each_task(lane, name, tasks):
                    _check(name, value, rule, holds)


def _check(name: str, value: Any, rule: str, holds) -> None:
    try:
        numbers = np.asarray(value, float)
    except (ValueError, TypeError, OverflowError):  # text, rows of different lengths, a whole number beyond all floats
        numbers = np.full((), np.nan)
    if numbers.size == 0 or not np.isfinite(numbers).all() or not holds(numbers):
        raise invalid(f"{name} of a lane must be {rule}", received=value, hint="Correct the sweep's grid")


def _each_task(lane: dict, name: str, tasks: int) -> list:
    """The values of every auxiliary task of a joint lane of `tasks` tasks."""
    given = lane.get(name, "none")
    values = list(given) if isinstance(lane.get("s_aux"), list | tuple) and isinstance(given, list | tuple) else [given]
    if len(values) != tasks - 1:
        raise invalid(
            f"{name} of a lane must have an entry for each of its {tasks - 1} auxiliary tasks",
            received=given,
            hint="Give s_aux and relatedness as lists of one length",
        )
    return values


def lane_values(lanes: list[dict], dtype: np.dtype) -> tuple[np.ndarray, tuple, tuple]:
    """`s_main`, and `s_aux` and `relatedness` of every auxiliary task, each an array with a lane axis.

    A baseline names no auxiliary task. It gets one without a signal, which is drawn and never used.
    """
    each = [auxiliary_tasks(lane) for lane in lanes]
    if len({len(tasks) for tasks in each}) != 1:
        raise _unlike("s_aux")
    s_aux, relatedness = ([[tasks[index][part] for tasks in each] for index in range(len(each[0]))] for part in (0, 1))
    return (
        _column("s_main", [lane["s_main"] for lane in lanes], dtype),
        tuple(_column("s_aux", values, dtype) for values in s_aux),
        tuple(_column("relatedness", values, dtype) for values in relatedness),
    )


def auxiliary_tasks(lane: dict) -> list[tuple[Any, Any]]:
    """(s_aux, relatedness) of every auxiliary task of a lane."""
    s_aux, relatedness = lane.get("s_aux", 0.0), lane.get("relatedness", 0.0)
    return list(zip(s_aux, relatedness, strict=True)) if isinstance(s_aux, list | tuple) else [(s_aux, relatedness)]


def _column(name: str, values: list, dtype: np.dtype) -> np.ndarray:
    arrays = [np.asarray(value, dtype) for value in values]
    if len({array.shape for array in arrays}) != 1:
        raise _unlike(name)
    return np.stack(arrays)


def _unlike(name: str):
    return invalid(
        f"Lanes of one chunk must have {name} of one shape",
        received="different shapes",
        hint="Draw lanes of other shapes in a chunk of their own",
    )

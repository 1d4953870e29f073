"""Singular values and relatedness in every form that a user may give them.

Singular values are one number for all components, or a list with one per component. Relatedness (4) is a number r, which
means R = r·I, or a matrix R as a list of rows. Arrays may replace lists. Only `check_sizes` needs the rank of a teacher.
"""

from collections.abc import Sequence
from numbers import Real

import numpy as np

from sharedtrunk._support.limits import shown
from sharedtrunk.errors import invalid
from sharedtrunk.prediction._numbers import as_number, not_negative, positive

Values = float | tuple[float, ...]
"""Singular values of one teacher."""

Matrix = tuple[tuple[float, ...], ...]
Related = float | Matrix
"""Relatedness of one auxiliary task."""

_SLACK = 1e-6
"""How far the norm of a matrix may exceed 1, because its entries were rounded."""

_MOST_TASKS = 1_000
"""The largest number of auxiliary tasks: each has a teacher, labels and a head of its own in every lane, and more tasks
answer no question."""

_NOISE_TASK = "0 is a task of pure noise"
_COSINE = "It is a cosine: 0 is unrelated"


def main_values(given: object) -> Values:
    """The main task's singular values. Raises `InputError` unless they are positive, or a list that is not all zero."""
    given = _plain(given)
    if not isinstance(given, list):
        return positive("s_main", given, "Give the main task a signal")
    values = _components("s_main", given)
    if max(values) == 0:
        raise invalid("s_main must not be zero throughout", received=shown(given), hint="Give the main task a signal")
    return values


def auxiliary_values(given: object) -> tuple[Values, ...]:
    """The singular values of every auxiliary task. A number stands for a single task; a list has an entry per task."""
    given = _plain(given)
    if not isinstance(given, list):
        return (not_negative("s_aux", given, _NOISE_TASK),)
    if not given:
        raise invalid("s_aux needs at least one auxiliary task", received="an empty list", hint="Give [10.0, 1.0]")
    if len(given) > _MOST_TASKS:
        raise invalid(
            f"s_aux must have at most {_MOST_TASKS:,} entries, one for each auxiliary task",
            received=f"{len(given):,}",
            hint="Ask about fewer",
        )
    names = [f"s_aux[{task}]" for task in range(len(given))]
    return tuple(
        _components(name, each) if isinstance(each, list) else not_negative(name, each, _NOISE_TASK)
        for name, each in zip(names, given, strict=True)
    )


def auxiliary_relatedness(given: object, tasks: int) -> tuple[Related, ...]:
    """The relatedness of each of the `tasks` auxiliary tasks, from a list; a single task's may be given without one."""
    given = _plain(given)
    if tasks == 1:
        listed = isinstance(given, list) and len(given) == 1 and not _is_row(given[0])
        return (_related("relatedness", given[0] if listed else given),)  # pyright: ignore[reportIndexIssue]
    if not isinstance(given, list) or len(given) != tasks:
        raise invalid(
            f"relatedness needs an entry for each of the {tasks} auxiliary tasks in s_aux",
            received=shown(given),
            hint="Give [0.5, 0.0]. For unequal singular values of one task, nest its list: s_aux=[[1.0, 0.5]]",
        )
    return tuple(_related(f"relatedness[{task}]", each) for task, each in enumerate(given))


def check_sizes(name: str, values: float | Sequence[float], related: Related | None, rank: int) -> None:
    """Raise `InputError` where lists do not have one entry per component of a teacher of this rank."""
    if isinstance(values, tuple) and len(values) != rank:
        raise invalid(
            f"{name} needs one singular value for each of the {rank} components of a teacher",
            received=f"{len(values)} values",
            hint="Give that many, or one number to make them equal",
        )
    if isinstance(related, tuple) and np.shape(related) != (rank, rank):
        rows, columns = np.shape(related)
        raise invalid(
            f"relatedness must be a number or a matrix of {rank} rows and columns, one per component of a teacher",
            received=f"{rows} rows of {columns}",
            hint="Give that many, or a number r for r·I",
        )


def equal_as_one(values: float | Sequence[float]) -> float | Sequence[float]:
    """The number that a list of equal values repeats; other values unchanged."""
    return values[0] if isinstance(values, tuple) and len(set(values)) == 1 else values


def multiple_as_one(related: Related) -> Related:
    """The number r of a matrix r·I; others unchanged."""
    if not isinstance(related, tuple):
        return related
    r = related[0][0]
    multiple = np.shape(related) == (len(related),) * 2 and np.array_equal(related, r * np.eye(len(related)))
    return r if multiple else related


def _plain(given: object) -> object:
    """Arrays and tuples as lists, at every level; anything else unchanged."""
    if not isinstance(given, Real) and hasattr(given, "tolist"):
        given = given.tolist()  # pyright: ignore[reportAttributeAccessIssue]
    return [_plain(each) for each in given] if isinstance(given, list | tuple) else given


def _components(name: str, given: list) -> tuple[float, ...]:
    if not given:
        raise invalid(
            f"{name} must be a number, or one for each component", received="an empty list", hint="Give [1.0, 0.5]"
        )
    return tuple(not_negative(f"{name}[{index}]", each, "It is a singular value") for index, each in enumerate(given))


def _related(name: str, given: object) -> Related:
    rule = "a number between −1 and 1"
    if not isinstance(given, list):
        return as_number(name, given, rule, _COSINE, lambda x: abs(x) <= 1)
    if not given or not all(_is_row(row) and len(row) == len(given[0]) for row in given):
        raise invalid(
            f"{name} must be {rule}, or a matrix",
            received=shown(given),
            hint="A matrix is a list of rows; for several auxiliary tasks s_aux is a list too",
        )
    numbers = tuple(tuple(_entry(name, each) for each in row) for row in given)
    norm = float(np.linalg.norm(np.array(numbers), 2))
    if norm > 1 + _SLACK:
        raise invalid(
            f"{name} must be {rule}, or a matrix of spectral norm at most 1",
            received=f"norm {norm:.6g}",
            hint="Its entries are cosines between orthonormal directions; divide by the norm",
        )
    return numbers


def _entry(name: str, given: object) -> float:
    return as_number(
        name, given, "a number between −1 and 1, or a matrix of such numbers", _COSINE, lambda x: abs(x) <= 1
    )


def _is_row(given: object) -> bool:
    return isinstance(given, list) and bool(given) and not any(isinstance(each, list) for each in given)

"""What a student is trained on: inputs, every task's label probabilities, and which labels are present.

The training loss (1), for several tasks with missing labels:

    L = Σ_t α_t / n_t Σ_μ m_tμ [ln Z(z_tμ) − Σ_c y_tcμ z_tcμ],   n_t = Σ_μ m_tμ.

A task may have labels on some of the points only (mask m), which is also how one task has more points than another. Labels
may be numbers t with the squared error ½ (z_tμ − t_tμ)² in place of the bracket, for `minimize` alone: up to a constant, the
loss in nats of a Gaussian of unit variance.
"""

from collections.abc import Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sharedtrunk._support.arguments import check_finite, check_kind_of, described, dtype_of, floating, is_number
from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.cache.programs import program
from sharedtrunk._support.concrete import concrete
from sharedtrunk.errors import invalid


class Problem(eqx.Module):
    """Training data in the form that the drive needs.

    Parameters
    ----------
    inputs
        Columns (feature, sample), shared by all lanes or with a lane axis.
    targets
        For each task t, its label probabilities times `coefficients[t]` (class, sample), zero where the label is missing.
    coefficients
        For each task t, the weights α_t m_tμ / n_t of its samples (sample,).
    squared
        For each task t, whether its loss is the squared error; its targets are then numbers (1, sample) times
        `coefficients[t]`. Empty: none is.
    """

    inputs: Float[Array, "... feature sample"]
    targets: tuple[Float[Array, "... _ sample"], ...]
    coefficients: tuple[Float[Array, "... sample"], ...]
    squared: tuple[bool, ...] = eqx.field(static=True, default=())

    def is_squared(self, task: int) -> bool:
        """Whether the loss of a task is the squared error."""
        return bool(self.squared) and self.squared[task]


def make_problem(
    inputs: Float[AnyArray, "*shared sample feature"],
    labels: Sequence[AnyArray],
    *,
    classes: int | np.integer | Sequence[int | np.integer] | None = None,
    masks: Sequence[AnyArray | None] | None = None,
    task_weights: Sequence[float] | None = None,
    squared: Sequence[bool] | None = None,
) -> Problem:
    """Put inputs and labels into the form that `train` and `minimize` take.

    Parameters
    ----------
    inputs
        Rows (sample, feature), shared by the lanes or with a lane axis. Whole numbers become floating point.
    labels
        For each task, class indices (*lane, sample), −1 where missing, or label probabilities (*lane, class, sample); numbers
        (*lane, sample), NaN where missing, with the squared error.
    classes
        Number of classes of all tasks or of each one; needed for class indices.
    masks
        For each task, 1 or True where it has labels (sample,), the same for all lanes; None: everywhere.
    task_weights
        The weights α_t in the training loss (1); 1 by default.
    squared
        For each task, whether its loss is the squared error, which only `minimize` takes; by default none is.

    Returns
    -------
    Problem
        What `train` and `minimize` take.

    Raises
    ------
    InputError
        For empty or non-finite inputs, labels of the wrong length or range, probabilities that do not sum to 1, a task
        without labels, or a negative α.
    """
    inputs = floating(inputs, "Inputs")
    _check_inputs(inputs)
    if not isinstance(labels, Sequence) or isinstance(labels, str):
        raise invalid("Labels are a list with an array per task", received=described(labels), hint="Give [labels]")
    for name, entries in (("Masks", masks), ("Task weights", task_weights), ("Classes", classes)):
        listed = hasattr(entries, "__len__") and not isinstance(entries, str) and getattr(entries, "ndim", 1) > 0
        if not listed and not isinstance(entries, int | np.integer | None):
            raise invalid(f"{name} are a list with an entry per task", received=described(entries), hint="Give a list")
    count = inputs.shape[-2]
    tasks = len(labels)
    sizes = [classes] * tasks if classes is None or isinstance(classes, int | np.integer) else list(classes)
    sizes = [int(size) if isinstance(size, np.integer) else size for size in sizes]  # NumPy's would be traced
    task_masks = [None] * tasks if masks is None else list(masks)
    alphas = [1.0] * tasks if task_weights is None else list(task_weights)
    kinds = [False] * tasks if squared is None else [bool(each) for each in squared]
    if tasks == 0 or not len(sizes) == len(task_masks) == len(alphas) == len(kinds) == tasks:
        raise invalid(
            "Labels, classes, masks, task weights and squared need one entry per task, and there must be a task",
            received=f"{tasks}, {len(sizes)}, {len(task_masks)}, {len(alphas)}, {len(kinds)} entries",
            hint="Give each as a list with one entry per task",
        )
    parts = [
        (_numeric_task if kinds[task] else _task)(
            task, _labels(task, labels[task]), sizes[task], task_masks[task], alphas[task], count, inputs.dtype
        )
        for task in range(tasks)
    ]
    made = _assembled(inputs, parts)
    return Problem(made.inputs, made.targets, made.coefficients, tuple(kinds) if any(kinds) else ())


@program
def _assembled(inputs, tasks: list["_Task"]) -> Problem:
    """The problem of checked tasks, computed in one program."""
    targets, coefficients = [], []
    for labels, present, alpha, classes in tasks:
        probabilities = labels
        if classes is not None:
            probabilities = jax.nn.one_hot(labels, classes, axis=-2, dtype=inputs.dtype)
        coefficient = alpha * present / present.sum(-1, keepdims=True)
        targets.append(probabilities * jnp.broadcast_to(coefficient[..., None, :], probabilities.shape))
        coefficients.append(coefficient)
    return Problem(jnp.swapaxes(inputs, -1, -2), tuple(targets), tuple(coefficients))


def lane_axes(problem: Problem) -> Problem:
    """Which parts of a problem carry a lane axis (0) and which do not (None), in the form that `vmap` takes."""
    flags = [0 if carries else None for carries in carries_lanes(problem)]
    return jax.tree.unflatten(jax.tree.structure(problem), flags)


def carries_lanes(problem: Problem) -> list[bool]:
    """For every array of a problem, in the order of its leaves, whether it has a lane axis."""
    return [
        problem.inputs.ndim == 3,
        *(target.ndim == 3 for target in problem.targets),
        *(coefficient.ndim == 2 for coefficient in problem.coefficients),
    ]


def check_cross_entropy(problem: Problem) -> None:
    """Raise `InputError` for a problem with squared errors, where only the cross entropy is known."""
    if any(problem.squared):
        task = problem.squared.index(True)
        hint = "Use minimize, or leave the task out"
        raise invalid(
            "Students that are trained in time have cross entropy", received=f"squared errors in task {task}", hint=hint
        )


def of_lanes(problem: Problem, lanes: Int[np.ndarray, "some"]) -> Problem:
    """The problem of the lanes with these numbers. Parts that all lanes share stay shared.

    Raises `InputError` for lanes that are not whole numbers.
    """
    check_kind_of(problem, Problem, "The problem", "Use make_problem")
    dtype = dtype_of(lanes)
    if dtype is None or not np.issubdtype(dtype, np.integer):
        raise invalid("Lanes are whole numbers", received=described(lanes), hint="Give np.array([0, 1])")
    leaves = [
        jnp.asarray(np.asarray(leaf)[lanes]) if carries else leaf
        for leaf, carries in zip(jax.tree.leaves(problem), carries_lanes(problem), strict=True)
    ]
    return jax.tree.unflatten(jax.tree.structure(problem), leaves)


class _Task(NamedTuple):
    """A checked task: class indices or (without `classes`) probabilities, which labels are present, and its α."""

    labels: Array
    present: AnyArray
    alpha: np.ndarray
    classes: int | None


def _labels(task: int, labels) -> Array:
    """Class indices unchanged, or probabilities as floating numbers; raises `InputError` for text and objects."""
    values = floating(labels, f"Task {task}'s labels")
    return jnp.asarray(labels) if jnp.issubdtype(jnp.asarray(labels).dtype, jnp.integer) else values


def _numeric_task(task, labels, classes, mask, alpha, count, dtype) -> _Task:
    """A task of numbers, which are laid out like the probabilities of one class."""
    del classes
    _check_alpha(task, alpha)
    _check_count(task, labels, count)
    numbers = labels.astype(dtype)
    given = np.ones(count, dtype) if mask is None else _mask(task, mask, count, dtype)
    present = given * (~jnp.isnan(numbers)).astype(dtype)
    _check_present(task, present)
    check_finite(jnp.where(present > 0, numbers, jnp.zeros((), dtype)), f"Task {task}'s numbers")
    shown = jnp.where(present > 0, numbers, jnp.zeros((), dtype))
    return _Task(shown[..., None, :], present, np.asarray(alpha, dtype), None)


def _task(task, labels, classes, mask, alpha, count, dtype) -> _Task:
    _check_alpha(task, alpha)
    _check_count(task, labels, count)
    present = np.ones(count, dtype) if mask is None else _mask(task, mask, count, dtype)
    if jnp.issubdtype(labels.dtype, jnp.integer):
        if classes is None:
            raise invalid(
                f"Task {task} has class indices, so its number of classes must be given",
                received="classes=None",
                hint="Pass classes=10, or one number per task",
            )
        _check_indices(task, labels, classes)
        known_labels = concrete(labels)
        if known_labels is None or (known_labels < 0).any():  # else all lanes share one row of coefficients
            present = jnp.broadcast_to(present, labels.shape) * (labels >= 0).astype(dtype)
    else:
        labels, classes = labels.astype(dtype), None
        _check_probabilities(task, labels)
    _check_present(task, present)
    return _Task(labels, present, np.asarray(alpha, dtype), classes)


def _check_alpha(task, alpha) -> None:
    if not (is_number(alpha) and np.isfinite(alpha) and alpha >= 0):
        raise invalid(
            f"Task {task}'s weight α must be finite and ≥ 0", received=described(alpha), hint="0 leaves the task out"
        )


def _check_count(task, labels, count) -> None:
    if labels.shape[-1:] != (count,):
        raise invalid(
            f"Task {task} needs one label per sample",
            received=f"labels of shape {labels.shape} for {count} samples",
            hint="Use −1 (or a mask) where a label is missing",
        )


def _check_present(task, present) -> None:
    known = concrete(present)
    if known is not None and not (known > 0).any(axis=-1).all():
        raise invalid(
            f"Task {task} needs at least one labelled sample",
            received="none",
            hint="Leave the task out",
        )


def _mask(task, mask, count, dtype):
    mask = jnp.asarray(mask)
    known = concrete(mask)
    if mask.shape != (count,) or (known is not None and not np.isin(known, (0, 1)).all()):
        raise invalid(
            f"Task {task}'s mask must have one entry per sample, 1 (or True) where there is a label and 0 elsewhere",
            received=f"shape {mask.shape} for {count} samples, values {np.unique(known)[:5] if known is not None else ''}",
            hint="Weight whole tasks with task_weights; leave labels out with −1",
        )
    return mask.astype(dtype)


def _check_inputs(inputs) -> None:
    if inputs.ndim not in (2, 3) or 0 in inputs.shape:
        raise invalid(
            "Inputs must have shape (sample, feature) or (lane, sample, feature), none of them empty",
            received=f"shape {inputs.shape}",
            hint="Give at least one sample and one feature",
        )
    check_finite(inputs, "Inputs")


def _check_indices(task, labels, classes) -> None:
    known = concrete(labels)
    if known is not None and not ((known >= -1) & (known < classes)).all():
        raise invalid(
            f"Task {task}'s labels must be class indices 0 … {classes - 1}, or −1 where missing",
            received=f"values from {known.min()} to {known.max()}",
            hint="Raise classes, or recode the labels",
        )


def _check_probabilities(task, probabilities) -> None:
    known = concrete(probabilities)
    if known is None:
        return
    slack = 64 * np.finfo(known.dtype).eps
    if probabilities.ndim < 2 or not ((known >= -slack).all() and (abs(known.sum(-2) - 1) <= slack).all()):
        raise invalid(
            f"Task {task}'s label probabilities must be ≥ 0 and sum to 1 over the class axis (…, class, sample)",
            received=f"shape {known.shape}",
            hint="Pass integer class indices, or normalize",
        )

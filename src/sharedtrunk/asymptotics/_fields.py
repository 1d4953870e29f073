"""The joint Gaussian law of every task's noisy logits and the main task's clean logits at a random point.

For x ~ N(0, I) the noisy logits u = Σ̂ x of all tasks and the clean logits v = W̄ x of the main task are jointly Gaussian, so
their Gram matrices are all that the theory needs of the teachers. They are stored as rows in orthonormal directions z of the
features: u = noisy · z and v = clean · z. The clean logits may need further directions that no noisy teacher sees.
"""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import (
    check_finite,
    check_kind_of,
    check_result,
    described,
    on_host,
    per_task,
    whole_numbers,
)
from sharedtrunk._support.axes import AnyArray
from sharedtrunk.errors import invalid
from sharedtrunk.teachers import Teacher

_RANK = 1e-12
"""Eigenvalues of a Gram matrix below this share of the largest one are zero."""


class TaskFields(eqx.Module):
    """Noisy logits of all tasks, stacked, and clean logits of the main task, in orthonormal directions of the features.

    `fields_of_teachers` and `fields_of_gram` make them.

    Parameters
    ----------
    noisy
        (row, seen): rows of all tasks, task 0 first, in the directions that some noisy teacher sees.
    clean
        (class, direction): rows of the main task; its first directions are the seen ones.
    classes
        Classes of every task.
    drawn_with
        Classes of the further tasks whose nodes are drawn with these.
    """

    noisy: Float[Array, "row seen"]
    clean: Float[Array, "class direction"]
    classes: tuple[int, ...] = eqx.field(static=True)
    drawn_with: tuple[int, ...] = eqx.field(static=True, default=())

    def main(self) -> "TaskFields":
        """The main task alone, in the same directions, so that both arms of a benefit share their nodes."""
        others = (*self.classes[1:], *self.drawn_with)
        return TaskFields(self.noisy[: self.classes[0]], self.clean, self.classes[:1], others)


def fields_of_teachers(teachers: Sequence[Teacher], *, noise: float | Sequence[float] | None = None) -> TaskFields:
    """The fields of teachers: with their own noise, or with that of infinitely many features.

    Parameters
    ----------
    teachers
        One teacher per task, the main task first, with the same features.
    noise
        None: the Gram matrix of the noisy weights as drawn. One scale σ̂ ≥ 0, or one per task: the limit of many features, in
        which noise is orthogonal to the clean weights and to other noise, T = W̄ W̄ᵀ + σ̂² I.

    Returns
    -------
    TaskFields
        Their joint law.

    Raises
    ------
    InputError
        Without teachers, for teachers of different features, and for scales that are not numbers ≥ 0, one or one per task.
    """
    teachers = [teachers] if isinstance(teachers, Teacher) else per_task(teachers, "Teachers")
    for teacher in teachers:
        check_kind_of(teacher, Teacher, "A teacher", "Use teachers.random_teacher or related_pair")
        check_finite(teacher.noisy_weights, "A teacher's noisy weights")
    clean = [np.asarray(teacher.weights, float) for teacher in teachers]
    if not clean or len({weights.shape[1] for weights in clean}) != 1:
        raise invalid(
            "Tasks need at least one teacher, all with the same features",
            received=[weights.shape for weights in clean],
            hint="Use teachers.related_teachers",
        )
    classes = tuple(weights.shape[0] for weights in clean)
    if noise is None:
        noisy = np.concatenate([np.asarray(teacher.noisy_weights, float) for teacher in teachers])
        return fields_of_gram(noisy @ noisy.T, noisy @ clean[0].T, clean[0] @ clean[0].T, classes=classes)
    scales = on_host(noise, "Noise")
    if scales.shape not in ((), (len(classes),)) or not (np.isfinite(scales) & (scales >= 0)).all():
        raise invalid("Noise is one finite number ≥ 0, or one per task", received=described(noise), hint="Give 1.0")
    stacked = np.concatenate(clean)
    variance = np.repeat(np.square(np.broadcast_to(scales, len(classes))), classes)
    gram = stacked @ stacked.T + np.diag(variance)
    return fields_of_gram(gram, stacked @ clean[0].T, clean[0] @ clean[0].T, classes=classes)


def fields_of_gram(
    noisy: Float[AnyArray, "row row"],
    cross: Float[AnyArray, "row class"],
    clean: Float[AnyArray, "class class"],
    *,
    classes: Sequence[int],
) -> TaskFields:
    """The fields with given covariances: T of all noisy logits u, Cov(u, v), and that of the clean logits v.

    Parameters
    ----------
    noisy
        T = Cov(u, u) (row, row), rows of all tasks stacked, the main task first.
    cross
        Cov(u, v) (row, class) with the main task's clean logits v.
    clean
        Cov(v, v) (class, class).
    classes
        Classes of every task, each at least 2.

    Returns
    -------
    TaskFields
        Their joint law.

    Raises
    ------
    InputError
        For shapes that do not match, and for matrices that are not the covariance of anything.
    """
    classes = whole_numbers(classes, "Classes", "Give the number of classes of each task")
    T, c, G = (on_host(part, name) for part, name in ((noisy, "T"), (cross, "Cov(u, v)"), (clean, "Cov(v, v)")))
    rows, main = sum(classes), classes[0] if len(classes) else 0
    if (
        len(classes) == 0
        or min(classes) < 2
        or T.shape != (rows, rows)
        or c.shape != (rows, main)
        or G.shape != (main, main)
    ):
        raise invalid(
            f"Covariances of tasks with classes {tuple(classes)} are ({rows}, {rows}), ({rows}, {main}) and ({main}, {main})",
            received=f"{T.shape}, {c.shape}, {G.shape}",
            hint="Stack the rows of all tasks, the main task first",
        )
    joint = np.block([[T, c], [c.T, G]])
    values = np.linalg.eigvalsh(0.5 * (joint + joint.T)) if np.isfinite(joint).all() else np.array([np.nan])
    if not values[0] >= -1e-9 * values[-1] or not values[-1] > 0 or not np.allclose(joint, joint.T, rtol=1e-9):
        raise invalid(
            "Covariances are finite, symmetric and positive semidefinite together",
            received=f"eigenvalues from {values[0]:.3g} to {values[-1]:.3g}",
            hint="Compute them from weights: Σ̂ Σ̂ᵀ, Σ̂ W̄ᵀ, W̄ W̄ᵀ",
        )
    seen = _root(T)
    known = c.T @ np.linalg.pinv(seen).T  # v = known z + the rest, which no noisy teacher sees
    rest = _root(G - known @ known.T, np.trace(G))
    fields = TaskFields(jnp.asarray(seen), jnp.asarray(np.concatenate([known, rest], axis=1)), tuple(classes))
    for part in (fields.noisy, fields.clean):
        check_result(part, "The fields")
    return fields


def check_fields(fields: TaskFields) -> None:
    """Raise unless these are fields of finite numbers."""
    check_kind_of(fields, TaskFields, "The fields", "Use fields_of_teachers")
    for part in (fields.noisy, fields.clean):
        check_finite(part, "The fields")


def _root(gram: np.ndarray, scale: float | None = None) -> np.ndarray:
    """R with R Rᵀ = gram, one column per direction."""
    values, vectors = np.linalg.eigh(0.5 * (gram + gram.T))
    present = values > _RANK * (values[-1] if scale is None else scale)
    return (vectors[:, present] * np.sqrt(values[present]))[:, ::-1]

"""Teachers of given relatedness R = V̄_Bᵀ V̄_A (4): a main one, and one or more auxiliary ones.

Relatedness compares the feature directions of two tasks (right singular vectors); the class directions Ū of all tasks are
independent. The paper's grid is R = r·I: r = 0 is unrelated, r = 1 has the same feature directions. Each of several
auxiliary teachers has its own R; the parts of their directions outside the main teacher's are independent.
"""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import described, floating
from sharedtrunk._support.axes import PRNGKey
from sharedtrunk._support.concrete import concrete
from sharedtrunk._support.randomness import normal, orthonormal, positive_diagonal, stream
from sharedtrunk.errors import invalid
from sharedtrunk.teachers._teacher import Teacher, check_sizes, check_teacher, quenched_noise, spread_singular_values


def related_pair(
    key: PRNGKey,
    *,
    relatedness: float | Float[Array, ""] | Float[Array, "auxiliary_rank main_rank"],
    classes: int | tuple[int, int] = 10,
    features: int = 100,
    rank: int | tuple[int, int] | None = None,
    singular_values: Any = (1.0, 1.0),
    noise: float | tuple[float, float] = 1.0,
    dtype=None,
) -> tuple[Teacher, Teacher]:
    """A main and an auxiliary teacher of given relatedness, V̄_Bᵀ V̄_A = R (4).

    V̄_B = V̄_A Rᵀ + V̄_⊥ (I − R Rᵀ)^½ with V̄_⊥ orthonormal and orthogonal to V̄_A. All draws depend on `key` alone, so pairs
    that differ in relatedness or singular values share singular vectors and noise.

    Parameters
    ----------
    key
        JAX key.
    relatedness
        A number r between −1 and 1 (R = r·I), or the matrix R (rank_B, rank_A) of spectral norm at most 1.
    classes, rank, singular_values, noise
        See `random_teacher`, one value for both teachers or a pair (main, auxiliary).
    features
        N_f, at least rank_A + rank_B, so that V̄_⊥ exists.
    dtype
        Precision; JAX's default unless given.

    Returns
    -------
    main, auxiliary
        Two `Teacher`s.

    Raises
    ------
    InputError
        For ‖R‖ > 1, an R of another shape, too few features, and where `random_teacher` raises it.

    References
    ----------
    The paper's (4).
    """
    main, auxiliary = related_teachers(
        key,
        relatedness=(relatedness,),
        classes=classes,
        features=features,
        rank=rank,
        singular_values=singular_values,
        noise=noise,
        dtype=dtype,
    )
    return main, auxiliary


def related_teachers(
    key: PRNGKey,
    *,
    relatedness: Sequence[Any],
    classes: int | tuple[int, ...] = 10,
    features: int = 100,
    rank: int | tuple[int, ...] | None = None,
    singular_values: Any = 1.0,
    noise: float | tuple[float, ...] = 1.0,
    dtype=None,
) -> tuple[Teacher, ...]:
    """A main teacher and auxiliary ones, each as `related_pair` makes it: V̄_tᵀ V̄_A = R_t (4).

    Given the main teacher, the auxiliary ones are independent, so that E V̄_tᵀ V̄_u = R_t R_uᵀ. The first two teachers are
    those of `related_pair` with the same key, and none depends on the number of those that follow it.

    Parameters
    ----------
    key
        JAX key.
    relatedness
        For each auxiliary teacher a number or a matrix, as `related_pair` takes it.
    classes, rank, singular_values, noise
        See `random_teacher`, one value for all teachers or a tuple (main, first auxiliary, …).
    features
        N_f, at least rank_A + rank_t for every auxiliary teacher.
    dtype
        Precision; JAX's default unless given.

    Returns
    -------
    tuple of Teacher
        The main teacher, then the auxiliary ones.

    Raises
    ------
    InputError
        Without an auxiliary teacher, and where `related_pair` raises it.

    References
    ----------
    The paper's (4).
    """
    if not isinstance(relatedness, Sequence) or isinstance(relatedness, str) or len(relatedness) == 0:
        raise invalid(
            "Relatedness must be a list with an entry per auxiliary teacher, at least one",
            received=described(relatedness),
            hint="Give [0.5], or a matrix in its place",
        )
    count = 1 + len(relatedness)
    sizes = _one_each(classes, count)
    ranks = sizes if rank is None else _one_each(rank, count)
    for each in zip(sizes, ranks, strict=True):
        check_sizes(each[0], features, each[1])
    if features < ranks[0] + max(ranks[1:]):
        raise invalid(
            "A pair of given relatedness needs at least rank_A + rank_B features",
            received=f"{features} features for ranks {ranks[0]} and {max(ranks[1:])}",
            hint="Raise the number of features or lower a rank",
        )
    rights = _right_singular_vectors(key, features, ranks, relatedness, dtype)
    parts = zip(sizes, ranks, _one_each(singular_values, count), rights, _one_each(noise, count), strict=True)

    def teacher(role, size, rank_, values, right, scale):
        return Teacher(
            left=orthonormal(stream(key, f"left singular vectors, {role}"), size, rank_, dtype),
            singular_values=spread_singular_values(values, rank_, dtype),
            right=right,
            noise=quenched_noise(stream(key, f"teacher noise, {role}"), size, features, scale, dtype),
        )

    return tuple(teacher(_role(index), *part) for index, part in enumerate(parts))


def relatedness(main: Teacher, auxiliary: Teacher) -> Float[Array, "auxiliary_rank main_rank"]:
    """Relatedness R = V̄_Bᵀ V̄_A of two teachers (4).

    Parameters
    ----------
    main, auxiliary
        Teachers with the same features.

    Returns
    -------
    Array
        R (rank_B, rank_A): cosines between their feature directions.

    Raises
    ------
    InputError
        For anything but a `Teacher` of finite numbers.
    """
    check_teacher(main, auxiliary)
    return auxiliary.right.T @ main.right


def _role(index: int) -> str:
    """The teacher's role, as it appears in the names of its random streams."""
    return ("main", "auxiliary")[index] if index < 2 else f"auxiliary {index}"


def _right_singular_vectors(key: PRNGKey, features: int, ranks: Sequence[int], relatedness: Sequence, dtype) -> list:
    """V̄ of the main teacher and of every auxiliary one."""
    frame = orthonormal(stream(key, "right singular vectors"), features, ranks[0] + ranks[1], dtype)
    main, outside = frame[:, : ranks[0]], [frame[:, ranks[0] :]]
    for index, rank in enumerate(ranks[2:], start=2):
        outside.append(_outside(stream(key, f"right singular vectors, {_role(index)}"), main, rank))
    return [main, *(_related_directions(main, *each) for each in zip(outside, relatedness, strict=True))]


def _outside(key: PRNGKey, main: Float[Array, "feature main_rank"], rank: int) -> Float[Array, "feature rank"]:
    """Haar-distributed orthonormal columns that are orthogonal to those of `main`."""
    draw = normal(key, (main.shape[0], rank), main.dtype)
    whole = positive_diagonal(*jnp.linalg.qr(jnp.concatenate([main, draw], axis=1)))
    return whole[:, main.shape[1] :]


def _related_directions(right_a, outside, relatedness):
    rank_a, rank_b = right_a.shape[1], outside.shape[1]
    r = floating(relatedness, "Relatedness").astype(right_a.dtype)
    known = concrete(r)
    if r.ndim == 0:
        if known is not None and not abs(known) <= 1:
            raise invalid(
                "Relatedness must lie between −1 and 1",
                received=float(known),
                hint="It is a cosine: 0 is unrelated",
            )
        shared = jnp.eye(rank_a, rank_b, dtype=right_a.dtype)
        cosine, sine = r * shared, jnp.sqrt(1 - r * r)
        # directions of B beyond A's rank have no partner in A and lie wholly outside
        paired = jnp.arange(rank_b) < rank_a
        return right_a @ cosine + outside * jnp.where(paired, sine, jnp.ones_like(sine))[None, :]
    if r.shape != (rank_b, rank_a):
        raise invalid(
            "The relatedness matrix must have shape (rank_B, rank_A)",
            received=f"shape {r.shape} for ranks {rank_b} and {rank_a}",
            hint="Pass V_Bᵀ V_A, or a number r for r·I",
        )
    if known is not None:
        _check_contraction(known)
    return right_a @ r.T + outside @ _root_of_complement(r)


def _check_contraction(known) -> None:
    largest = float(np.linalg.norm(known, 2)) if np.isfinite(known).all() else float("nan")
    if not largest <= 1 + 8 * float(np.finfo(known.dtype).eps):
        raise invalid(
            "The relatedness matrix must have spectral norm at most 1",
            received=f"norm {largest:.6g}",
            hint="Its entries are cosines between orthonormal directions; divide by the norm",
        )


def _root_of_complement(r):
    """(I − R Rᵀ)^½, the symmetric root. Where ‖R‖ = 1, rounding can make eigenvalues slightly negative."""
    values, vectors = jnp.linalg.eigh(jnp.eye(r.shape[0], dtype=r.dtype) - r @ r.T)
    return (vectors * jnp.sqrt(jnp.maximum(values, 0))[None, :]) @ vectors.T


def _one_each(value, count: int) -> tuple:
    """One value per teacher, the main one first; `value` is one for all, or a tuple or list with one for each."""
    if not isinstance(value, tuple | list):
        return (value,) * count
    if len(value) != count:
        all_of_them = (
            "both teachers, or a pair (main, auxiliary)"
            if count == 2
            else f"all teachers, or {count} of them (main, first auxiliary, …)"
        )
        raise invalid(
            f"Give one value for {all_of_them}",
            received=f"{len(value)} values",
            hint="Vectors, such as singular values, go in as arrays: (array_main, array_auxiliary)",
        )
    return tuple(value)

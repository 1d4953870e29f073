"""Two teachers of given relatedness R = V̄_Bᵀ V̄_A (4).

Relatedness compares the feature directions of the tasks (right singular vectors); their class directions Ū_A, Ū_B are
independent. The paper's grid is R = r·I: r = 0 is unrelated, r = 1 has the same feature directions.
"""

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import floating
from sharedtrunk._support.axes import PRNGKey
from sharedtrunk._support.concrete import concrete
from sharedtrunk._support.randomness import orthonormal, stream
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
        As `random_teacher`, one value for both teachers or a pair (main, auxiliary).
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
        For ‖R‖ > 1, an R of another shape, too few features, and as `random_teacher`.

    References
    ----------
    The paper's (4).
    """
    classes_a, classes_b = _pair(classes)
    rank_a, rank_b = (classes_a, classes_b) if rank is None else _pair(rank)
    check_sizes(classes_a, features, rank_a)
    check_sizes(classes_b, features, rank_b)
    if features < rank_a + rank_b:
        raise invalid(
            "A pair of given relatedness needs at least rank_A + rank_B features",
            received=f"{features} features for ranks {rank_a} and {rank_b}",
            hint="Raise the number of features or lower a rank",
        )
    frame = orthonormal(stream(key, "right singular vectors"), features, rank_a + rank_b, dtype)
    right_a, outside = frame[:, :rank_a], frame[:, rank_a:]
    right_b = _related_directions(right_a, outside, relatedness)
    values_a, values_b = _pair(singular_values)
    noise_a, noise_b = _pair(noise)

    def teacher(role, size, rank_, values, right, scale):
        return Teacher(
            left=orthonormal(stream(key, f"left singular vectors, {role}"), size, rank_, dtype),
            singular_values=spread_singular_values(values, rank_, dtype),
            right=right,
            noise=quenched_noise(stream(key, f"teacher noise, {role}"), size, features, scale, dtype),
        )

    main = teacher("main", classes_a, rank_a, values_a, right_a, noise_a)
    return main, teacher("auxiliary", classes_b, rank_b, values_b, right_b, noise_b)


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


def _pair(value):
    """(main, auxiliary), from one value for both or from a pair."""
    if not isinstance(value, tuple | list):
        return value, value
    if len(value) != 2:
        raise invalid(
            "Give one value for both teachers, or a pair (main, auxiliary)",
            received=f"{len(value)} values",
            hint="Vectors, such as singular values, go in as arrays: (array_main, array_auxiliary)",
        )
    return tuple(value)

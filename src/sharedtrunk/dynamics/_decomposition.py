"""A teacher as its singular value decomposition, the argument of the aligned equations."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from sharedtrunk._support.arguments import check_finite, described, floating, value_range
from sharedtrunk._support.concrete import concrete
from sharedtrunk.errors import invalid


def decomposition(parts) -> tuple[Array, Array, Array]:
    """(left, singular values, right) as floating arrays. Raises `InputError` unless they are a decomposition."""
    if not isinstance(parts, tuple | list) or len(parts) != 3:
        raise invalid(
            "A teacher is a decomposition (left, singular values, right)",
            received=described(parts),
            hint="Use U, s, Vᵀ = numpy.linalg.svd(weights, full_matrices=False) and give (U, s, V)",
        )
    U, s, V = (
        floating(parts[0], "Left vectors"),
        floating(parts[1], "Singular values"),
        floating(parts[2], "Right vectors"),
    )
    check_decomposition(U, s, V)
    return U, s, V


def check_decomposition(U, s, V) -> None:
    """Raise unless U diag(s) Vᵀ is a singular value decomposition."""
    rank = s.shape[-1] if s.ndim == 1 else -1
    if U.ndim != 2 or V.ndim != 2 or U.shape[1] != rank or V.shape[1] != rank or U.shape[0] < 2:
        raise invalid(
            "A decomposition has left (class ≥ 2, rank), singular values (rank,) and right (feature, rank)",
            received=f"{U.shape}, {s.shape}, {V.shape}",
            hint="Use U, s, Vᵀ = numpy.linalg.svd(weights, full_matrices=False) and transpose Vᵀ",
        )
    left, values, right = (concrete(part) for part in (U, s, V))
    if left is None or values is None or right is None:
        return
    for name, part in (("Left singular vectors", left), ("Right singular vectors", right)):
        check_finite(part, name)
    slack = 1e3 * float(jnp.finfo(U.dtype).eps)
    errors = [np.abs(part.T @ part - np.eye(rank)).max() for part in (left, right)]
    if not (max(errors) <= slack and np.isfinite(values).all() and (values >= 0).all()):
        raise invalid(
            "Singular vectors must be orthonormal and singular values finite and ≥ 0",
            received=f"vectors orthonormal to {errors[0]:.2g} and {errors[1]:.2g}, singular values: {value_range(values)}",
            hint="Use numpy.linalg.svd",
        )

"""Checks that the makers of flows share, and the root of a covariance."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._axes import AnyArray
from sharedtrunk._concrete import concrete
from sharedtrunk._errors import invalid


def covariance_root(covariance: Float[AnyArray, "feature feature"], like: Array) -> Float[Array, "feature feature"]:
    """A root R, C = R Rᵀ, by eigenvectors; raises where C is not a positive definite covariance of `like`'s features."""
    C = jnp.asarray(covariance, like.dtype)
    known = concrete(C)
    if known is None or C.shape != (like.shape[-1],) * 2 or not np.isfinite(known).all():
        raise invalid(
            "The covariance must be a concrete, finite matrix (feature, feature)",
            received="traced values" if known is None else f"shape {C.shape} for {like.shape[-1]} features",
            way_out="Give one row and one column per feature of the teachers",
        )
    values, vectors = np.linalg.eigh(known)
    slack = 32 * len(known) * np.finfo(known.dtype).eps * np.abs(known).max()
    if np.abs(known - known.T).max() > slack or not values[0] > slack:
        raise invalid(
            "The covariance must be symmetric and positive definite",
            received=f"asymmetry {np.abs(known - known.T).max():.2g}, smallest eigenvalue {values[0]:.3g}",
            way_out="Rotate the features and drop the directions that have no variance",
        )
    return jnp.asarray(vectors * np.sqrt(values), like.dtype)


def check_task_weights(alphas: Sequence[float], tasks: int) -> None:
    """Raise unless there is one finite α ≥ 0 per task."""
    if tasks == 0 or len(alphas) != tasks or not all(np.isfinite(a) and a >= 0 for a in alphas):
        raise invalid(
            "A flow needs at least one task and one finite weight α ≥ 0 per task",
            received=f"{tasks} tasks, weights {list(alphas)}",
            way_out="Leave task_weights out to weigh all tasks by 1",
        )


def check_rule(rule: object) -> None:
    """Raise unless the rule is one that works under JAX's transformations."""
    if not isinstance(rule, gaussian.NodeRule):
        raise invalid(
            "A flow's rule is gaussian.Sobol or gaussian.Characters",
            received=repr(rule),
            way_out="Use gaussian.Sobol(points=…, scrambles=1)",
        )


def check_inverse_temperature(beta) -> None:
    """Raise unless β is a finite number > 0, or None for hard labels."""
    known = None if beta is None else concrete(beta)
    if known is not None and not (np.isfinite(known).all() and (known > 0).all()):
        raise invalid(
            "The inverse temperature β must be finite and > 0",
            received=beta,
            way_out="Leave it out for hard labels (β → ∞)",
        )


def floating(weights) -> Array:
    """As a floating array; whole numbers take JAX's default precision."""
    kind = np.asarray(weights).dtype.kind if concrete(weights) is not None else "f"
    return jnp.asarray(weights, None if kind == "f" else jnp.result_type(float))

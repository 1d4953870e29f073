"""Checks that the makers of flows share, and the root of a covariance."""

from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.concrete import concrete
from sharedtrunk.dynamics._given import described, floating, is_number
from sharedtrunk.errors import invalid


def covariance_root(covariance: Float[AnyArray, "feature feature"], like: Array) -> Float[Array, "feature feature"]:
    """A root R, C = R Rᵀ, by eigenvectors; raises where C is not a positive definite covariance of `like`'s features."""
    C = floating(covariance, "The covariance").astype(like.dtype)
    known = concrete(C)
    if known is None or C.shape != (like.shape[-1],) * 2 or not np.isfinite(known).all():
        raise invalid(
            "The covariance must be a concrete, finite matrix (feature, feature)",
            received="traced values" if known is None else f"shape {C.shape} for {like.shape[-1]} features",
            hint="Give one row and one column per feature of the teachers",
        )
    values, vectors = np.linalg.eigh(known)
    slack = 32 * len(known) * np.finfo(known.dtype).eps * np.abs(known).max()
    if np.abs(known - known.T).max() > slack or not values[0] > slack:
        raise invalid(
            "The covariance must be symmetric and positive definite",
            received=f"asymmetry {np.abs(known - known.T).max():.2g}, smallest eigenvalue {values[0]:.3g}",
            hint="Rotate the features and drop the directions that have no variance",
        )
    return jnp.asarray(vectors * np.sqrt(values), like.dtype)


def checked_task_weights(alphas: Sequence[float] | None, tasks: int) -> Sequence[float] | AnyArray:
    """The tasks' weights, all 1 where none are given; raises unless there is one finite α ≥ 0 per task."""
    weights = [1.0] * tasks if alphas is None else alphas
    known = None if is_number(weights) or isinstance(weights, str) else concrete(floating(weights, "Task weights"))
    if tasks == 0 or known is None or known.shape != (tasks,) or not (np.isfinite(known) & (known >= 0)).all():
        raise invalid(
            "A flow needs at least one task and one finite weight α ≥ 0 per task",
            received=f"{tasks} tasks, weights {described(weights)}",
            hint="Leave task_weights out to weigh all tasks by 1, or give a list with a number for each",
        )
    return weights


def check_rule(rule: object) -> None:
    """Raise unless the rule is one that works under JAX's transformations."""
    if not isinstance(rule, gaussian.NodeRule):
        raise invalid(
            "A flow's rule is gaussian.Sobol or gaussian.Characters",
            received=repr(rule),
            hint="Use gaussian.Sobol(points=…, scrambles=1)",
        )


def check_inverse_temperature(beta) -> None:
    """Raise unless β is one finite number > 0, or None for hard labels."""
    if beta is None:
        return
    known = concrete(beta) if is_number(beta) else np.nan
    if known is not None and not (np.isfinite(known) and known > 0):
        raise invalid(
            "The inverse temperature β must be finite and > 0, one number",
            received=described(beta),
            hint="Give None for hard labels (β → ∞)",
        )


def check_kind(flow: object, start: object, kind: type, form: str, tuples: Sequence[str] = ()) -> None:
    """Raise unless a start is of the flow's kind of state, with arrays in it and tuples where they belong."""
    right = isinstance(start, kind) and all(isinstance(getattr(start, name), tuple | list) for name in tuples)
    if not right or not jax.tree.leaves(start):
        raise invalid(
            f"A {type(flow).__name__} starts from {kind.__name__}",
            received=f"{described(start)}, of another make or empty" if isinstance(start, kind) else described(start),
            hint=f"Give {form}",
        )

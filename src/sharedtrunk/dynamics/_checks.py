"""Checks shared by the functions that make flows, and the root of a covariance."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import check_inverse_temperature, described, floating, is_number
from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.concrete import concrete
from sharedtrunk.errors import invalid
from sharedtrunk.gaussian.checks import as_covariance


def covariance_root(covariance: Float[AnyArray, "feature feature"], like: Array) -> Float[Array, "feature feature"]:
    """A root R, C = R Rᵀ, by eigenvectors; raises where C is not a positive definite covariance of `like`'s features."""
    C = concrete(as_covariance(covariance, like, definite=True))
    if C is None:
        raise invalid("A flow needs a concrete covariance", received="traced values", hint="Make the flow outside jit")
    values, vectors = np.linalg.eigh(C)
    return jnp.asarray(vectors * np.sqrt(values), like.dtype)


def checked_task_weights(alphas: Sequence[float] | None, tasks: int) -> Sequence[float] | AnyArray:
    """The tasks' weights, all 1 by default; raises unless there is one finite α ≥ 0 per task."""
    weights = [1.0] * tasks if alphas is None else alphas
    known = None if is_number(weights) or isinstance(weights, str) else concrete(floating(weights, "Task weights"))
    if tasks == 0 or known is None or known.shape != (tasks,) or not (np.isfinite(known) & (known >= 0)).all():
        raise invalid(
            "A flow needs at least one task and one finite weight α ≥ 0 per task",
            received=f"{tasks} tasks, weights {described(weights)}",
            hint="Leave task_weights out to give all tasks the weight 1, or give a list with a number for each",
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


def check_beta(beta) -> None:
    """Raise unless β is one finite number > 0, or None for hard labels."""
    if beta is not None:
        check_inverse_temperature(beta, "Give None for hard labels (β → ∞)")

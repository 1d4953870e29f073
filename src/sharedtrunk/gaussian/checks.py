"""Checks of weights, covariances, moments and rules. Shapes are always checked, values where they are concrete."""

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk._support.arguments import floating
from sharedtrunk._support.concrete import concrete
from sharedtrunk.errors import invalid
from sharedtrunk.gaussian._rules import NodeRule, Pairs, Panels

LEAST_POINTS = 256
"""Points of a scramble below which the bias that all scrambles share is not small beside their spread."""

HEADROOM = 20
"""Binary digits between the largest allowed weight and the largest number: sums of 10⁶ terms stay finite."""


def are_concrete(*arrays) -> bool:
    """Whether all arrays have values; inside jit, grad and vmap they have only shapes."""
    return all(concrete(array) is not None for array in arrays)


def as_weights(W, name: str = "W") -> jax.Array:
    """W as a floating array (…, class, feature) with at least 2 classes and finite entries."""
    W = floating(W, name)
    if W.ndim < 2:
        raise invalid(
            f"{name} has shape (…, class, feature)", received=f"shape {W.shape}", hint="Give one row per class."
        )
    if W.shape[-2] < 2:
        raise invalid(f"{name} has at least 2 classes", received=f"shape {W.shape}", hint="Give one row per class.")
    if W.shape[-1] < 1:
        raise invalid(
            f"{name} has at least 1 feature", received=f"shape {W.shape}", hint="Give one column per feature."
        )
    if are_concrete(W) and not np.isfinite(np.asarray(W)).all():
        bad = int(np.sum(~np.isfinite(np.asarray(W))))
        raise invalid(
            f"{name} is finite", received=f"{bad} entries NaN or infinite", hint="Drop the diverged lanes first."
        )
    check_range(name, W, W.dtype)
    return W


def check_range(name: str, values, dtype) -> None:
    """Raise where concrete values are so large that sums over features and nodes could overflow their precision."""
    largest = float(jnp.finfo(dtype).max) * 2.0**-HEADROOM
    if are_concrete(values) and (top := np.abs(np.asarray(values)).max(initial=0)) > largest:
        raise invalid(
            f"{name} has entries of at most {largest:.1g} in {jnp.dtype(dtype)}",
            received=f"{top:.3g}",
            hint="Scale it down, or use float64 for values beyond float32.",
        )


def as_covariance(covariance, W: jax.Array | jax.ShapeDtypeStruct, *, definite: bool = False) -> jax.Array | None:
    """The input covariance in W's precision: (feature, feature), symmetric, positive semidefinite or definite."""
    if covariance is None:
        return None
    C = floating(covariance, "the covariance").astype(W.dtype)
    features = W.shape[-1]
    if C.shape != (features, features):
        raise invalid(
            "the covariance has shape (feature, feature)",
            received=f"shape {C.shape} for {features} features",
            hint="Give one row and one column per feature.",
        )
    if not are_concrete(C):
        return C
    host = np.asarray(C, float)
    if not np.isfinite(host).all():
        raise invalid("the covariance is finite", received="NaN or infinite entries", hint="Remove bad samples first.")
    slack = 32 * features * float(jnp.finfo(C.dtype).eps) * np.abs(host).max()
    if np.abs(host - host.T).max() > slack:
        raise invalid(
            "the covariance is symmetric",
            received=f"an asymmetry of {np.abs(host - host.T).max():.2g}",
            hint="Use (C + Cᵀ)/2 if that is what you mean.",
        )
    smallest = np.linalg.eigvalsh(host)[0]
    if smallest < -slack or (definite and smallest <= slack):
        raise invalid(
            f"the covariance is positive {'definite' if definite else 'semidefinite'}",
            received=f"an eigenvalue of {smallest:.3g}",
            hint="Drop the directions without variance." if definite else "Estimate it as X Xᵀ / N.",
        )
    if isinstance(W, jax.Array) and are_concrete(W):
        with np.errstate(over="ignore"):
            largest = np.sqrt(np.abs(host).max()) * np.abs(np.asarray(W, float)).max(initial=0)
        check_range("W C^½", largest, W.dtype)
    return C


def as_moment(moment, W: jax.Array | jax.ShapeDtypeStruct) -> jax.Array:
    """A label moment in W's precision whose last two axes are W's and whose lanes broadcast with W's."""
    M = floating(moment, "the moment").astype(W.dtype)
    try:
        np.broadcast_shapes(M.shape[:-2], W.shape[:-2])
        fits = M.shape[-2:] == W.shape[-2:]
    except ValueError:
        fits = False
    if not fits:
        raise invalid(
            "the moment has the shape of W, (…, class, feature)",
            received=f"moment {M.shape} for W {W.shape}",
            hint="Use label_moment of a teacher with the same classes and features.",
        )
    if are_concrete(M) and not np.isfinite(np.asarray(M)).all():
        raise invalid("the moment is finite", received="NaN or infinite entries", hint="Check the teacher's weights.")
    return M


def check_rule(rule, W: jax.Array) -> None:
    """Raise `InputError` unless the rule is None, Sobol or Characters, or Panels or Pairs with concrete weights."""
    if rule is None or isinstance(rule, NodeRule):
        return
    if not isinstance(rule, Panels | Pairs):
        raise invalid(
            "rule is Panels, Sobol, Characters, Pairs or None",
            received=repr(rule),
            hint="Leave it out to choose by rank.",
        )
    if not are_concrete(W):
        raise invalid(
            f"{type(rule).__name__} needs concrete weights",
            received="a traced array",
            hint="Use Sobol inside jit, vmap and grad.",
        )


def check_error_rule(rule) -> None:
    """Raise `InputError` unless the rule has at least 4 scrambles of at least 256 points.

    Scrambles show the spread of a Sobol rule, not a bias that all of them share. There is one: every set is rescaled
    by its own second moments. It falls as dimension / points and hides below the spread only for large sets. (`Pairs`
    rescales nothing, so it has no bias and no such limit.)
    """
    if isinstance(rule, NodeRule) and rule.scrambles < 4:
        raise invalid(
            "an error estimate needs at least 4 scrambles",
            received=f"{rule.scrambles}",
            hint="Use Sobol(points=…, scrambles=8).",
        )
    if isinstance(rule, NodeRule) and rule.points < LEAST_POINTS:
        raise invalid(
            f"an error estimate needs at least {LEAST_POINTS} points per scramble (smaller sets share a bias)",
            received=f"{rule.points}",
            hint="Use Sobol(points=1024, scrambles=8).",
        )


def check_scrambles(rule, kind) -> None:
    """Raise `InputError` unless the rule is of the kind that gives one value per scramble."""
    if not isinstance(rule, kind):
        raise invalid("Scrambles belong to a Sobol rule", received=repr(rule), hint="Use FINE or Sobol(…).")

"""When a flow's quadrature is too coarse: the error of the drive as a share of the drive.

With hard labels the drive M̂ − ∇F(W) falls with the square of the weights, as c/s², while the nodes' error of ∇F does not
fall: beyond some scale the flow follows the error of its nodes. Only the error δ along the weights counts, ⟨δ, W⟩/‖W‖,
because it makes them grow; across them the flow is stable. The error is the larger of two: the standard error of the
flow's own rule, from the spread over the scrambles of a reference rule, and the difference between the two rules. With soft
labels M̂ = ∇F(βΣ̂) has the same error at βΣ̂, and the two cancel as the student becomes the teacher. Rounding counts as error
where labels are hard. The error of the label moment itself does not count.
"""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sharedtrunk import gaussian
from sharedtrunk._support.cache.programs import program
from sharedtrunk._support.concrete import concrete
from sharedtrunk.dynamics._flow import AbstractFlow, Term

LARGEST_SHARE = 0.5
"""Largest error of the drive as a share of the drive. The weights then grow by up to this share too fast or too slowly."""

LEAST_SCALE = 8.0
"""Root mean square of the singular values below which a trajectory is not checked: there the error of 2,048 nodes or more is
less than half of the drive of hard labels (measured: 0.4 of it for ten classes, 0.1 for three)."""

REFERENCE_SCRAMBLES = 8
"""Scrambles of the reference rule, enough for a standard error."""

MOST_TIMES = 16
"""The largest number of saved times at which a trajectory is checked."""


def first_too_coarse(
    flow: AbstractFlow, axes: tuple[int | None, ...], composites: tuple[Float[Array, "lane time _ feature"], ...]
) -> Int[np.ndarray, "lane"] | None:
    """Index of the first saved time at which the error of the drive exceeds `LARGEST_SHARE`; else the number of times.

    None if nothing was checked, because the weights are traced or small. At most `MOST_TIMES` times are checked; those
    between the last good and the first bad one count as bad.
    """
    known = [concrete(W) for W in composites]
    if any(W is None for W in known):
        return None
    scale = np.max([_scales(np.asarray(W, float)) for W in known], axis=0)
    large = np.nan_to_num(scale) > LEAST_SCALE
    if not large.any():
        return None
    checked = _spread(np.flatnonzero(large.any(axis=0)))
    some = tuple(jnp.asarray(W)[:, checked] for W in composites)
    shares = np.where(large[:, checked], np.asarray(_shares(flow, axes, some)), 0.0)
    bad = shares > LARGEST_SHARE
    # times between two checked ones are not known to be good
    begin = np.concatenate([checked[:1], checked[:-1] + 1])
    return np.where(bad.any(axis=1), begin[bad.argmax(axis=1)], scale.shape[1])


def _scales(W: np.ndarray) -> np.ndarray:
    """Root mean square of the K − 1 singular values of J W, (lane, time)."""
    return np.linalg.norm(W - W.mean(axis=-2, keepdims=True), axis=(-2, -1)) / (W.shape[-2] - 1) ** 0.5


def _spread(index: np.ndarray) -> np.ndarray:
    """At most `MOST_TIMES` of the indices, evenly spread, with the first and the last."""
    return index[np.unique(np.linspace(0, len(index) - 1, min(MOST_TIMES, len(index))).round().astype(int))]


@program
def _shares(flow: AbstractFlow, axes: tuple[int | None, ...], composites) -> Float[Array, "lane time"]:
    """The error of the drive along the weights, as a share of the drive: the largest of all tasks."""
    leaves, structure = jax.tree.flatten(flow)

    def lane(leaves, composites):
        terms_at = jax.tree.unflatten(structure, leaves).terms
        # one time after the other: the nodes of all times together would not fit into the cache
        return jax.lax.map(lambda weights: _largest([_share(term) for term in terms_at(weights)], weights), composites)

    return jax.vmap(lane, (list(axes), 0))(leaves, composites)


def _largest(shares: list, weights) -> Array:
    return jnp.max(jnp.stack([jnp.zeros((), weights[0].dtype), *shares]))


def _share(term: Term) -> Array:
    eps = jnp.finfo(term.weights.dtype).eps
    error, floor = _error(term) / term.size, 64 * eps * jnp.linalg.norm(term.moment)
    hard = True if term.soft is None else ~jnp.any(term.soft)
    drive = jnp.linalg.norm(term.drive)
    # error and drive both vanish as a student becomes its soft teacher
    return jnp.where(hard, (error + floor / 8) / drive, error / jnp.maximum(drive, floor))


def _error(term: Term) -> Array:
    """Error of ⟨M̂ − ∇F(W), W⟩, from the flow's own nodes and from those of a reference."""
    if term.rule is None:
        return jnp.zeros((), term.weights.dtype)
    reference = dataclasses.replace(term.rule, scrambles=max(REFERENCE_SCRAMBLES, term.rule.scrambles))
    own, reference_values = (_along(term, rule) for rule in (term.rule, reference))
    spread = jnp.std(reference_values, ddof=1) / len(own) ** 0.5
    return jnp.maximum(spread, jnp.abs(jnp.mean(own) - jnp.mean(reference_values)))


def _along(term: Term, rule) -> Float[Array, "scramble"]:
    moments = gaussian.softmax_moment_scrambles(term.weights, rule=rule)
    if term.soft is not None:
        moments = moments - gaussian.softmax_moment_scrambles(term.soft, rule=rule)
    # softmax does not see the common shift of the rows
    W = term.weights - jnp.mean(term.weights, axis=-2, keepdims=True)
    return jnp.sum(moments * W[None], axis=(-2, -1))

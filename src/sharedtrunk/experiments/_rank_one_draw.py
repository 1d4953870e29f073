"""Figure 1's draws: rank-one teachers, aligned starts of rank one, 100 points.

Softmax does not see a shift common to all classes, so û and the noise are centred over the classes: the labels stay the same,
and û is centred as (3) requires. For two classes the noisy teacher then has rank one too. The student starts at s(0) û v̂ᵀ,
with the leading singular vectors of the noisy teacher and no other singular value, so that the width of the student does not
matter (`_rank_one_descent`).
"""

import itertools
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian, teachers
from sharedtrunk._support.cache.programs import program
from sharedtrunk._support.limits import check_choice, check_number
from sharedtrunk.errors import invalid
from sharedtrunk.experiments.problems import RankOneProblem

LABELS = ("hard", "soft")
"""Labels are the argmax of the noisy teacher, or its softmax at inverse temperature 1."""

HARD_RULE = gaussian.Pairs(points=256, scrambles=4)
"""Rule for the moments of hard labels. At K = 20 its error is 1.1 % in Frobenius norm, and 0.1 % along û, v̂."""

SOFT_RULE = gaussian.Sobol(points=16384, scrambles=1)
"""Rule for the moments of soft labels, which are computed once per lane."""


class RankOneDraw(eqx.Module):
    """Points, and for every lane: noisy teacher, its leading triple ŝ û v̂ᵀ, label probabilities, label moment and s(0)."""

    noisy_weights: Float[Array, "lane class feature"]
    left: Float[Array, "lane class"]
    value: Float[Array, "lane"]
    right: Float[Array, "lane feature"]
    inputs: Float[Array, "sample feature"]
    probabilities: Float[Array, "lane class sample"]
    moments: Float[Array, "lane class feature"]
    first: Float[Array, "lane"]


def draw_rank_one(settings: RankOneProblem, lanes: list[dict]) -> RankOneDraw:
    """Draw the data of lanes that share `seed`, `classes` and `labels`. Every draw depends on the seed alone.

    Raises `InputError` for a lane's value out of range, or lanes that differ in what they must share.
    """
    classes, labels, seed = (_common(lanes, name) for name in ("classes", "labels", "seed"))
    _check(lanes, labels)
    dtype = jnp.dtype(settings.precision)
    s_main, noise, first = (jnp.asarray([lane[name] for lane in lanes], dtype) for name in ("s_main", "noise", "start"))
    sizes = _Sizes(int(classes), settings.features, settings.samples)
    noisy, (left, value, right), inputs, (hard, soft) = _drawn(sizes, jnp.asarray(seed, jnp.uint32), s_main, noise)
    if labels == "hard":
        moments = _hard_moments(np.asarray(noisy), np.asarray(left), np.asarray(right), np.asarray(noise))
        return RankOneDraw(noisy, left, value, right, inputs, hard, moments, first)
    return RankOneDraw(noisy, left, value, right, inputs, soft, gaussian.softmax_moment(noisy, rule=SOFT_RULE), first)


class _Sizes(NamedTuple):
    """The sizes that the compiled draw depends on; settings with equal sizes share the compiled draw."""

    classes: int
    features: int
    samples: int


@program
def _drawn(sizes: _Sizes, seed, s_main, noise):
    key = jax.random.key(seed)
    inputs = teachers.draw_inputs(key, sizes.samples, sizes.features, dtype=s_main.dtype)

    def lane(s, scale):
        noisy = _noisy_weights(key, sizes, s, scale)
        U, S, Vt = jnp.linalg.svd(noisy, full_matrices=False)
        hard = jax.nn.one_hot(teachers.hard_labels(noisy, inputs), sizes.classes, axis=0, dtype=noisy.dtype)
        return noisy, (U[:, 0], S[0], Vt[0]), (hard, teachers.soft_labels(noisy, inputs, 1.0))

    noisy, triples, probabilities = jax.vmap(lane)(s_main, noise)
    return noisy, triples, inputs, probabilities


def _noisy_weights(key, sizes: _Sizes, singular_value, noise):
    """s̄ ū v̄ᵀ + ξ, both centred over the classes."""
    drawn = teachers.random_teacher(
        key, classes=sizes.classes, features=sizes.features, rank=1, dtype=singular_value.dtype
    )
    left = drawn.left[:, 0] - jnp.mean(drawn.left[:, 0])
    clean = singular_value * (left / jnp.linalg.norm(left))[:, None] * drawn.right[:, 0][None, :]
    return clean + noise * (drawn.noise - jnp.mean(drawn.noise, axis=0, keepdims=True))


def _hard_moments(noisy, left, right, noise) -> Array:
    """E[y xᵀ] over all inputs: the moment of infinitely many hard labels of the noisy teacher."""
    moments = np.empty_like(noisy)
    # without noise the labels are the classes of û's largest and smallest entry, where the moment is ±v̂/√(2π)
    for lane in np.flatnonzero(noise == 0):
        ends = np.eye(len(left[lane]))[[left[lane].argmax(), left[lane].argmin()]]
        moments[lane] = np.outer(ends[0] - ends[1], right[lane]) / np.sqrt(2 * np.pi)
    noised = np.flatnonzero(noise != 0)
    if noised.size:
        # lanes that differ only in their start have the same teacher
        distinct_teachers, teacher_of = np.unique(noisy[noised], axis=0, return_inverse=True)
        computed = np.asarray(gaussian.label_moment(jnp.asarray(distinct_teachers), rule=HARD_RULE))
        moments[noised] = computed[teacher_of.ravel()]
    return jnp.asarray(moments)


def _common(lanes: list[dict], name: str) -> Any:
    values = {lane.get(name) for lane in lanes}
    if len(values) != 1 or None in values:
        raise invalid(f"The lanes of a chunk must share {name}", received=values, hint=f"Group the sweep by {name}")
    return values.pop()


def _check(lanes: list[dict], labels: str) -> None:
    check_choice("labels", labels, LABELS)
    for lane, name in itertools.product(lanes, ("s_main", "start", "noise")):
        hint = "Correct the sweep's grid"
        check_number(f"{name} of a lane", lane.get(name, float("nan")), hint=hint, zero=name == "noise")

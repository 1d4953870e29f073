"""Bounds on the benefit from the weights alone: the two first-order convexity inequalities of L (20)–(25).

L(W) = F(W) − ⟨M, W⟩ is convex, so with D = W_A − W̃

    ⟨M − ∇F(W_A), D⟩ ≤ L(W̃) − L(W_A) ≤ ⟨M − ∇F(W̃), D⟩.

*Theorem* ((22)–(25) with the hard-label moment M = M(W̄), `benefit_bounds`): this holds for Gaussian inputs of any covariance
and composite weights of any depth. *As printed* (`printed_bounds`): the paper writes the finite G(W̄) W̄ C for M, and where
that differs from M the inequalities can fail. The gaps to the benefit are Bregman divergences of F, in which M cancels.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import check_result
from sharedtrunk._support.axes import AnyArray, Covariance
from sharedtrunk._support.cache.programs import program
from sharedtrunk._support.statistics import half_width
from sharedtrunk.errors import invalid
from sharedtrunk.gaussian.checks import as_covariance, as_moment, as_weights, check_error_rule, check_rule


class BenefitBounds(NamedTuple):
    """`lower` ≤ MT_{A←B} ≤ `upper` in nats (*lane,); `error` covers the numerical error of either.

    Parameters
    ----------
    lower, upper
        The bounds (*lane,).
    error
        Half-width that covers the numerical error of either (*lane,).
    """

    lower: Float[AnyArray, "*lane"]
    upper: Float[AnyArray, "*lane"]
    error: Float[AnyArray, "*lane"]

    @property
    def width(self) -> Float[AnyArray, "*lane"]:
        """upper − lower = ⟨∇F(W_A) − ∇F(W̃), W_A − W̃⟩ ≥ 0, whatever M is."""
        return self.upper - self.lower


class BenefitGaps(NamedTuple):
    """The benefit L(W̃) − L(W_A) in nats, its distance `above` the lower bound and `below` the upper one, with errors.

    Both gaps are ≥ 0 (Bregman divergences of F); `gap_error` covers either, `error` the benefit.

    Parameters
    ----------
    benefit, error
        L(W̃) − L(W_A) and its error (*lane,).
    above
        The benefit minus its lower bound (*lane,).
    below
        The upper bound minus the benefit (*lane,).
    gap_error
        Half-width that covers the error of either gap (*lane,).
    """

    benefit: Float[AnyArray, "*lane"]
    error: Float[AnyArray, "*lane"]
    above: Float[AnyArray, "*lane"]
    below: Float[AnyArray, "*lane"]
    gap_error: Float[AnyArray, "*lane"]


class _Parts(NamedTuple):
    """F(W̃) − F(W_A), ⟨∇F(W_A), D⟩, ⟨∇F(W̃), D⟩ and the two gaps (differences of these), each with its error."""

    energy: tuple[Array, Array]
    joint: tuple[Array, Array]
    single: tuple[Array, Array]
    above: tuple[Array, Array]
    below: tuple[Array, Array]


def benefit_bounds(
    W_joint: Float[AnyArray, "*lane class feature"],
    W_single: Float[AnyArray, "*lane2 class feature"],
    moment: Float[AnyArray, "*lane3 class feature"],
    *,
    covariance: Covariance | None = None,
    rule: gaussian.Rule | None = None,
    moment_error: float | Float[AnyArray, "..."] = 0.0,
) -> BenefitBounds:
    """⟨M − ∇F(W_A), W_A − W̃⟩ ≤ L(W̃) − L(W_A) ≤ ⟨M − ∇F(W̃), W_A − W̃⟩ in nats ((22)–(25) with the hard-label moment).

    Hypotheses: x ~ N(0, C) and linear students. Nothing else is assumed, because the loss is convex in their composite
    weights for any `moment`. The bounds hold between any two students; at each one's stopping time they bound the
    multitask benefit.

    Parameters
    ----------
    W_joint, W_single
        Composite weights W_A and W̃ (*lane, class, feature). Lanes of both and of `moment` broadcast: one baseline, or one
        moment, serves every joint lane.
    moment
        Label moment M (*lane, class, feature). With `label_moment(W̄)` the loss is the generalization loss.
    covariance
        Input covariance C (feature, feature); I by default.
    rule
        Quadrature of ∇F. With a Sobol rule of at least 4 scrambles the error is taken over scrambles of the bounds (and jit
        works), otherwise as in `softmax_moment_with_error`.
    moment_error
        Frobenius error of `moment`. The error of the bounds contains it, multiplied by ‖W_A − W̃‖.

    Returns
    -------
    BenefitBounds
        Both bounds in nats with their error.

    Raises
    ------
    InputError
        For shapes that do not broadcast, weights or moments that are not finite, or an unknown rule.
    """
    joint, single, M, C = _checked(W_joint, W_single, moment, covariance, rule)
    parts = _parts(joint, single, C, rule)
    agreement, slack = _agreement(M, joint - single, moment_error)
    at_joint, at_single, error = _as_lanes(
        agreement, parts.joint[0], parts.single[0], jnp.maximum(parts.joint[1], parts.single[1])
    )
    bounds = BenefitBounds(agreement - at_joint, agreement - at_single, slack + error)
    check_result(jnp.stack(bounds), "The bounds and their error")
    return bounds


def printed_bounds(
    W_joint: Float[AnyArray, "*lane class feature"],
    W_single: Float[AnyArray, "*lane2 class feature"],
    teacher: Float[AnyArray, "*lane3 class feature"],
    *,
    covariance: Covariance | None = None,
    rule: gaussian.Rule | None = None,
) -> BenefitBounds:
    """(24)–(25) as printed: `benefit_bounds` with the finite G(W̄) W̄ C instead of the label moment, in nats.

    They bound the loss on labels drawn from softmax(W̄x), not the generalization loss, whose labels are argmax W̄x.

    Parameters
    ----------
    W_joint, W_single, covariance, rule
        As in `benefit_bounds`.
    teacher
        The main teacher's clean weights W̄ (*lane, class, feature).

    Returns
    -------
    BenefitBounds
        See `benefit_bounds`.

    Raises
    ------
    InputError
        Where `benefit_bounds` raises it.
    """
    moment, error = gaussian.softmax_moment_with_error(teacher, covariance=covariance, rule=rule)
    return benefit_bounds(W_joint, W_single, moment, covariance=covariance, rule=rule, moment_error=error)


def benefit_gaps(
    W_joint: Float[AnyArray, "*lane class feature"],
    W_single: Float[AnyArray, "*lane2 class feature"],
    moment: Float[AnyArray, "*lane3 class feature"],
    *,
    covariance: Covariance | None = None,
    rule: gaussian.Rule | None = None,
    moment_error: float | Float[AnyArray, "..."] = 0.0,
) -> BenefitGaps:
    """L(W̃) − L(W_A) of the weights that `benefit_bounds` bounds, and its distances from both bounds, in nats.

    above = F(W̃) − F(W_A) + ⟨∇F(W_A), W_A − W̃⟩ and below = F(W_A) − F(W̃) − ⟨∇F(W̃), W_A − W̃⟩ are both ≥ 0 and independent
    of M.

    Parameters
    ----------
    W_joint, W_single, moment, covariance, rule, moment_error
        As in `benefit_bounds`.

    Returns
    -------
    BenefitGaps
        Benefit and distances with their errors.

    Raises
    ------
    InputError
        Where `benefit_bounds` raises it.
    """
    joint, single, M, C = _checked(W_joint, W_single, moment, covariance, rule)
    parts = _parts(joint, single, C, rule)
    agreement, slack = _agreement(M, joint - single, moment_error)
    gap_error = jnp.maximum(parts.above[1], parts.below[1])
    energy, error, above, below, gap_error = _as_lanes(
        agreement, *parts.energy, parts.above[0], parts.below[0], gap_error
    )
    gaps = BenefitGaps(agreement + energy, slack + error, above, below, gap_error)
    check_result(jnp.stack(gaps), "The benefit, the gaps and their errors")
    return gaps


def _checked(W_joint, W_single, moment, covariance, rule):
    joint, single = as_weights(W_joint, "W_joint"), as_weights(W_single, "W_single")
    lanes = common_lanes(joint.shape[:-2], single.shape[:-2])
    if joint.shape[-2:] != single.shape[-2:] or lanes is None:
        raise invalid(
            "Both students need the same classes and features, and lanes that broadcast",
            received=f"shapes {joint.shape} joint and {single.shape} single",
            hint="Give one baseline for all joint lanes, or one for each",
        )
    joint, single = (jnp.broadcast_to(W, (*lanes, *W.shape[-2:])) for W in (joint, single))
    check_rule(rule, joint)
    check_error_rule(rule)
    return joint, single.astype(joint.dtype), as_moment(moment, joint), as_covariance(covariance, joint)


def common_lanes(*shapes: tuple[int, ...]) -> tuple[int, ...] | None:
    """The lanes that all `shapes` broadcast to; None where they do not."""
    try:
        return np.broadcast_shapes(*shapes)
    except ValueError:
        return None


def _as_lanes(like: Array, *parts: Array) -> list[Array]:
    """Parts that do not depend on the moment, broadcast to the lanes of `like`, which may come from the moment."""
    return [jnp.broadcast_to(part, like.shape) for part in parts]


def _agreement(M: Array, step: Array, moment_error: Any) -> tuple[Array, Array]:
    """⟨M, D⟩ over class and feature, and its error from the error of M and from rounding."""
    M = jnp.broadcast_to(M, jnp.broadcast_shapes(M.shape, step.shape))
    value = jnp.einsum("...cf,...cf->...", M, jnp.broadcast_to(step, M.shape), precision="highest")
    given = jnp.broadcast_to(jnp.asarray(moment_error, M.dtype), value.shape)
    slack = given + 8 * jnp.finfo(M.dtype).eps * _norm(M)
    return value, slack * jnp.broadcast_to(_norm(step), value.shape)


def _parts(joint: Array, single: Array, C: Array | None, rule: gaussian.Rule | None) -> _Parts:
    if isinstance(rule, gaussian.Sobol):
        return _by_scrambles(joint, single, C, rule)
    step = joint - single
    length = _norm(step)
    energies = [gaussian.free_energy_with_error(W, covariance=C, rule=_of_energy(rule)) for W in (single, joint)]
    slopes = []
    for W in (joint, single):
        moment, error = gaussian.softmax_moment_with_error(W, covariance=C, rule=rule)
        value = jnp.einsum("...cf,...cf->...", moment, step, precision="highest")
        slopes.append((value, (error + 8 * jnp.finfo(W.dtype).eps * _norm(moment)) * length))
    energy = energies[0][0] - energies[1][0], energies[0][1] + energies[1][1]
    (at_joint, joint_error), (at_single, single_error) = slopes
    return _Parts(
        energy,
        slopes[0],
        slopes[1],
        (energy[0] + at_joint, energy[1] + joint_error),
        (-energy[0] - at_single, energy[1] + single_error),
    )


def _of_energy(rule: gaussian.Rule | None) -> gaussian.Rule | None:
    """The rule of the free energy: the automatic one in place of `Pairs`, which integrates moments only."""
    return None if isinstance(rule, gaussian.Pairs) else rule


@program
def _by_scrambles(joint: Array, single: Array, C: Array | None, rule: gaussian.Sobol) -> _Parts:
    """All parts by the same nodes: their errors are alike in every scramble, and cancel in the differences."""
    step = joint - single

    def along(W):
        """F(W) and ⟨∇F(W), D⟩, by every scramble."""

        def energy(w):
            return gaussian.free_energy_scrambles(w, covariance=C, rule=rule)

        return jax.jvp(energy, (W,), (step,))

    (F_joint, at_joint), (F_single, at_single) = along(joint), along(single)
    energy = F_single - F_joint
    # A logit has a rounding error of at most 4 ε ‖W x‖. F has the same error, ∇F half of it and at most 1.
    eps = jnp.finfo(joint.dtype).eps
    stretch = 1.0 if C is None else jnp.sqrt(jnp.trace(C))
    sizes = [_norm(W) * stretch for W in (joint, single)]
    length = _norm(step) * stretch
    energies = 4 * eps * (sizes[0] + sizes[1]) + 8 * eps * (jnp.abs(F_joint[..., 0]) + jnp.abs(F_single[..., 0]))
    slopes = [(jnp.minimum(2 * eps * size, jnp.ones_like(size)) + 8 * eps) * length for size in sizes]
    return _Parts(
        _mean(energy, energies),
        _mean(at_joint, slopes[0]),
        _mean(at_single, slopes[1]),
        _mean(energy + at_joint, energies + slopes[0]),
        _mean(-energy - at_single, energies + slopes[1]),
    )


def _mean(scrambles: Float[Array, "*lane scramble"], rounding: Array) -> tuple[Array, Array]:
    """Mean over scrambles, and its half-width with the rounding of each."""
    return jnp.mean(scrambles, axis=-1), half_width(scrambles) + rounding


def _norm(W: Array) -> Array:
    return jnp.linalg.norm(W, axis=(-2, -1))

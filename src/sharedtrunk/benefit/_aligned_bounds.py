"""Bounds in the singular values of training-aligned students: those that hold, and (5), (29)–(30), (32)–(33) as printed.

Both students have the same singular vectors, W_A = U diag(s) Vᵀ and W̃ = U diag(s̃) Vᵀ, and inputs have covariance I. Only
the diagonals of Uᵀ∇F V and Uᵀ M V then enter (24)–(25). `aligned_bounds` has them exactly: h_σ(s) = u_σᵀ ∇F(U diag(s) Vᵀ) v_σ
and m_σ = u_σᵀ M v_σ. `printed_aligned_bounds` has them as printed: g(s) s_σ for h_σ, with one g for all directions, which is
tr G/(K − 1) (16) or, in rank one, u·G u; and g(s̄) s̄_σ or 0 for m_σ.
"""

from typing import Literal, get_args

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import check_result, finite
from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.concrete import concrete
from sharedtrunk._support.limits import check_choice
from sharedtrunk.benefit._bounds import BenefitBounds, benefit_bounds, common_lanes
from sharedtrunk.errors import invalid

Regime = Literal["rank one", "high", "low"]


def aligned_bounds(
    joint: Float[AnyArray, "*lane rank"],
    single: Float[AnyArray, "*lane2 rank"],
    left: Float[AnyArray, "class rank"],
    signal: Float[AnyArray, "*lane3 rank"],
    *,
    rule: gaussian.Rule | None = None,
) -> BenefitBounds:
    """Σ_σ [m_σ − h_σ(s)] (s_σ − s̃_σ) ≤ L(W̃) − L(W_A) ≤ Σ_σ [m_σ − h_σ(s̃)] (s_σ − s̃_σ) in nats ((24)–(25) aligned).

    Hypotheses: both students have the singular vectors U, V (s may be negative), and C = I. (5) is the case of rank one with
    the hard-label m.

    Parameters
    ----------
    joint, single
        Singular values s and s̃ along the shared vectors (*lane, rank). All lanes broadcast.
    left
        U (class, rank) with orthonormal columns.
    signal
        m, the diagonal of Uᵀ M(W̄) V (*lane, rank).
    rule
        Quadrature, as in `benefit_bounds`.

    Returns
    -------
    BenefitBounds
        Both bounds in nats with their error.

    Raises
    ------
    InputError
        For columns of U that are not orthonormal, and where `benefit_bounds` raises it.
    """
    U, (s, single, m) = _checked(left, joint, single, signal)
    # F depends on W Wᵀ only, so any V will do: here the identity.
    weights = [jnp.broadcast_to(U, (*v.shape[:-1], *U.shape)) * v[..., None, :] for v in (s, single, m)]
    return benefit_bounds(*weights, rule=rule)


def printed_aligned_bounds(
    joint: Float[AnyArray, "rank"],
    single: Float[AnyArray, "rank"],
    left: Float[AnyArray, "class rank"],
    teacher: Float[AnyArray, "rank"],
    regime: Regime,
    *,
    rule: gaussian.Rule | None = None,
) -> BenefitBounds:
    """(5), (29)–(30) or (32)–(33) as printed, for one pair of aligned students, in nats.

    Hypotheses that the paper names: aligned students; at high signal the clean and the noisy teacher share singular vectors,
    at low signal they are orthogonal; one g for all directions (16). The bounds also need labels drawn from softmax(W̄x)
    instead of argmax, and the modulus in (30) needs s̃_σ ≥ s_σ beyond the rank.

    Parameters
    ----------
    joint, single, left, rule
        As in `aligned_bounds`, without lanes.
    teacher
        The clean teacher's singular values s̄ along the same vectors (rank,), 0 beyond its rank.
    regime
        "rank one" (5): (s − s̃)(s̄ g(s̄) − s g(s)) and (s − s̃)(s̄ g(s̄) − s̃ g(s̃)). "high" (30): the sum of
        [g(s̄)s̄_σ − g(s)s_σ](s_σ − s̃_σ) over σ ≤ rank and of g(s)s_σ|s_σ − s̃_σ| beyond; there is no upper bound (infinite).
        "low" (33): the teacher's term is 0.

    Returns
    -------
    BenefitBounds
        Both bounds in nats with their error.

    Raises
    ------
    InputError
        For an unknown regime, "rank one" with several singular values, and where `aligned_bounds` raises it.
    """
    U, (s, single, clean) = _checked(left, joint, single, teacher)
    check_choice("regime", regime, get_args(Regime))
    if s.ndim + single.ndim + clean.ndim != 3 or (regime == "rank one" and s.shape != (1,)):
        raise invalid(
            "The printed bounds are those of one pair of students, with one singular value in the regime 'rank one'",
            received=f"singular values of shape {s.shape} in the regime {regime!r}",
            hint="Use aligned_bounds for what holds in general",
        )
    at_joint, error = _printed_response(U, s, regime, rule)
    at_single, single_error = _printed_response(U, single, regime, rule)
    # a teacher without signal has no response, and at low signal the paper drops the teacher's term
    has_target = regime != "low" and bool(np.any(np.asarray(clean)))
    target, target_error = _printed_response(U, clean, regime, rule) if has_target else (jnp.zeros_like(s), 0.0)
    step = s - single
    lower = (target - at_joint) * step
    if regime == "high":
        lower = jnp.where(clean > 0, lower, at_joint * jnp.abs(step))
    upper = jnp.full_like(step, jnp.inf) if regime == "high" else (target - at_single) * step
    bar = jnp.sum(jnp.abs(step)) * (jnp.maximum(error, single_error) + target_error)
    check_result(jnp.stack([jnp.sum(lower), bar]), "The lower bound and its error")
    return BenefitBounds(jnp.sum(lower), jnp.sum(upper), bar)


def _printed_response(U: Array, s: Array, regime: Regime, rule) -> tuple[Array, Array]:
    """g(s) s_σ with the paper's g, and the error of its largest entry."""
    G, error = gaussian.softmax_covariance_with_error(U * s[None, :], rule=rule)
    K = U.shape[0]
    if regime == "rank one":
        g, share = jnp.einsum("ck,cd,dk->", U, G, U, precision="highest"), 1.0
    else:
        g, share = jnp.trace(G) / (K - 1), K**0.5 / (K - 1)
    return g * s, share * error * jnp.max(jnp.abs(s))


def _checked(left, *values) -> tuple[Array, list[Array]]:
    U = finite(left, "Left singular vectors")
    known = concrete(U)
    vectors = [finite(value, "Singular values").astype(U.dtype) for value in values]
    shapes = [value.shape for value in vectors]
    fits = all(shape[-1:] == U.shape[1:] for shape in shapes)
    if U.ndim != 2 or not fits or common_lanes(*(shape[:-1] for shape in shapes)) is None:
        raise invalid(
            "Aligned students need one singular value per left vector, U (class, rank), and lanes that broadcast",
            received=f"U {U.shape} and singular values {shapes}",
            hint="Pad with zeros where a student has fewer",
        )
    slack = 64 * float(jnp.finfo(U.dtype).eps) * U.shape[0]
    if known is not None and np.abs(known.T @ known - np.eye(known.shape[1])).max() > slack:
        raise invalid(
            "Left singular vectors must be orthonormal columns",
            received="columns that are not",
            hint="Take them from an SVD",
        )
    return U, vectors

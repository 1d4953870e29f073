"""The free energy F(W) = E ln Σ_c exp (W x)_c of softmax with Gaussian inputs, and the loss that it gives.

F is convex in W, depends only on J W C Wᵀ J, and its gradient is the softmax moment. With the label moment
M of a teacher, L(W; M) = F(W) − ⟨M, W⟩ is the generalization loss: no test set is needed. (Paper: (12),
(19).)
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy import special

from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.cache.programs import program
from sharedtrunk.gaussian._error import rounding_error
from sharedtrunk.gaussian._estimate import Quantity, estimate, estimate_with_error
from sharedtrunk.gaussian._factor import whitened
from sharedtrunk.gaussian._random_energy import free_energy_and_slope
from sharedtrunk.gaussian._rules import FINE, Rule, Sobol
from sharedtrunk.gaussian._sobol import free_energy_lane, over_lanes
from sharedtrunk.gaussian._spectrum import Sensitivity
from sharedtrunk.gaussian.checks import as_covariance, as_moment, as_weights, check_scrambles


def _equal(s: float, deviation: float, W: np.ndarray):
    """F at equal singular values, and its error where they deviate by d from their root mean square.

    The root mean square accounts for the first order in d. The second order, measured at K = 5 … 24 and s = 0.1 … 300, is
    below g d²/4; the error returned is g d².
    """
    F, slope = free_energy_and_slope(s, len(W))
    return F, float(slope) / ((len(W) - 1) * s) * deviation**2


def _of_covariances(G: np.ndarray, W: np.ndarray):
    """F = ⟨∇F, W⟩ + E H(P), ∇F = G W, and a bound on the entropy H, which is small for large weights.

    With x = 1 − max P ≤ 1 − Σ P², Fano's inequality says H ≤ −x ln x − (1 − x) ln(1 − x) + x ln(K − 1). The right side is
    concave in x and rises up to 1 − 1/K, so the mean of x, at most tr G, bounds the mean of H.
    """
    K = len(W)
    x = min(float(np.trace(G.mean(axis=0))), 1 - 1 / K)
    return np.sum((G @ W) * W, axis=(-2, -1)), float(special.entr(x) + special.entr(1 - x) + x * np.log(K - 1))


_FREE_ENERGY = Quantity(
    sobol=free_energy_lane,
    panels=lambda integrals, V: integrals.free_energy,
    equal=_equal,
    pairs=_of_covariances,
    by_covariances=False,
    # F is at least the mean maximum of the two logits farthest apart, which is ≥ ‖W‖/√(πK)
    sensitivity=Sensitivity(1.0, np.inf, lambda norm, K: max(np.log(K), norm / np.sqrt(np.pi * K))),
)


def free_energy(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Rule | None = None,
) -> Float[Array, "*lane"]:
    """Mean log-partition function F(W) = E ln Σ_c exp (W x)_c of the logits W x, x ~ N(0, C).

    Parameters
    ----------
    W
        Weights (…, class, feature) with 2 classes or more.
    covariance
        Input covariance C (feature, feature), symmetric positive semidefinite; the identity by default.
    rule
        Quadrature. The default depends on the singular values of J W C^½: `Panels` up to rank 3, the exact random-energy
        integral where K − 1 of them are equal (to 10⁻⁶), `FINE` Sobol points elsewhere. Under jit, vmap and grad, where the
        singular values are unknown, the rule is `FINE`.

    Returns
    -------
    Array
        F in nats, (…). With a Sobol rule F is differentiable, with the `softmax_moment` of the same rule as derivative.

    Raises
    ------
    InputError
        For a W that is not (…, class, feature), is not finite or has one class, for a covariance that is not symmetric and
        positive semidefinite, and for an unknown rule.

    References
    ----------
    The paper's (12).
    """
    W = as_weights(W)
    return estimate(W, as_covariance(covariance, W), _FREE_ENERGY, rule)


def free_energy_with_error(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Rule | None = None,
) -> tuple[Float[Array, "*lane"], Float[Array, "*lane"]]:
    """`free_energy` with an error bar that covers its true error at least 95 times in 100.

    Parameters
    ----------
    W, covariance, rule
        See `free_energy`; a Sobol rule needs at least 4 scrambles of 256 points.

    Returns
    -------
    value, error
        F and the half-width of its 99 % interval, both (…) in nats. The error is against exact arithmetic on the same array,
        in float32 as in float64.

    Raises
    ------
    InputError
        Where `free_energy` raises it, and for a Sobol rule of fewer scrambles or points.
    """
    W = as_weights(W)
    return estimate_with_error(W, as_covariance(covariance, W), _FREE_ENERGY, rule)


def free_energy_scrambles(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Sobol = FINE,
) -> Float[Array, "*lane scramble"]:
    """`free_energy` by every scramble of a Sobol rule.

    Parameters
    ----------
    W, covariance
        See `free_energy`.
    rule
        A `Sobol` rule.

    Returns
    -------
    Array
        F in nats, (…, scramble). The errors of similar W are alike scramble by scramble, so the spread of differences over
        the last axis is the error of a benefit, and smaller than the errors of the two losses.

    Raises
    ------
    InputError
        Where `free_energy` raises it, and for a rule that is not `Sobol`.
    """
    W = as_weights(W)
    check_scrambles(rule, Sobol)
    return _scrambles(whitened(W, as_covariance(covariance, W)), rule)


@program
def _scrambles(W: jax.Array, rule: Sobol) -> jax.Array:
    return over_lanes(lambda w: free_energy_lane(w, rule), W, rule.points)


def population_loss(
    W: Float[AnyArray, "*lane class feature"],
    moment: Float[AnyArray, "*lane2 class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Rule | None = None,
) -> Float[Array, "*out"]:
    """Generalization loss of a student W on labels with moment M: L(W; M) = F(W) − ⟨M, W⟩.

    It needs no test set and is as exact as M (`label_moment`).

    Parameters
    ----------
    W
        Student's weights (…, class, feature).
    moment
        Label moment M (…, class, feature); its lanes broadcast with those of W.
    covariance, rule
        See `free_energy`.

    Returns
    -------
    Array
        L in nats, of the broadcast lanes.

    Raises
    ------
    InputError
        Where `free_energy` raises it, and for a moment that does not have W's classes and features.

    References
    ----------
    The paper's (19).
    """
    W = as_weights(W)
    M = as_moment(moment, W)
    return _minus(free_energy(W, covariance=covariance, rule=rule), _inner(M, W))


def population_loss_with_error(
    W: Float[AnyArray, "*lane class feature"],
    moment: Float[AnyArray, "*lane2 class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Rule | None = None,
) -> tuple[Float[Array, "*out"], Float[Array, "*out"]]:
    """`population_loss` with an error bar.

    Parameters
    ----------
    W, moment, covariance, rule
        See `population_loss` and `free_energy_with_error`.

    Returns
    -------
    value, error
        L and its error in nats: the error of F, and the rounding of ⟨M, W⟩. M counts as exact.

    Raises
    ------
    InputError
        Where `population_loss` and `free_energy_with_error` raise it.
    """
    W = as_weights(W)
    M = as_moment(moment, W)
    value, error = free_energy_with_error(W, covariance=covariance, rule=rule)
    inner, terms = _inner(M, W), _inner(jnp.abs(M), jnp.abs(W))
    return _minus(value, inner), error + rounding_error(terms, W.dtype)


def _inner(M: jax.Array, W: jax.Array) -> jax.Array:
    """⟨M, W⟩ over class and feature, lanes broadcast."""
    lanes = np.broadcast_shapes(M.shape[:-2], W.shape[:-2])
    M, W = jnp.broadcast_to(M, lanes + M.shape[-2:]), jnp.broadcast_to(W, lanes + W.shape[-2:])
    return jnp.einsum("...cf,...cf->...", M, W, precision="highest")


def _minus(F: jax.Array, inner: jax.Array) -> jax.Array:
    return jnp.broadcast_to(F, inner.shape) - inner

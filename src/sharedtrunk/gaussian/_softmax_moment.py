"""Derivatives of the free energy: the softmax moment ∇F(W) = E[P(W x) xᵀ] and the softmax covariance G(W).

By Stein's identity ∇F = G W C, and G = 2 ∂F/∂Q, Q = W C Wᵀ. (Paper: (12)–(14).)
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.axes import AnyArray
from sharedtrunk.gaussian._estimate import Quantity, estimate, estimate_with_error
from sharedtrunk.gaussian._factor import covariance_root, whitened
from sharedtrunk.gaussian._random_energy import random_energy_slope
from sharedtrunk.gaussian._rules import FINE, FINEST, NodeRule, Rule, Sobol
from sharedtrunk.gaussian._sobol import covariance_lane, moment_lane, over_lanes
from sharedtrunk.gaussian._spectrum import Sensitivity
from sharedtrunk.gaussian.checks import as_covariance, as_weights, check_scrambles


def _slope(s: float, classes: int) -> float:
    """The factor g(s) of G = g J and ∇F = g W where K − 1 singular values equal s."""
    return float(random_energy_slope(s, classes)) / ((classes - 1) * s)


# Where the singular values deviate by d from their root mean square, the closed forms of ∇F and G have errors of first order,
# below 0.6 g d and 0.6 g d / s (measured at K = 5 … 24, s = 0.1 … 300). The functions return 2 g d and 2 g d / s.
def _equal_moment(s: float, deviation: float, W: np.ndarray):
    g = _slope(s, len(W))
    return g * W, 2 * g * deviation


def _equal_covariance(s: float, deviation: float, W: np.ndarray):
    K = len(W)
    g = _slope(s, K)
    return g * (np.eye(K) - 1 / K), 2 * g * deviation / s


# Below the crossover, Sobol points in all of space have the smaller error; above it, `Pairs` has.
_MOMENT = Quantity(
    sobol=moment_lane,
    panels=lambda integrals, V: integrals.moment @ V,
    equal=_equal_moment,
    # ‖W‖/K for small weights, at least 1/√(πK) for large ones
    sensitivity=Sensitivity(0.5, np.sqrt(2), lambda norm, K: norm / (K + np.sqrt(np.pi * K) * norm)),
    pairs=lambda G, W: (G @ W, 0.0),
    moderate=FINEST,
    finer=Sobol(points=65536, scrambles=16),
    crossover=8.0,
    in_features=True,
)
_COVARIANCE = Quantity(
    sobol=covariance_lane,
    panels=lambda integrals, V: integrals.covariance,
    equal=_equal_covariance,
    # ‖J‖/K for small weights, the density of a tie for large ones
    sensitivity=Sensitivity(1.5, 1.0, lambda norm, K: 1 / (np.sqrt(K) + norm)),
    pairs=lambda G, W: (G, 0.0),
    moderate=FINEST,
    finer=Sobol(points=65536, scrambles=16),
    promise=1e-2,
    crossover=5.0,
)


def softmax_moment(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Rule | None = None,
) -> Float[Array, "*lane class feature"]:
    """Gradient of the free energy, ∇F(W) = E[P(W x) xᵀ] = G(W) W C: the moment of softmax probabilities with the inputs.

    `softmax_moment(β W)` is the label moment of a teacher that draws its labels from softmax(β W x); `label_moment(W)` is the
    limit β → ∞.

    Parameters
    ----------
    W, covariance
        See `free_energy`.
    rule
        By default as in `free_energy` up to rank 3 and for equal singular values. Otherwise it is Sobol points in all of
        space while the singular values are moderate, and `Pairs` (about 2 s per lane at K = 10) where they are large; a rule
        that takes four times as long replaces either where the error bar would be longer than 10⁻³ of the value. Under jit,
        vmap and grad it is `FINE`.

    Returns
    -------
    Array
        (…, class, feature) in the units of the inputs; its rows sum to zero.

    Raises
    ------
    InputError
        Where `free_energy` raises it.

    References
    ----------
    The paper's (12)–(14).
    """
    W = as_weights(W)
    return estimate(W, as_covariance(covariance, W), _MOMENT, rule)


def softmax_moment_with_error(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Rule | None = None,
) -> tuple[Float[Array, "*lane class feature"], Float[Array, "*lane"]]:
    """`softmax_moment` with an error bar that covers its true error at least 95 times in 100.

    Parameters
    ----------
    W, covariance, rule
        See `softmax_moment` and `free_energy_with_error`.

    Returns
    -------
    moment, error
        ∇F (…, class, feature), and the half-width (…) of the 99 % interval of its Frobenius norm, in the units of the inputs.

    Raises
    ------
    InputError
        Where `free_energy_with_error` raises it.
    """
    W = as_weights(W)
    return estimate_with_error(W, as_covariance(covariance, W), _MOMENT, rule)


def softmax_moment_scrambles(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: NodeRule = FINE,
) -> Float[Array, "*lane scramble class feature"]:
    """`softmax_moment` by every scramble of a rule that is pure JAX.

    Parameters
    ----------
    W, covariance
        See `softmax_moment`; traced arrays are allowed.
    rule
        A `Sobol` or `Characters` rule.

    Returns
    -------
    Array
        ∇F by every scramble, (…, scramble, class, feature). The spread over scrambles of the difference between two similar
        W is the numerical error of that difference.

    Raises
    ------
    InputError
        Where `free_energy` raises it, and for a rule that is neither `Sobol` nor `Characters`.
    """
    W = as_weights(W)
    check_scrambles(rule, NodeRule)
    C = as_covariance(covariance, W)
    moments = over_lanes(lambda w: moment_lane(w, rule), whitened(W, C), rule.points)
    return moments if C is None else jnp.matmul(moments, covariance_root(C).T, precision="highest")


def softmax_covariance(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Rule | None = None,
) -> Float[Array, "*lane class class"]:
    """Mean covariance of a one-hot draw from the softmax probabilities, G(W) = E[diag P − P Pᵀ] = 2 ∂F/∂Q, Q = W C Wᵀ.

    Parameters
    ----------
    W, covariance
        See `free_energy`.
    rule
        See `softmax_moment`; here the slower rule is used where the error bar would be longer than 10⁻² of the value.

    Returns
    -------
    Array
        (…, class, class), symmetric, positive semidefinite, with rows that sum to zero.

    Raises
    ------
    InputError
        Where `free_energy` raises it.

    References
    ----------
    The paper's (13).
    """
    W = as_weights(W)
    return estimate(W, as_covariance(covariance, W), _COVARIANCE, rule)


def softmax_covariance_with_error(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Rule | None = None,
) -> tuple[Float[Array, "*lane class class"], Float[Array, "*lane"]]:
    """`softmax_covariance` with an error bar that covers its true error at least 95 times in 100.

    Parameters
    ----------
    W, covariance, rule
        See `softmax_covariance` and `free_energy_with_error`.

    Returns
    -------
    covariance, error
        G (…, class, class), and the half-width (…) of the 99 % interval of its Frobenius norm.

    Raises
    ------
    InputError
        Where `free_energy_with_error` raises it.
    """
    W = as_weights(W)
    return estimate_with_error(W, as_covariance(covariance, W), _COVARIANCE, rule)

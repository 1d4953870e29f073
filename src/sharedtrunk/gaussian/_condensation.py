"""Condensation: on how many classes softmax puts its weight, and Derrida's limit of many classes.

The *participation* Y = E Σ_c P_c² is one over the number of classes that share the weight: 1/K where all classes
share it, and 1 where the weight has condensed on one class. As tr G = E Σ_c (P_c − P_c²),

    Y(W) = 1 − tr G(W),

and for independent logits of variance s² (the random-energy model) Stein's identity, dF/ds = s tr G, makes Y = 1 − F′(s)/s.
For s → ∞ it goes to 1 as 1 − m_K/s, with m_K the expected maximum of K standard normals. For K → ∞ at fixed s/s_c,
s_c = √(2 ln K), the model is *Derrida's*: liquid below s_c, where F = ln K + s²/2 and Y = 0, and frozen above, where
F = s s_c and Y = 1 − s_c/s. Corrections fall only like 1/ln K, so ten classes are far from this limit. (Derrida 1981, the
paper's reference [24].)
"""

import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.axes import AnyArray
from sharedtrunk.gaussian._error import rounding_error
from sharedtrunk.gaussian._random_energy import as_scale, equal_participation
from sharedtrunk.gaussian._rules import Rule
from sharedtrunk.gaussian._softmax_moment import softmax_covariance, softmax_covariance_with_error


def participation(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Rule | None = None,
) -> Float[Array, "*lane"]:
    """Participation Y(W) = E Σ_c P_c² = 1 − tr G(W) of P = softmax(W x), x ~ N(0, C).

    Parameters
    ----------
    W, covariance, rule
        See `softmax_covariance`.

    Returns
    -------
    Array
        Y (…), between 1/K and 1.

    Raises
    ------
    InputError
        Where `softmax_covariance` raises it.
    """
    G = softmax_covariance(W, covariance=covariance, rule=rule)
    return 1 - G.trace(axis1=-2, axis2=-1)


def participation_with_error(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Rule | None = None,
) -> tuple[Float[Array, "*lane"], Float[Array, "*lane"]]:
    """`participation` with an error bar, from |tr E| ≤ √(K − 1) ‖E‖ for the error E of G, which has rank K − 1.

    Parameters
    ----------
    W, covariance, rule
        See `softmax_covariance_with_error`.

    Returns
    -------
    value, error
        Y and its error (…). The error includes the rounding of Y, which matters where Y is near 1.

    Raises
    ------
    InputError
        Where `softmax_covariance_with_error` raises it.
    """
    G, error = softmax_covariance_with_error(W, covariance=covariance, rule=rule)
    Y = 1 - G.trace(axis1=-2, axis2=-1)
    return Y, (G.shape[-1] - 1) ** 0.5 * error + rounding_error(Y, Y.dtype)


def random_energy_participation(s, classes: int) -> np.ndarray:
    """Participation Y(s) = E Σ_c P_c² of K independent logits of standard deviation s.

    Y = K ∫ E[t² e^{−t}] L(y)^{K−1} dy with t = e^{s ε − y}, L(y) = E e^{−t}, equals 1 − F′(s)/s. The integrand is
    positive, so small Y keep their digits. Hypotheses as in `random_energy_free_energy`.

    Parameters
    ----------
    s
        Standard deviations ≥ 0, any shape.
    classes
        K, at least 2.

    Returns
    -------
    ndarray
        Y, of the shape of `s`.

    Raises
    ------
    InputError
        For s < 0 or not finite, or fewer than 2 classes.

    References
    ----------
    Derrida's random-energy model at finite K, the paper's reference [24].
    """
    s = as_scale(s, classes)
    return np.array([equal_participation(float(x), classes) for x in s.ravel()]).reshape(s.shape)


def critical_scale(classes: int) -> float:
    """Scale s_c = √(2 ln K) at which the random-energy model of many classes freezes.

    Hypotheses: independent logits of one variance, K → ∞. At finite K the transition is smooth, with corrections that fall
    only like 1/ln K.

    Parameters
    ----------
    classes
        K, at least 2.

    Returns
    -------
    float
        s_c, a standard deviation of logits.

    Raises
    ------
    InputError
        For fewer than 2 classes.

    References
    ----------
    The paper's reference [24].
    """
    as_scale(0.0, classes)
    return float(np.sqrt(2 * np.log(classes)))


def derrida_free_energy(s, classes: int) -> np.ndarray:
    """F of the random-energy model to leading order in ln K: ln K + s²/2 for s ≤ s_c = √(2 ln K), s s_c above.

    Hypotheses as in `critical_scale`; `random_energy_free_energy` is for finite K.

    Parameters
    ----------
    s, classes
        See `random_energy_free_energy`.

    Returns
    -------
    ndarray
        F in nats, of the shape of `s`.

    Raises
    ------
    InputError
        Where `random_energy_free_energy` raises it.

    References
    ----------
    The paper's reference [24].
    """
    s, critical = as_scale(s, classes), critical_scale(classes)
    return np.where(s <= critical, 0.5 * (critical**2 + np.minimum(s, critical) ** 2), s * critical)


def derrida_participation(s, classes: int) -> np.ndarray:
    """Participation of the random-energy model for K → ∞ at fixed s/s_c: 0 for s ≤ s_c = √(2 ln K), 1 − s_c/s above.

    Hypotheses as in `critical_scale`; `random_energy_participation` is for finite K.

    Parameters
    ----------
    s, classes
        See `random_energy_free_energy`.

    Returns
    -------
    ndarray
        Y, of the shape of `s`.

    Raises
    ------
    InputError
        Where `random_energy_free_energy` raises it.

    References
    ----------
    The paper's reference [24].
    """
    s, critical = as_scale(s, classes), critical_scale(classes)
    return 1 - critical / np.maximum(s, critical)

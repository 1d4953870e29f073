"""Equal, uncorrelated logits: the finite-size random-energy model.

For K independent logits of variance s², z_c = s ε_c, everything is a one-dimensional integral: with standard Gumbel g,
E ln Z = E max_c (z_c + g_c) − γ, and the maximum of K independent variables has the distribution L(y)ᴷ, where
L(y) = E exp(−e^{s ε − y}). The limits are ln K + s²(1 − 1/K)/2 for s → 0 and s m_K for s → ∞, with m_K = E max of K
standard normals. Any W with W C Wᵀ = s² I (up to common shifts) is this case, which is also the control variate of the
general one (`_control_variate`). All functions run on the host in float64.
"""

import numpy as np
from scipy import special

from sharedtrunk._support.arguments import on_host, whole_number
from sharedtrunk.errors import invalid

MOST_CLASSES = 10**15
"""Beyond this, float64 no longer resolves one class among K."""

_SMALL = 1e-3
"""Scale s below which the integrand of dF/ds loses more than three digits."""

_FAR = 40.0
"""Upper end of the Gumbel grid beyond ln K: e^{−40} is below the rounding of 1."""


def _check_classes(classes: int) -> None:
    whole_number(classes, "classes", least=2, most=MOST_CLASSES, hint="Give the number of classes K.")


def expected_maximum(classes: int) -> float:
    """Expected maximum m_K of K independent standard normals, ∫ ε K φ(ε) Φ(ε)^{K−1} dε.

    Parameters
    ----------
    classes
        K, at least 2.

    Returns
    -------
    float
        m_K; m₂ = 1/√π, m₁₀ = 1.53875.

    Raises
    ------
    InputError
        For fewer than 2 classes or more than `MOST_CLASSES`.
    """
    _check_classes(classes)
    # the trapezoid rule converges geometrically for analytic integrands that vanish at both ends
    x = np.arange(-12.0, 12.0, 1 / 64)
    log_density = -0.5 * x**2 - 0.5 * np.log(2 * np.pi) + (classes - 1) * special.log_ndtr(x)
    return float(np.sum(x * classes * np.exp(log_density)) / 64)


def _tail(s: float, y: np.ndarray, K: int) -> tuple[np.ndarray, np.ndarray]:
    """1 − L(y) and ∂L/∂s: integrals over the Gumbel variable for s > 1, over the logit else (both smooth)."""
    h = 1 / 12
    if s > 1:
        g, h = gumbel_grid(K)
        weight = h * np.exp(-g - np.exp(-g))
        u = (y[:, None] - g) / s
        return special.ndtr(-u) @ weight, (-u / s * np.exp(-0.5 * u**2) / np.sqrt(2 * np.pi)) @ weight
    e = np.arange(-10.0, 10.0, h)
    weight = h * np.exp(-0.5 * e**2) / np.sqrt(2 * np.pi)
    t = np.exp(np.minimum(s * e - y[:, None], 700.0))
    return -np.expm1(-t) @ weight, (-t * np.exp(-t)) @ (weight * e)


def gumbel_grid(K: int) -> tuple[np.ndarray, float]:
    """Nodes g over the range of K standard Gumbel variables, and their spacing."""
    h = 1 / 12
    return np.arange(-4.5, _FAR + np.log(K), h), h


def maximum_grid(s: float, K: int) -> tuple[np.ndarray, float]:
    """Nodes y over the range of the maximum, and their spacing.

    For many classes the maximum varies over s/√(2 ln K) only.
    """
    width = np.hypot(1.0, s)
    h = width / max(24.0, 5 * np.sqrt(2 * np.log(K)))
    return np.arange(-10 * width - 5, (12 + np.sqrt(2 * np.log(K))) * width + _FAR + np.log(K), h), h


def _log_below(tail: np.ndarray) -> np.ndarray:
    """ln L from the tail 1 − L, which rounding may raise to 1."""
    return np.log1p(-np.minimum(tail, 1 - 2.0**-53))


def log_all_below(s: float, K: int) -> tuple[np.ndarray, float, np.ndarray]:
    """Nodes y of the maximum of K logits with Gumbel noise, their spacing, and ln L(y), the logarithm for one logit."""
    y, h = maximum_grid(s, K)
    return y, h, _log_below(_tail(s, y, K)[0])


def _integrate(s: float, K: int) -> tuple[float, float]:
    """F and dF/ds, from F + γ = ∫ [Φ(y/σ) − L(y)ᴷ] dy, which holds for any σ."""
    width = np.hypot(1.0, s)
    y, h = maximum_grid(s, K)
    tail, slope = _tail(s, y, K)
    # 1 − Lᴷ keeps its digits where L is nearly 1
    log_L = _log_below(tail)
    below = -np.expm1(K * log_L)
    free_energy = h * np.sum(np.where(y > 0, below - special.ndtr(-y / width), special.ndtr(y / width) + (below - 1)))
    if s < _SMALL:  # the integral below cancels to nearly zero; dF/ds = s tr G = s (1 − Y) does not
        return free_energy - np.euler_gamma, s * (1 - equal_participation(s, K))
    return free_energy - np.euler_gamma, -h * K * np.sum(np.exp((K - 1) * log_L) * slope)


def equal_participation(s: float, K: int) -> float:
    """Y(s) = E Σ_c P_c² for one scale, by a positive integrand (`random_energy_participation`)."""
    y, h, log_L = log_all_below(s, K)
    if s > 1:
        # integrate over g = −ln t, on which the integrand depends as smoothly as on ε/s
        g, step = gumbel_grid(K)
        u = (y[:, None] - g) / s
        density = np.exp(-0.5 * u**2) / (np.sqrt(2 * np.pi) * s)
        square = density @ (step * np.exp(-2 * g - np.exp(-g)))
    else:
        e = np.arange(-10.0, 10.0, 1 / 12)
        t = np.exp(np.minimum(s * e - y[:, None], 700.0))
        square = (t**2 * np.exp(-t)) @ (np.exp(-0.5 * e**2) / (12 * np.sqrt(2 * np.pi)))
    return float(h * K * np.sum(np.exp((K - 1) * log_L) * square))


def as_scale(s, classes: int) -> np.ndarray:
    """The standard deviation s as an array; raises unless s is finite and ≥ 0 and the number of classes is valid."""
    s = on_host(s, "the standard deviation s")
    _check_classes(classes)
    if not (np.isfinite(s).all() and (s >= 0).all()):
        raise invalid(
            "the standard deviation s is finite and not negative",
            received=f"{s.min()} to {s.max()}",
            hint="Give s ≥ 0.",
        )
    return s


def free_energy_and_slope(s, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """`random_energy_free_energy` and `random_energy_slope` together, which costs as much as one of them."""
    s = as_scale(s, classes)
    values = np.array([_integrate(float(x), classes) for x in s.ravel()]).reshape(*s.shape, 2)
    return values[..., 0], values[..., 1]


def random_energy_free_energy(s, classes: int) -> np.ndarray:
    """F(s) = E ln Σ_c exp(s ε_c) for K independent standard normals ε.

    Exact to quadrature for independent logits of one variance, W C Wᵀ = s² I up to a common shift.

    Parameters
    ----------
    s
        Standard deviations ≥ 0, any shape.
    classes
        K, at least 2.

    Returns
    -------
    ndarray
        F in nats, of the shape of `s`.

    Raises
    ------
    InputError
        For s < 0 or not finite, or fewer than 2 classes.

    References
    ----------
    Derrida's random-energy model at finite K, the paper's reference [24], which the paper uses for (15) and (16).
    """
    return free_energy_and_slope(s, classes)[0]


def random_energy_slope(s, classes: int) -> np.ndarray:
    """Derivative dF/ds = s g(s) (K − 1) of `random_energy_free_energy`; it tends to m_K as s → ∞.

    For W C Wᵀ = s² I the softmax covariance is G = g(s) J, and the softmax moment is dF/ds / (K − 1) · J W C / s.

    Parameters
    ----------
    s, classes
        See `random_energy_free_energy`.

    Returns
    -------
    ndarray
        dF/ds in nats, of the shape of `s`.

    Raises
    ------
    InputError
        Where `random_energy_free_energy` raises it.

    References
    ----------
    See `random_energy_free_energy`.
    """
    return free_energy_and_slope(s, classes)[1]

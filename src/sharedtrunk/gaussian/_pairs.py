"""The softmax covariance and its hard-label limit, one pair of classes at a time.

The off-diagonal entries of G(W) live where two classes are nearly tied, a layer of width 1/s that points
scattered over all of space miss. For each pair, we condition on the difference t = z_c − z_{c'} of its logits and
write y_k for the other logits relative to the pair's mean:

    P_c P_{c'} = (2 cosh(t/2) + Σ_k e^{y_k})⁻² = ∫ v e^{−2 v cosh(t/2)} Π_k exp(−v e^{y_k}) dv,

so t is drawn from the layer itself, v from a Gamma distribution, and the other logits are integrated as a soft cone.
For s → ∞ the layer has the density of a tie, the cone is hard, and G W C becomes the label moment (Stein's
identity).
"""

import numpy as np
from scipy import special

from sharedtrunk.gaussian._error import length
from sharedtrunk.gaussian._orthant import TIE, hard_cone, soft_cone, uniform_nodes
from sharedtrunk.gaussian._rules import Pairs


def _others(A: np.ndarray, i: int, j: int, others: list[int]) -> tuple[np.ndarray, np.ndarray, float]:
    """y = along · t + rows · ξ for the other logits, and the standard deviation of t = z_i − z_j."""
    difference = A[i] - A[j]
    sigma = float(length(difference))
    B = A[others] - 0.5 * (A[i] + A[j])
    if sigma == 0:
        return B, np.zeros(len(others)), sigma
    direction = difference / sigma
    along = B @ direction
    return B - along[:, None] * direction, along / sigma, sigma


def _overlap(A: np.ndarray, i: int, j: int, rule: Pairs) -> np.ndarray:
    """E[P_i P_j] per scramble."""
    K = len(A)
    rows, along, sigma = _others(A, i, j, [k for k in range(K) if k not in (i, j)])
    u = uniform_nodes(rule.points, rule.scrambles, rule.seed, K, i * K + j)
    # the integrand over t has a normal and a logistic density: draw from the narrower, weight by the other
    if sigma > 2:
        t = special.logit(u[0])
        weight = np.exp(-0.5 * (t / sigma) ** 2) / (np.sqrt(2 * np.pi) * sigma)
    else:
        t = sigma * special.ndtri(u[0])
        weight = 0.25 / np.cosh(0.5 * t) ** 2
    log_v = np.log(special.gammaincinv(2.0, u[1]) / (2 * np.cosh(0.5 * t)))
    weight = weight * soft_cone(rows, along[:, None] * t + log_v, u[2:])
    return weight.reshape(rule.scrambles, -1).mean(axis=1)


def softmax_covariances(A: np.ndarray, rule: Pairs) -> np.ndarray:
    """G for logits A u, A (class, direction): one estimate per scramble, (scramble, class, class)."""
    K = len(A)
    G = np.zeros((rule.scrambles, K, K))
    for i in range(K):
        for j in range(i + 1, K):
            G[:, i, j] = G[:, j, i] = -_overlap(A, i, j, rule)
    G[:, range(K), range(K)] = -G.sum(axis=2)
    return G


def first_equals(A: np.ndarray) -> np.ndarray:
    """For every class, the first class with the same logits (to rounding)."""
    return np.argmax(distances(A) <= TIE * length(A, axis=1).max(), axis=1)


def distances(A: np.ndarray) -> np.ndarray:
    """Standard deviations of the differences of any two logits, (class, class)."""
    return length(A[:, None] - A[None], axis=-1)


def _tie_probability(A: np.ndarray, i: int, j: int, others: list[int], rule: Pairs) -> np.ndarray:
    """Probability per scramble that every other class lies below, given that i and j tie."""
    rows, along, _ = _others(A, i, j, others)
    flat = np.linalg.norm(rows, axis=1) <= TIE * np.linalg.norm(A[others] - A[i], axis=1)
    # Collinear logits all tie at once: one between i and j is never the largest, one outside separates their regions.
    if np.any(np.abs(along[flat]) > 0.5):
        return np.zeros(rule.scrambles)
    return hard_cone(rows[~flat], rule.points, rule.scrambles, rule.seed, i * len(A) + j)


def tie_densities(A: np.ndarray, distinct: list[int], rule: Pairs) -> np.ndarray:
    """T with M = T W C for labels argmax A u among the `distinct` classes: the limit of β G(β W).

    T_cc' = −P(others below | tie) / (√(2π) σ_cc') for c ≠ c'; rows sum to zero. Shape (scramble, class, class).
    """
    T = np.zeros((rule.scrambles, len(A), len(A)))
    for a, i in enumerate(distinct):
        for j in distinct[a + 1 :]:
            p = _tie_probability(A, i, j, [k for k in distinct if k not in (i, j)], rule)
            T[:, i, j] = T[:, j, i] = -p / (np.sqrt(2 * np.pi) * np.linalg.norm(A[i] - A[j]))
    T[:, range(len(A)), range(len(A))] = -T.sum(axis=2)
    return T

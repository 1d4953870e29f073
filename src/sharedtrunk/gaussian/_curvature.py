"""The free energy F to second order about equal variances: exact, and by a set of nodes.

Let L₀ L₀ᵀ = J and u ~ N(0, I). Changing the logits s L₀ u to L₀ (s + δ) u, with δ symmetric and tr δ = 0, adds to F

    α ‖Δ‖² + β Σ_c Δ_cc²,     α = g/2 + s² q,     β = s² p/2,     Δ = L₀ δ L₀ᵀ.

The first order in the covariance Q = (s J + Δ)² gives g, and the second gives p and q: the means κ of the fourth derivatives
of ln Z do not change under permutations of the classes, so on centred matrices Σ κ_abcd X_ab X_cd = p Σ X_aa² + 2 q ‖X‖². By
the heat equation all κ are one-dimensional integrals of L(y) = E exp(−e^{s ε − y}) and its derivatives (`_random_energy`).
"""

import numpy as np
from scipy import special

from sharedtrunk.gaussian._random_energy import gumbel_grid, maximum_grid

MOST_CLASSES = 12  # the second-order table of `_control_variate_tables` has (K − 1)⁴/8 numbers per scale and scramble


def _below(s: float, y: np.ndarray, K: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """L(y) and its first two derivatives: smooth integrals over the Gumbel variable if s > 1, else over the logit."""
    if s > 1:
        g, h = gumbel_grid(K)
        weight = h * np.exp(-g - np.exp(-g))
        u = (y[:, None] - g) / s
        density = np.exp(-0.5 * u**2) / np.sqrt(2 * np.pi)
        return special.ndtr(u) @ weight, density @ weight / s, (-u * density) @ weight / s**2
    h = 1 / 12
    e = np.arange(-10.0, 10.0, h)
    weight = h * np.exp(-0.5 * e**2) / np.sqrt(2 * np.pi)
    t = np.exp(np.minimum(s * e - y[:, None], 700.0))
    x = np.exp(-t)
    return x @ weight, (t * x) @ weight, (t * (t - 1) * x) @ weight


def _invariants(s: float, K: int) -> tuple[float, float]:
    """p and q, the coefficients of κ_abcd = t + r [one pair equal] + q [two pairs] + w [three equal] + p [all equal].

    Softmax ignores a common shift, so κ summed over any one index is zero, which leaves two integrals to compute. A bracket
    counts the ways to find its pattern: κ_aabb = t + 2 r + q, κ_aaab = t + 3 r + w, κ_aaaa = t + 6 r + 3 q + 4 w + p.
    """
    y, h = maximum_grid(s, K)
    L, slope, second = _below(s, y, K)
    aabb = -h * np.sum(L ** (K - 2) * second**2)
    # integrated by parts, from −∫ L^{K−1} L''''
    aaaa = (K - 1) * (aabb - h * (K - 2) * np.sum(L ** (K - 3) * slope**2 * second))
    aaab = -aaaa / (K - 1)
    aabc = -(aaab + aabb) / (K - 2)
    t = -3 * aabc / (K - 3) if K > 3 else 0.0
    r = aabc - t
    q = aabb - t - 2 * r
    return aaaa - t - 6 * r - 3 * q - 4 * (aaab - t - 3 * r), q


def second_order(s: np.ndarray, g: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """α and β at every scale s, where the softmax covariance is g J, for 3 classes or more."""
    p, q = np.array([_invariants(float(x), classes) for x in s]).T
    return g / 2 + s**2 * q, s**2 * p / 2


def upper_entries(size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices i ≤ j of the independent entries of a symmetric matrix, and how often each occurs in it (1 or 2)."""
    i, j = np.triu_indices(size)
    return i, j, np.where(i == j, 1, 2)


def exact_form(L: np.ndarray, alpha: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """α ‖Δ‖² + β Σ Δ_cc² as quadratic forms in the entries i ≤ j of δ: one matrix per α."""
    i, j, multiplicity = upper_entries(L.shape[1])
    diagonal = L[:, i] * L[:, j] * multiplicity
    return alpha[:, None, None] * np.diag(multiplicity) + beta[:, None, None] * (diagonal.T @ diagonal)


def products_of(u: np.ndarray) -> np.ndarray:
    """u_i u_k, i ≤ k, at every node."""
    i, k, _ = upper_entries(len(u))
    return u[i] * u[k]


def curvature_means(P: np.ndarray, L: np.ndarray, products: np.ndarray) -> np.ndarray:
    """Means of C_jk u_i u_m over nodes (j ≤ k, i ≤ m), C = Lᵀ (diag P − P Pᵀ) L, from which `nodes_form` is made."""
    j, k, _ = upper_entries(L.shape[1])
    mean = L.T @ P
    C = (L[:, j] * L[:, k]).T @ P - mean[j] * mean[k]
    return C @ products.T / P.shape[1]


def nodes_form(means: np.ndarray, size: int) -> np.ndarray:
    """Half the mean of (δu)ᵀ C (δu) as quadratic forms in the entries i ≤ j of δ, from `curvature_means`."""
    a, b, _ = upper_entries(size)
    index = np.empty((size, size), int)
    index[a, b] = index[b, a] = np.arange(len(a))
    form = np.zeros_like(means)
    # an off-diagonal entry of δ occurs twice, at (i, j) and (j, i), and a diagonal entry once
    once, again = np.ones(a.shape), (a != b).astype(float)
    for j, i, first in ((a, b, once), (b, a, again)):
        for k, m, second in ((a, b, once), (b, a, again)):
            form += 0.5 * np.outer(first, second) * means[..., index[j[:, None], k], index[i[:, None], m]]
    return form


def packed(forms: np.ndarray) -> np.ndarray:
    """The entries i ≤ j of a symmetric form, those off the diagonal doubled: (…, m, m) → (…, m(m + 1)/2)."""
    i, j, multiplicity = upper_entries(forms.shape[-1])
    return forms[..., i, j] * multiplicity

"""Slow and obvious twins of the `gaussian` room, in NumPy: what a reader would write first."""

import itertools

import numpy as np
from scipy import integrate


def log_partition(z):
    """ln Σ exp z along the last axis."""
    top = z.max(axis=-1)
    return top + np.log(np.exp(z - top[..., None]).sum(axis=-1))


def probabilities(z):
    """Softmax along the last axis."""
    return np.exp(z - log_partition(z)[..., None])


def sampled(W, count, seed, root=None):
    """Monte Carlo: mean and standard error of ln Z(W x), P(W x) xᵀ, diag P − P Pᵀ and onehot(argmax W x) xᵀ."""
    rng = np.random.default_rng(seed)
    K, features = W.shape
    off = 1 - np.eye(K)
    sums = [np.zeros(()), np.zeros(W.shape), np.zeros((K, K)), np.zeros(W.shape)]
    squares = [np.zeros_like(a) for a in sums]
    for _ in range(count // 10_000):
        x = rng.standard_normal((10_000, features))
        x = x if root is None else x @ root.T
        z = x @ W.T
        F, P, best = log_partition(z), probabilities(z), np.eye(K)[z.argmax(axis=1)]
        first = [F.sum(), P.T @ x, -(P.T @ P) * off + np.diag((P * (1 - P)).sum(axis=0)), best.T @ x]
        second = [
            (F**2).sum(),
            (P**2).T @ x**2,
            (P**2).T @ P**2 * off + np.diag(((P * (1 - P)) ** 2).sum(axis=0)),
            best.T @ x**2,
        ]
        sums = [a + b for a, b in zip(sums, first, strict=True)]
        squares = [a + b for a, b in zip(squares, second, strict=True)]
    means = [a / count for a in sums]
    errors = [np.sqrt((q / count - m**2) / count) for q, m in zip(squares, means, strict=True)]
    return list(zip(means, errors, strict=True))


def two_class_covariance(s):
    """E[P₁ P₂] for two classes whose logits differ by t ~ N(0, s²), by adaptive quadrature."""

    def integrand(t):
        return 0.25 / np.cosh(0.5 * t) ** 2 * np.exp(-0.5 * (t / s) ** 2) / (s * np.sqrt(2 * np.pi))

    reach = min(40 * s, 80.0)
    points = [0.0, *np.logspace(-6, 0, 13) * reach]
    return 2 * sum(integrate.quad(integrand, a, b, epsabs=0, epsrel=1e-12)[0] for a, b in itertools.pairwise(points))


def two_class_free_energy(s):
    """E ln(2 cosh(t/2)), t ~ N(0, s²): the centred free energy for K = 2, by adaptive quadrature."""

    def integrand(e):
        t = abs(s * e)
        return (0.5 * t + np.log1p(np.exp(-t))) * np.exp(-0.5 * e * e) / np.sqrt(2 * np.pi)

    points = [0.0, *np.logspace(-7, np.log10(14), 20)]
    return 2 * sum(integrate.quad(integrand, a, b, epsabs=0, epsrel=1e-12)[0] for a, b in itertools.pairwise(points))


def plane_free_energy(A):
    """E ln Z(A u) for A (class, 2) by nested adaptive quadrature over the plane."""

    def integrand(y, x):
        z = A @ np.array([x, y])
        return log_partition(z) * np.exp(-0.5 * (x * x + y * y)) / (2 * np.pi)

    return integrate.dblquad(integrand, -8, 8, -8, 8, epsabs=1e-8, epsrel=1e-8)[0]

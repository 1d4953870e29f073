"""Averages over Gaussian inputs: the law of large numbers (12), G (13), its moment (14) and the generalization loss (19)."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import gaussian
from sharedtrunk.paper.claims import Claim, Evidence, Reading, at_least, at_most, negligible
from sharedtrunk.paper.claims.equations._gradients import cross_covariance
from sharedtrunk.paper.claims.equations._random_problems import (
    centred_frame,
    generator,
    log_partition,
    relative,
    softmax,
)
from sharedtrunk.paper.contrasts import APPROXIMATELY

Matrix = np.ndarray
CLASSES, FEATURES = 3, 3
ENTRIES = 4.5
"""Limit of the largest of about ten deviations, in standard errors; chance exceeds it once in ten thousand trials."""

ONE_SAMPLE = 100_000
TESTS = 200_000
"""Numbers of points in a sample and in a test set."""

QUADRATURE = 1e-6
"""Relative error to which two quadratures of the same integral agree, if logits have standard deviations below 1.5."""


def covariance(rng: np.random.Generator) -> Matrix:
    """An input covariance of norm 1 that is not the identity."""
    root = rng.standard_normal((FEATURES, FEATURES)) / np.sqrt(FEATURES)
    C = root @ root.T + 0.2 * np.eye(FEATURES)
    return C / np.linalg.norm(C, ord=2)


def moderate(rng: np.random.Generator) -> Matrix:
    """Random weights of spectral norm 1.5, for which the plain Gauss–Hermite rule is exact to 1e-7."""
    W = rng.standard_normal((CLASSES, FEATURES))
    return 1.5 * W / np.linalg.norm(W, ord=2)


def sampled(inputs: Matrix, values: Matrix) -> tuple[Matrix, Matrix]:
    """Mean and standard error of values (class, sample) times inputs (feature, sample)."""
    mean = cross_covariance(values, inputs)
    square = cross_covariance(values**2, inputs**2)
    return mean, np.sqrt((square - mean**2) / inputs.shape[1])


# (12)


def decay(seed: int, repeats: int, error: Callable = np.linalg.norm) -> np.ndarray:
    """The power of N with which the error of C_YX(W) falls, N = 300 … 76,800, one number per repeat."""
    rng = generator(seed, "law of large numbers")
    W = rng.standard_normal((CLASSES, FEATURES))
    exact = np.asarray(gaussian.softmax_moment(W))
    sizes = 300 * 4 ** np.arange(5)
    powers = []
    for _ in range(repeats):
        # errors are averaged over draws, because the logarithm of a single one is noisy
        errors = [
            np.mean([error(cross_covariance(softmax(W @ x), x) - exact) for x in _draws(rng, int(n))]) for n in sizes
        ]
        powers.append(np.polyfit(np.log(sizes), np.log(errors), 1)[0])
    return np.array(powers)


def _draws(rng: np.random.Generator, samples: int):
    return (rng.standard_normal((FEATURES, samples)) for _ in range(16))


def _eq12(seed: int, thorough: bool) -> Evidence:
    powers = decay(seed, 24 if thorough else 8)
    rng = generator(seed, "law of large numbers, one sample")
    W, x = rng.standard_normal((CLASSES, FEATURES)), rng.standard_normal((FEATURES, ONE_SAMPLE))
    mean, error = sampled(x, softmax(W @ x))
    z = np.abs(mean - np.asarray(gaussian.softmax_moment(W))) / error
    return Evidence(
        (
            negligible("power of N plus 1/2", powers + 0.5, APPROXIMATELY, "1"),
            at_most(f"{ONE_SAMPLE:,} samples, largest of {z.size} entries, in standard errors", z.max(), ENTRIES),
        )
    )


# (13) and (14)


def hermite(nodes: int) -> tuple[Matrix, np.ndarray]:
    """Points (feature, node) and weights of the product Gauss–Hermite rule for three standard normals."""
    x, w = np.polynomial.hermite_e.hermegauss(nodes)
    points = np.stack([axis.ravel() for axis in np.meshgrid(x, x, x, indexing="ij")])
    return points, np.einsum("a,b,c->abc", w, w, w).ravel() / w.sum() ** 3


def free_energy(root, nodes: int):
    """E ln Σ_c exp z_c for logits z = root · u, by a Gauss–Hermite rule of its own, which JAX can differentiate."""
    points, weights = hermite(nodes)
    return jnp.sum(jax.scipy.special.logsumexp(root @ points, axis=0) * weights)


def slope_in_logits(Q: Matrix, nodes: int = 40) -> Matrix:
    """2 ∂F/∂Q for logits of covariance Q, by automatic differentiation."""
    return 2 * np.asarray(jax.grad(lambda Q: free_energy(jnp.linalg.cholesky(Q), nodes))(jnp.asarray(Q)))


def slope_in_weights(W: Matrix, C: Matrix, nodes: int = 40) -> Matrix:
    """∂F/∂W for inputs of covariance C, by automatic differentiation."""
    root = np.linalg.cholesky(C)
    return np.asarray(jax.grad(lambda W: free_energy(W @ root, nodes))(jnp.asarray(W)))


def _spectra(seed: int) -> list[Reading]:
    """The second smallest eigenvalue of G is above zero, the smallest is zero, whatever the scale and the rank."""
    rng = generator(seed, "spectrum of G")
    readings = []
    for rank in (1, CLASSES - 1):
        for scale in (0.1, 1.0, 30.0):
            W = scale * centred_frame(rng, CLASSES, rank) * np.array([1.0, 0.4])[:rank]
            G, error = gaussian.softmax_covariance_with_error(W)
            values = np.linalg.eigvalsh(np.asarray(G))
            # by Weyl's inequality an error of G moves no eigenvalue by more than its norm
            readings.append(
                at_least(f"rank {rank}, s = {scale:g}: second eigenvalue", values[1], 0.0, error=float(error))
            )
            readings.append(at_most(f"rank {rank}, s = {scale:g}: size of the first", abs(values[0]), 1e-12))
    return readings


def _eq13(seed: int, thorough: bool) -> Evidence:
    rng = generator(seed, "G by differentiation")
    W = [moderate(rng) for _ in range(10 if thorough else 3)]
    G = np.asarray(gaussian.softmax_covariance(np.stack(W)))
    errors = [relative(slope_in_logits(w @ w.T), g) for w, g in zip(W, G, strict=True)]
    asymmetry = float(np.abs(G - np.swapaxes(G, -1, -2)).max())
    return Evidence(
        (
            at_most("asymmetry", asymmetry, 1e-12),
            at_most("relative distance of G from 2 ∂F/∂Q", max(errors), QUADRATURE),
            *_spectra(seed),
        )
    )


def stein(W: Matrix, C: Matrix) -> Matrix:
    """G(W) W C (14)."""
    return np.asarray(gaussian.softmax_covariance(W, covariance=C)) @ W @ C


def moment_errors(seed: int, equation: Callable = stein) -> tuple[float, float]:
    """Relative error of (14) against ∂F/∂W, and the largest deviation of an entry from samples, in standard errors."""
    rng = generator(seed, "moment")
    W, C = moderate(rng), covariance(rng)
    printed = equation(W, C)
    x = np.linalg.cholesky(C) @ rng.standard_normal((FEATURES, 4 * ONE_SAMPLE))
    mean, error = sampled(x, softmax(W @ x))
    return relative(slope_in_weights(W, C), printed), float(np.max(np.abs(mean - printed) / error))


def _eq14(seed: int, thorough: bool) -> Evidence:
    errors = np.max([moment_errors(100 * seed + n) for n in range(10 if thorough else 3)], axis=0)
    return Evidence(
        (
            at_most("relative distance of G W C from ∂F/∂W", errors[0], QUADRATURE),
            at_most(f"{4 * ONE_SAMPLE:,} samples, largest entry, in standard errors", errors[1], ENTRIES),
        )
    )


# (19)


def loss_deviation(seed: int, scale: float, moment: Callable = gaussian.label_moment) -> float:
    """Cross-entropy on fresh inputs with argmax labels, less F − ⟨M, W⟩, in standard errors."""
    rng = generator(seed, f"generalization loss, {scale}")
    teacher, noise, x = (rng.standard_normal(shape) for shape in ((4, 5), (4, 5), (5, TESTS)))
    W = scale * (teacher + noise)
    z = W @ x
    losses = log_partition(z) - z[np.argmax(teacher @ x, axis=0), np.arange(x.shape[1])]
    value = float(gaussian.population_loss(W, moment(teacher)))
    return abs(losses.mean() - value) / (losses.std() / np.sqrt(losses.size))


def _eq19(seed: int, thorough: bool) -> Evidence:
    cases = [(scale, draw) for scale in (0.1, 1.0, 10.0) for draw in range(4 if thorough else 1)]
    return Evidence(
        tuple(
            at_most(
                f"student of scale {scale:g}, {TESTS:,} inputs, in standard errors",
                loss_deviation(10 * seed + draw, scale),
                ENTRIES,
            )
            for scale, draw in cases
        )
    )


CLAIMS = (
    Claim(
        key="eq-12",
        source="(12)",
        statement="The sample's cross-covariance of outputs and inputs tends to its expectation as N → ∞.",
        hypotheses="Independent inputs.",
        method="The power of N in the error, 300 to 76,800 samples, mean over repeats (−1/2 within 0.05), and one sample "
        "entry by entry.",
        measure=_eq12,
        seconds=2.5,
    ),
    Claim(
        key="eq-13",
        source="(13)",
        statement="G(W) = E[diag P − P Pᵀ] is symmetric and positive semidefinite with exactly one zero eigenvalue.",
        hypotheses="Gaussian inputs, finite weights.",
        method="Eigenvalues for three classes, two ranks and three scales, with G's error bar; G against 2 ∂F/∂Q by "
        "automatic differentiation of a Gauss–Hermite rule.",
        measure=_eq13,
        seconds=3.0,
    ),
    Claim(
        key="eq-14",
        source="(14)",
        statement="The expected cross-covariance of outputs and inputs is G(W) W C.",
        hypotheses="Centred Gaussian inputs of any covariance C.",
        method="Three classes and features, C not the identity: against ∂F/∂W by automatic differentiation of a "
        "Gauss–Hermite rule, and against sampling.",
        measure=_eq14,
        seconds=3.0,
    ),
    Claim(
        key="eq-19",
        source="(19)",
        statement="The generalization loss is E ln Z(W x) less the inner product of W with the label moment.",
        hypotheses="Clean argmax labels (β → ∞), Gaussian inputs.",
        method="Against the cross-entropy on fresh inputs, 4 classes, students of three scales.",
        measure=_eq19,
        seconds=2.0,
    ),
)

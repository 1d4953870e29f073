"""Convexity of ln Z, point by point (20)–(21), and the bounds on the benefit that follow from it in every sample
(22)–(23)."""

from collections.abc import Callable

import numpy as np

from sharedtrunk.paper.claims import Claim, Evidence, at_least
from sharedtrunk.paper.claims.equations._random_problems import generator, log_partition, one_hot, softmax

Matrix = np.ndarray
PAIRS = 100_000
ROUNDING = 1e-12
"""Rounding error, relative to the logits, within which the bounds hold point by point and in a sample."""


# (20)–(23)


def tangent(z: Matrix, other: Matrix) -> Matrix:
    """Σ_c P_c(z) (z̃_c − z_c), the right-hand side of (20), over the first axis."""
    return np.sum(softmax(z) * (other - z), axis=0)


def smallest_gap(seed: int, upper: bool, bound: Callable = tangent) -> float:
    """Smallest ln Z(z̃)/Z(z) − bound (20), or for `upper` bound − ln Z(z̃)/Z(z) (21), relative to the size of the logits."""
    rng = generator(seed, "logits")
    scales = 10.0 ** rng.uniform(-2, 2, (2, 1, PAIRS))
    z, other = scales * rng.standard_normal((2, 5, PAIRS))
    ratio = log_partition(other) - log_partition(z)
    # exchanging z and z̃ gives the other side
    gap = -bound(other, z) - ratio if upper else ratio - bound(z, other)
    return float(np.min(gap / (1 + np.abs(z).max(axis=0) + np.abs(other).max(axis=0))))


def smallest_sample_gap(seed: int, upper: bool, draws: int) -> float:
    """Smallest relative gap between a benefit and its bound (22), or (23) for `upper`, in samples with argmax labels."""
    rng = generator(seed, "samples")
    gaps = []
    for _ in range(draws):
        teacher, joint, single = rng.standard_normal((3, 4, 6)) * 10.0 ** rng.uniform(-1, 1, (3, 1, 1))
        x = rng.standard_normal((6, int(rng.integers(1, 100))))
        labels = one_hot(np.argmax(teacher @ x, axis=0), 4)
        z, other = joint @ x, single @ x
        gain = np.mean(log_partition(other) - log_partition(z) - np.sum(labels * (other - z), axis=0))
        slope = softmax(other if upper else z) - labels
        bound = np.mean(np.sum(slope * (other - z), axis=0))
        gaps.append((bound - gain if upper else gain - bound) / (1 + np.abs(z).max() + np.abs(other).max()))
    return min(gaps)


def _pointwise(upper: bool) -> Callable[[int, bool], Evidence]:
    def measure(seed: int, thorough: bool) -> Evidence:
        seeds = range(10 * seed, 10 * seed + 10) if thorough else [seed]
        gap = min(smallest_gap(n, upper) for n in seeds)
        return Evidence((at_least(f"{len(seeds) * PAIRS:,} pairs of logits: smallest gap, relative", gap, -ROUNDING),))

    return measure


def _in_samples(upper: bool) -> Callable[[int, bool], Evidence]:
    def measure(seed: int, thorough: bool) -> Evidence:
        draws = 20_000 if thorough else 2_000
        gap = smallest_sample_gap(seed, upper, draws)
        return Evidence((at_least(f"{draws:,} samples of 1 to 99 points: smallest gap, relative", gap, -ROUNDING),))

    return measure


CLAIMS = (
    Claim(
        key="eq-20",
        source="(20)",
        statement="ln Z at the single-task logits lies above its tangent at the multitask logits, point by point.",
        hypotheses="Any logits.",
        method="Random pairs of logits of five classes, scales 0.01 to 100.",
        measure=_pointwise(upper=False),
        seconds=0.3,
    ),
    Claim(
        key="eq-21",
        source="(21)",
        statement="ln Z(z̃)/Z(z) lies below the tangent at the single-task logits z̃, point by point.",
        hypotheses="Any logits.",
        method="Random pairs of logits of five classes, scales 0.01 to 100.",
        measure=_pointwise(upper=True),
        seconds=0.3,
    ),
    Claim(
        key="eq-22",
        source="(22)",
        statement="The benefit is at least the mean of [P(W_A x) − label]·(W̃x − W_A x).",
        hypotheses="Argmax labels (β → ∞); means over any inputs, a sample's or the population's.",
        method="Random triples of teacher and students, four classes, scales 0.1 to 10, each in a sample of its own.",
        measure=_in_samples(upper=False),
        seconds=0.7,
    ),
    Claim(
        key="eq-23",
        source="(23)",
        statement="The benefit is at most the mean of [P(W̃x) − label]·(W̃x − W_A x).",
        hypotheses="Argmax labels (β → ∞); means over any inputs, a sample's or the population's.",
        method="Random triples of teacher and students, four classes, scales 0.1 to 10, each in a sample of its own.",
        measure=_in_samples(upper=True),
        seconds=0.7,
    ),
)

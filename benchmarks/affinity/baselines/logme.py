"""LogME: evidence of A's labels under a Bayesian linear model on features trained for B (directed).

    (1/n) max_{α, β} log p(y | F, α, β),   y = F w + noise,   w ~ N(0, I/α),   noise ~ N(0, I/β),

averaged over A's classes; y is the 0/1 column of a class, and F is (sample, dimension). K. You, Y. Liu, J. Wang, M. Long,
LogME: practical assessment of pre-trained models for transfer learning, ICML 2021, section 4.

Differences from LogME as published: F is the trunk of the student's network trained on B (on all of B's labels: the evidence
guards against overfitting, not against F having seen B at the same points). The maximum is found exactly, β in closed form
for each ratio α/β and the ratio by search, in place of their fixed-point iteration, which stalls where α → ∞. As in LogME F
is neither centred nor given an intercept. The value depends on A's number of classes, so it ranks auxiliaries of one main
task only. `gain` subtracts the evidence on the same network's trunk before training, so that main tasks can be pooled. (If
it subtracted the evidence on the inputs, it would mostly measure that a ReLU trunk has an intercept and centred inputs have
none.) Natural threshold: gain > 0.
"""

import numpy as np
from scipy.optimize import minimize_scalar

from ..data import PairData
from ._budget import average_over_starts
from ._network import SharedTrunk
from ._source import embed, source_network, untrained_network


def score(data: PairData, seed: int, seconds: float | None) -> float:
    """Evidence in nats per point and class, averaged over as many starts as the time allows (`average_over_starts`)."""

    def once(start: int) -> float:
        return _evidence(source_network(data, np.arange(len(data.main)), start), data)

    return average_over_starts(once, seed, seconds)


def gain(data: PairData, seed: int, seconds: float | None) -> float:
    """Evidence after training on B minus evidence before, in nats per point and class, averaged as `score` is."""

    def once(start: int) -> float:
        trained = source_network(data, np.arange(len(data.main)), start)
        return _evidence(trained, data) - _evidence(untrained_network(data, start), data)

    return average_over_starts(once, seed, seconds)


def logme(features: np.ndarray, labels: np.ndarray) -> float:
    """Largest log evidence in nats per point, mean over classes present; features (sample, dimension), labels (sample,)."""
    left, values, _ = np.linalg.svd(features, full_matrices=False)
    columns = [(labels == label).astype(float) for label in np.unique(labels)]
    return float(np.mean([_largest_evidence(left.T @ y, y @ y, values**2, len(y)) for y in columns])) / len(labels)


def _evidence(network: SharedTrunk | None, data: PairData) -> float:
    known = data.main >= 0
    return float("nan") if network is None else logme(embed(network, data.features[known]), data.main[known])


def _largest_evidence(projections: np.ndarray, length: float, squares: np.ndarray, n: int) -> float:
    """max over α, β of log p(y): with t = α/β, y ~ N(0, (I + F Fᵀ/t)/β), so β = n/Q(t), Q = yᵀ(I + F Fᵀ/t)⁻¹y."""

    def negative_evidence(log_ratio: float) -> float:
        # t → 0 or ∞ are legal limits; log(1 + s²/t) and s²/(t + s²) are written so that neither overflows.
        shrunk = squares * np.exp(-log_ratio)
        residual = length - (projections**2 * shrunk / (1 + shrunk)).sum()
        return n / 2 * (np.log(2 * np.pi * residual / n) + 1) + np.log1p(shrunk).sum() / 2

    # Features that are all zero explain nothing at any ratio: any scale will do.
    grid = np.log(squares.max() or 1.0) + np.linspace(-30, 30, 121)
    best = grid[np.argmin([negative_evidence(place) for place in grid])]
    spacing = grid[1] - grid[0]
    found = minimize_scalar(negative_evidence, bounds=(best - spacing, best + spacing), method="bounded")
    return -float(min(found.fun, negative_evidence(best)))

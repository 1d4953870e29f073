"""H-score: how far apart A's class means lie in features trained for B, in units of the features' spread (directed).

    H = tr(Σ_f⁻¹ Σ_z),   Σ_f = cov f(x),   Σ_z = cov E[f(x) | y]

Y. Bao, Y. Li, S.-L. Huang, L. Zhang, L. Zheng, A. Zamir, L. Guibas, An information-theoretic approach to transferability
in task transfer learning, ICIP 2019, definition 2. It is between 0 and K_A − 1 (the rank of centred one-hot codes).

`shrunk_score`: with few points Σ_f⁻¹ is mostly noise. S. Ibrahim, N. Ponomareva, R. Mazumder, Newer is not always better:
rethinking transferability metrics, their peculiarities, stability and performance, ECML PKDD 2022, replace it by that of a
shrunk covariance: H_a = tr(Σ_a⁻¹ (1 − a) Σ_z), Σ_a = (1 − a) Σ_f + a (tr Σ_f / D) I, a by Ledoit and Wolf (2004).

Where this differs: f is the trunk of the student's network trained on B (on all of B's labels). Dead units make Σ_f
singular; its pseudo-inverse leaves their directions out. There is no natural threshold: H only ranks.
"""

from collections.abc import Callable

import numpy as np
from sklearn.covariance import ledoit_wolf

from ..data import PairData
from ._budget import average_over_starts
from ._source import embed, source_network


def score(data: PairData, seed: int, seconds: float | None) -> float:
    """H, averaged over as many starts as fit into `seconds` (None: one start)."""
    return _on_source_features(h_score, data, seed, seconds)


def shrunk_score(data: PairData, seed: int, seconds: float | None) -> float:
    """H_a, averaged over as many starts as fit into `seconds` (None: one start)."""
    return _on_source_features(shrunk_h_score, data, seed, seconds)


def h_score(features: np.ndarray, labels: np.ndarray) -> float:
    """H of features (sample, dimension) and labels (sample,), Σ_f⁻¹ a pseudo-inverse.

    With U, left singular vectors of the centred features, H = Σ_k ‖Σ_{i in class k} U_i‖² / n_k: nothing is inverted.
    """
    left, values, _ = np.linalg.svd(features - features.mean(axis=0), full_matrices=False)
    left = left[:, values > values[0] * max(features.shape) * np.finfo(float).eps]
    members = [left[labels == label] for label in np.unique(labels)]
    return float(sum((rows.sum(axis=0) ** 2).sum() / len(rows) for rows in members))


def shrunk_h_score(features: np.ndarray, labels: np.ndarray) -> float:
    """H_a of features (sample, dimension) and labels (sample,), a chosen by Ledoit and Wolf."""
    centred = features - features.mean(axis=0)
    shrunk, amount = ledoit_wolf(centred, assume_centered=True)
    return float((1 - amount) * np.trace(np.linalg.solve(shrunk, _between(centred, labels))))


def _between(centred: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Σ_z (dimension, dimension): covariance of the class means, classes weighted by their size."""
    means = np.empty_like(centred)
    for label in np.unique(labels):
        means[labels == label] = centred[labels == label].mean(axis=0)
    return means.T @ means / len(labels)


def _on_source_features(
    measure: Callable[[np.ndarray, np.ndarray], float], data: PairData, seed: int, seconds: float | None
) -> float:
    known = data.main >= 0

    def once(start: int) -> float:
        network = source_network(data, np.arange(len(data.main)), start)
        return float("nan") if network is None else measure(embed(network, data.features[known]), data.main[known])

    return average_over_starts(once, seed, seconds)

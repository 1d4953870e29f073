"""LEEP: how well predictions of B, taken as dummy labels, predict A's labels (directed).

    T = (1/n) Σ_i log Σ_z P̂(y_i | z) θ(x_i)_z,   P̂(y, z) = (1/n) Σ_{i: y_i = y} θ(x_i)_z,   P̂(y | z) = P̂(y, z) / P̂(z)

C. V. Nguyen, T. Hassner, M. Seeger, C. Archambeau, LEEP: a new measure to evaluate transferability of learned
representations, ICML 2020, section 3. In nats, at most 0.

Where this differs: θ is the student's network trained on B. Their source and target data are different sets; here a
point often has both labels, so θ(x_i) comes from a network that has not seen B's label of x_i (5 folds, pooled); otherwise
T would measure B's labels instead of predictions of B. T has no zero of its own and depends on A's number of classes, so
it only ranks auxiliaries of one main task. `gain` adds A's label entropy, so that main tasks can be pooled (the kind of
correction asked for by S. Ibrahim, N. Ponomareva, R. Mazumder, Newer is not always better, ECML PKDD 2022). There is no
threshold.
"""

import numpy as np

from ..data import PairData
from ._budget import average_over_starts
from ._source import auxiliary_probabilities, main_folds, source_network
from .mutual_information import entropy

FOLDS = 5


def score(data: PairData, seed: int, seconds: float | None) -> float:
    """T in nats, averaged over as many splits and starts as fit into `seconds` (None: one)."""

    def once(start: int) -> float:
        return _cross_fitted(data, start)

    return average_over_starts(once, seed, seconds)


def gain(data: PairData, seed: int, seconds: float | None) -> float:
    """T + H(A) in nats: what the dummy labels tell beyond A's class frequencies."""
    return score(data, seed, seconds) + entropy(np.bincount(data.main[data.main >= 0]))


def leep(dummy: np.ndarray, labels: np.ndarray) -> float:
    """T in nats from dummy label probabilities θ (sample, source class) and A's labels (sample,)."""
    onehot = np.eye(labels.max() + 1)[labels]
    joint = onehot.T @ dummy / len(labels)  # (class, source class)
    mass = joint.sum(axis=0)
    conditional = np.divide(joint, mass, out=np.zeros_like(joint), where=mass > 0)
    return float(np.log((conditional[labels] * dummy).sum(axis=1)).mean())


def dummy_labels(data: PairData, held: np.ndarray, seed: int) -> np.ndarray:
    """θ (row, source class) at the rows `held`, from a network trained on B without them; NaN if B has too few labels."""
    network = source_network(data, np.setdiff1d(np.arange(len(data.main)), held), seed)
    if network is None:
        return np.full((len(held), data.classes[1]), np.nan)
    return auxiliary_probabilities(network, data.features[held])


def _cross_fitted(data: PairData, seed: int) -> float:
    dummy = np.zeros((len(data.main), data.classes[1]))
    for held in main_folds(data, FOLDS, seed):
        dummy[held] = dummy_labels(data, held, seed)
    known = data.main >= 0
    return leep(dummy[known], data.main[known])

"""k-NN probe: does B's trunk bring points of the same A-class together better than the raw inputs do (directed)?

    accuracy of 5-nearest-neighbours on A in the embedding of a network trained on B  −  the same on the inputs

both cross-validated in 5 folds on A's labelled points. J. Puigcerver et al., Scalable transfer learning with expert models,
ICLR 2021, section 3 (k-NN as a proxy for transfer); C. Renggli et al., Which model to transfer? Finding the needle in the
growing haystack, CVPR 2022.

Where this differs: the source model is the student's network trained on B, its embedding the trunk's activations
(Euclidean distance, unscaled). It is trained anew without the held-out points, because a point that is asked about has no
B label either. The papers compare source models with each other; here the inputs are the reference, so the score is a gain.
Natural threshold: gain > 0.
"""

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from ..data import PairData
from ._budget import average_over_starts
from ._source import embed, main_folds, source_network

NEIGHBOURS, FOLDS = 5, 5


def score(data: PairData, seed: int, seconds: float | None) -> float:
    """Gain of accuracy (a fraction), averaged over as many splits and starts as fit into the time (one if none is given)."""

    def once(start: int) -> float:
        return _gain(data, start)

    return average_over_starts(once, seed, seconds)


def knn_correct(training: np.ndarray, labels: np.ndarray, held: np.ndarray, held_labels: np.ndarray) -> int:
    """Number of held-out points whose nearest training points (up to 5) vote for the right class."""
    neighbours = KNeighborsClassifier(min(NEIGHBOURS, len(training))).fit(training, labels)
    return int((neighbours.predict(held) == held_labels).sum())


def fold_gain(data: PairData, held: np.ndarray, seed: int) -> float:
    """How many more points of `held` (rows) B's embedding gets right than the inputs do; NaN with too few labels."""
    network = source_network(data, np.setdiff1d(np.arange(len(data.main)), held), seed)
    known = np.setdiff1d(np.flatnonzero(data.main >= 0), held)
    if network is None or not len(known):
        return float("nan")
    if not len(held):
        return 0.0
    inputs, asked = data.features[known], data.features[held]
    labels, answers = data.main[known], data.main[held]
    embedded = knn_correct(embed(network, inputs), labels, embed(network, asked), answers)
    return float(embedded - knn_correct(inputs, labels, asked, answers))


def _gain(data: PairData, seed: int) -> float:
    gained = sum(fold_gain(data, held, seed) for held in main_folds(data, FOLDS, seed))
    return gained / np.count_nonzero(data.main >= 0)

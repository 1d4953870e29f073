"""The source model of the transfer scores: a network trained on the auxiliary task alone.

These scores were made for choosing a pre-trained model. Here the pre-trained model is the student's own network trained
on B; a point's embedding is the activation of its trunk, and the dummy label distribution is B's softmax.
"""

import numpy as np
import torch

from ..data import PairData
from ._budget import charge, core_seconds
from ._network import AUX, SharedTrunk, labelled, train
from ._splits import folds, stopping_split

FEWEST = 10  # auxiliary labels, so that both training and stopping have some


class _Shared:
    """The networks of one table that several methods ask for, with the core seconds that they took."""

    def __init__(self) -> None:
        self.data: PairData | None = None
        self.networks: dict[tuple[bytes, int], tuple[SharedTrunk, float]] = {}

    def get(self, data: PairData, rows: np.ndarray, seed: int) -> SharedTrunk:
        if self.data is not data:
            self.data, self.networks = data, {}
        key = rows.tobytes(), seed
        if key in self.networks:
            network, seconds = self.networks[key]
            charge(seconds)
            return network
        begun = core_seconds()
        network = _trained(data, rows, seed)
        self.networks[key] = network, core_seconds() - begun
        return network


_shared = _Shared()


def source_network(data: PairData, rows: np.ndarray, seed: int) -> SharedTrunk | None:
    """A network trained on B's labels at the indices `rows`, a fifth of them for stopping; None if they are too few.

    The same call for the same table returns the same network, which must not be changed, and charges its seconds again.
    """
    rows = rows[data.aux[rows] >= 0]
    return None if len(rows) < FEWEST else _shared.get(data, rows, seed)


def _trained(data: PairData, rows: np.ndarray, seed: int) -> SharedTrunk:
    learn, stop = stopping_split(rows, data.aux, np.random.default_rng(seed))
    network = untrained_network(data, seed)
    train(network, {AUX: labelled(data.features, data.aux, learn)}, (AUX, labelled(data.features, data.aux, stop)))
    return network


def untrained_network(data: PairData, seed: int) -> SharedTrunk:
    """The student's network at its start, the one that `source_network` trains from with the same seed."""
    return SharedTrunk(data.features.shape[1], data.hidden, data.classes, data.activation, seed)


def main_folds(data: PairData, count: int, seed: int) -> list[np.ndarray]:
    """Stratified folds of the points with a main label, each a set of row numbers."""
    rows = np.flatnonzero(data.main >= 0)
    fold = folds(data.main[rows], count, np.random.default_rng(seed))
    return [rows[fold == number] for number in range(count)]


@torch.no_grad()
def embed(network: SharedTrunk, features: np.ndarray) -> np.ndarray:
    """Trunk activations (sample, hidden), float64."""
    return network.embed(torch.from_numpy(features).float()).double().numpy()


@torch.no_grad()
def auxiliary_probabilities(network: SharedTrunk, features: np.ndarray) -> np.ndarray:
    """B's softmax (sample, class), float64."""
    logits = network.heads[AUX](network.embed(torch.from_numpy(features).float()))
    return logits.double().softmax(dim=1).numpy()

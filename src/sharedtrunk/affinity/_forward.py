"""A trained network in NumPy, evaluated on a table's rows in double precision and without compiling anything."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import log_softmax

from sharedtrunk.affinity._network import Activation
from sharedtrunk.tables import MISSING


@dataclass(frozen=True)
class TrainedNetwork:
    """Weights (fan_in, fan_out) and biases of the trunk, by layer, and of the heads, by task.

    Inputs enter as (x − mean) / scale.
    """

    mean: np.ndarray
    scale: np.ndarray
    trunk: list[np.ndarray]
    trunk_biases: list[np.ndarray]
    heads: list[np.ndarray]
    head_biases: list[np.ndarray]
    activation: Activation

    def hidden_units(self, inputs: np.ndarray) -> np.ndarray:
        """The trunk's output h^L (sample, hidden)."""
        hidden = (inputs - self.mean) / self.scale
        for layer, bias in zip(self.trunk, self.trunk_biases, strict=True):
            hidden = hidden @ layer.astype(np.float64) + bias
            if self.activation == "relu":
                hidden = np.maximum(hidden, 0.0)
        return hidden

    def log_probabilities(self, inputs: np.ndarray) -> list[np.ndarray]:
        """ln P_t (sample, class) in nats, task by task."""
        hidden = self.hidden_units(inputs)
        heads = zip(self.heads, self.head_biases, strict=True)
        return [log_softmax(hidden @ head.astype(np.float64) + bias, axis=1) for head, bias in heads]


def mean_losses(log_probabilities: Sequence[np.ndarray], codes: np.ndarray) -> np.ndarray:
    """Cross-entropy (task,) in nats over the rows with a label of the task, NaN without any; `codes` is (task, sample)."""
    losses = np.full(len(codes), np.nan)
    for task, (each, labels) in enumerate(zip(log_probabilities, codes, strict=True)):
        rows = np.flatnonzero(labels != MISSING)
        if len(rows):
            losses[task] = -each[rows, labels[rows]].mean()
    return losses


def accuracies(log_probabilities: Sequence[np.ndarray], codes: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted share of the rows whose likeliest class is the label (task,); NaN where no labelled row has weight."""
    right = np.stack(likeliest(log_probabilities)) == codes
    counted = np.where(codes != MISSING, weights, 0.0)
    totals = counted.sum(axis=1)
    return np.where(totals > 0, (right * counted).sum(axis=1) / np.where(totals > 0, totals, 1.0), np.nan)


def likeliest(log_probabilities: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Codes (sample,) of the likeliest class by task.

    Probabilities are compared, not their logarithms, which may differ where probabilities are equal: `predict` has to agree
    with `predict_proba`.
    """
    return [np.exp(each).argmax(axis=1) for each in log_probabilities]

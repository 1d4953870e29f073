"""Plain cross-validation with scikit-learn's MLPClassifier, as far as it can train two tasks (directed).

scikit-learn has no shared-trunk multi-output classifier for more than two classes a task. What it has is multilabel
output: a trunk with one sigmoid per column, all columns known at every point. Written as one 0/1 column per class, two
tasks become columns of one table, and the trunk is shared:

    A alone: columns of A;   A beside B: columns of A and of B;   p(class) = A's sigmoids, normalized to sum 1

Gain of a fold: held-out cross-entropy of these p, alone minus beside, in nats. It is NaN unless every point with a main
label has an auxiliary label; points with an auxiliary label only cannot be used at all. scikit-learn's own early stopping
counts exact matches of all columns, a different goal for each arm, so epochs are run one by one (partial_fit) and A's
stopping loss decides. Folds and natural thresholds are those of the PyTorch baseline (`cross_validation`).
"""

from collections.abc import Callable

import numpy as np
from sklearn.neural_network import MLPClassifier

from ..data import PairData
from ._budget import rounds
from ._comparison import Comparison, naive_interval
from ._network import PATIENCE, RATE, STEPS
from ._splits import stopping_split
from .cross_validation import FOLDS, fold_schedule


def score(data: PairData, seed: int, seconds: float | None) -> float:
    """Mean gain in nats over folds; see `compare` for its interval."""
    return compare(data, seed, seconds).score


def compare(data: PairData, seed: int, seconds: float | None) -> Comparison:
    """Mean gain and naive interval over folds, as many as fit into the time; NaN where an auxiliary label is lacking."""
    if np.any(data.aux[data.main >= 0] < 0):
        return Comparison(float("nan"), float("nan"), float("nan"), 0)
    schedule = fold_schedule(data, seed)
    least = FOLDS if seconds is None else 2
    return naive_interval(np.array([fold_gain(data, *next(schedule)) for _ in rounds(seconds, least)]))


def normalized_cross_entropy(sigmoids: np.ndarray, labels: np.ndarray) -> float:
    """Mean −log(q_label / Σ_c q_c) in nats of sigmoid outputs q (sample, class) and labels (sample,)."""
    chosen = np.take_along_axis(sigmoids, labels[:, None], axis=1)[:, 0]
    return float(np.mean(np.log(sigmoids.sum(axis=1)) - np.log(chosen)))


def fold_gain(data: PairData, held: np.ndarray, start: int) -> float:
    """L_A alone minus L_A beside B at the rows `held`, in nats, both arms from the same start; NaN where a split is empty."""
    known = np.setdiff1d(np.flatnonzero(data.main >= 0), held)
    learn, stop = stopping_split(known, data.main, np.random.default_rng(start))
    if not (len(held) and len(learn) and len(stop)):
        return float("nan")
    main = np.eye(data.classes[0], dtype=int)[data.main[learn]]
    both = np.hstack([main, np.eye(data.classes[1], dtype=int)[data.aux[learn]]])

    def held_out_loss(targets: np.ndarray) -> float:
        return train_columns(data, targets, learn, stop, start)(held)

    return held_out_loss(main) - held_out_loss(both)


def train_columns(
    data: PairData, targets: np.ndarray, learn: np.ndarray, stop: np.ndarray, start: int
) -> Callable[[np.ndarray], float]:
    """Train on 0/1 columns, A's first, to A's best stopping loss; return the function from rows to A's loss there."""
    activation = "relu" if data.activation == "relu" else "identity"
    model = MLPClassifier((data.hidden,), activation=activation, alpha=0.0, learning_rate_init=RATE, random_state=start)

    def loss(rows: np.ndarray) -> float:
        outputs = np.asarray(model.predict_proba(data.features[rows]))
        return normalized_cross_entropy(outputs[:, : data.classes[0]], data.main[rows])

    best, best_step = np.inf, 0
    weights: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for step in range(1, STEPS + 1):
        model.partial_fit(data.features[learn], targets, classes=np.arange(targets.shape[1]))
        if (reached := loss(stop)) < best:
            best, best_step = reached, step
            weights = ([w.copy() for w in model.coefs_], [b.copy() for b in model.intercepts_])
        if step - best_step >= PATIENCE:
            break
    model.coefs_, model.intercepts_ = weights
    return loss

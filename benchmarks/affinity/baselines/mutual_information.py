"""Label mutual information: what B's label tells about A's, without the inputs (directed through its denominator).

    I(A; B) / H(A) = 1 − H(A | B) / H(A)   in [0, 1]

Within one main task it ranks like −H(A | B), the negative conditional entropy of A. T. Tran, C. V. Nguyen, T. Hassner,
Transferability and hardness of supervised classification tasks, ICCV 2019, section 3.

It uses plain, uncorrected frequencies on the points that have both labels: with few points and many classes the estimate is
too large. Without such points, or with a single class of A among them, it is NaN. It has no natural threshold; it only ranks.
"""

import numpy as np

from ..data import PairData


def score(data: PairData, seed: int, seconds: float | None) -> float:
    """I(A; B) / H(A) on the points with both labels."""
    del seed, seconds
    both = (data.main >= 0) & (data.aux >= 0)
    uncertainty = entropy(np.bincount(data.main[both], minlength=1))
    if uncertainty == 0:
        return float("nan")
    return mutual_information(data.main[both], data.aux[both]) / uncertainty


def mutual_information(first: np.ndarray, second: np.ndarray) -> float:
    """I = H(first) + H(second) − H(first, second) in nats, from class codes (sample,)."""
    table = np.zeros((first.max() + 1, second.max() + 1))
    np.add.at(table, (first, second), 1)
    return entropy(table.sum(axis=1)) + entropy(table.sum(axis=0)) - entropy(table.ravel())


def entropy(counts: np.ndarray) -> float:
    """H = −Σ p log p in nats of counts (cell,); 0 for no counts at all."""
    counts = counts[counts > 0]
    shares = counts / counts.sum()
    return float(-(shares * np.log(shares)).sum())

"""Plain cross-validation in PyTorch: train with and without B, fold by fold, until the time is spent (directed).

    gain of a fold = L_A(A alone) − L_A(A beside B),   held-out cross-entropy of A in nats

5 stratified folds of A's labelled points are reshuffled and repeated while time remains; both arms have the same start and
the same stopping points (a fifth of the fold's training points). Neither task trains on labels of held-out or stopping
points. A trains on 64% of its labels, fewer than the user has. There is no paper: this is common practice.
Natural thresholds: mean > 0, or the lower end of the interval > 0.
"""

from collections.abc import Iterator

import numpy as np

from ..data import PairData
from ._budget import rounds, stream
from ._comparison import Comparison, naive_interval
from ._network import AUX, MAIN, Labelled, labelled, train
from ._source import main_folds, untrained_network
from ._splits import stopping_split

FOLDS = 5


def score(data: PairData, seed: int, seconds: float | None) -> float:
    """Mean gain in nats over folds; see `compare` for its interval."""
    return compare(data, seed, seconds).score


def compare(data: PairData, seed: int, seconds: float | None) -> Comparison:
    """Mean gain and naive interval over folds: 5 without a budget, else as many as fit into it, at least 2."""
    schedule = fold_schedule(data, seed)
    least = FOLDS if seconds is None else 2
    return naive_interval(np.array([fold_gain(data, *next(schedule)) for _ in rounds(seconds, least)]))


def fold_schedule(data: PairData, seed: int) -> Iterator[tuple[np.ndarray, int]]:
    """(held-out rows, start) of one fold after another without end, reshuffled after each round of 5."""
    repeat = 0
    while True:
        yield from ((held, stream(seed, repeat)) for held in main_folds(data, FOLDS, stream(seed, repeat)))
        repeat += 1


def fold_gain(data: PairData, held: np.ndarray, start: int) -> float:
    """L_A alone minus L_A beside B at the rows `held`, in nats, both arms from the same start; NaN where a split is empty."""
    known = np.setdiff1d(np.flatnonzero(data.main >= 0), held)
    learn, stop = stopping_split(known, data.main, np.random.default_rng(start))
    if not (len(held) and len(learn) and len(stop)):
        return float("nan")
    main = labelled(data.features, data.main, learn)
    aux = labelled(data.features, data.aux, np.setdiff1d(np.arange(len(data.main)), np.union1d(held, stop)))
    stopping = (MAIN, labelled(data.features, data.main, stop))
    test = labelled(data.features, data.main, held)
    alone = held_out_loss(data, start, {MAIN: main}, stopping, test)
    beside = held_out_loss(data, start, {MAIN: main, AUX: aux} if len(aux.labels) else {MAIN: main}, stopping, test)
    return alone - beside


def held_out_loss(
    data: PairData, start: int, training: dict[int, Labelled], stopping: tuple[int, Labelled], test: Labelled
) -> float:
    """A's cross-entropy in nats at the points `test`, after training from a start on the tasks in `training`."""
    network = untrained_network(data, start)
    train(network, training, stopping)
    return network.loss(MAIN, test).item()

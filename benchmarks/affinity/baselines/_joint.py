"""Joint training of both tasks, watched step by step: what the two gradient scores have in common."""

from collections.abc import Callable

import numpy as np

from ..data import PairData
from ._network import AUX, MAIN, Labelled, SharedTrunk, labelled, train
from ._source import untrained_network
from ._splits import stopping_split

FEWEST = 10  # labels of each task, so that both training and stopping have some

Watch = Callable[[SharedTrunk, Labelled, Labelled], float]


def watched_mean(data: PairData, seed: int, watch: Watch) -> float:
    """Mean of watch(network, A's points, B's points) over the steps of a joint training up to A's best stopping loss.

    A fifth of A's points decide when to stop; neither task learns from them. NaN with too few labels, or where no step
    lowers A's stopping loss: then there is no training to average over.
    """
    main_rows = np.flatnonzero(data.main >= 0)
    aux_rows = np.flatnonzero(data.aux >= 0)
    if min(len(main_rows), len(aux_rows)) < FEWEST:
        return float("nan")
    learn, stop = stopping_split(main_rows, data.main, np.random.default_rng(seed))
    main = labelled(data.features, data.main, learn)
    aux = labelled(data.features, data.aux, np.setdiff1d(aux_rows, stop))
    if not len(aux.labels):
        return float("nan")
    network = untrained_network(data, seed)

    def measure() -> float:
        return watch(network, main, aux)

    stopping = (MAIN, labelled(data.features, data.main, stop))
    seen = train(network, {MAIN: main, AUX: aux}, stopping, measure)
    return float(np.mean(seen)) if seen else float("nan")

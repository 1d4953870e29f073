"""Timing on a machine that drifts: blocks run in turn, round after round, and ratios are taken within a round."""

import math
import time
from collections.abc import Callable, Sequence

import numpy as np

Clock = Callable[[], float]


def interleaved(blocks: Sequence[Callable[[], object]], rounds: int, clock: Clock = time.perf_counter) -> np.ndarray:
    """Seconds (block, round) of blocks that run in turn, A B C A B C …; the caller has warmed them up."""
    seconds = np.empty((len(blocks), rounds))
    for turn in range(rounds):
        for index, block in enumerate(blocks):
            begin = clock()
            block()
            seconds[index, turn] = clock() - begin
    return seconds


def steps_for(
    train: Callable[[int], object],
    seconds: float,
    clock: Clock = time.perf_counter,
    first: int = 4,
    most: int = 1 << 16,
) -> int:
    """Number of steps that take about `seconds`: doubled until they take a quarter of that, then scaled up."""
    steps = first
    while True:
        begin = clock()
        train(steps)
        spent = clock() - begin
        if spent >= seconds / 4 or steps >= most:
            return max(1, math.ceil(steps * seconds / spent))
        steps *= 2


def paired_ratio(numerator: np.ndarray, denominator: np.ndarray) -> tuple[float, float, float]:
    """Median over rounds of the ratio within a round, with the smallest and the largest."""
    ratios = numerator / denominator
    return float(np.median(ratios)), float(ratios.min()), float(ratios.max())

"""Never and always: the two decisions that look at no data. They rank nothing (every pair gets the same score)."""

from ..data import PairData


def never(data: PairData, seed: int, seconds: float | None) -> float:
    """−1: train A alone, always."""
    del data, seed, seconds
    return -1.0


def always(data: PairData, seed: int, seconds: float | None) -> float:
    """+1: train B beside A, always."""
    del data, seed, seconds
    return 1.0

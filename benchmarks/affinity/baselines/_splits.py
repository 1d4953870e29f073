"""Stratified splits of labelled points that also work for classes with a single member."""

import numpy as np


def folds(labels: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Fold 0 … count − 1 of each point (sample,): every class spread as evenly as its size allows, otherwise random."""
    order = random.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    # Rotating the fold numbers keeps rare classes, which come last or first, from always landing in the same fold.
    turn = random.integers(count)
    fold = np.empty(len(labels), dtype=int)
    fold[order] = (np.arange(len(labels)) + turn) % count
    return fold


def stopping_split(rows: np.ndarray, labels: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Cut row numbers into (training, stopping), a fifth of them for early stopping, stratified by `labels` (of all rows)."""
    held = folds(labels[rows], 5, random) == 0
    return rows[~held], rows[held]

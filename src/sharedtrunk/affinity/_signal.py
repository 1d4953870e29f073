"""A task's signal: how its labels correlate with the inputs, and how much of that correlation is noise.

With whitened inputs z (`_whitening`) and labels y of n rows, the whitened label moment is

    B̂ = (1/n) Σ e zᵀ,     e = D^{−½} (onehot(y) − p),     D = diag p − p pᵀ   (pseudo-inverse root, K − 1 rows),

of shape (K − 1) × F; its singular values are the canonical correlations of labels and inputs. Labels that are independent of
the inputs give entries of variance 1/n: B̂ is a spiked matrix with σ² = F/n and c = (K − 1)/F. `_clean_values` recovers its
clean singular values.

The number of directions above the noise does not rely on asymptotics: it is found by permuting the labels, at a stated rate
of false alarms.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from sharedtrunk.affinity._clean_values import clean_values
from sharedtrunk.affinity._whitening import GROUPS, Whitening
from sharedtrunk.errors import invalid

PERMUTATIONS = 199
"""Permutations of the labels: without signal, the true labels give the largest of 200 values in 0.5 % of cases."""

FALSE_ALARMS = 2 / (1 + PERMUTATIONS)
"""Largest rate at which labels without signal show a direction: either of two statistics may exceed its permutations."""

LATER_FALSE_ALARMS = 0.1
"""The same rate for each further direction. It is higher, because a missed direction makes tasks look less related, which
does more harm than one direction too many."""

PERMUTED_ROWS = 10_000
"""The largest number of rows that are permuted. The noise of more rows follows from theirs by scaling."""


@dataclass(frozen=True)
class TaskSignal:
    """A task's label moment and the signal in it, before any training.

    `values` are the clean canonical correlations s (0 … 1) of the `rank` directions above the noise, `left` their singular
    vectors on the class side, `left_overlaps` and `right_overlaps` the squared overlaps of observed and clean singular
    vectors, and `noise` is σ = √(F/n). `moments` sum to B̂ over the groups.
    """

    task: str
    labels: int
    classes: int
    codes: Int[np.ndarray, "sample"]
    contrast: Float[np.ndarray, "class row"]
    moments: Float[np.ndarray, "group row direction"]
    observed: Float[np.ndarray, "row"]
    threshold: float
    values: Float[np.ndarray, "rank"]
    left: Float[np.ndarray, "row rank"]
    left_overlaps: Float[np.ndarray, "rank"]
    right_overlaps: Float[np.ndarray, "rank"]
    noise: float

    @property
    def rank(self) -> int:
        """Number of directions above the noise."""
        return self.values.size

    @property
    def snr(self) -> float:
        """s̄/σ: root mean square of the clean values over σ (entries of variance σ²/F, so σ² = F/n); 0 without a direction.

        In the paper, s̄ and σ̂ are scales of a teacher's weights. Here s̄ is that of the labels' canonical correlations, and σ
        is the error with which n labels determine them. A direction is visible if its s/σ exceeds about ((K − 1)/F)^¼.
        """
        return float(np.sqrt(np.mean(self.values**2)) / self.noise) if self.rank else 0.0

    @property
    def energy(self) -> float:
        """Σ s² over the directions above the noise: the linearly explained variance of the labels, in whitened units."""
        return float(np.sum(self.values**2))


def task_signal(
    whitening: Whitening,
    codes: Int[np.ndarray, "sample"],
    *,
    task: str = "task",
    seed: int = 0,
    scores: Float[np.ndarray, "sample"] | None = None,
) -> TaskSignal:
    """The signal in labels `codes` (sample,), −1 where missing: B̂, its spikes above the noise, clean values, overlaps.

    Directions are counted one after another against `PERMUTATIONS` permutations of the labels (as Bartlett and Lawley count
    canonical correlations), so labels without signal show one at a rate of at most `FALSE_ALARMS`. The `scores` of a task
    whose labels are numbers take the place of class indicators; its codes are places in the order of the numbers. Raises
    `InputError` for codes of another length, fewer than two classes or fewer than four labels.
    """
    codes = _checked(codes, whitening.rows, task)
    rows = np.flatnonzero(codes >= 0)
    contrast = _contrast(codes[rows]) if scores is None else _score_contrast(codes[rows], scores[rows])
    e, z = contrast[codes[rows]], whitening.inputs[rows]
    z = z - z.mean(axis=0)
    n, F, m = rows.size, z.shape[1], contrast.shape[1]
    groups = whitening.groups[rows]
    moments = np.stack([e[groups == g].T @ z[groups == g] for g in range(GROUPS)]) / n
    left, observed, _ = np.linalg.svd(moments.sum(axis=0), full_matrices=False)
    observed = np.pad(observed, (0, m - observed.size))
    rank, threshold = _count_directions(observed, e, z, seed)
    sizes = (F / n, m / n, n / whitening.rows)
    values, left_overlaps, right_overlaps = clean_values(observed, rank, m, *sizes)
    rank = values.size
    return TaskSignal(
        task,
        n,
        m + 1,
        codes,
        contrast,
        moments,
        observed,
        threshold,
        values,
        left[:, :rank],
        left_overlaps,
        right_overlaps,
        float(np.sqrt(F / n)),
    )


def _contrast(codes: np.ndarray) -> np.ndarray:
    """Rows e of the classes, D^{−½}(onehot − p), so that e averages to 0 and e eᵀ to the identity."""
    p = np.bincount(codes) / codes.size
    values, vectors = np.linalg.eigh(np.diag(p) - np.outer(p, p))
    kept = values > 1e-12
    root = vectors[:, kept] / np.sqrt(values[kept])
    return root - p @ root


def _score_contrast(codes: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """One row e for every different number, its score with mean 0 and variance 1 over the rows."""
    standardized = (scores - scores.mean()) / max(float(scores.std()), np.finfo(np.float64).tiny)
    contrast = np.zeros((int(codes.max()) + 1, 1))
    contrast[codes, 0] = standardized
    return contrast


def _count_directions(observed: np.ndarray, e: np.ndarray, z: np.ndarray, seed: int) -> tuple[int, float]:
    """How many directions exceed those of permuted labels, and the largest singular value of any permutation.

    After k directions, the rest is compared with permuted labels in the last m − k rows: its largest squared singular value,
    and the sum of squares, which detects many weak directions.
    """
    largest, sums = _permuted(e, z, seed)
    tails = np.cumsum(observed[::-1] ** 2)[::-1]
    rank = 0
    while rank < min(observed.size, z.shape[1]):
        level = 1.0 if rank == 0 else 1 - LATER_FALSE_ALARMS
        value, tail = (np.quantile(null[:, rank], level) for null in (largest, sums))
        if observed[rank] ** 2 <= value and tails[rank] <= tail:
            break
        rank += 1
    return rank, float(np.sqrt(largest[:, 0].max()))


def _permuted(e: np.ndarray, z: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Largest squared singular value and sum of squares of the last m, m − 1, … rows of permuted B̂, (permutation, row)."""
    rng = np.random.default_rng(seed)
    (n, m), count = e.shape, min(e.shape[0], PERMUTED_ROWS)
    grams = np.empty((PERMUTATIONS, m, m))
    for k in range(PERMUTATIONS):
        moment = e[rng.permutation(n)[:count]].T @ z[:count] / np.sqrt(count * n)
        grams[k] = moment @ moment.T
    largest = np.stack([np.linalg.eigvalsh(grams[:, row:, row:])[:, -1] for row in range(m)], axis=1)
    sums = np.cumsum(np.diagonal(grams, axis1=1, axis2=2)[:, ::-1], axis=1)[:, ::-1]
    return largest, sums


def _checked(codes, rows: int, task: str) -> np.ndarray:
    codes = np.asarray(codes)
    if codes.shape != (rows,) or not np.issubdtype(codes.dtype, np.integer):
        raise invalid(
            f"Labels of {task} must be one whole number per row, −1 where missing",
            received=f"shape {codes.shape}, {codes.dtype}",
            hint=f"Give {rows} class codes.",
        )
    seen = codes[codes >= 0]
    if seen.size < 4 or np.unique(seen).size < 2:
        raise invalid(
            f"Task {task} needs at least 4 labels of 2 classes",
            received=f"{seen.size} labels of {np.unique(seen).size} classes",
            hint="Label more rows, or leave the task out.",
        )
    return codes.astype(np.int64)

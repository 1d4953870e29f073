"""Relatedness of two tasks from their labels: the share of the main task's signal in the auxiliary task's directions.

The paper's R = V̄_Bᵀ V̄_A (4) compares the right singular vectors of two clean matrices; here these matrices are the whitened
label moments B̄_A, B̄_B of `_signal`. With the directions above the noise in the columns of Û, and their signals s,

    R = diag(s_B)⁻¹ Û_Bᵀ B̄_B B̄_Aᵀ Û_A diag(s_A)⁻¹,     share = Σ_k s_{A,k}² ‖R_{·k}‖² / Σ_k s_{A,k}²,     r = √share.

The singular values of R are the cosines of the *principal angles*. r weights them by the main task's signal, since it
is that signal that gains or loses. r is **directed**: a binary task may lie in the span of a task of ten classes, whereas the
latter shares only one of its nine directions with the binary task. For R = r·I and equal ranks, r is the paper's r.

Every product of two moments is taken between different groups of rows, so the noise of a row, which two tasks labelled on
the same rows share, is never multiplied by itself: products are unbiased without a model of the noise. The *squares*
of products still contain their variance, about s_A²/n_B + s_B²/n_A + F/(n_A n_B) per entry, which is subtracted. Dividing by
clean values instead of observed ones amounts to dividing by √(overlap_A · overlap_B). Errors come from the jackknife over
groups (a little too wide for products, Efron and Stein 1981), so they hold for inputs and labels of any distribution.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sharedtrunk.affinity._clean_values import shrunk_together
from sharedtrunk.affinity._signal import TaskSignal
from sharedtrunk.errors import invalid

NORMAL = 1.96
"""Half-width of a 95 % interval in standard errors."""


@dataclass(frozen=True)
class Relatedness:
    """r = √share with its 95 % interval, cosines R (auxiliary × main direction), and principal angles in degrees.

    r and its interval are clipped to 0 … 1, `share` is not. Where a task has no direction above the noise, r is NaN and its
    interval is all of 0 … 1.
    """

    value: float
    low: float
    high: float
    share: float
    share_error: float
    cosines: Float[np.ndarray, "auxiliary_rank main_rank"]
    angles: Float[np.ndarray, "angle"]

    @property
    def standard_error(self) -> float:
        """Half the interval's width over 1.96, because the interval of r = √share is not symmetric around a small r."""
        return (self.high - self.low) / (2 * NORMAL)


def relatedness(main: TaskSignal, auxiliary: TaskSignal) -> Relatedness:
    """Directed relatedness of a main to an auxiliary task: the root of the share of the main signal in the other's
    directions.

    Hypotheses: both signals come from one `Whitening`, and all directions of the tasks are above the noise. The
    module's docstring derives it; (4) of the paper defines R. Raises `InputError` for tasks of different whitenings.
    """
    if main.moments.shape[::2] != auxiliary.moments.shape[::2] or main.codes.shape != auxiliary.codes.shape:
        raise invalid(
            "Two tasks are compared in one table's whitened inputs",
            received=f"{main.codes.size} rows and {auxiliary.codes.size}, or other directions",
            hint="Make both signals from the same whiten(features).",
        )
    if not (main.rank and auxiliary.rank):
        nothing = np.zeros((auxiliary.rank, main.rank))
        return Relatedness(np.nan, 0.0, 1.0, np.nan, np.nan, nothing, np.zeros(0))
    rows_a, rows_b = (np.einsum("rk,grf->gkf", task.left, task.moments) for task in (main, auxiliary))
    variance = _variance(main, auxiliary)
    cross, left_out = _products(rows_b, rows_a)
    energies, energies_left_out = _products(rows_a, rows_a)
    scale = _scale(main, auxiliary)
    share = _share(cross, variance, scale, main)
    # Leaving a group out changes the main task's energy too, by this ratio.
    ratio = np.trace(energies_left_out, axis1=1, axis2=2) / np.trace(energies)
    shares = np.array([_share(part, variance, scale, main) for part in left_out]) / np.maximum(ratio, 0.1)
    G = shares.size
    error = float(np.sqrt((G - 1) / G * np.sum((shares - shares.mean()) ** 2)))
    low, high = (float(np.sqrt(np.clip(share + sign * NORMAL * error, 0, 1))) for sign in (-1, 1))
    cosines = _cosines(cross / scale, variance / scale**2, share, main)
    angles = np.degrees(np.arccos(np.clip(np.linalg.svd(cosines, compute_uv=False), 0, 1)))
    return Relatedness(float(np.sqrt(np.clip(share, 0, 1))), low, high, share, error, cosines, angles)


def _products(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Σ_{g≠h} first_g second_hᵀ over all groups, and with each group left out, both scaled up to all pairs (g, h)."""
    G = first.shape[0]
    total_first, total_second = first.sum(axis=0), second.sum(axis=0)
    same = np.einsum("gaf,gbf->gab", first, second)
    pairs = total_first @ total_second.T - same.sum(axis=0)
    touching = np.einsum("gaf,bf->gab", first, total_second) + np.einsum("af,gbf->gab", total_first, second)
    left_out = pairs - touching + 2 * same
    return pairs * G / (G - 1), left_out * G * G / ((G - 1) * (G - 2))


def _variance(main: TaskSignal, auxiliary: TaskSignal) -> np.ndarray:
    """Variance of a cross product, auxiliary × main direction: s_A² η_B + s_B² η_A + F η_A η_B, with η = (1 − f s²)/n.

    f = n/N is the labelled share of the rows that whitened the inputs; on these rows, what the inputs
    explain is not noise.
    """
    F, N = main.moments.shape[2], main.codes.size
    a2, b2 = main.values**2, auxiliary.values[:, None] ** 2
    noise_a, noise_b = 1 / main.labels - a2 / N, 1 / auxiliary.labels - b2 / N
    return a2 * noise_b + b2 * noise_a + F * noise_a * noise_b


def _scale(main: TaskSignal, auxiliary: TaskSignal) -> np.ndarray:
    """The cross product for a cosine of 1: clean values times the overlaps of observed and clean class directions.

    Inputs are whitened by N rows, so a share F/N of a product of moments comes from products within rows, which are left out.
    """
    visible_a, visible_b = (task.values * np.sqrt(task.left_overlaps) for task in (main, auxiliary))
    return (1 - main.moments.shape[2] / main.codes.size) * visible_b[:, None] * visible_a


def _share(cross: np.ndarray, variance: np.ndarray, scale: np.ndarray, main: TaskSignal) -> float:
    """Σ_k s_{A,k}² Σ_l (cross² − variance)/scale² / Σ_k s_{A,k}²."""
    return float(np.sum((cross**2 - variance) / scale**2 @ main.values**2) / main.energy)


def _cosines(raw: np.ndarray, variance: np.ndarray, share: float, main: TaskSignal) -> np.ndarray:
    """R without its noise: singular values from the squares minus noise, at most 1, scaled down to the share if above it."""
    U, c, Vt = np.linalg.svd(raw, full_matrices=False)
    squares = c**2 - variance.sum() / c.size
    squares = shrunk_together(squares, float(variance.mean()), max(raw.shape))
    R = (U * np.sqrt(np.clip(squares, 0, 1))) @ Vt
    found = np.sum(R**2 @ main.values**2) / main.energy
    return R * min(1.0, np.sqrt(max(share, 0.0) / found)) if found > 0 else R

"""The theory's prediction of a benefit: the regression twin of two tasks' label moments, in NumPy.

In whitened inputs a task is its clean moment B̄ = U diag(s) Vᵀ (K − 1 × F) and noise of variance 1/n per entry (`_signal`).
A trunk of H linear units with squared error learns the stacked, noisy moments M̂ = (B̂_A; √α B̂_B) mode by mode from a small
aligned start,

    M̂ = Û diag(ŝ) V̂ᵀ:     s_k(t) = ŝ_k/(1 + (ŝ_k/s₀ − 1) e^{−2 ŝ_k t}),     s_k(t) = 0 beyond the H strongest,

exactly (`dynamics.regression_growth`; Lampinen and Ganguli 2018, the paper's [16]). The main task's error, as a share of its
signal, is ε(t) = ‖W_A(t) − B̄_A‖²/‖B̄_A‖², and

    benefit = min_t ε(alone) − min_t ε(beside B),

averaged over draws that both arms share: directions with V_Bᵀ V_A = R (4) and noise. **Its unit is not nats, but a share of
the variance of the main task's labels that is linearly explainable.** The prediction has the theory's limits: squared error
in place of cross-entropy, whitened inputs, a linear trunk, oracle stopping, and, for α ≠ 1, the assumption that heads learn
at equal speed (the closed form is exact only at α = 1).

Noise of two tasks labelled on the same rows is not independent: cov(N_B, N_A) = (n_AB/(n_A n_B)) Ω, Ω = Σ e_B e_Aᵀ/n_AB. A
copy of the main label on the same rows has R = I and Ω = I, hence B̂_B = B̂_A: it changes the main task's weight and adds no
information.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from sharedtrunk.errors import invalid

DRAWS = 100
"""Draws of noise and directions: their standard error is well below `NEGLIGIBLE_SHARE`."""

START = 1e-3
"""s₀, the singular value of all modes at the start: small compared with all observed values."""

NEGLIGIBLE_SHARE = 0.02
"""A benefit within ± this share of the main task's signal is "no difference": it would not change a decision."""

_TIMES = 160
"""Points of the geometric grid of times over which the error is minimized."""


@dataclass(frozen=True)
class TwinTask:
    """One task of the twin: clean values s, the frame U of its classes (K − 1 rows), and its number of labels n."""

    values: Float[np.ndarray, "rank"]
    left: Float[np.ndarray, "row rank"]
    labels: int


@dataclass(frozen=True)
class Overlap:
    """Rows that both tasks label: their number n_AB, and the whitened labels' correlation Ω = Σ e_B e_Aᵀ/n_AB on them."""

    labels: int
    correlation: Float[np.ndarray, "auxiliary_row main_row"]


@dataclass(frozen=True)
class PredictedBenefit:
    """Mean benefit over draws with its standard error, and the main task's least error alone and beside B.

    Unit: a share of the main task's linearly explainable variance, not nats.
    """

    benefit: float
    standard_error: float
    single: float
    joint: float


def twin_task(values, *, classes: int, labels: int, left: np.ndarray | None = None) -> TwinTask:
    """A task of K = `classes` with clean values s (rank ≤ K − 1) and n = `labels` labels; its class frame is I unless given.

    Raises `InputError` for more than K − 1 values, and for negative or infinite ones.
    """
    values = np.atleast_1d(np.asarray(values, np.float64))
    left = np.eye(classes - 1, values.size) if left is None else np.asarray(left, np.float64)
    if not (np.isfinite(values).all() and (values >= 0).all() and values.size <= classes - 1 and labels >= 1):
        raise invalid(
            "A task has at most K − 1 clean values, all finite and ≥ 0, and at least 1 label",
            received=f"{values.tolist()} of {classes} classes, {labels} labels",
            hint="Use task_signal(...).values.",
        )
    return TwinTask(values, left, int(labels))


def predicted_benefit(
    main: TwinTask,
    auxiliary: TwinTask,
    relatedness: float | Float[np.ndarray, "auxiliary_rank main_rank"],
    *,
    features: int,
    hidden: int,
    alpha: float = 1.0,
    overlap: Overlap | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> PredictedBenefit:
    """min_t ε_A(alone) − min_t ε_A(beside B) in the regression twin, mean over `draws` ± standard error.

    `relatedness` is R, or a number r for r·I (4); `features` is F, the number of whitened directions; `hidden` is H; `alpha`
    is the auxiliary task's weight; `overlap` describes the rows labelled in both tasks, None if there are none. Hypotheses
    and unit are those of the module.
    Raises `InputError` for a main task without signal, ‖R‖ > 1, and sizes below 1.
    """
    R = _checked(main, auxiliary, relatedness, hidden, alpha, draws)
    rng = np.random.default_rng(seed)
    width = max(features, sum(R.shape))
    V_a, V_b = _directions(R, width)
    clean_a, clean_b = ((task.left * task.values) @ V for task, V in ((main, V_a), (auxiliary, V_b)))
    Ω = np.zeros((clean_b.shape[0], clean_a.shape[0])) if overlap is None else overlap.correlation
    clean_b = _consistent(clean_a, clean_b, Ω)
    common = 0 if overlap is None else overlap.labels / np.sqrt(main.labels * auxiliary.labels)
    noise_a, noise_b = _noise(rng, draws, clean_a.shape, clean_b.shape, common * Ω)
    noisy_a = clean_a + noise_a / np.sqrt(main.labels)
    noisy_b = np.sqrt(alpha) * (clean_b + noise_b / np.sqrt(auxiliary.labels))
    both = np.concatenate([noisy_a, noisy_b], axis=1)
    times = _times(noisy_a)
    single, joint = (_least_error(noisy, clean_a, hidden, times) for noisy in (noisy_a, both))
    gain = single - joint
    error = float(gain.std(ddof=1) / np.sqrt(draws))
    return PredictedBenefit(float(gain.mean()), error, float(single.mean()), float(joint.mean()))


def _directions(R: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """V_Aᵀ = (I, 0), V_Bᵀ = (R, (I − R Rᵀ)^½, 0). Any other frame would do, because the noise is isotropic."""
    rank_b, rank_a = R.shape
    values, vectors = np.linalg.eigh(np.eye(rank_b) - R @ R.T)
    outside = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    pad = np.zeros((rank_b, width - rank_a - rank_b))
    return np.eye(rank_a, width), np.concatenate([R, outside, pad], axis=1)


def _consistent(clean_a: np.ndarray, clean_b: np.ndarray, Ω: np.ndarray) -> np.ndarray:
    """B̄_B with the smallest change that makes it consistent with labels of correlation Ω (auxiliary × main row).

    Along a pair of class directions of correlation ω, B̄_A − ω B̄_B is the moment of a remainder of variance 1 − ω², so its
    square is at most 1 − ω². If the main label is a function of the auxiliary one, for example, the auxiliary task has all
    of the main task's signal, even in directions in which that signal is too weak to be visible.
    """
    U, correlations, Vt = np.linalg.svd(Ω, full_matrices=False)
    added = np.zeros_like(clean_b)
    for u, ω, v in zip(U.T, np.minimum(correlations, 1), Vt, strict=True):
        beyond = v @ clean_a - ω * (u @ clean_b)
        size = np.linalg.norm(beyond)
        excess = size - np.sqrt(1 - ω**2)
        if excess > 0 and ω > 0:
            added += np.outer(u, beyond * excess / (size * ω))
    return clean_b + added


def _noise(rng, draws: int, shape_a, shape_b, correlation) -> tuple[np.ndarray, np.ndarray]:
    """Unit noise of both tasks, (draw, row, feature), with cov(N_B, N_A) = `correlation`."""
    noise_a, noise_b = rng.normal(size=(draws, *shape_a)), rng.normal(size=(draws, *shape_b))
    U, c, Vt = np.linalg.svd(correlation)
    c = np.minimum(c, 1)
    own = (U * np.sqrt(1 - np.pad(c, (0, U.shape[0] - c.size)) ** 2)) @ U.T
    shared = (U[:, : c.size] * c) @ Vt[: c.size]
    return noise_a, shared @ noise_a + own @ noise_b


def _times(noisy: np.ndarray) -> Float[np.ndarray, "time draw"]:
    """Training times of every draw, from before the first mode grows until the main task's modes have grown.

    A mode grows at t = log(ŝ/s₀)/(2ŝ). Modes far below the median are noise and grow after the minimum of the error.
    """
    s_hat = np.linalg.svd(noisy, compute_uv=False)
    last = 3 * np.log(np.maximum(s_hat[:, 0] / START, np.e)) / np.median(s_hat, axis=1)
    return np.geomspace(0.01, 1, _TIMES)[:, None] * last


def _least_error(noisy: np.ndarray, clean: np.ndarray, hidden: int, times: np.ndarray) -> Float[np.ndarray, "draw"]:
    """min_t ‖W_A(t) − B̄_A‖²/‖B̄_A‖² of every draw, for a trunk that learns the `hidden` strongest modes."""
    U, s_hat, Vt = np.linalg.svd(noisy, full_matrices=False)
    U, s_hat, Vt = U[:, : clean.shape[0], :hidden], s_hat[:, :hidden], Vt[:, :hidden]
    overlap = np.einsum("dak,af,dkf->dk", U, clean, Vt, optimize=True)
    norms, total = np.sum(U**2, axis=1), np.sum(clean**2)
    # A mode without data stays at its start. With a value of 1e-12 it does so too, without 0/0.
    s_hat = np.maximum(s_hat, 1e-12)
    decay = np.exp(-2 * s_hat * times[:, :, None])
    s = s_hat / (1 - decay + s_hat * decay / START)
    errors = (np.einsum("tdk,dk->td", s**2, norms) - 2 * np.einsum("tdk,dk->td", s, overlap)) / total
    return 1 + np.minimum(errors.min(axis=0), 0)


def _checked(main: TwinTask, auxiliary: TwinTask, relatedness, hidden: int, alpha: float, draws: int) -> np.ndarray:
    R = np.asarray(relatedness, np.float64)
    R = R * np.eye(auxiliary.values.size, main.values.size) if R.ndim == 0 else R
    if not main.values.any():
        raise invalid("A benefit needs a main task with signal", received="no clean value", hint="Add labels.")
    if R.shape != (auxiliary.values.size, main.values.size) or not np.linalg.norm(R, 2) <= 1 + 1e-9:
        raise invalid(
            "Relatedness is a number or a matrix (auxiliary, main direction), of norm at most 1",
            received=f"shape {R.shape}, norm {np.linalg.norm(R, 2) if R.size else 0:.3g}",
            hint="Its entries are cosines.",
        )
    if hidden < 1 or draws < 2 or not (alpha >= 0 and np.isfinite(alpha)):
        raise invalid(
            "Theory needs at least 1 hidden unit, at least 2 draws and a finite weight ≥ 0",
            received=f"{hidden}, {draws}, {alpha}",
            hint="Use hidden=100, draws=100, alpha=1.0.",
        )
    return R

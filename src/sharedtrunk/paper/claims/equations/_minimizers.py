"""The end of training: the minimizers of the training loss (11), and when they exist."""

from collections.abc import Callable

import numpy as np

from sharedtrunk.paper.claims import Claim, Evidence, at_least, at_most
from sharedtrunk.paper.claims.equations._gradients import training_gradient
from sharedtrunk.paper.claims.equations._random_problems import (
    EXACT,
    generator,
    log_partition,
    one_hot,
    softmax,
)
from sharedtrunk.paper.contrasts import APPROXIMATELY

Matrix = np.ndarray
CLASSES, FEATURES, MANY, FEW = 3, 4, 40, 3
"""Sizes of the random problems; MANY and FEW are numbers of samples."""

FLAT = 1e-9
"""Norm of the gradient, in units of the inputs, below which a minimum counts as reached."""


def training_loss(W: Matrix, targets: Matrix, inputs: Matrix) -> float:
    """Mean cross-entropy of W on targets (class, sample) and inputs (feature, sample), in nats."""
    z = W @ inputs
    return float(np.mean(log_partition(z) - np.sum(targets * z, axis=0)))


def minimize(start: Matrix, targets: Matrix, inputs: Matrix, flat: float = FLAT) -> Matrix:
    """Composite weights at which the gradient's norm is at most `flat`, by Newton's method from a start.

    If the Hessian is singular, the steps stay in its range, as those of gradient flow do.
    """
    W = start
    for _ in range(200):
        slope = training_gradient(W, targets, inputs)
        if np.linalg.norm(slope) <= flat:
            return W
        P = softmax(W @ inputs)
        weight = np.einsum("cn,cd->cdn", P, np.eye(len(P))) - np.einsum("cn,dn->cdn", P, P)
        hessian = np.einsum("cdn,fn,gn->cfdg", weight, inputs, inputs) / inputs.shape[1]
        step = -np.linalg.lstsq(hessian.reshape(W.size, W.size), slope.ravel(), rcond=1e-12)[0].reshape(W.shape)
        W = W + _damping(W, step, slope, targets, inputs) * step
    return W


def _damping(W: Matrix, step: Matrix, slope: Matrix, targets: Matrix, inputs: Matrix) -> float:
    """The first of 1, 1/2, 1/4 … that lowers the loss enough, or halves the gradient (near a minimum the loss is flat)."""
    loss, size, promised = training_loss(W, targets, inputs), np.linalg.norm(slope), np.sum(slope * step)
    for halvings in range(60):
        a = 0.5**halvings
        enough = training_loss(W + a * step, targets, inputs) <= loss + 0.1 * a * promised
        if enough or np.linalg.norm(training_gradient(W + a * step, targets, inputs)) < 0.5 * size:
            return a
    return 0.0


def up_to_shift(W: Matrix) -> Matrix:
    """J W, the part of the weights that softmax sees."""
    return W - W.mean(axis=0)


def problem(seed: int, samples: int, hard: bool) -> tuple[Matrix, Matrix, Matrix, Matrix]:
    """A teacher βΣ̂, a start, the teacher's labels (soft or argmax) and inputs (feature, sample)."""
    rng = generator(seed, "minimizers")
    teacher, start = 1.5 * rng.standard_normal((2, CLASSES, FEATURES))
    inputs = rng.standard_normal((FEATURES, samples))
    z = teacher @ inputs
    return teacher, start, one_hot(z.argmax(axis=0), CLASSES) if hard else softmax(z), inputs


def distance_from_teacher(seed: int, samples: int) -> tuple[float, float]:
    """At the end of training on soft labels: relative distance from βΣ̂ up to a common shift, and excess loss over βΣ̂."""
    teacher, start, targets, inputs = problem(seed, samples, hard=False)
    W = minimize(start, targets, inputs)
    excess = training_loss(W, targets, inputs) - training_loss(teacher, targets, inputs)
    distance = np.linalg.norm(up_to_shift(W - teacher)) / np.linalg.norm(up_to_shift(teacher))
    return float(distance), excess


def growth(seed: int) -> float:
    """Growth of ‖J W‖ with argmax labels while the gradient falls from 10⁻³ to 10⁻⁵: ratio of the norms minus one."""
    _, start, targets, inputs = problem(seed, MANY, hard=True)
    early = minimize(start, targets, inputs, flat=1e-3)
    late = minimize(early, targets, inputs, flat=1e-5)
    return float(np.linalg.norm(up_to_shift(late)) / np.linalg.norm(up_to_shift(early)) - 1)


def printed_direction(inputs: Matrix) -> Matrix:
    """The one direction of common shifts in (11), Σ_μ (XXᵀ)⁻¹ x_μ, with X Xᵀ in place of Xᵀ X, because the shape of Xᵀ X does
    not fit."""
    return np.linalg.solve(inputs @ inputs.T, inputs.sum(axis=1))


def outside(shift: Matrix, along: Matrix) -> float:
    """Share of a common shift (feature) outside one direction."""
    return float(np.linalg.norm(shift - (shift @ along) / (along @ along) * along) / np.linalg.norm(shift))


def shift_outside(seed: int, direction: Callable = printed_direction) -> float:
    """The minimizer that training finds is βΣ̂ plus a common shift: the share of this shift outside the printed direction."""
    teacher, start, targets, inputs = problem(seed, MANY, hard=False)
    shift = (minimize(start, targets, inputs) - teacher).mean(axis=0)
    return outside(shift, direction(inputs))


def outside_printed_family(direction: Callable = printed_direction) -> tuple[float, float]:
    """A minimizer outside (11): its excess loss, and the part of its shift outside the printed direction.

    Two classes, two features, two samples x = (1, 0) and (0, 1), soft labels; the shift is v = (1, −1).
    """
    teacher, inputs, shift = np.diag([1.0, 0.0]), np.eye(2), np.array([1.0, -1.0])
    targets = softmax(teacher @ inputs)
    excess = training_loss(teacher + shift, targets, inputs) - training_loss(teacher, targets, inputs)
    return abs(excess), outside(shift, direction(inputs))


def _eq11(seed: int, thorough: bool) -> Evidence:
    starts = range(seed * 1000, seed * 1000 + (20 if thorough else 5))
    distance, excess = np.array([distance_from_teacher(n, MANY) for n in starts]).max(axis=0)
    few_distance = min(distance_from_teacher(n, FEW)[0] for n in starts)
    inputs = problem(seed, FEW, hard=False)[-1]
    spectrum = np.linalg.eigvalsh(inputs.T @ inputs)
    inverse_condition = spectrum[0] / spectrum[-1]
    example_excess, example_outside = outside_printed_family()
    return Evidence(
        within=(
            at_most(
                "K = 2, samples (1, 0) and (0, 1), soft labels: share of a minimizer's shift outside the family",
                example_outside,
                EXACT,
            ),
            at_most(
                f"{CLASSES} classes, {MANY} samples, soft labels, trained minimizers: least share of a shift outside",
                min(shift_outside(n) for n in starts),
                1e-6,
                error=1e-7,
            ),
        ),
        instead=(
            at_most(
                "samples (1, 0) and (0, 1): excess loss of the minimizer outside the family",
                example_excess,
                1e-12,
                unit="nats",
            ),
            at_most(
                f"{MANY} samples, soft labels: relative distance from βΣ̂ up to a common shift",
                distance,
                1e-6,
                error=1e-7,
            ),
            at_most(f"{MANY} samples, soft labels: training loss minus that of βΣ̂", excess, 1e-12, unit="nats"),
            at_least(
                f"{FEW} samples in {FEATURES} features, soft labels: relative distance up to a shift",
                few_distance,
                APPROXIMATELY,
                error=1e-7,
            ),
            at_least("argmax labels: growth of ‖J W‖ as the gradient falls 10⁻³ → 10⁻⁵", growth(seed), APPROXIMATELY),
            at_least(
                f"{FEW} samples in {FEATURES} features: smallest eigenvalue of XᵀX over its largest",
                inverse_condition,
                0,
            ),
        ),
    )


CLAIMS = (
    Claim(
        key="eq-11",
        source="(11)",
        statement="The minimizers of the training loss are the one-parameter family βΣ̂ + λ Σ_μ 1 ⊗ (XᵀX)⁻¹x_μ, λ real.",
        hypotheses="Labels of a teacher βΣ̂; X of full rank. Read with X Xᵀ where Xᵀ X does not fit; the two are equal in "
        "the smallest case.",
        method=f"A shift of the teacher in the smallest case; Newton's method on the composite weights from random starts, "
        f"{CLASSES} classes, {FEATURES} features.",
        measure=_eq11,
        truth="For soft labels (β finite) and X Xᵀ invertible, so N ≥ N_f, the minimizers are βΣ̂ with any common shift of "
        "its rows, 1 ⊗ v; there are others where N < N_f, although Xᵀ X is invertible, as the paper asks; separable argmax "
        "labels have no finite minimizer.",
        seconds=1.5,
    ),
)

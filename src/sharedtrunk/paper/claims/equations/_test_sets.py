"""The benefit on test sets, which need neither free energy nor moment, compared with its bounds."""

import functools
from collections.abc import Callable

import numpy as np

from sharedtrunk import benefit, gaussian
from sharedtrunk.paper.claims import Reading, at_least
from sharedtrunk.paper.claims.equations._random_problems import (
    centred_frame,
    generator,
    log_partition,
    one_hot,
    orthonormal,
    softmax,
)

Matrix = np.ndarray
RULE = gaussian.Sobol(points=1024, scrambles=8)
TEST_SETS, TEST_INPUTS = 4, 200_000
FAR_OUT = 4.0
"""In standard errors: by chance, the largest of ten deviations is beyond this once in three thousand trials."""


def _close(rng: np.random.Generator, classes: int, rank_one: bool) -> tuple[Matrix, Matrix, Matrix]:
    """W_A, W̃ and W̄, (draw, class, feature): students one step apart, so that the bounds lie close to the benefit."""
    features, scale = max(classes, 4), 10.0 ** rng.uniform(-1, 1, (TEST_SETS, 1, 1))
    if rank_one:
        u = np.stack([centred_frame(rng, classes, 1) for _ in scale])
        single = rng.uniform(0.5, 2.0, scale.shape) * u
        return single + 0.5 * u, single, scale * u
    frames = np.stack([orthonormal(rng, features, classes).T for _ in scale])
    single, step = rng.standard_normal((2, *frames.shape)) / np.sqrt(features)
    return single + 0.4 * step + 0.4 * frames, single, scale * frames


@functools.cache
def inside(
    seed: int, classes: int, rank_one: bool = False, soft: bool = False, moment: Callable | None = None
) -> Matrix:
    """How far inside each bound (draw, side), in standard errors, the benefit lies on fresh inputs.

    Labels are argmax W̄x, and the bounds have M(W̄). If `soft`, labels are the probabilities softmax(W̄x), and the bounds are
    as printed, with G(W̄)W̄. A function `moment` of the teacher's weights that returns (value, error) replaces either moment.
    """
    rng = generator(seed, f"bounds, test sets, {classes} classes, {rank_one}")
    joint, single, teacher = _close(rng, classes, rank_one)
    usual = gaussian.softmax_moment_with_error if soft else gaussian.label_moment_with_error
    M, moment_error = (moment or usual)(teacher)
    rule = None if classes <= 3 else RULE
    bounds = benefit.benefit_bounds(joint, single, M, rule=rule, moment_error=moment_error)
    distances = []
    for n, weights in enumerate(zip(joint, single, teacher, strict=True)):
        x = rng.standard_normal((teacher.shape[-1], TEST_INPUTS))
        z_joint, z_single, z = (W @ x for W in weights)
        labels = softmax(z) if soft else one_hot(z.argmax(axis=0), classes)
        # both students get the same inputs
        gain = log_partition(z_single) - log_partition(z_joint) + np.sum(labels * (z_joint - z_single), axis=0)
        pair = np.array([gain.mean() - float(bounds.lower[n]), float(bounds.upper[n]) - gain.mean()])
        distances.append((pair - float(bounds.error[n])) / (gain.std() / np.sqrt(TEST_INPUTS)))
    return np.stack(distances)


def on_test_sets(
    seed: int, classes: int, sides: tuple[bool, ...], rank_one: bool = False, soft: bool = False
) -> Reading:
    """The reading of the least distance over draws and sides (True: the upper bound)."""
    nearest = inside(seed, classes, rank_one, soft)[:, [int(upper) for upper in sides]].min()
    labels, bound = ("softmax(W̄x)", "the printed bound") if soft else ("argmax", "the bound with M(W̄)")
    case = f"K = {classes}{', rank one' if rank_one else ''}, {TEST_SETS} test sets, labels {labels}: least distance"
    return at_least(f"{case} inside {bound}", nearest, 0.0, error=FAR_OUT, unit="standard errors")

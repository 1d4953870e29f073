"""Training as a flow: its limit for many samples (2), its conservation law (9), and the rate at which its loss falls (10)."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import dynamics, gaussian, students, teachers
from sharedtrunk._support.randomness import stream
from sharedtrunk.paper.claims import Claim, Evidence, Reading, at_least, at_most
from sharedtrunk.paper.claims.equations._deviation import Deviation, mean_deviation
from sharedtrunk.paper.claims.equations._gradients import above_and_below, product, training_gradient
from sharedtrunk.paper.claims.equations._random_problems import (
    EXACT,
    generator,
    layers,
    log_partition,
    one_hot,
    relative,
)
from sharedtrunk.paper.contrasts import APPROXIMATELY

Matrix = np.ndarray
MANY = 20_000
"""Number of samples that stand for N → ∞."""

RULE = gaussian.Sobol(points=4096, scrambles=1)
TIMES = np.linspace(0.0, 12.0, 7)
CONSERVED = 1e-6
"""Drift of a conserved quantity, relative to the change of its terms: a hundred times the solver's tolerance."""


# (2): many samples


@functools.cache
def _many_samples(seed: int, lanes: int) -> tuple[teachers.Teacher, students.SharedTrunk, np.ndarray]:
    """A noisy teacher, a start, and composites (soft or hard, lane, time, class, feature) trained on MANY samples each."""
    key = stream(jax.random.key(seed), "many samples")
    teacher = teachers.random_teacher(key, classes=3, features=6, singular_values=2.0)
    start = students.random_start(key, features=6, hidden=(5,), classes=(3,), scale=0.6)
    inputs = jnp.stack([teachers.draw_inputs(stream(key, f"sample {n}"), MANY, 6) for n in range(lanes)])
    weights = jnp.broadcast_to(teacher.noisy_weights, (lanes, 3, 6))
    soft = teachers.soft_labels(weights, inputs)
    hard = jax.nn.one_hot(teachers.hard_labels(weights, inputs), 3, axis=-2, dtype=soft.dtype)
    starts = jax.tree.map(lambda w: jnp.broadcast_to(w, (lanes, *w.shape)), start)
    trajectories = [
        students.train(starts, students.make_problem(inputs, [labels]), jnp.asarray(TIMES), students.Flow(rtol=1e-5))
        for labels in (soft, hard)
    ]
    return teacher, start, np.stack([np.asarray(trajectory.composites[0]) for trajectory in trajectories])


def sample_deviation(seed: int, lanes: int, hard: bool, beta: float | None) -> Deviation:
    """How far the mean of the weights trained on samples deviates from the flow of (2), at the time where that is largest.

    The flow's labels are drawn from softmax(βΣ̂x), or argmax Σ̂x for β = None.
    """
    teacher, start, composites = _many_samples(seed, lanes)
    flow = dynamics.population_flow([teacher.noisy_weights], inverse_temperature=beta, rule=RULE)
    solved = dynamics.solve(flow, dynamics.Layers(start.trunk, start.heads), TIMES)
    W = np.asarray(solved.composites[0])[1:]
    trained = np.swapaxes(composites[int(hard)][:, 1:], 0, 1)
    return max((mean_deviation(*pair) for pair in zip(trained, W, strict=True)), key=lambda found: found.size)


def _similar(case: str, found: Deviation) -> Reading:
    # by the triangle inequality the size errs by no more than the mean does
    return at_most(f"{case}: relative deviation", found.size, APPROXIMATELY, error=found.often * found.standard_error)


def _by_chance(case: str, found: Deviation) -> Reading:
    return at_most(f"{case}: deviation in standard errors", found.size / found.standard_error, found.rarely)


def _eq2(seed: int, thorough: bool) -> Evidence:
    lanes = 24 if thorough else 8
    soft = sample_deviation(seed, lanes, False, 1.0)
    printed = sample_deviation(seed, lanes, True, 1.0)
    hard = sample_deviation(seed, lanes, True, None)
    samples, hard_samples = f"{MANY:,} labels from softmax(Σ̂x), G(Σ̂)Σ̂", f"{MANY:,} argmax labels, label moment M(Σ̂)"
    return Evidence(
        within=(_similar(samples, soft), _by_chance(samples, soft)),
        beyond=(_similar(f"{MANY:,} argmax labels, G(Σ̂)Σ̂", printed),),
        instead=(_similar(hard_samples, hard), _by_chance(hard_samples, hard)),
    )


# (9) and (10): one small sample

WIDTH, DEPTH, CLASSES, SAMPLES = 4, 3, 3, 60


@functools.cache
def _small_sample(seed: int):
    """A deep student of constant width on 60 samples: layers before and after, composites over time, inputs, targets."""
    rng = generator(seed, "small sample")
    before = layers(rng, (WIDTH,) * DEPTH + (CLASSES,), scale=0.8)
    inputs = rng.standard_normal((SAMPLES, WIDTH))
    labels = np.argmax(inputs @ rng.standard_normal((WIDTH, CLASSES)), axis=1)
    start = students.SharedTrunk(tuple(jnp.asarray(w) for w in before[:-1]), (jnp.asarray(before[-1]),))
    problem = students.make_problem(inputs, [labels], classes=CLASSES)
    method = students.Flow(rtol=1e-8, atol=1e-11)
    trajectory = students.train(start, problem, jnp.linspace(0.0, 20.0, 81), method)
    after = [np.asarray(w) for w in (*trajectory.final.trunk, *trajectory.final.heads)]
    return before, after, np.asarray(trajectory.composites[0]), inputs.T, one_hot(labels, CLASSES)


def printed_law(above: Matrix, below: Matrix) -> tuple[Matrix, Matrix]:
    """The two terms whose rates (9) equates: W⁽ˡ⁺¹⁾ᵀW⁽ˡ⁺¹⁾ and W⁽ˡ⁾ᵀW⁽ˡ⁾."""
    return above.T @ above, below.T @ below


def corrected_law(above: Matrix, below: Matrix) -> tuple[Matrix, Matrix]:
    """The two terms whose rates are equal: W⁽ˡ⁺¹⁾ᵀW⁽ˡ⁺¹⁾ and W⁽ˡ⁾W⁽ˡ⁾ᵀ."""
    return above.T @ above, below @ below.T


def conservation_error(seed: int, law: Callable) -> float:
    """How far the changes of the two terms over a training differ, relative to the change; the worst pair of layers."""
    before, after, *_ = _small_sample(seed)
    errors = []
    for level in range(DEPTH - 1):
        old, new = (law(state[level + 1], state[level]) for state in (before, after))
        change = [b - a for a, b in zip(old, new, strict=True)]
        errors.append(relative(change[1], change[0]))
    return max(errors)


def smallest_mismatch(law: Callable) -> float:
    """‖rate₂ − rate₁‖ / ‖rate₁‖ of the two terms: two layers, classes and features, one sample x = (1, 0) of class 1."""
    below, above = np.diag([1.0, 0.0]), np.eye(2)
    x = np.array([[1.0], [0.0]])
    drive = -training_gradient(above @ below, x, x)
    step = 1e-3
    # the terms are quadratic in the weights, so a central difference is their exact rate
    rates = []
    for sign in (1, -1):
        moved = law(above + sign * step * drive @ below.T, below + sign * step * above.T @ drive)
        rates.append([sign * term / (2 * step) for term in moved])
    first, second = (rates[0][n] + rates[1][n] for n in range(2))
    return relative(second, first)


def _eq9(seed: int, thorough: bool) -> Evidence:
    return Evidence(
        within=(
            at_most(
                "2 layers, 2 classes, 2 features, 1 sample: relative mismatch", smallest_mismatch(printed_law), EXACT
            ),
            at_most(
                f"{DEPTH} layers of width {WIDTH} in training: relative mismatch",
                conservation_error(seed, printed_law),
                CONSERVED,
            ),
        ),
        instead=(
            at_most("with W⁽ˡ⁾W⁽ˡ⁾ᵀ, the same two layers", smallest_mismatch(corrected_law), EXACT),
            at_most("with W⁽ˡ⁾W⁽ˡ⁾ᵀ, in training", conservation_error(seed, corrected_law), CONSERVED),
        ),
    )


def printed_summands(matrices: list[Matrix], drive: Matrix) -> list[float]:
    """Tr(W_<ᵀW_< Dᵀ W_>W_>ᵀ D) for every layer, as (10) has them."""
    parts = [above_and_below(matrices, level) for level in range(len(matrices))]
    return [float(np.trace(below.T @ below @ drive.T @ above @ above.T @ drive)) for above, below in parts]


def rate_error(seed: int, summands: Callable = printed_summands) -> float:
    """Relative error, at the start, of Σ summands against ‖gradient‖² by differentiation, which is minus the loss's rate."""
    before, _, _, inputs, targets = _small_sample(seed)

    def loss(parts):
        z = functools.reduce(lambda low, w: w @ low, parts, jnp.asarray(inputs))
        return jnp.mean(jax.scipy.special.logsumexp(z, axis=0) - jnp.sum(targets * z, axis=0))

    slope = jax.grad(loss)([jnp.asarray(w) for w in before])
    rate = sum(float(jnp.sum(g**2)) for g in slope)
    drive = -training_gradient(product(before, WIDTH), targets, inputs)
    return abs(sum(summands(before, drive)) / rate - 1)


def training_losses(seed: int) -> np.ndarray:
    """The training loss at the saved times, in nats."""
    *_, composites, inputs, targets = _small_sample(seed)
    z = composites @ inputs
    return np.mean(log_partition(np.moveaxis(z, -2, 0)) - np.einsum("tcn,cn->tn", z, targets), axis=1)


def _eq10(seed: int, thorough: bool) -> Evidence:
    before, after, _, inputs, targets = _small_sample(seed)
    states = [(state, -training_gradient(product(state, WIDTH), targets, inputs)) for state in (before, after)]
    summands = [term for state, drive in states for term in printed_summands(state, drive)]
    losses = training_losses(seed)
    zero = [np.zeros_like(w) for w in before]
    still = sum(printed_summands(zero, -training_gradient(product(zero, WIDTH), targets, inputs)))
    return Evidence(
        within=(
            at_most("rate of the loss, relative error", rate_error(seed), EXACT),
            at_least("smallest summand, before and after training", min(summands), 0.0),
            at_most(
                "largest rise of the loss between saved times", np.diff(losses).max(), 0.0, error=1e-8, unit="nats"
            ),
        ),
        instead=(
            at_most("rate at a start of zeros", still, 0.0, unit="nats"),
            at_least(
                "loss there above the loss reached from elsewhere", np.log(CLASSES) - losses[-1], 0.0, unit="nats"
            ),
        ),
    )


CLAIMS = (
    Claim(
        key="eq-2",
        source="(2)",
        statement="Training on many samples is the flow driven by G(Σ̂)Σ̂ − G(W)W through the layers.",
        hypotheses="Gaussian inputs, C = I; two linear layers; small steps; N → ∞.",
        method="Mean of the composite weights trained on many samples each: ‖mean − W‖/‖W‖, W the population flow's, at the "
        "time where it is largest, with the 99 % quantile of the mean's own error; ≈ means within 5 %.",
        measure=_eq2,
        condition="the labels are drawn from softmax(Σ̂x) (β = 1); for argmax labels G(Σ̂)Σ̂ is not their moment",
        truth="With argmax labels the flow is driven by the label moment M(Σ̂), the limit β → ∞ of G(βΣ̂)βΣ̂.",
        seconds=12.0,
    ),
    Claim(
        key="eq-9",
        source="(9)",
        statement="In training, W⁽ˡ⁺¹⁾ᵀW⁽ˡ⁺¹⁾ and W⁽ˡ⁾ᵀW⁽ˡ⁾ change at the same rate.",
        hypotheses="Linear layers, gradient flow; layers of the same width, without which the two have different shapes.",
        method="Exact rates in the smallest network; changes over a training of 60 samples to solver tolerance.",
        measure=_eq9,
        truth="W⁽ˡ⁺¹⁾ᵀW⁽ˡ⁺¹⁾ − W⁽ˡ⁾W⁽ˡ⁾ᵀ is conserved, for any widths.",
        seconds=5.0,
        bundle="small sample",
    ),
    Claim(
        key="eq-10",
        source="(10)",
        statement="The rate of the training loss is minus a sum, over layers, of traces that are never negative, so the loss "
        "never rises.",
        hypotheses="Linear layers, gradient flow.",
        method="Traces against automatic differentiation; the loss at 81 times of a training of 60 samples.",
        measure=_eq10,
        truth="The loss may also stop short of a minimum: layers that are all zero stay zero, so the minimum that the paper "
        "infers needs a start away from the saddles.",
        seconds=1.0,
        bundle="small sample",
    ),
)

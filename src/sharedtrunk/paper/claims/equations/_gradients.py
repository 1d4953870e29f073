"""Gradients of the training loss: the chain rule over layers (6), the composite gradient (7), the drive of layers (8)."""

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import students
from sharedtrunk.paper.claims import Claim, Evidence, at_least, at_most
from sharedtrunk.paper.claims.equations._random_problems import EXACT, generator, layers, one_hot, relative, softmax

Matrix = np.ndarray
CLASSES, FEATURES, SAMPLES = 4, 6, 30
WIDTHS = {1: (), 2: (5,), 3: (5, 7), 4: (5, 7, 3)}
"""Widths of the hidden layers, by the number of layers."""


def product(matrices: list[Matrix], size: int) -> Matrix:
    """W⁽ⁿ⁾ … W⁽¹⁾ of layers listed from the inputs upwards; the identity for no layers."""
    return functools.reduce(lambda below, layer: layer @ below, matrices, np.eye(size))


def above_and_below(matrices: list[Matrix], index: int) -> tuple[Matrix, Matrix]:
    """W_> and W_<, the products of the layers above and below one layer."""
    above, layer = matrices[index + 1 :], matrices[index]
    return product(above, layer.shape[0]), product(matrices[:index], matrices[0].shape[1])


def chain_rule(gradient: Matrix, above: Matrix, below: Matrix) -> Matrix:
    """∇_{W⁽ˡ⁾} f = W_>ᵀ (∇_W f) W_<ᵀ (6)."""
    return above.T @ gradient @ below.T


def cross_covariance(probabilities: Matrix, inputs: Matrix) -> Matrix:
    """C_YX = (1/N) Σ_μ P(x_μ) x_μᵀ (7), of probabilities (class, sample) and inputs (feature, sample)."""
    return probabilities @ inputs.T / inputs.shape[1]


def training_gradient(W: Matrix, targets: Matrix, inputs: Matrix) -> Matrix:
    """∇_W L_train = C_YX(W) − C_YX(labels), from (7)."""
    return cross_covariance(softmax(W @ inputs), inputs) - cross_covariance(targets, inputs)


def reversed_gradient(W: Matrix, targets: Matrix, inputs: Matrix) -> Matrix:
    """The label-weighted mean of ∇_W ln P_c; the line above (7) equates it with C_YX(W) − C_YX(labels)."""
    return -training_gradient(W, targets, inputs)


def _loss(W, targets, inputs):
    z = W @ inputs
    return jnp.mean(jax.scipy.special.logsumexp(z, axis=0) - jnp.sum(targets * z, axis=0))


def _composite(matrices):
    return functools.reduce(lambda below, layer: layer @ below, matrices)


def chain_rule_error(seed: int, depth: int, equation: Callable = chain_rule) -> float:
    """Largest relative error of the chain rule over layers, for a function that is not a loss: f(W) = Σ sin W."""
    rng = generator(seed, "chain rule")
    matrices = layers(rng, (FEATURES, *WIDTHS[depth], CLASSES))
    exact = jax.grad(lambda parts: jnp.sum(jnp.sin(_composite(parts))))([jnp.asarray(w) for w in matrices])
    gradient = np.cos(product(matrices, FEATURES))
    printed = [equation(gradient, *above_and_below(matrices, index)) for index in range(depth)]
    return max(relative(found, np.asarray(truth)) for found, truth in zip(printed, exact, strict=True))


def gradient_error(seed: int, hard: bool, equation: Callable = training_gradient) -> float:
    """Relative error of ∇_W L_train, against automatic differentiation, for hard or soft labels."""
    rng = generator(seed, "gradient")
    W, teacher = rng.standard_normal((2, CLASSES, FEATURES))
    inputs = rng.standard_normal((FEATURES, SAMPLES))
    z = teacher @ inputs
    targets = one_hot(z.argmax(axis=0), CLASSES) if hard else softmax(z)
    exact = np.asarray(jax.grad(_loss)(jnp.asarray(W), jnp.asarray(targets), jnp.asarray(inputs)))
    return relative(equation(W, targets, inputs), exact)


def drive_error(seed: int, depth: int, equation: Callable = chain_rule) -> float:
    """Largest relative error, over layers, of (8) against the simulation's drive and against minus the gradient."""
    rng = generator(seed, "drive")
    matrices = layers(rng, (FEATURES, *WIDTHS[depth], CLASSES))
    inputs = rng.standard_normal((SAMPLES, FEATURES))
    labels = rng.integers(CLASSES, size=SAMPLES)
    network = students.SharedTrunk(tuple(jnp.asarray(w) for w in matrices[:-1]), (jnp.asarray(matrices[-1]),))
    problem = students.make_problem(inputs, [labels], classes=CLASSES)
    simulated = students.drive(network, problem)
    slope = jax.grad(students.training_loss)(network, problem)
    drive = -training_gradient(product(matrices, FEATURES), one_hot(labels, CLASSES), inputs.T)
    printed = [equation(drive, *above_and_below(matrices, index)) for index in range(depth)]
    errors = []
    for other, sign in ((simulated, 1), (slope, -1)):
        for found, part in zip(printed, (*other.trunk, *other.heads), strict=True):
            errors.append(relative(found, sign * np.asarray(part)))
    return max(errors)


def _eq6(seed: int, thorough: bool) -> Evidence:
    return Evidence(
        tuple(at_most(f"depth {depth}, relative error", chain_rule_error(seed, depth), EXACT) for depth in WIDTHS)
    )


def _eq7(seed: int, thorough: bool) -> Evidence:
    return Evidence(
        within=(
            at_most("argmax labels, relative error", gradient_error(seed, True), EXACT),
            at_most("softmax labels, relative error", gradient_error(seed, False), EXACT),
        ),
        instead=(at_least("line above (7), relative error", gradient_error(seed, False, reversed_gradient), 1.0),),
    )


def _eq8(seed: int, thorough: bool) -> Evidence:
    depths = [depth for depth in WIDTHS if depth > 1]
    return Evidence(
        tuple(at_most(f"depth {depth}, relative error", drive_error(seed, depth), EXACT) for depth in depths)
    )


CLAIMS = (
    Claim(
        key="eq-6",
        source="(6)",
        statement="The gradient for one layer is the gradient for the composite weights, multiplied by the transposed "
        "products of the layers above and below.",
        hypotheses="Linear layers; any differentiable function of the composite weights.",
        method="Sum of sines of the composite weights; formula against automatic differentiation, 1 to 4 layers.",
        measure=_eq6,
        seconds=1.5,
    ),
    Claim(
        key="eq-7",
        source="(7)",
        statement="The gradient of the training loss is the cross-covariance of the student's outputs with the inputs, "
        "less that of the labels.",
        hypotheses="A finite sample; labels by argmax or as probabilities.",
        method="Formula against automatic differentiation of the training loss on 30 samples.",
        measure=_eq7,
        truth="The unnumbered line above (7) equates the mean gradient of ln P with this difference, but the two have "
        "opposite signs. Equation (8) has the right sign.",
        seconds=1.0,
    ),
    Claim(
        key="eq-8",
        source="(8)",
        statement="Training drives every layer with the difference of cross-covariances, multiplied by the transposed "
        "products of the layers above and below.",
        hypotheses="Linear layers, the full sample in every step.",
        method="Formula against the simulation's drive and against automatic differentiation of its loss, 2 to 4 layers.",
        measure=_eq8,
        seconds=2.0,
    ),
)

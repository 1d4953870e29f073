"""The classifier with weight decay: its linear trunk at the minimum of a convex training loss, without a start or a stop.

    Σ_t α_t ⟨−ln P_t(label)⟩ + (λ/2) Σ_layers ‖W‖²_F,   z_t = V_t W x + c_t

for one layer (no trunk) or two; intercepts c do not decay. `students.minimize` finds it, and this module chooses λ.
"""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from sharedtrunk.affinity._fit import Fitted, Recipe, filled
from sharedtrunk.affinity._forward import TrainedNetwork, mean_losses
from sharedtrunk.affinity._precision import jax_precision
from sharedtrunk.affinity._scaling import Scaling, scaled, scaling_of
from sharedtrunk.errors import invalid
from sharedtrunk.flows.result import Result
from sharedtrunk.students import Minimum, Problem, balanced, make_problem, minimize
from sharedtrunk.tables import MISSING

PATH = np.geomspace(1, 1e-3, 20)
"""Weight decays that validation chooses from, in units of the smallest one at which a trunk has no weights."""

WIDEST_GAP, WIDEST_GAP_OF_TRUNKS = 1e-5, 1e-4
"""The largest duality gaps in nats, which float32 reaches. A trunk's gap falls as the distance to the minimum, and its excess
over the minimum as the square: below 1e-6 at this gap."""

SMALLEST = 1e-30
"""The least weight decay that a path starts from, where inputs say nothing about labels."""


def fit_decayed(
    inputs: np.ndarray, codes: np.ndarray, classes: tuple[int, ...], held: np.ndarray, recipe: Recipe
) -> Fitted:
    """Minimize the training loss plus the decay on all labelled rows, `held` (sample,) included.

    Where `recipe.weight_decay` is "validation", λ is the one on a path, trained on the rows outside `held`, with the lowest
    loss on the rows in `held`, weighted by the stop weights. Arguments are those of `fit_network`.
    """
    with jax_precision(recipe.student.dtype):
        decay, validated, converged = recipe.weight_decay, None, True
        assert decay is not None  # fit_network trains without
        if isinstance(decay, str):
            decay, validated, converged = _chosen(inputs, codes, classes, held, recipe)
        training = _Training(inputs, codes, classes, recipe)
        minimum = training.minimum([decay])
        network = training.network(minimum, 0, recipe.student.hidden)
        steps, done = int(minimum.iterations[0]), int(minimum.result[0]) == Result.SUCCESS
        return Fitted(network, steps, steps, converged and done, float(decay), float(minimum.gap[0]), validated)


def _chosen(inputs, codes, classes, held, recipe: Recipe) -> tuple[float, TrainedNetwork, bool]:
    """λ of the lowest validation loss, the network that has it, and whether its training converged."""
    training = _Training(inputs[~held], codes[:, ~held], classes, recipe)
    decays = training.largest_decay() * PATH
    path = training.minimum(decays)
    networks = [training.network(path, place, ()) for place in range(len(decays))]
    losses = np.stack([mean_losses(each.log_probabilities(inputs[held]), codes[:, held]) for each in networks])
    weights = np.where(np.isnan(losses).all(axis=0), 0.0, recipe.stop_weights)
    best = int(np.argmin(np.where(weights > 0, losses, 0.0) @ weights))
    return float(decays[best]), networks[best], int(path.result[best]) == Result.SUCCESS


def largest_decay(problem: Problem) -> float:
    """The smallest λ at which a trunk has no weights: the largest singular value of the loss's slope at W = 0.

    The slope is a sum over the samples of inputs times targets less class frequencies. Of a problem with lanes the last one
    counts.
    """
    residuals = []
    for targets, coefficients in zip(problem.targets, problem.coefficients, strict=True):
        samples = targets.shape[-1]
        y, c = np.asarray(targets, float).reshape(-1, targets.shape[-2], samples)[-1], np.asarray(coefficients, float)
        c = c.reshape(-1, samples)[-1]
        residuals.append(y - np.outer(y.sum(axis=1) / c.sum(), c))
    inputs = np.asarray(problem.inputs, float)
    slope = np.concatenate(residuals) @ inputs.reshape(-1, *inputs.shape[-2:])[-1].T
    return max(float(np.linalg.norm(slope, 2)), SMALLEST)


class _Training:
    """The convex problem of some rows: the tasks that have weight, as `students` sees them.

    Blank rows without labels fill them up to one of a few sizes, so that the folds of a cross-validation share a program.
    """

    def __init__(self, inputs: np.ndarray, codes: np.ndarray, classes: Sequence[int], recipe: Recipe) -> None:
        self.recipe, self.classes = recipe, classes
        self.scaling: Scaling = scaling_of(inputs, standardize=recipe.standardize)
        self.tasks = [task for task, weight in enumerate(recipe.task_weights) if weight > 0]
        rows = np.flatnonzero((codes[self.tasks] != MISSING).any(axis=0))
        seen = np.zeros((filled(len(rows)), inputs.shape[1]), recipe.student.dtype)
        seen[: len(rows)] = scaled(inputs, self.scaling, recipe.student.dtype)[rows]
        labels = np.full((len(self.tasks), len(seen)), MISSING)
        labels[:, : len(rows)] = codes[self.tasks][:, rows]
        self.problem: Problem = make_problem(
            jnp.asarray(seen),
            list(labels),
            classes=[classes[task] for task in self.tasks],
            task_weights=[recipe.task_weights[task] for task in self.tasks],
        )

    def largest_decay(self) -> float:
        """The smallest λ at which a trunk has no weights."""
        return largest_decay(self.problem)

    def minimum(self, decays: Sequence[float] | np.ndarray) -> Minimum:
        """The minima along a falling path of weight decays."""
        student = self.recipe.student
        widest = WIDEST_GAP_OF_TRUNKS if student.hidden else WIDEST_GAP
        found = minimize(
            self.problem,
            np.asarray(decays, student.dtype),
            layers=len(student.hidden) + 1,
            intercept=True,
            tolerance=min(student.tol, widest) or np.finfo(student.dtype).tiny.item(),
            most_iterations=student.max_steps,
        )
        if not all(np.isfinite(each).all() for each in (*found.composites, *found.intercepts)):
            received = f"values up to {float(np.abs(self.problem.inputs).max()):.3g}"
            raise invalid("inputs must be small enough to compute with", received=received, hint="Standardize them.")
        return found

    def network(self, path: Minimum, place: int, hidden: tuple[int, ...]) -> TrainedNetwork:
        """The network of one minimum, with the layers of least decay; a task without weight has weights 0."""
        features, dtype = self.problem.inputs.shape[0], self.recipe.student.dtype
        composites = [np.zeros((size, features), dtype) for size in self.classes]
        intercepts = [np.zeros(size, dtype) for size in self.classes]
        for task, composite, intercept in zip(self.tasks, path.composites, path.intercepts, strict=True):
            composites[task], intercepts[task] = np.array(composite[place]), np.array(intercept[place])
        trunk, heads = (), tuple(composites)
        if hidden:
            layers = balanced([jnp.asarray(each) for each in composites], hidden=hidden)
            trunk, heads = layers.trunk, layers.heads
        trunk, heads = ([np.asarray(layer).T.copy() for layer in each] for each in (trunk, heads))
        for layer in trunk[:1] or heads:
            layer[~self.scaling.varying] = 0.0  # the rounding of singular vectors, which later values may multiply
        return TrainedNetwork(
            mean=self.scaling.mean,
            scale=self.scaling.scale,
            trunk=trunk,
            trunk_biases=[np.zeros(width, dtype) for width in hidden],
            heads=heads,
            head_biases=intercepts,
            activation=self.recipe.student.activation,
        )

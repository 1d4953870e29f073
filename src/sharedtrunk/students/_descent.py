"""Gradient descent with a fixed step, on the full batch or on mini-batches: "vanilla SGD" (section 3)."""

import dataclasses

import jax
import jax.numpy as jnp

from sharedtrunk._support.axes import PRNGKey
from sharedtrunk.students._batch import batch_drive, prepare
from sharedtrunk.students._problem import Problem


@dataclasses.dataclass(frozen=True)
class Descent:
    """W ← W − step · ∇L; time is steps × step, and step = 1/τ in the paper's letters.

    With `batch_size` each step sees that many points, drawn without replacement within an epoch (what does
    not fill a last batch waits for another epoch), in an order made from `key`; every lane of a batch sees the same points.
    """

    step: float = 0.1
    batch_size: int | None = None
    key: PRNGKey | None = dataclasses.field(default=None, compare=False)


def run_descent(step, key, batch_size, network, problem, axes, counts, observe):
    """Descend through the step counts in `counts` (first entry: where the network stands now)."""
    whole = prepare(network, problem, axes)

    def advance(index, state):
        part = whole if batch_size is None else prepare(state, _batch(problem, key, index, batch_size), axes)
        change = batch_drive(state, part, axes)
        return jax.tree.map(lambda weight, slope: weight + step * slope, state, change)

    def segment(state, bounds):
        state = jax.lax.fori_loop(bounds[0], bounds[1], advance, state)
        return state, observe(state)

    bounds = jnp.stack([counts[:-1], counts[1:]], axis=1)
    final, seen = jax.lax.scan(segment, network, bounds)
    first = observe(network)
    seen = jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]), first, seen)
    return seen, final, counts[-1] - counts[0]


def _batch(problem: Problem, key, index, size: int) -> Problem:
    """The points of one step. Coefficients are scaled so that the mini-batch gradient is unbiased."""
    count = problem.inputs.shape[-1]
    batches = count // size
    order = jax.random.permutation(jax.random.fold_in(key, index // batches), count)
    chosen = jax.lax.dynamic_slice_in_dim(order, (index % batches) * size, size)
    scale = jnp.asarray(count / size, problem.inputs.dtype)
    return Problem(
        problem.inputs[..., chosen],
        tuple(scale * target[..., chosen] for target in problem.targets),
        tuple(scale * coefficient[..., chosen] for coefficient in problem.coefficients),
    )

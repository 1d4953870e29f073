"""Gradient descent with a fixed step, on the full batch or on mini-batches: "vanilla SGD" (section 3)."""

import dataclasses

import jax
import jax.numpy as jnp
from jaxtyping import Float

from sharedtrunk._support.axes import AnyArray, PRNGKey
from sharedtrunk.students._batch import batch_drive, prepare
from sharedtrunk.students._problem import Problem


@dataclasses.dataclass(frozen=True)
class Descent:
    """W ← W − step · (∇L + λW) for every layer; n steps take the time n · step, and step is 1/τ in the paper's notation.

    Parameters
    ----------
    step
        Step size.
    batch_size
        Points of a mini-batch; None for the full batch. Points are drawn without replacement within an epoch, and those left
        over after the last whole batch are skipped in that epoch.
    key
        Key of the order of the points, which all lanes share; `jax.random.key(0)` by default.
    weight_decay
        λ ≥ 0 of all trunk layers and heads, as in `Flow`; steps are stable only where step · λ < 2.
    """

    step: float = 0.1
    batch_size: int | None = None
    key: PRNGKey | None = dataclasses.field(default=None, compare=False)
    weight_decay: float | Float[AnyArray, ""] = 0.0


def run_descent(step, weight_decay, key, batch_size, network, problem, axes, counts, observe):
    """Descend through the step counts in `counts`; `network` has made the first of them."""
    whole = prepare(network, problem, axes)

    def advance(index, state):
        part = whole if batch_size is None else prepare(state, _batch(problem, key, index, batch_size), axes)
        change = batch_drive(state, part, axes, weight_decay)
        return jax.tree.map(lambda weight, slope: weight + step * slope, state, change)

    def segment(state, bounds):
        state = jax.lax.fori_loop(bounds[0], bounds[1], advance, state)
        return state, observe(state)

    bounds = jnp.stack([counts[:-1], counts[1:]], axis=1)
    final, saved = jax.lax.scan(segment, network, bounds)
    first = observe(network)
    saved = jax.tree.map(lambda a, b: jnp.concatenate([a[None], b]), first, saved)
    return saved, final, counts[-1] - counts[0]


def _batch(problem: Problem, key, index, size: int) -> Problem:
    """The points of one step. Targets and coefficients are scaled so that the mini-batch gradient is unbiased."""
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

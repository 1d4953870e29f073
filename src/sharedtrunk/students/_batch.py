"""The drive of a whole batch of lanes, with one matrix product for what the lanes share.

Most students are linear with one trunk layer. The heads of their tasks are stacked, so that a lane has one composite C = H W
(all classes × feature). Where lanes share inputs, the passes over the data are two products with the stack of all lanes'
composites:

    D = M̂ − c ∘ softmax(C X) Xᵀ,    H ← D Wᵀ,    W ← Hᵀ D            (2), (8).

Samples are cut into blocks where a batch's logits would not fit `BLOCK_BYTES`, so any number of them fits into memory.
ReLU students have their own drive (`_relu_drive`); deep linear ones are computed lane by lane, under `vmap`. These are the
three drives of a batch, and weight decay adds −λW to any of them; `flows.legs` cuts the lanes into batches.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sharedtrunk.students._drive import drive, label_moments
from sharedtrunk.students._network import SharedTrunk, like
from sharedtrunk.students._problem import Problem
from sharedtrunk.students._relu_drive import relu_drive
from sharedtrunk.students._task_axis import predictions, split

BLOCK_BYTES = 2**25
"""The largest size of a batch's logits in bytes: about the size of a processor's last-level cache."""

Moments = tuple[Float[Array, "lane _ feature"], ...]


class StackedProblem(NamedTuple):
    """A problem in blocks of samples with its tasks stacked, as the passes over the data need it.

    A lane axis, if there is one, follows the axis of blocks. Samples that only fill up the last block have coefficient 0.
    """

    inputs: Float[Array, "block *lane feature part"]
    transposed: Float[Array, "block *lane part feature"]
    coefficients: tuple[Float[Array, "block *lane part"], ...]
    moments: Float[Array, "lane stacked feature"]


class LaneProblem(NamedTuple):
    """A problem and its label moments, unchanged, for ReLU students and for those that are computed lane by lane."""

    problem: Problem
    moments: Moments


Prepared = StackedProblem | LaneProblem


def prepare(lanes: SharedTrunk, problem: Problem, axes: Problem) -> Prepared:
    """Bring a problem into the form that `batch_drive` takes; `axes` say which of its parts carry a lane axis."""
    moments = jax.vmap(label_moments, in_axes=(axes,), axis_size=lanes.heads[0].shape[0])(problem)
    composite = lanes.activation == "linear" and len(lanes.trunk) == 1
    return stack_tasks(lanes, problem, moments) if composite else LaneProblem(problem, moments)


def batch_drive(
    lanes: SharedTrunk, prepared: Prepared, axes: Problem, weight_decay: Float[Array, ""] | None = None
) -> SharedTrunk:
    """−∇L − λW for every layer of every lane (2), (8). λ = None is 0, for which nothing is computed."""
    drives = _loss_drive(lanes, prepared, axes)
    if weight_decay is None:
        return drives
    return jax.tree.map(lambda slope, weights: slope - weight_decay * weights, drives, lanes)


def _loss_drive(lanes: SharedTrunk, prepared: Prepared, axes: Problem) -> SharedTrunk:
    if isinstance(prepared, StackedProblem):
        return composite_drive(lanes, prepared)
    if lanes.activation == "relu":
        return relu_drive(lanes, prepared.problem)
    return jax.vmap(drive, in_axes=(0, axes, 0))(lanes, prepared.problem, prepared.moments)


def stack_tasks(lanes: SharedTrunk, problem: Problem, moments: Moments) -> StackedProblem:
    """Cut a problem into blocks for `composite_drive`; `moments` are the tasks' label moments with a lane axis."""
    count = problem.inputs.shape[-1]
    stacked = sum(head.shape[1] for head in lanes.heads)
    sample_bytes = lanes.heads[0].shape[0] * stacked * lanes.heads[0].dtype.itemsize
    blocks = -(-count // max(1, BLOCK_BYTES // sample_bytes))
    part = -(-count // blocks)
    fill = blocks * part - count

    def cut(array):
        padded = jnp.pad(array, [(0, 0)] * (array.ndim - 1) + [(0, fill)])
        return jnp.moveaxis(padded.reshape(*array.shape[:-1], blocks, part), -2, 0)

    inputs = cut(problem.inputs)
    return StackedProblem(
        inputs,
        jnp.swapaxes(inputs, -1, -2),
        tuple(cut(coefficient) for coefficient in problem.coefficients),
        jnp.concatenate(moments, axis=1),
    )


def composite_drive(lanes: SharedTrunk, stacked_problem: StackedProblem) -> SharedTrunk:
    """−∇L for every layer of a batch of linear students with one trunk layer (2), (8)."""
    (trunk,) = lanes.trunk
    heads = jnp.concatenate(lanes.heads, axis=1)
    sizes = [head.shape[1] for head in lanes.heads]
    composite = heads @ trunk
    drives = stacked_problem.moments - _prediction_moments(composite, sizes, stacked_problem)
    head_drives = jnp.einsum("lkf,lhf->lkh", drives, trunk)
    trunk_drive = jnp.einsum("lkh,lkf->lhf", heads, drives)
    return like(lanes, (trunk_drive,), split(head_drives, sizes))


def _prediction_moments(
    composite, sizes: list[int], stacked_problem: StackedProblem
) -> Float[Array, "lane stacked feature"]:
    """Σ_μ c_tμ P(W_t x_μ) x_μᵀ of every lane, tasks stacked."""

    def block(part):
        inputs, transposed, coefficients = part
        probabilities = _probabilities(_times(composite, inputs), sizes, coefficients)
        return _times(probabilities, transposed)

    parts = (stacked_problem.inputs, stacked_problem.transposed, stacked_problem.coefficients)
    if stacked_problem.inputs.shape[0] == 1:
        return block(jax.tree.map(lambda leaf: leaf[0], parts))
    return jax.lax.scan(lambda total, part: (total + block(part), None), jnp.zeros_like(composite), parts)[0]


def _times(rows: Float[Array, "lane row inner"], matrix) -> Array:
    """Rows of every lane times a matrix: one product for all lanes where they share the matrix."""
    if matrix.ndim == 3:
        return rows @ matrix
    lanes, count, inner = rows.shape
    return (rows.reshape(lanes * count, inner) @ matrix).reshape(lanes, count, -1)


def _probabilities(logits: Float[Array, "lane stacked part"], sizes: list[int], coefficients) -> Array:
    """Every task's probabilities times its coefficients, without copies where all tasks have the same number of classes."""
    lanes, _, part = logits.shape
    if len(set(sizes)) == 1:
        tasks = logits.reshape(lanes, len(sizes), sizes[0], part)
        weights = jnp.stack([jnp.broadcast_to(c, (lanes, part)) for c in coefficients], axis=1)
        return predictions(tasks, weights).reshape(logits.shape)
    weighted = [
        predictions(task, jnp.broadcast_to(c, (lanes, part)))
        for task, c in zip(split(logits, sizes), coefficients, strict=True)
    ]
    return jnp.concatenate(weighted, axis=1)

"""The drive of a batch of ReLU students, written by hand to take fewer passes over memory than automatic differentiation.

With activations A⁽⁰⁾ = X, A⁽ˡ⁾ = max(W⁽ˡ⁾ A⁽ˡ⁻¹⁾, 0), the tasks' heads stacked to H (all classes × hidden) and
E_t = α_t m_tμ / n_t (y_t − P_t), zero where a label is missing, the drives of H and W⁽ˡ⁾ (written ←) are

    H ← E A⁽ᴸ⁾ᵀ,    B⁽ᴸ⁾ = Hᵀ E ∘ [A⁽ᴸ⁾ > 0],    W⁽ˡ⁾ ← B⁽ˡ⁾ A⁽ˡ⁻¹⁾ᵀ,    B⁽ˡ⁻¹⁾ = W⁽ˡ⁾ᵀ B⁽ˡ⁾ ∘ [A⁽ˡ⁻¹⁾ > 0].

Samples are the last axis, so that softmax is vectorized over them. The inputs get no gradient. Lanes are computed in groups
whose activations of one layer fit into a core's cache: larger groups would wait for memory, not for arithmetic.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sharedtrunk.students._network import SharedTrunk, like
from sharedtrunk.students._problem import Problem, carries_lanes
from sharedtrunk.students._task_axis import predictions, split

CACHE_BYTES = 2**19
"""Bytes for one layer's activations: half of a core's level-2 cache, usually 1 MiB. The other half is for the weights."""


def relu_drive(lanes: SharedTrunk, problem: Problem) -> SharedTrunk:
    """−∇L for every layer of a batch of ReLU students (2), (8). The lanes may share parts of the problem."""
    count = lanes.heads[0].shape[0]
    together = lanes_together(lanes, problem.inputs.shape[-1])
    carried = jax.tree.unflatten(jax.tree.structure(problem), carries_lanes(problem))
    own, shared = eqx.partition(problem, carried)

    def in_groups(leaf):
        return leaf.reshape(count // together, together, *leaf.shape[1:])

    def drive_of_group(group):
        group_lanes, group_own = group
        return _drive(group_lanes, eqx.combine(group_own, shared))

    drives = jax.lax.map(drive_of_group, jax.tree.map(in_groups, (lanes, own)))
    return jax.tree.map(lambda leaf: leaf.reshape(count, *leaf.shape[2:]), drives)


def lanes_together(lanes: SharedTrunk, samples: int) -> int:
    """Lanes per group: the largest divisor of the batch size for which the widest layer's activations fit `CACHE_BYTES`
    (or 1); all lanes on an accelerator."""
    count = lanes.heads[0].shape[0]
    if jax.default_backend() != "cpu":
        return count
    width = max(layer.shape[1] for layer in lanes.trunk)
    most = CACHE_BYTES // (width * samples * lanes.heads[0].dtype.itemsize)
    return max((size for size in range(1, count + 1) if count % size == 0 and size <= most), default=1)


def _drive(lanes: SharedTrunk, problem: Problem) -> SharedTrunk:
    activations = [problem.inputs]
    for layer in lanes.trunk:
        activations.append(jax.nn.relu(_forward(layer, activations[-1])))
    heads = jnp.concatenate(lanes.heads, axis=1)
    sizes = [head.shape[1] for head in lanes.heads]
    errors = _errors(_forward(heads, activations[-1]), sizes, problem)
    # with the classes last this product is faster
    head_drives = jnp.swapaxes(jnp.einsum("lhn,lkn->lhk", activations[-1], errors), 1, 2)
    drives, back = [], jnp.einsum("lkh,lkn->lhn", heads, errors)
    for depth in reversed(range(len(lanes.trunk))):
        back = jnp.where(activations[depth + 1] > 0, back, 0)
        drives.append(_outer(back, activations[depth]))
        if depth > 0:
            back = jnp.einsum("lgh,lgn->lhn", lanes.trunk[depth], back)
    return like(lanes, reversed(drives), split(head_drives, sizes))


def _forward(weights: Float[Array, "lane out in"], inputs) -> Float[Array, "lane out sample"]:
    return jnp.einsum("lhf,fn->lhn" if inputs.ndim == 2 else "lhf,lfn->lhn", weights, inputs)


def _outer(back: Float[Array, "lane out sample"], inputs) -> Float[Array, "lane out in"]:
    return jnp.einsum("lhn,fn->lhf" if inputs.ndim == 2 else "lhn,lfn->lhf", back, inputs)


def _errors(logits: Float[Array, "lane stacked sample"], sizes: list[int], problem: Problem):
    """α_t m_tμ / n_t (y_t − P_t), tasks stacked."""
    parts = zip(split(logits, sizes), problem.targets, problem.coefficients, strict=True)
    return jnp.concatenate([_task_errors(*part) for part in parts], axis=1)


def _task_errors(logits: Float[Array, "lane class sample"], targets, coefficients):
    # parts that the lanes share get a lane axis of length 1
    weighted_labels = targets.reshape(-1, *targets.shape[-2:])
    return weighted_labels - predictions(logits, coefficients.reshape(-1, coefficients.shape[-1]))

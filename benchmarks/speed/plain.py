"""JAX written the plain way: vmap of grad of the layered loss, jit, and a loop over the steps."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

from .problem import STEP, Lanes, Train


def build(lanes: Lanes) -> Train:
    """All lanes as one vmapped batch."""
    relu = lanes.case.activation == "relu"
    inputs, labels = jnp.asarray(lanes.inputs), jnp.asarray(lanes.labels, jnp.int32)
    stack = jax.tree.map(
        lambda w: jnp.broadcast_to(jnp.asarray(w)[None], (lanes.count, *w.shape)), (lanes.trunk, lanes.heads)
    )

    def loss(params, labels):
        trunk, heads = params
        hidden = inputs
        for layer in trunk:
            hidden = hidden @ layer.T
            if relu:
                hidden = jax.nn.relu(hidden)
        losses = [
            optax.softmax_cross_entropy_with_integer_labels(hidden @ head.T, y).mean()
            for head, y in zip(heads, labels, strict=True)
        ]
        return sum(losses)

    gradient = jax.vmap(jax.grad(loss), in_axes=(0, 1))
    step = jnp.asarray(STEP, inputs.dtype)

    @jax.jit
    def descend(params, steps):
        def advance(_, params):
            return jax.tree.map(lambda w, g: w - step * g, params, gradient(params, labels))

        return jax.lax.fori_loop(0, steps, advance, params)

    def train(steps: int) -> list[np.ndarray]:
        return [np.asarray(w) for w in jax.tree.leaves(descend(stack, steps))]

    return train

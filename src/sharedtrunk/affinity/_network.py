"""The student of real data: a trunk that all tasks share and one head per task, with biases (section 4.2 of the paper, (2)).

    h⁰ = x,   h^l = φ(W^l h^{l−1} + b^l),   z_t = V_t h^L + c_t,   P_t = softmax z_t,

with φ the identity or ReLU. Unlike the theory's students it has biases, which real tables need.
"""

import itertools
from collections.abc import Sequence
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sharedtrunk._support.axes import PRNGKey
from sharedtrunk._support.randomness import normal, stream

Activation = Literal["linear", "relu"]

HEAD_SCALE = 0.3
"""Initial heads have standard deviation `HEAD_SCALE`/√fan_in, so that students start near chance, as the theory's do."""


class Network(eqx.Module):
    """Weights and biases: `trunk[l]` is (*lane, hidden_out, hidden_in), `heads[t]` (*lane, class, hidden)."""

    trunk: tuple[Float[Array, "*lane _ _"], ...]
    trunk_biases: tuple[Float[Array, "*lane _"], ...]
    heads: tuple[Float[Array, "*lane _ _"], ...]
    head_biases: tuple[Float[Array, "*lane _"], ...]
    activation: Activation = eqx.field(static=True, default="relu")


def initial_network(
    key: PRNGKey,
    features: int,
    hidden: Sequence[int],
    classes: Sequence[int],
    activation: Activation,
    dtype,
    names: Sequence[object] | None = None,
) -> Network:
    """Normal weights of variance g²/fan_in, and biases 0.

    g² is 2 for ReLU trunks (He et al. 2015), 1 for linear trunks and `HEAD_SCALE`² for heads. Every layer's key is made from
    its name, a head's from `names` (indices unless given), so networks with different heads share the start of the trunk
    and of the heads that they have in common.
    """
    gain = 2.0**0.5 if activation == "relu" else 1.0
    widths = [features, *hidden]
    trunk = [
        normal(stream(key, f"trunk {layer}"), (above, below), dtype) * jnp.asarray(gain / below**0.5, dtype)
        for layer, (below, above) in enumerate(itertools.pairwise(widths))
    ]
    heads = [
        normal(stream(key, f"head {name}"), (size, widths[-1]), dtype)
        * jnp.asarray(HEAD_SCALE / widths[-1] ** 0.5, dtype)
        for name, size in zip(range(len(classes)) if names is None else names, classes, strict=True)
    ]
    return Network(
        tuple(trunk),
        tuple(jnp.zeros(width, dtype) for width in hidden),
        tuple(heads),
        tuple(jnp.zeros(size, dtype) for size in classes),
        activation,
    )


def hidden_units(network: Network, inputs: Float[Array, "sample feature"]) -> Float[Array, "sample hidden"]:
    """h^L, the trunk's output for the inputs, of one lane."""
    hidden = inputs
    for weights, bias in zip(network.trunk, network.trunk_biases, strict=True):
        hidden = hidden @ weights.T + bias[None, :]
        if network.activation == "relu":
            hidden = jax.nn.relu(hidden)
    return hidden


def logits(network: Network, inputs: Float[Array, "sample feature"]) -> tuple[Float[Array, "sample _"], ...]:
    """z_t of every task, of one lane."""
    hidden = hidden_units(network, inputs)
    return tuple(hidden @ head.T + bias[None, :] for head, bias in zip(network.heads, network.head_biases, strict=True))

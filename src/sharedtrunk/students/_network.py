"""The student: a trunk that all tasks share, and one linear head per task (section 4.2).

A linear student is determined by its *composite weights* W_t = head_t · trunk, the product of its layers; with a ReLU
after each trunk layer there is no such matrix. Layers have no biases. Functions here are for one lane.
"""

from typing import Literal

import equinox as eqx
import jax
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import check_kind_of, floating
from sharedtrunk.errors import invalid

Activation = Literal["linear", "relu"]


class SharedTrunk(eqx.Module):
    """Weights of trunk and heads: logits_t(x) = head_t φ(W⁽ᴸ⁻¹⁾ … φ(W⁽¹⁾ x)), φ the identity or ReLU.

    Parameters
    ----------
    trunk
        Layers (*lane, hidden_out, hidden_in), from the inputs upwards.
    heads
        One head per task (*lane, class, hidden). Tasks may differ in their number of classes.
    activation
        "linear" or "relu".
    """

    trunk: tuple[Float[Array, "*lane _ _"], ...]
    heads: tuple[Float[Array, "*lane _ _"], ...]
    activation: Activation = eqx.field(static=True, default="linear")


def trunk_composite(network: SharedTrunk) -> Float[Array, "hidden feature"]:
    """W⁽ᴸ⁻¹⁾ … W⁽¹⁾, the product of the trunk's layers."""
    check_kind_of(network, SharedTrunk, "A student", "Use random_start")
    product = network.trunk[0]
    for layer in network.trunk[1:]:
        product = layer @ product
    return product


def composites(network: SharedTrunk) -> tuple[Float[Array, "class feature"], ...]:
    """Composite weights W_t = head_t · trunk (class, feature) of every task of one linear student."""
    product = trunk_composite(network)
    return tuple(head @ product for head in network.heads)


def logits(network: SharedTrunk, inputs: Float[Array, "feature sample"]) -> tuple[Float[Array, "class sample"], ...]:
    """Logits (class, sample) of every task of one student with either activation; inputs are columns (feature, sample).

    Raises `InputError` for inputs of another shape.
    """
    check_kind_of(network, SharedTrunk, "A student", "Use random_start")
    hidden = floating(inputs, "Inputs")
    if hidden.ndim < 2 or hidden.shape[-2] != network.trunk[0].shape[-1]:
        raise invalid(
            "Inputs are columns (feature, sample) with the student's features",
            received=f"shape {hidden.shape} for {network.trunk[0].shape[-1]} features",
            hint="Transpose the inputs",
        )
    for layer in network.trunk:
        hidden = layer @ hidden
        if network.activation == "relu":
            hidden = jax.nn.relu(hidden)
    return tuple(head @ hidden for head in network.heads)


def like(network: SharedTrunk, trunk, heads) -> SharedTrunk:
    """A network of the same kind with other weights."""
    return SharedTrunk(tuple(trunk), tuple(heads), network.activation)

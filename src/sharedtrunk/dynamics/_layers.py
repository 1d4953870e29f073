"""The state of a linear network with a trunk that all tasks share: layers, their products, and the chain rule (6).

W_t = head_t W⁽ᴸ⁻¹⁾ … W⁽¹⁾. *No trunk* is the single layer (L = 1), *one head* the single task. A drive D_t on the
composite weights reaches the layers as

    head_t ← D_t (W⁽ᴸ⁻¹⁾ … W⁽¹⁾)ᵀ,     W⁽ˡ⁾ ← (W⁽ᴸ⁻¹⁾ … W⁽ˡ⁺¹⁾)ᵀ [Σ_t head_tᵀ D_t] (W⁽ˡ⁻¹⁾ … W⁽¹⁾)ᵀ.

Written apart from the simulation on purpose: where the two agree, that is evidence.
"""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk.dynamics._checks import check_kind
from sharedtrunk.errors import invalid


class Layers(eqx.Module):
    """Weights of trunk, from the inputs upwards, and heads: `trunk[l]` (*lane, out, in), `heads[t]` (*lane, class, in)."""

    trunk: tuple[Float[Array, "... _ _"], ...]
    heads: tuple[Float[Array, "... _ _"], ...]


def composites(layers: Layers) -> tuple[Array, ...]:
    """W_t = head_t W⁽ᴸ⁻¹⁾ … W⁽¹⁾ of every task."""
    return _split(_times(_stacked(layers.heads), _product_below(layers.trunk)[-1]), layers.heads)


def shared_out(layers: Layers, drives: Sequence[Array]) -> Layers:
    """The drives of all layers from those of the composites (6)."""
    below, together = _product_below(layers.trunk), _stacked(drives)
    heads = _split(together if below[-1] is None else together @ below[-1].T, layers.heads)
    back = _stacked(layers.heads).T @ together
    trunk = []
    for layer, product in zip(reversed(layers.trunk), reversed(below[:-1]), strict=True):
        trunk.append(back if product is None else back @ product.T)
        back = layer.T @ back
    return Layers(tuple(reversed(trunk)), heads)


def _stacked(tasks: Sequence[Array]) -> Array:
    """The classes of all tasks one below the other: one product in place of several small ones."""
    return jnp.concatenate(tasks, axis=-2)


def _split(together: Array, tasks: Sequence[Array]) -> tuple[Array, ...]:
    """The inverse of `_stacked`."""
    return tuple(jnp.split(together, np.cumsum([task.shape[-2] for task in tasks])[:-1], axis=-2))


def map_first(function, layers: Layers) -> Layers:
    """Apply a function to the weights that meet the inputs: the first trunk layer, or the heads where there is none."""
    if layers.trunk:
        return Layers((function(layers.trunk[0]), *layers.trunk[1:]), layers.heads)
    return Layers((), tuple(function(head) for head in layers.heads))


def check_layers_kind(flow: object, start: object) -> None:
    """Raise unless a start is `Layers` with tuples of weights."""
    form = "Layers(trunk=(first, …), heads=(one per task, …)), or balanced_start(composites)"
    check_kind(flow, start, Layers, form, ("trunk", "heads"))


def check_layers(layers: Layers, moments: Sequence) -> None:
    """Raise where the layers (one lane, shapes only) do not fit together or not the tasks' moments."""
    shapes = [w.shape for w in jax.tree.leaves(layers)]
    inner = [low.shape[0] == high.shape[1] for low, high in zip(layers.trunk[:-1], layers.trunk[1:], strict=True)]
    features = moments[0].shape[-1]
    first = layers.trunk[:1] or layers.heads
    fits = (
        len(layers.heads) == len(moments)
        and all(inner)
        and all(w.shape[1] == features for w in first)
        and (not layers.trunk or all(h.shape[1] == layers.trunk[-1].shape[0] for h in layers.heads))
        and all(h.shape[0] == m.shape[-2] for h, m in zip(layers.heads, moments, strict=True))
    )
    if not fits:
        raise invalid(
            "Start and flow must agree in features, tasks and classes, and each layer take what the one below gives",
            received=f"layers {shapes} for moments {[m.shape[-2:] for m in moments]}",
            hint="Shapes are (out, in), trunk from the inputs upwards, one head per task",
        )


def _product_below(trunk) -> list:
    """For every trunk layer and then for the heads, the product of the layers below (None: the inputs themselves)."""
    below: list = [None]
    for layer in trunk:
        below.append(_times(layer, below[-1]))
    return below


def _times(layer, below):
    return layer if below is None else jnp.matmul(layer, below, precision="highest")

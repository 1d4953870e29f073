"""The state of a linear network with a trunk that all tasks share: layers, their products, and the chain rule (6).

W_t = head_t W⁽ᴸ⁻¹⁾ … W⁽¹⁾. Without a trunk this is the single layer (L = 1), with one head the single task. A drive D_t
on the composite weights reaches the layers as

    head_t ← D_t (W⁽ᴸ⁻¹⁾ … W⁽¹⁾)ᵀ,     W⁽ˡ⁾ ← (W⁽ᴸ⁻¹⁾ … W⁽ˡ⁺¹⁾)ᵀ [Σ_t head_tᵀ D_t] (W⁽ˡ⁻¹⁾ … W⁽¹⁾)ᵀ.

This is written independently of `students` on purpose, so that their agreement is evidence.
"""

import abc
from collections.abc import Sequence
from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk.dynamics._flow import AbstractFlow
from sharedtrunk.errors import invalid


class Layers(eqx.Module):
    """Weights of a trunk, from the inputs upwards, and its heads.

    Parameters
    ----------
    trunk
        `trunk[l]` is W⁽ˡ⁺¹⁾, (*lane, out, in); empty for the single-layer student.
    heads
        `heads[t]` is task t's last layer, (*lane, class, in).
    """

    trunk: tuple[Float[Array, "... _ _"], ...]
    heads: tuple[Float[Array, "... _ _"], ...]


class LayeredFlow(AbstractFlow):
    """dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t D_t(W_t)] W_<ᵀ (6), W_> and W_< the products of the layers above and below.

    A subclass gives D_t, the drive on the composite weights of every task.
    """

    state: ClassVar = Layers
    start_form: ClassVar[str] = "Layers(trunk=(first, …), heads=(one per task, …)), or balanced_start(composites)"

    moments: eqx.AbstractVar[tuple[Array, ...]]
    task_weights: eqx.AbstractVar[Array]

    @abc.abstractmethod
    def task_drives(self, composites: tuple[Array, ...]) -> tuple[Array, ...]:
        """D_t of every task, without its weight α_t."""

    def drive(self, state: Layers) -> Layers:
        drives = self.task_drives(composites(state))
        return layer_drives(state, [alpha * D for alpha, D in zip(self.task_weights, drives, strict=True)])

    def composites(self, state: Layers) -> tuple[Array, ...]:
        return composites(state)

    def check_start(self, start: Layers) -> None:
        check_layers(start, self.moments)


def composites(layers: Layers) -> tuple[Array, ...]:
    """W_t = head_t W⁽ᴸ⁻¹⁾ … W⁽¹⁾ of every task."""
    return _split(_times(_stacked(layers.heads), _product_below(layers.trunk)[-1]), layers.heads)


def layer_drives(layers: Layers, drives: Sequence[Array]) -> Layers:
    """The drives of all layers from those of the composites (6)."""
    below, stacked = _product_below(layers.trunk), _stacked(drives)
    heads = _split(stacked if below[-1] is None else stacked @ below[-1].T, layers.heads)
    back = _stacked(layers.heads).T @ stacked
    trunk = []
    for layer, product in zip(reversed(layers.trunk), reversed(below[:-1]), strict=True):
        trunk.append(back if product is None else back @ product.T)
        back = layer.T @ back
    return Layers(tuple(reversed(trunk)), heads)


def _stacked(tasks: Sequence[Array]) -> Array:
    """All tasks' classes in one matrix: one product is faster than several small ones."""
    return jnp.concatenate(tasks, axis=-2)


def _split(stacked: Array, tasks: Sequence[Array]) -> tuple[Array, ...]:
    """The inverse of `_stacked`."""
    return tuple(jnp.split(stacked, np.cumsum([task.shape[-2] for task in tasks])[:-1], axis=-2))


def map_first(function, layers: Layers) -> Layers:
    """The layers with a function applied to their `first_weights`."""
    if layers.trunk:
        return Layers((function(layers.trunk[0]), *layers.trunk[1:]), layers.heads)
    return Layers((), tuple(function(head) for head in layers.heads))


def first_weights(layers: Layers) -> tuple[Array, ...]:
    """The weights that multiply the inputs: the first trunk layer, or the heads where there is no trunk."""
    return layers.trunk[:1] or layers.heads


def check_layers(layers: Layers, moments: Sequence) -> None:
    """Raise `InputError` if the layers (*lane, out, in) do not match each other, or the tasks' moments."""
    trunk, heads, tasks = ([part.shape[-2:] for part in parts] for parts in (layers.trunk, layers.heads, moments))
    inputs = [tasks[0][1], *(out for out, _ in trunk)]  # the inputs of each trunk layer, and then of every head
    fits = (
        [into for _, into in trunk] == inputs[:-1]
        and {into for _, into in heads} == {inputs[-1]}
        and [out for out, _ in heads] == [classes for classes, _ in tasks]
    )
    if not fits:
        raise invalid(
            "Start and flow must agree in features, tasks and classes, and neighbouring layers in their widths",
            received=f"layers {[*trunk, *heads]} for moments {tasks}",
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

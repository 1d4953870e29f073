"""Gradient flow of a linear network with squared error on whitened inputs, for layers of any shape and any start.

    dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t (Σ̂_t − W_t)] W_<ᵀ

Where the start is aligned and balanced `_regression` has it in closed form. (Lampinen and Ganguli 2018, the paper's [16].)
"""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float

from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.concrete import all_finite
from sharedtrunk.dynamics._checks import checked_task_weights
from sharedtrunk.dynamics._flow import AbstractFlow, Term
from sharedtrunk.dynamics._given import matrices
from sharedtrunk.dynamics._layers import Layers, check_layers, check_layers_kind, composites, map_first, shared_out
from sharedtrunk.errors import invalid


class RegressionFlow(AbstractFlow):
    """dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t (Σ̂_t − W_t)] W_<ᵀ for layers of any shape and any start; `targets[t]` is Σ̂_t."""

    targets: tuple[Float[Array, "... _ feature"], ...]
    task_weights: Float[Array, "... task"]

    def drive(self, state: Layers) -> Layers:
        drives = [
            alpha * (target - W)
            for alpha, target, W in zip(self.task_weights, self.targets, composites(state), strict=True)
        ]
        return shared_out(state, drives)

    def composites(self, state: Layers):
        return composites(state)

    def check_kind(self, start: Layers) -> None:
        check_layers_kind(self, start)

    def check_start(self, shapes: Layers) -> None:
        check_layers(shapes, self.targets)

    def terms(self, composites) -> tuple[Term, ...]:
        return ()

    def reduced(self, start: Layers):
        rows = jnp.concatenate([*(start.trunk[:1] or start.heads), *self.targets])
        if rows.shape[0] >= rows.shape[1]:
            return self, start, None
        basis = jnp.linalg.qr(rows.T)[0]
        small = RegressionFlow(tuple(target @ basis for target in self.targets), self.task_weights)
        return small, map_first(lambda w: w @ basis, start), basis

    def restored(self, state: Layers, basis: Array) -> Layers:
        return map_first(lambda w: w @ basis.T, state)

    @property
    def ranks(self) -> list[int]:
        return [2] * len(self.targets) + [1]

    @property
    def state_rank(self) -> int:
        return 2


def regression_flow(
    targets: Sequence[Float[AnyArray, "*lane _ feature"]], *, task_weights: Sequence[float] | None = None
) -> RegressionFlow:
    """The regression twin of (noisy) linear teachers Σ̂_t (…, class, feature), one per task [16].

    dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t (Σ̂_t − W_t)] W_<ᵀ, in place of (8). Hypotheses: squared error, whitened inputs and
    infinite data, linear layers.

    Raises `InputError` for no teacher, weights that are not finite, task weights that are not one number ≥ 0 a task.
    """
    arrays = tuple(matrices(targets, "Teachers"))
    alphas = checked_task_weights(task_weights, len(arrays))
    if len({a.shape[-1:] for a in arrays}) != 1 or any(a.ndim < 2 for a in arrays) or not all_finite(arrays):
        raise invalid(
            "Teachers must be finite, (…, class, feature), with the same features",
            received=[a.shape for a in arrays],
            hint="Tasks share their inputs; they may differ in classes",
        )
    return RegressionFlow(arrays, jnp.asarray(alphas, arrays[0].dtype))

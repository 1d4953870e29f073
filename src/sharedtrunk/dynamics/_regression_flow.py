"""Gradient flow of a linear network with squared error on whitened inputs, for layers of any shape and any start.

    dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t (Σ̂_t − W_t)] W_<ᵀ,     W_>, W_<: products of the layers above and below l.

`_regression` has the closed form for aligned and balanced starts. (Lampinen and Ganguli 2018, the paper's [16].)
"""

from collections.abc import Sequence

import jax.numpy as jnp
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import matrices
from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.concrete import all_finite
from sharedtrunk.dynamics._checks import checked_task_weights
from sharedtrunk.dynamics._layers import LayeredFlow
from sharedtrunk.errors import invalid


class RegressionFlow(LayeredFlow):
    """dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t (Σ̂_t − W_t)] W_<ᵀ for layers of any shape and any start.

    `moments[t]` is Σ̂_t, which is also the moment of the targets Σ̂_t x, because the inputs x are whitened.

    Parameters
    ----------
    moments
        Σ̂_t of every task (…, class, feature).
    task_weights
        α of every task (…, task).
    """

    moments: tuple[Float[Array, "... _ feature"], ...]
    task_weights: Float[Array, "... task"]

    def task_drives(self, composites):
        return tuple(moment - W for moment, W in zip(self.moments, composites, strict=True))

    def span(self) -> tuple[Array, ...]:
        return self.moments


def regression_flow(
    targets: Sequence[Float[AnyArray, "*lane _ feature"]], *, task_weights: Sequence[float] | None = None
) -> RegressionFlow:
    """The regression twin of linear (noisy) teachers Σ̂_t, one per task.

    dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t (Σ̂_t − W_t)] W_<ᵀ in place of (8), with the products W_>, W_< of the layers above and below.
    Hypotheses: squared error, whitened inputs and infinite data, linear layers.

    Parameters
    ----------
    targets
        Σ̂_t (…, class, feature), one per task.
    task_weights
        α_t ≥ 0, one per task; 1 by default.

    Returns
    -------
    RegressionFlow
        The flow; it starts from `Layers`.

    Raises
    ------
    InputError
        Without a teacher, for teachers that are not finite or differ in their features, and for task weights that are not
        one number ≥ 0 per task.

    References
    ----------
    Lampinen and Ganguli 2018, the paper's reference [16].
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

"""Conserved matrices of neighbouring layers, and the starts for which they vanish ((9), corrected).

Gradient flow keeps the matrices

    W⁽ˡ⁺¹⁾ᵀ W⁽ˡ⁺¹⁾ − W⁽ˡ⁾ W⁽ˡ⁾ᵀ,     with Σ_t head_tᵀ head_t for the last layer,

for any task weights. The paper prints W⁽ˡ⁾ᵀW⁽ˡ⁾, which has the shape of another layer. For *balanced* layers the conserved
matrices are zero. Above a shared trunk all heads count as one layer, the tasks' classes stacked, so a balanced start is
made from the singular value decomposition of the stacked composites.
"""

import itertools
from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import check_kind_of, matrices, whole_numbers
from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.concrete import concrete
from sharedtrunk.dynamics._layers import Layers
from sharedtrunk.errors import invalid


def conserved(layers: Layers) -> tuple[Float[Array, "*lane _ _"], ...]:
    """The matrices W⁽ˡ⁺¹⁾ᵀ W⁽ˡ⁺¹⁾ − W⁽ˡ⁾ W⁽ˡ⁾ᵀ that gradient flow conserves ((9), corrected).

    Parameters
    ----------
    layers
        Layers of one lane or many.

    Returns
    -------
    tuple of Array
        One matrix (*lane, hidden, hidden) per pair of neighbouring layers, from the inputs upwards; empty without a trunk.
    """
    check_kind_of(layers, Layers, "The argument layers", "Use balanced_start")
    heads = jnp.concatenate(layers.heads, axis=-2)
    return tuple(
        jnp.einsum("...ij,...ik->...jk", above, above, precision="highest")
        - jnp.einsum("...ij,...kj->...ik", below, below, precision="highest")
        for below, above in itertools.pairwise((*layers.trunk, heads))
    )


def balanced_start(
    composites: Sequence[Float[AnyArray, "*lane _ feature"]], *, hidden: Sequence[int] | None = None
) -> Layers:
    """Layers whose composites are given and whose conserved matrices vanish ((9), corrected; see `conserved`).

    Balance is a hypothesis of (3), (26) and (28); starts near zero are nearly balanced. All heads count as one layer: the
    tasks' composites stacked are U diag(s) Vᵀ, and each of the L layers gets diag(s)^(1/L): the heads U diag(s)^(1/L), split
    into tasks, the first trunk layer diag(s)^(1/L) Vᵀ, and diagonal matrices between them.

    Parameters
    ----------
    composites
        One matrix (…, class, feature) per task, with the same lanes and features.
    hidden
        Widths of the trunk, each at least the stacked rank min(Σ classes, features); by default one layer of that width.
        Wider layers are filled with zeros, which the flow keeps. Empty: the single-layer student.

    Returns
    -------
    Layers
        The start, with the lanes of the composites.

    Raises
    ------
    InputError
        For no task, composites that are not finite or whose shapes do not match, and layers that are too narrow.
    """
    stacked, sizes = _stacked(composites)
    rank = min(stacked.shape[-2:])
    widths = [rank] if hidden is None else whole_numbers(hidden, "Hidden widths", "Give one per layer, such as (100,)")
    if any(width < rank for width in widths):
        raise invalid(
            "A balanced trunk is at least as wide as the stacked composites' rank",
            received=f"hidden {widths} for rank {rank}",
            hint="Widen the layers, or leave hidden out for one hidden layer",
        )
    splits = np.cumsum(sizes)[:-1].tolist()
    if not widths:
        return Layers((), tuple(jnp.split(stacked, splits, axis=-2)))
    U, s, Vt = jnp.linalg.svd(stacked, full_matrices=False)
    root = jnp.power(s, jnp.asarray(1 / (len(widths) + 1), s.dtype))
    heads = _widened(U * root[..., None, :], U.shape[-2], widths[-1])
    first = _widened(root[..., :, None] * Vt, widths[0], Vt.shape[-1])
    middle = root[..., :, None] * jnp.broadcast_to(jnp.eye(rank, dtype=s.dtype), (*s.shape, rank))
    between = [_widened(middle, out, into) for into, out in itertools.pairwise(widths)]
    return Layers((first, *between), tuple(jnp.split(heads, splits, axis=-2)))


def _widened(weights, rows: int, columns: int):
    """The weights with zero rows and columns added."""
    missing = (rows - weights.shape[-2], columns - weights.shape[-1])
    return jnp.pad(weights, [(0, 0)] * (weights.ndim - 2) + [(0, extra) for extra in missing])


def _stacked(composites):
    parts = matrices(composites, "Composites")
    if not parts or any(W.ndim < 2 for W in parts) or len({(*W.shape[:-2], W.shape[-1]) for W in parts}) != 1:
        raise invalid(
            "Composites are (…, class, feature), one per task, with the same lanes and features",
            received=[W.shape for W in parts],
            hint="Tasks share their inputs; they may differ in classes",
        )
    if any(known is not None and not np.isfinite(known).all() for known in map(concrete, parts)):
        raise invalid("Composites must be finite", received="NaN or infinity", hint="Check the weights")
    return jnp.concatenate(parts, axis=-2), [W.shape[-2] for W in parts]

"""Values for checks. Arrays inside a JAX transformation have no values yet, so checks of values skip them."""

import jax
import numpy as np
from jax.core import Tracer


def concrete(value: object) -> np.ndarray | None:
    """`value` as a NumPy array, or None where it is traced (inside jit, vmap or grad)."""
    if isinstance(value, Tracer):
        return None
    return np.asarray(value)


def are_arrays(tree: object) -> bool:
    """Whether all leaves of a pytree are arrays with values: none is traced or a placeholder."""
    leaves = jax.tree.leaves(tree)
    return all(
        isinstance(leaf, np.ndarray | np.generic | jax.Array) and not isinstance(leaf, Tracer) for leaf in leaves
    )


def all_finite(tree: object) -> bool:
    """Whether every concrete array in a pytree is finite (traced ones count as finite)."""
    leaves = (concrete(leaf) for leaf in jax.tree.leaves(tree))
    return all(leaf is None or bool(np.all(np.isfinite(leaf))) for leaf in leaves)

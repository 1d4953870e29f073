"""Checks of the public verbs: shapes always, values where they are concrete (under tracing they are skipped)."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike

from sharedtrunk._support.arguments import floating
from sharedtrunk._support.concrete import concrete
from sharedtrunk.errors import invalid


def as_lanes(**named: ArrayLike) -> tuple[jax.Array, ...]:
    """The arguments as real floating arrays of one dtype and one shape.

    Floating arrays set the precision; Python numbers and integers follow them.
    """
    for name, value in named.items():
        floating(value, name)
    # float(): a NumPy scalar is a Python number here, so that it follows the arrays' precision too.
    given = {name: float(x) if isinstance(x, int | float) else jnp.asarray(x) for name, x in named.items()}
    dtype = _precision(given)
    shapes = {name: jnp.shape(value) for name, value in given.items()}
    try:
        shape = np.broadcast_shapes(*shapes.values())
    except ValueError:
        raise invalid(
            f"The shapes of {' and '.join(shapes)} must broadcast",
            received=", ".join(f"{name} {shape}" for name, shape in shapes.items()),
            hint="Give one number, or one per lane",
        ) from None
    return tuple(jnp.broadcast_to(jnp.asarray(value, dtype), shape) for value in given.values())


def check_singular_values(values: jax.Array, name: str) -> None:
    """Raise where a concrete singular value is negative, NaN or infinite."""
    _require(values, lambda x: np.isfinite(x) & (x >= 0), f"{name} must be finite and ≥ 0", "Drop diverged lanes first")


def check_noise_matrix(aspect: jax.Array, noise: jax.Array) -> None:
    """Raise where a concrete aspect is not positive and finite, or a concrete noise not ≥ 0 and finite."""
    _require(
        aspect,
        lambda c: np.isfinite(c) & (c > 0),
        "The aspect K/N_f must be finite and above 0",
        "Pass classes / features, such as aspect=10 / 100",
    )
    _require(
        noise,
        lambda σ: np.isfinite(σ) & (σ >= 0),
        "The noise scale must be a finite number ≥ 0",
        "Pass noise=1.0 for the standard problem",
    )


def _precision(given: dict) -> np.dtype:
    dtypes = {name: jnp.result_type(value) for name, value in given.items()}
    floating = [given[name] for name, dtype in dtypes.items() if jnp.issubdtype(dtype, jnp.floating)]
    return jnp.result_type(*floating) if floating else jnp.result_type(float)


def _require(values: jax.Array, holds, rule: str, hint: str) -> None:
    known = concrete(values)
    if known is None:
        return
    broken = known[~holds(known)]
    if broken.size:
        more = "" if broken.size == 1 else f" and {broken.size - 1} more"
        raise invalid(rule, received=f"{broken.flat[0]:g}{more}", hint=hint)

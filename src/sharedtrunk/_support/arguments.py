"""A caller's arguments as arrays, lists and numbers that the packages can work with, or an error that states the rule."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Array

from sharedtrunk._support.concrete import all_finite, concrete
from sharedtrunk.errors import invalid


def floating(values: Any, name: str = "Weights") -> Array:
    """`values` as an array of float32 or float64; other types get JAX's default. Raises `InputError` unless they are real."""
    dtype = _real_dtype(values, name)
    array = jnp.asarray(values, None if dtype in (np.float32, np.float64) else jnp.result_type(float))
    if array.dtype != dtype and not all_finite(array) and all_finite(values):
        check_result(array, name)  # float64 that float32 cannot hold
    return array


def on_host(values: Any, name: str) -> np.ndarray:
    """`values` as a NumPy array of float64. Raises `InputError` unless they are real numbers."""
    _real_dtype(values, name)
    return np.asarray(values, float)


def _real_dtype(values: Any, name: str):
    dtype = dtype_of(values)
    if dtype is None or not any(jnp.issubdtype(dtype, kind) for kind in (jnp.floating, jnp.integer, jnp.bool_)):
        raise invalid(
            f"{name} must be an array of real numbers", received=described(values), hint="Give a NumPy or JAX array"
        )
    return dtype


def finite(values: Any, name: str) -> Array:
    """`values` as a floating JAX array. Raises `InputError` where a concrete entry is not finite."""
    array = floating(values, name)
    check_finite(array, name)
    return array


def check_finite(values: Any, name: str) -> None:
    """Raise `InputError` where a concrete array of real numbers holds NaN or infinity."""
    known = concrete(values)
    if known is not None and not np.isfinite(known).all():
        raise invalid(
            f"{name} must be finite",
            received=f"{int((~np.isfinite(known)).sum())} entries NaN or infinite",
            hint="Remove NaN and infinity first",
        )


def check_result(values: Any, name: str) -> None:
    """Raise `InputError` where finite input led to a concrete result that overflows its precision."""
    known = concrete(values)
    if known is not None and not np.isfinite(known).all():
        info = jnp.finfo(known.dtype)
        raise invalid(
            f"{name} must lie within ±{float(info.max):.0e}, the range of {known.dtype}",
            received="input so large or so small that the result overflows",
            hint="Use other units",
        )


def whole_number(value: Any, name: str, *, least: int, most: int | None = None, hint: str) -> int:
    """`value` as an int between two limits. Raises `InputError` for anything else, including booleans and fractions."""
    whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
    if not whole or value < least or (most is not None and value > most):
        limits = f"of at least {least}" if most is None else f"from {least} to {most}"
        raise invalid(f"{name} must be a whole number {limits}", received=described(value), hint=hint)
    return int(value)


def whole_numbers(values: Any, name: str, hint: str) -> list[int]:
    """`values` as a list of ints. Raises `InputError` for anything else, including a single number."""
    listed = isinstance(values, Sequence | np.ndarray) and np.ndim(np.asarray(values, object)) == 1
    if not listed or not all(isinstance(part, int | np.integer) and not isinstance(part, bool) for part in values):
        raise invalid(f"{name} must be a list of whole numbers", received=described(values), hint=hint)
    return [int(part) for part in values]


def per_task(values: Any, name: str) -> list:
    """`values` as a list with one entry per task. Raises `InputError` for a single matrix and for anything else."""
    listed = isinstance(values, Sequence) and not isinstance(values, str)
    if not listed and getattr(values, "ndim", 0) < 3:
        raise invalid(
            f"{name} must be a list with one entry per task",
            received=described(values),
            hint="Put a single task in a list: [task]",
        )
    return list(values)


def matrices(values: Any, name: str) -> list[Array]:
    """`values` as one floating matrix per task. Raises `InputError` if there are `Teacher` objects instead."""
    parts = [values] if hasattr(values, "noisy_weights") else per_task(values, name)
    if any(hasattr(part, "noisy_weights") for part in parts):
        raise invalid(
            f"{name} must be matrices (…, class, feature), not Teacher objects",
            received=f"{len(parts)} entries, a Teacher among them",
            hint="Pass [teacher.noisy_weights]",
        )
    return [floating(part, name) for part in parts]


def broadcast(**named: Any) -> tuple[Array, ...]:
    """The arguments as floating arrays of one dtype and one shape. Raises `InputError` if the shapes do not broadcast.

    Floating arrays set the precision of the numbers and integers beside them.
    """
    for name, value in named.items():
        floating(value, name)
    # float(): np.float64 is a Python float too, and must not raise the precision of float32 arrays beside it
    given = {name: float(x) if isinstance(x, int | float) else jnp.asarray(x) for name, x in named.items()}
    precise = [x for x in given.values() if jnp.issubdtype(jnp.result_type(x), jnp.floating)]
    dtype = jnp.result_type(*precise) if precise else jnp.result_type(float)
    shapes = {name: jnp.shape(x) for name, x in given.items()}
    try:
        shape = np.broadcast_shapes(*shapes.values())
    except ValueError:
        raise invalid(
            f"The shapes of {' and '.join(shapes)} must broadcast",
            received=", ".join(f"{name} {shape}" for name, shape in shapes.items()),
            hint="Give one number, or one per lane",
        ) from None
    return tuple(jnp.broadcast_to(jnp.asarray(x, dtype), shape) for x in given.values())


def check_values(values: Any, holds: Callable[[np.ndarray], Any], rule: str, hint: str) -> None:
    """Raise `InputError` with this rule if `holds` is false for an entry of a concrete array; names the first such entry."""
    known = concrete(values)
    if known is not None and (broken := known[~holds(known)]).size:
        more = "" if broken.size == 1 else f" and {broken.size - 1} more"
        raise invalid(rule, received=f"{broken.flat[0]:g}{more}", hint=hint)


def check_inverse_temperature(beta: Any, hint: str) -> None:
    """Raise unless β is one finite number > 0, known or traced."""
    known = concrete(beta) if is_number(beta) else np.nan
    if known is not None and not (np.isfinite(known) and known > 0):
        raise invalid(
            "The inverse temperature β must be finite and > 0, one number", received=described(beta), hint=hint
        )


def check_times(times: Any) -> np.ndarray:
    """The times on the host. Raises `InputError` unless they are at least two increasing numbers ≥ 0 and not traced."""
    known = concrete(times)
    if known is None or known.ndim != 1 or known.size < 2 or not (np.diff(known) > 0).all() or not known[0] >= 0:
        raise invalid(
            "Times must be at least two increasing numbers ≥ 0, known before tracing",
            received="traced values" if known is None else np.array2string(known, threshold=6),
            hint="The first is the time of the start, usually 0",
        )
    return known


def check_kind_of(value: Any, kind: Any, name: str, hint: str) -> None:
    """Raise `InputError` unless a value is an instance of `kind`, which is a class or several."""
    if not isinstance(value, kind):
        names = kind.__name__ if inspect.isclass(kind) else " or ".join(part.__name__ for part in kind)
        raise invalid(f"{name} must be a {names} object", received=described(value), hint=hint)


def is_number(value: object) -> bool:
    """Whether a value is one real number, concrete or traced; booleans and text are not numbers."""
    dtype = dtype_of(value)
    if dtype is None or np.ndim(value) != 0:  # pyright: ignore[reportArgumentType]
        return False
    return any(jnp.issubdtype(dtype, kind) for kind in (jnp.floating, jnp.integer))


def value_range(values: np.ndarray) -> str:
    """The range of an array's values in words, for a message."""
    return f"values from {values.min() + 0.0:g} to {values.max() + 0.0:g}" if values.size else "no values"


def described(value: object) -> str:
    """A value in a few words on one line, for a message."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"an array {value.shape} of {value.dtype}"  # pyright: ignore[reportAttributeAccessIssue]
    if isinstance(value, eqx.Module):
        return f"an object {type(value).__name__}"
    text = " ".join(repr(value).split())
    return f"{type(value).__name__} {text if len(text) <= 60 else text[:57] + '…'}"


def dtype_of(values: Any):
    """The dtype of the values as an array; None where they are not an array."""
    if hasattr(values, "dtype"):
        return values.dtype
    if isinstance(values, list | tuple) and any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves(values)):
        return jnp.result_type(float)
    try:
        return np.asarray(values).dtype
    except (TypeError, ValueError):
        return None

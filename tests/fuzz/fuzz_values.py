"""Public functions of the numerical rooms with one argument spoilt: refused in one line, or honest numbers, in seconds.

Every function has a valid call in `value_problems`; one that has none is a fault. A fault is another exception than
InputError or a TypeError that names types, a finite value of what is not finite, an infinite value of what is finite
without a code that says so, or more than 20 seconds after the valid call, which compiles the programs. With
SHAREDTRUNK_TEST_PRECISION=float32 it runs in float32, as the tests do.
"""

import functools
import os
import random
import signal
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from fuzzing import main

sys.path.insert(0, str(Path(__file__).parents[1]))
jax.config.update("jax_enable_x64", os.environ.get("SHAREDTRUNK_TEST_PRECISION") != "float32")

import value_problems  # noqa: E402  (beside the other problems of the tests)
from sharedtrunk.errors import InputError  # noqa: E402
from sharedtrunk.flows.trajectory import Trajectory  # noqa: E402

MOST_SECONDS = 20

VALUES = {
    "text": lambda value: "text",
    "none": lambda value: None,
    "object": lambda value: object(),
    "ragged": lambda value: [[1.0, 2.0], [3.0]],
    "texts": lambda value: np.array(["a", "b"]),
    "complex": lambda value: np.asarray(value) * 1j,
    "whole": lambda value: np.asarray(value).astype(int),
    "truth": lambda value: np.asarray(value).astype(bool),
    "half": lambda value: np.asarray(value).astype(np.float16),
    "empty": lambda value: np.zeros((0, *np.shape(value)[1:])),
    "transposed": lambda value: np.asarray(value).T,
    "deeper": lambda value: np.asarray(value)[None],
    "flat": lambda value: np.ravel(value),
    "short": lambda value: np.asarray(value)[:-1],
    "negative": lambda value: -np.asarray(value),
    "zero": lambda value: 0 * np.asarray(value),
    "huge": lambda value: np.asarray(value, float) * 1e300,
    "large": lambda value: np.asarray(value, float) * 1e20,
    "tiny": lambda value: np.asarray(value, float) * 1e-300,
    "nan": lambda value: _with(value, np.nan),
    "infinite": lambda value: _with(value, np.inf),
}


def _with(value, bad: float) -> np.ndarray:
    array = np.array(value, float)
    array[(0,) * array.ndim] = bad
    return array


def _is_array(value: object) -> bool:
    """Numbers and arrays of them; settings, flows and keys can only be replaced as a whole."""
    if isinstance(value, int | float):
        return True
    return isinstance(value, jax.Array | np.ndarray) and not jnp.issubdtype(value.dtype, jax.dtypes.prng_key)


def _finite(tree: object) -> bool:
    leaves = [leaf for leaf in jax.tree.leaves(tree) if isinstance(leaf, float) or hasattr(leaf, "dtype")]
    real = [leaf for leaf in leaves if isinstance(leaf, float) or jnp.issubdtype(leaf.dtype, jnp.floating)]
    return all(np.isfinite(np.asarray(leaf)).all() for leaf in real)


def _late(*_):
    raise TimeoutError


@functools.cache
def compile_programs(room: str, name: str) -> None:
    """Make the valid call once, since compiling its programs may take longer than a call is given."""
    args, kwargs = value_problems.calls()[room][name]
    value_problems.function(room, name)(*args, **kwargs)


def one_argument(draw: random.Random) -> str | None:
    room = draw.choice(value_problems.ROOMS)
    names = [name for name in value_problems.public_functions(room) if name not in value_problems.ELSEWHERE]
    name = draw.choice(names)
    call = value_problems.calls()[room].get(name)
    if call is None:
        return f"{room}.{name} has no valid call in value_problems"
    where = draw.choice(value_problems.arguments(call))
    value = value_problems.at(call, where)
    kinds = list(VALUES) if _is_array(value) else ["text", "none", "object", "ragged", "texts"]
    kind = draw.choice(kinds)
    try:
        bad = VALUES[kind](value)
    except (IndexError, ValueError, TypeError):
        return None  # a number has no last entry
    args, kwargs = value_problems.spoiled(call, where, bad)
    tried = f"{room}.{name}, argument {where[1]} made {kind}"
    compile_programs(room, name)
    signal.signal(signal.SIGALRM, _late)
    signal.alarm(MOST_SECONDS)
    try:
        out = value_problems.function(room, name)(*args, **kwargs)
    except InputError as error:
        return f"{tried}: a message of several lines" if "\n" in str(error) else None
    except TimeoutError:
        return f"{tried}: more than {MOST_SECONDS} s"
    except TypeError as error:
        clear = "must be" in str(error) or "expected" in str(error).lower()
        return None if clear else f"{tried}: TypeError: {str(error)[:200]}"
    except Exception as error:
        return f"{tried}: {type(error).__name__}: {' '.join(str(error).split())[:200]}"
    finally:
        signal.alarm(0)
    return _judged(tried, kind, value, out)


def _judged(tried: str, kind: str, value: object, out: object) -> str | None:
    result = getattr(out, "result", None)
    told = result is not None and np.any(np.asarray(result) != 0)
    failed_lane = "benefit.bracketed" in tried  # curves of failed lanes are NaN by design
    spoilt = kind in ("nan", "infinite") and not isinstance(value, Trajectory)
    if spoilt and not failed_lane and not told and _finite(out):
        return f"{tried}: finite numbers came out"
    if "off_diagonal_share" in tried and kind in ("zero", "tiny"):
        return None  # a drive of nothing has no shares: NaN, as its docstring says (float32 makes 1e-300 nothing)
    if kind in ("huge", "large", "tiny", "negative", "zero") and not told and not _finite(out):
        return f"{tried}: numbers that are not finite came out"
    return None


if __name__ == "__main__":
    main(one_argument)

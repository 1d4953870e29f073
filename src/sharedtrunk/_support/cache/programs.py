"""Compiled programs: the first process on a machine traces, lowers and compiles them; the others load them.

JAX has a cache of its own but finds a program by its lowered text, so every process traces and lowers it anew, which takes
ten times as long as loading. Here a program is found by what it is made from: see `_described`. The entry holds XLA's own
bytes of the executable, and the types and the structure of the results. JAX's `serialize_executable` would do the same
with pickles, and reading a pickle runs the code that it holds.
"""

import contextlib
import functools
import hashlib
import os
import platform
import sys
import types
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar, cast
from unittest import mock

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.experimental import serialize_executable
from jax.experimental.compilation_cache import compilation_cache
from jaxlib.xla_client import DeviceList

from sharedtrunk._support.cache import entries, structure
from sharedtrunk._support.cache.fingerprint import process_fingerprint
from sharedtrunk._support.cache.folder import folder

Function = TypeVar("Function", bound=Callable)

_OURS = ("sharedtrunk",)
_KNOWN = (*_OURS, "builtins", "numpy", "jax", "jaxlib", "equinox")
"""Packages whose code the fingerprint covers: our sources, and libraries by their versions."""

MOST_READY = 96
"""The largest number of programs that a process holds: each takes up to 430 memory mappings, of which Linux allows a process
65,530."""

_VARIABLES = ("XLA_FLAGS", "NPROC")
_SETTINGS = (
    "jax_enable_x64",
    "jax_default_matmul_precision",
    "jax_numpy_dtype_promotion",
    "jax_numpy_rank_promotion",
    "jax_default_prng_impl",
    "jax_threefry_partitionable",
    "jax_random_seed_offset",
)
"""Variables and settings of JAX that change a compiled program, or whether it compiles."""

_DEBUGGING = ("jax_disable_jit", "jax_debug_nans", "jax_debug_infs")
"""Debugging settings of JAX, which act while a program is traced or run by JAX; a stored program would ignore these
settings."""

_CACHE_SETTING = "jax_enable_compilation_cache"


def program(function: Function) -> Function:
    """`function` compiled as by `equinox.filter_jit`, arrays traced and all else static, and stored in the cache.

    Static arguments are told apart by their `repr`. A process compiles for itself what the cache does not hold: see
    `sharedtrunk._support.cache`.
    """
    uncached = eqx.filter_jit(function)
    ready = _Ready()

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        leaves, tree = jax.tree.flatten((args, kwargs))
        where = None if _left_to_jax(leaves) else folder()
        if where is None:
            return uncached(*args, **kwargs)
        arrays = [leaf for leaf in leaves if _is_array(leaf)]
        static = tuple(None if _is_array(leaf) else leaf for leaf in leaves)
        shapes = tuple(jax.typeof(array) for array in arrays)
        call_key = (tree, static, tuple(map(type, static)), shapes, _settings())  # types, since 1 equals True and 1.0
        found = ready.get(call_key)
        if found is None:
            description = _described(f"{function.__module__}.{function.__qualname__}", tree, static, shapes)
            if description is None:
                return uncached(*args, **kwargs)
            found = _loaded_or_made(where, description, _flat(function, tree, static), arrays)
            ready.put(call_key, found)
        compiled, results = found
        return jax.tree.unflatten(results, compiled(arrays))

    return cast(Function, call)


def _left_to_jax(leaves: Sequence[Any]) -> bool:
    """Whether JAX must compile this call: it is traced or debugged, or does not run on the only CPU device."""
    return (
        any(isinstance(leaf, Tracer) for leaf in leaves)
        or any(getattr(jax.config, name) for name in _DEBUGGING)
        or jax.default_backend() != "cpu"
        or jax.local_device_count() != 1
    )


def _settings() -> tuple:
    return tuple(getattr(jax.config, name, None) for name in _SETTINGS)


class _Ready:
    """The loaded programs of one function. All functions together keep the `MOST_READY` most recently used programs."""

    _recent: ClassVar[OrderedDict[tuple, Any]] = OrderedDict()

    def get(self, key: Any) -> Any:
        found = self._recent.get((self, key))
        if found is not None:
            with contextlib.suppress(KeyError):  # another thread may have dropped it
                self._recent.move_to_end((self, key))
        return found

    def put(self, key: Any, found: Any) -> None:
        self._recent[self, key] = found
        while len(self._recent) > MOST_READY:
            self._recent.popitem(last=False)


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray | np.generic)


def _flat(function: Callable, tree, static: tuple) -> Callable[[list], Any]:
    """`function` with its static arguments filled in, as a function of the list of its arrays."""

    def flat(arrays: list):
        remaining = iter(arrays)
        # JAX does not count None as a leaf, so a None here stands for an array.
        filled = [next(remaining) if leaf is None else leaf for leaf in static]
        args, kwargs = jax.tree.unflatten(tree, filled)
        return function(*args, **kwargs)

    flat.__name__ = flat.__qualname__ = getattr(function, "__name__", "program")
    return flat


Program = tuple[Callable[[list], Sequence], Any]
"""A compiled function from a list of arrays to the list of its results, and the structure of the results."""


def _loaded_or_made(where: Path, description: str, flat: Callable, arrays: list) -> Program:
    path = where / f"{hashlib.sha256(description.encode()).hexdigest()}.program"
    found = _load(path)
    if found is not None:
        return found
    with entries.entry_lock(path):  # workers that start together wait for the first
        return _load(path) or _make(path, flat, arrays)


def _load(path: Path) -> Program | None:
    stored = entries.read(path)
    if stored is None:
        return None
    header, (executable,) = stored
    # Loading a program of another jaxlib raises errors that jaxlib does not document.
    try:
        if header["lapack"]:
            _load_lapack()
        device = jax.local_devices()[0]
        loaded = device.client.deserialize_executable(bytes(executable), executable_devices=DeviceList((device,)))
        result_types = [
            jax.typeof(jax.ShapeDtypeStruct(shape, kind, weak_type=w)) for kind, shape, w in header["results"]
        ]
        return _Executable(loaded, result_types), jax.tree.structure(structure.decode(header["structure"]))
    except Exception as error:
        entries.count_damaged(path, f"{type(error).__name__}: {error}")
        return None


class _Executable:
    """XLA's executable as a function of a list of arrays."""

    def __init__(self, executable: Any, result_types: Sequence[Any]):
        self._executable = executable
        self._result_types = result_types

    def __call__(self, arrays: list) -> list[jax.Array]:
        outs = self._executable.execute_sharded([_plain(array) for array in arrays])
        pieces = [piece for (piece,) in outs.disassemble_into_single_device_arrays()]
        # Rebuilt as JAX builds its own results: XLA drops weak types, and commits arrays to a device, which JAX does not.
        return [type(x)(kind, x.sharding, [x], False) for x, kind in zip(pieces, self._result_types, strict=True)]


def _plain(array: Any) -> jax.Array:
    """The array as XLA takes it."""
    if not isinstance(array, jax.Array):
        return jnp.array(array)  # a copy: the caller may change theirs before the program has run
    return jax.random.key_data(array) if jnp.issubdtype(array.dtype, jax.dtypes.prng_key) else array


def _failed_checks_are_nan() -> contextlib.AbstractContextManager:
    """Make Diffrax's checks of its input return NaN inside the block, as the variable `EQX_ON_ERROR=nan` does.

    A check that raises calls the host, and JAX cannot store a program that does. Our functions check the same input before
    they call Diffrax, and a result code says why a lane is NaN. Equinox reads the variable once, into the attribute that is
    patched here.
    """
    return mock.patch.object(sys.modules["equinox._errors"], "EQX_ON_ERROR", "nan")


@contextlib.contextmanager
def _compiled_anew() -> Iterator[None]:
    """Switch JAX's own cache off: a program that came from there cannot be stored again (its functions are not found)."""
    enabled = getattr(jax.config, _CACHE_SETTING)
    jax.config.update(_CACHE_SETTING, False)
    compilation_cache.reset_cache()  # JAX reads the setting once, and again after a reset
    try:
        yield
    finally:
        jax.config.update(_CACHE_SETTING, enabled)
        compilation_cache.reset_cache()


@functools.cache
def _load_lapack() -> None:
    """Make JAX load LAPACK, which it does when it lowers a call. Before that, a stored program that calls LAPACK crashes."""
    jax.jit(jax.lax.linalg.cholesky).lower(jax.ShapeDtypeStruct((1, 1), np.float32))


def _make(path: Path, flat: Callable, arrays: list) -> Program:
    like = None

    def listed(arrays: list) -> list:
        nonlocal like
        outs, tree = jax.tree.flatten(flat(arrays))
        like = jax.tree.unflatten(tree, [structure.LEAF] * len(outs))
        return outs

    listed.__name__ = listed.__qualname__ = flat.__name__
    with _failed_checks_are_nan():
        # XLA's executable takes all arrays that it was compiled for, used or not.
        lowered = jax.jit(listed, keep_unused=True).lower(arrays)
    with _compiled_anew():
        compiled = lowered.compile()
    # A program that calls the host cannot be stored; jaxlib then raises one of many exceptions. This process still uses it.
    with contextlib.suppress(Exception):
        header, executable = _stored(lowered, compiled, like)
        entries.write(path, header, [executable])
        # Call it as later processes will, so that all get the same results.
        result_types = [jax.typeof(out) for out in jax.tree.leaves(compiled.out_info)]
        return _Executable(compiled.runtime_executable(), result_types), jax.tree.structure(like)
    return compiled, jax.tree.structure(like)


def _stored(lowered: Any, compiled: Any, like: Any) -> tuple[dict[str, Any], bytes]:
    """Header and bytes of a program's entry. Raises an exception of any kind where it cannot be stored."""
    serialize_executable.serialize(compiled)  # refuses programs that need this process: its functions or constants
    encoded = structure.encode(like)
    if jax.tree.structure(structure.decode(encoded)) != jax.tree.structure(like):
        raise TypeError("a part of its result cannot be encoded")
    outs = [jax.typeof(out) for out in jax.tree.leaves(compiled.out_info)]
    # `np.dtype` refuses the dtype of random keys, so a program that returns keys is not stored.
    results = [[np.dtype(out.dtype).name, list(out.shape), out.weak_type] for out in outs]
    loaded = compiled.runtime_executable()
    # Older jaxlib asks the client for the bytes.
    executable = loaded.serialize() if hasattr(loaded, "serialize") else loaded.client.serialize_executable(loaded)
    header = {"lapack": "lapack" in lowered.as_text(), "results": results, "structure": encoded}
    return header, executable


def _described(name: str, tree, static: tuple, shapes: tuple) -> str | None:
    """All that determines a program, as text; None if two different programs could have the same text.

    Two programs could have the same text where the `repr` of a static argument contains an address in memory, and where an
    argument is a function or class of another package, whose code the fingerprint does not cover.
    """
    arguments = [_static_described(leaf) for leaf in static]
    if None in arguments or " at 0x" in str(tree) or not all(_covered(kind, _KNOWN) for kind in _kinds(tree)):
        return None
    settings = (*_settings(), *(os.environ.get(name) for name in _VARIABLES))
    code = process_fingerprint()
    return repr((name, code, _machine(), str(tree), arguments, [repr(shape) for shape in shapes], settings))


def _static_described(leaf: Any) -> str | None:
    if isinstance(leaf, types.FunctionType):
        named = getattr(sys.modules.get(leaf.__module__), leaf.__name__, None) is leaf
        return f"{leaf.__module__}.{leaf.__name__}" if named and _covered(leaf, _OURS) else None
    text = f"{type(leaf).__module__}.{type(leaf).__qualname__} {leaf!r}"
    return text if _covered(type(leaf), _KNOWN) and " at 0x" not in text else None


def _kinds(tree) -> Iterator[type]:
    """The classes of all nodes of a tree."""
    node = tree.node_data()
    if node is not None:
        yield node[0]
    for child in tree.children():
        yield from _kinds(child)


def _covered(thing: Any, packages: tuple[str, ...]) -> bool:
    return thing.__module__.split(".")[0] in packages


@functools.cache
def _machine() -> str:
    """The processor as the compiler sees it: a home folder may serve machines of several kinds."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return repr(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))
    return platform.platform() + platform.processor()

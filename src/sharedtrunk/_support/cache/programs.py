"""Programs that a machine compiles once: the first process traces, lowers and compiles them, the others load them.

JAX keeps compiled programs too, but finds them by their lowered text, so that every process traces and lowers them anew,
which takes ten times as long as loading. Here a program is found by what it is made from: the function's name, the
fingerprint of the numerical code, shapes and static arguments, and what of the machine and its settings the compiler sees.
It is an entry of the cache (`_cache`): XLA's own bytes of the executable, types and structure of the results. JAX's
`serialize_executable` would do the same with pickles, which run what they hold when they are read. A process without a
cache folder behaves as under `equinox.filter_jit`.
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

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jax.experimental import serialize_executable
from jax.experimental.compilation_cache import compilation_cache
from jaxlib.xla_client import DeviceList

from sharedtrunk._support.cache import entries as _cache
from sharedtrunk._support.cache import structure as _structure
from sharedtrunk._support.cache.arrays import code

Function = TypeVar("Function", bound=Callable)

_OURS = ("sharedtrunk",)
_KNOWN = (*_OURS, "builtins", "numpy", "jax", "jaxlib", "equinox")
"""Packages whose code the fingerprint covers: our sources, and the versions of libraries."""

MOST_READY = 96
"""A program takes up to 430 memory mappings, and Linux lends a process 65,530. What is needed again is loaded again."""

_VARIABLES = ("XLA_FLAGS", "NPROC", "EQX_ON_ERROR")
_SETTINGS = ("jax_enable_x64", "jax_default_matmul_precision", "jax_numpy_dtype_promotion")
_CACHE_SETTING = "jax_enable_compilation_cache"


def program(function: Function) -> Function:
    """`function` compiled as by `equinox.filter_jit`, arrays traced and all else static, and kept between processes.

    Static arguments are told apart by their `repr`. Each process compiles for itself a call inside another program, and one
    with a static argument whose `repr` names a place in memory, or that is a function or class of somebody else, whose
    code the fingerprint does not cover.
    """
    plain = eqx.filter_jit(function)
    ready = _Ready()

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        folder = _cache.folder()
        leaves, structure = jax.tree.flatten((args, kwargs))
        if folder is None or not _one_processor() or any(isinstance(leaf, Tracer) for leaf in leaves):
            return plain(*args, **kwargs)
        arrays = [leaf for leaf in leaves if _is_array(leaf)]
        static = tuple(None if _is_array(leaf) else leaf for leaf in leaves)
        shapes = tuple(jax.typeof(array) for array in arrays)
        call_key = (structure, static, tuple(map(type, static)), shapes)  # 1 equals True and 1.0
        found = ready.get(call_key)
        if found is None:
            words = _described(f"{function.__module__}.{function.__qualname__}", structure, static, shapes)
            if words is None:
                return plain(*args, **kwargs)
            found = _loaded_or_made(folder, words, _flat(function, structure, static), arrays)
            ready.put(call_key, found)
        compiled, results = found
        return jax.tree.unflatten(results, compiled(arrays))

    return cast(Function, call)


def _one_processor() -> bool:
    """Whether there is nothing else to train on: a stored program runs on the first processor."""
    return jax.default_backend() == "cpu" and jax.local_device_count() == 1


class _Ready:
    """The programs of one function that this process holds; of all functions together the `MOST_READY` last used."""

    _recent: ClassVar[OrderedDict[tuple, Any]] = OrderedDict()

    def get(self, key: Any) -> Any:
        found = self._recent.get((self, key))
        if found is not None:
            self._recent.move_to_end((self, key))
        return found

    def put(self, key: Any, found: Any) -> None:
        self._recent[self, key] = found
        while len(self._recent) > MOST_READY:
            self._recent.popitem(last=False)


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf, jax.Array | np.ndarray | np.generic)


def _flat(function: Callable, structure, static: tuple) -> Callable[[list], Any]:
    """The function of its arrays alone."""

    def flat(arrays: list):
        left = iter(arrays)
        filled = [next(left) if traced else leaf for leaf, traced in zip(static, places, strict=True)]
        args, kwargs = jax.tree.unflatten(structure, filled)
        return function(*args, **kwargs)

    # None is no leaf, so every None stands for an array
    places = [leaf is None for leaf in static]
    flat.__name__ = flat.__qualname__ = getattr(function, "__name__", "program")
    return flat


Program = tuple[Callable[[list], Sequence], Any]
"""A compiled function of a list of arrays to the list of its results, and the structure of these."""


def _loaded_or_made(folder: Path, words: str, flat: Callable, arrays: list) -> Program:
    path = folder / f"{hashlib.sha256(words.encode()).hexdigest()}.program"
    found = _load(path)
    if found is not None:
        return found
    with _cache.alone(path):  # workers that start together wait for the first
        return _load(path) or _make(path, flat, arrays)


def _load(path: Path) -> Program | None:
    stored = _cache.read(path)
    if stored is None:
        return None
    header, (executable,) = stored
    # What loading raises for a program of another jaxlib is jaxlib's own, and not one of a known few.
    try:
        if header["lapack"]:
            _ready_lapack()
        device = jax.local_devices()[0]
        loaded = device.client.deserialize_executable(bytes(executable), executable_devices=DeviceList((device,)))
        types = [jax.typeof(jax.ShapeDtypeStruct(shape, kind, weak_type=w)) for kind, shape, w in header["results"]]
        return _Executable(loaded, types), jax.tree.structure(_structure.decode(header["structure"]))
    except Exception as error:
        _cache.note_damage(path, f"{type(error).__name__}: {error}")
        return None


class _Executable:
    """XLA's executable as a function of a list of arrays."""

    def __init__(self, executable: Any, types: Sequence[Any]):
        self._executable = executable
        self._types = types

    def __call__(self, arrays: list) -> list[jax.Array]:
        outs = self._executable.execute_sharded([_plain(array) for array in arrays])
        pieces = [piece for (piece,) in outs.disassemble_into_single_device_arrays()]
        # As JAX makes the results of its own calls: XLA knows neither weak types nor arrays that are free to move.
        return [type(x)(kind, x.sharding, [x], False) for x, kind in zip(pieces, self._types, strict=True)]


def _plain(array: Any) -> jax.Array:
    """The array as XLA takes it."""
    if not isinstance(array, jax.Array):
        return jnp.array(array)  # a copy: the caller may change theirs before the program has run
    return jax.random.key_data(array) if jnp.issubdtype(array.dtype, jax.dtypes.prng_key) else array


@contextlib.contextmanager
def _compiled_anew() -> Iterator[None]:
    """Past JAX's own cache: a program that came from there cannot be stored again (its functions are then not found)."""
    enabled = getattr(jax.config, _CACHE_SETTING)
    jax.config.update(_CACHE_SETTING, False)
    compilation_cache.reset_cache()  # JAX looks at the setting once, and after this once more
    try:
        yield
    finally:
        jax.config.update(_CACHE_SETTING, enabled)
        compilation_cache.reset_cache()


@functools.cache
def _ready_lapack() -> None:
    """JAX finds its LAPACK when it lowers a call of it; a loaded program that calls it before ends the process."""
    jax.jit(jax.lax.linalg.cholesky).lower(jax.ShapeDtypeStruct((1, 1), np.float32))


def _make(path: Path, flat: Callable, arrays: list) -> Program:
    like = None

    def listed(arrays: list) -> list:
        nonlocal like
        outs, structure = jax.tree.flatten(flat(arrays))
        like = jax.tree.unflatten(structure, [_structure.LEAF] * len(outs))
        return outs

    listed.__name__ = listed.__qualname__ = flat.__name__
    # XLA's executable takes all arrays that it was compiled for, used or not.
    lowered = jax.jit(listed, keep_unused=True).lower(arrays)
    with _compiled_anew():
        compiled = lowered.compile()
    # A program that calls the host cannot be stored, and jaxlib says so in many ways; it serves this process.
    with contextlib.suppress(Exception):
        header, executable = _stored(lowered, compiled, like)
        _cache.write(path, header, [executable])
        # This process calls it as all later ones will.
        types = [jax.typeof(out) for out in jax.tree.leaves(compiled.out_info)]
        return _Executable(compiled.runtime_executable(), types), jax.tree.structure(like)
    return compiled, jax.tree.structure(like)


def _stored(lowered: Any, compiled: Any, like: Any) -> tuple[dict[str, Any], bytes]:
    """Header and bytes of a program's entry; an exception, of whatever kind, where it cannot be stored."""
    serialize_executable.serialize(compiled)  # refuses programs that need this process: its functions or constants
    words = _structure.encode(like)
    if jax.tree.structure(_structure.decode(words)) != jax.tree.structure(like):
        raise TypeError("its result has parts without a plain form")
    outs = [jax.typeof(out) for out in jax.tree.leaves(compiled.out_info)]
    results = [
        [np.dtype(out.dtype).name, list(out.shape), out.weak_type] for out in outs
    ]  # no dtype of keys has a name
    loaded = compiled.runtime_executable()
    # Older jaxlib asks the client for the bytes.
    executable = loaded.serialize() if hasattr(loaded, "serialize") else loaded.client.serialize_executable(loaded)
    header = {"lapack": "lapack" in lowered.as_text(), "results": results, "structure": words}
    return header, executable


def _described(name: str, structure, static: tuple, shapes: tuple) -> str | None:
    """All that determines a program, in words; None where they would not tell it from another."""
    told = [_told(leaf) for leaf in static]
    if None in told or " at 0x" in str(structure) or not all(_covered(kind, _KNOWN) for kind in _kinds(structure)):
        return None
    return repr((name, code(), _machine(), str(structure), told, [repr(shape) for shape in shapes], _settings()))


def _told(leaf: Any) -> str | None:
    if isinstance(leaf, types.FunctionType):
        named = getattr(sys.modules.get(leaf.__module__), leaf.__name__, None) is leaf
        return f"{leaf.__module__}.{leaf.__name__}" if named and _covered(leaf, _OURS) else None
    words = f"{type(leaf).__module__}.{type(leaf).__qualname__} {leaf!r}"
    return words if _covered(type(leaf), _KNOWN) and " at 0x" not in words else None


def _kinds(structure) -> Iterator[type]:
    """The classes of all nodes of a tree."""
    node = structure.node_data()
    if node is not None:
        yield node[0]
    for child in structure.children():
        yield from _kinds(child)


def _covered(thing: Any, packages: tuple[str, ...]) -> bool:
    return thing.__module__.split(".")[0] in packages


def _settings() -> tuple:
    return (*(getattr(jax.config, name) for name in _SETTINGS), *(os.environ.get(name) for name in _VARIABLES))


@functools.cache
def _machine() -> str:
    """What the compiler knows of the processor: a home folder may serve machines of several kinds."""
    with contextlib.suppress(OSError):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return repr(sorted({line for line in lines if line.startswith(("model name", "flags", "Features"))}))
    return platform.platform() + platform.processor()

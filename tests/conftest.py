"""Strict JAX for every test: float64 on, no silent rank or dtype promotion, one key fixture."""

import gc
import os
import tempfile
from pathlib import Path

import jax
import pytest

# CI runs the suite once more with SHAREDTRUNK_TEST_PRECISION=float32; tests that need double precision say so.
PRECISION = os.environ.get("SHAREDTRUNK_TEST_PRECISION", "float64")
jax.config.update("jax_enable_x64", PRECISION == "float64")
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")


CACHE = "SHAREDTRUNK_CACHE_DIR"


def pytest_configure(config):
    """Commands and workers that tests start share a cache of this run; nothing is written into the home folder."""
    if not hasattr(config, "workerinput"):  # workers of pytest-xdist inherit the variable
        folder = tempfile.TemporaryDirectory(prefix="sharedtrunk-tests-")
        config.add_cleanup(folder.cleanup)
        os.environ[CACHE] = folder.name
    config.stash[SHARED] = os.environ[CACHE]


SHARED = pytest.StashKey[str]()


def pytest_collection_modifyitems(items):
    if PRECISION == "float64":
        return
    skip = pytest.mark.skip(reason="needs float64")
    for item in items:
        if "float64" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def environment_as_it_was():
    """Commands called in this process set variables for JAX and for the cache."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture(autouse=True, scope="session")
def no_cache_in_this_process(pytestconfig):
    """Programs and arrays are made anew in the process of the tests, module fixtures too, unless a test names a folder."""
    from sharedtrunk._support.cache import arrays, folder, programs  # here: pytest has put jaxtyping's checks in by now
    from sharedtrunk.affinity import _kept

    def folder_of_the_test():
        return None if os.environ.get(CACHE) in (None, pytestconfig.stash[SHARED]) else folder.folder()

    with pytest.MonkeyPatch.context() as patch:
        for module in (arrays, programs, _kept):
            patch.setattr(module, "folder", folder_of_the_test)
        yield


MOST_MAPS = 30_000
"""Half of the memory maps that Linux grants a process by default; each compiled program holds some."""


@pytest.fixture(autouse=True, scope="module")
def few_memory_maps():
    """A process that has compiled thousands of programs runs out of memory maps and crashes."""
    yield
    maps = Path("/proc/self/maps")
    if maps.exists() and maps.read_bytes().count(b"\n") > MOST_MAPS:
        from sharedtrunk._support.cache import programs

        programs._Ready._recent.clear()
        jax.clear_caches()
        gc.collect()


@pytest.fixture
def key():
    return jax.random.key(20261121)

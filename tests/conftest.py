"""Strict JAX for every test: float64 on, no silent rank or dtype promotion, one key fixture."""

import os

import jax
import pytest

# CI runs the suite once more with SHAREDTRUNK_TEST_PRECISION=float32; tests that need double precision say so.
PRECISION = os.environ.get("SHAREDTRUNK_TEST_PRECISION", "float64")
jax.config.update("jax_enable_x64", PRECISION == "float64")
jax.config.update("jax_numpy_rank_promotion", "raise")
jax.config.update("jax_numpy_dtype_promotion", "strict")


def pytest_collection_modifyitems(items):
    if PRECISION == "float64":
        return
    skip = pytest.mark.skip(reason="needs float64")
    for item in items:
        if "float64" in item.keywords:
            item.add_marker(skip)


@pytest.fixture(autouse=True)
def environment_as_it_was():
    """Commands called in this process set variables for JAX and for what is kept between runs."""
    before = dict(os.environ)
    yield
    for name in os.environ.keys() - before.keys():
        del os.environ[name]
    os.environ.update(before)


@pytest.fixture
def key():
    return jax.random.key(20261121)

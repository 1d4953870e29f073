"""Programs kept between processes: the same numbers, traced once, and never in the way."""

import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk._support.cache import FOLDER
from sharedtrunk._support.cache import programs as _programs
from sharedtrunk._support.cache.programs import program
from sharedtrunk.gaussian._factor import centred

TRACES = []


def scaled(pair, power: float, *, shift=None):
    TRACES.append(power)
    x, y = pair
    out = (x @ y) ** power
    return {"product": out if shift is None else out + shift, "nothing": None}


def doubled(given):
    return 2 * given.x


def applied(function, x):
    TRACES.append("applied")
    return function(x)


def double(x):
    return 2 * x


class Doubling(eqx.Module):
    x: jax.Array


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(FOLDER, str(tmp_path))
    TRACES.clear()
    return tmp_path


def arrays():
    return jnp.arange(6.0).reshape(2, 3), jnp.ones((3, 2))


def test_what_one_process_made_another_does_not_trace(folder):
    first = program(scaled)(arrays(), 3)
    again = program(scaled)(arrays(), 3)  # a new wrapper has loaded nothing yet, as a new process
    assert TRACES == [3]
    np.testing.assert_array_equal(first["product"], again["product"])
    np.testing.assert_allclose(first["product"], np.matmul(*arrays()) ** 3)
    assert again["nothing"] is None


def test_arrays_are_traced_and_all_else_tells_programs_apart(folder):
    call = program(scaled)
    call(arrays(), 2)
    call((arrays()[0] + 1, arrays()[1]), 2)
    assert TRACES == [2]
    call(arrays(), 3)
    call(arrays(), 3.0)
    one = jnp.ones(())
    call(arrays(), 2, shift=one)
    call(tuple(x.astype(jnp.float16) for x in arrays()), 2)
    call((jnp.ones((4, 3)), arrays()[1]), 2)
    assert len(TRACES) == 6
    assert len(list(folder.glob("*.program"))) == 6
    np.testing.assert_allclose(call(arrays(), 2, shift=one)["product"], call(arrays(), 2)["product"] + 1)


def test_a_function_of_ours_is_known_by_its_name(folder):
    for _ in range(2):
        np.testing.assert_allclose(program(applied)(centred, jnp.arange(2.0)[:, None])[:, 0], [-0.5, 0.5])
    assert len(TRACES) == 1
    assert len(list(folder.glob("*.program"))) == 1


def test_what_the_fingerprint_does_not_cover_is_not_kept(folder):
    """Its code may change while its name stays."""
    for function, expected in ((double, 2), (lambda x: 3 * x, 3), (lambda x: 5 * x, 5)):
        assert program(applied)(function, jnp.ones(())) == expected
    assert program(doubled)(Doubling(jnp.ones(()))) == 2
    assert not list(folder.glob("*.program"))


def test_a_process_holds_no_more_programs_than_it_may_and_loads_them_again(folder, monkeypatch):
    monkeypatch.setattr(_programs, "MOST_READY", 2)
    call = program(scaled)
    for _ in range(3):
        for power in (1, 2, 3, 4):
            np.testing.assert_allclose(call(arrays(), power)["product"], np.matmul(*arrays()) ** power)
            assert len(_programs._Ready._recent) <= 2
    assert TRACES == [1, 2, 3, 4]


def test_a_damaged_file_is_made_again(folder):
    program(scaled)(arrays(), 2)
    (path,) = folder.glob("*.program")
    whole = path.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], b"not a pickle"):
        path.write_bytes(damaged)
        np.testing.assert_allclose(program(scaled)(arrays(), 2)["product"], np.matmul(*arrays()) ** 2)
        assert len(path.read_bytes()) == len(whole)


def test_under_jit_vmap_and_grad_it_is_the_function(folder):
    def total(x, y):
        return program(scaled)((x, y), 2)["product"].sum()

    x, y = arrays()
    expected = 2 * np.matmul(x, y) @ np.asarray(y).T
    np.testing.assert_allclose(jax.jit(jax.grad(total))(x, y), expected)
    np.testing.assert_allclose(jax.vmap(jax.grad(total), in_axes=(0, None))(x[None], y)[0], expected)
    assert not list(folder.glob("*.program"))


def called_back(x):
    return jax.pure_callback(np.sqrt, jax.ShapeDtypeStruct(x.shape, x.dtype), x)


def test_a_program_that_calls_the_host_serves_its_process(folder):
    call = program(called_back)
    for _ in range(2):
        assert call(jnp.full((), 4.0)) == 2
    assert not list(folder.glob("*.program"))


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.delenv(FOLDER, raising=False)
    monkeypatch.chdir(tmp_path)
    np.testing.assert_allclose(program(scaled)(arrays(), 2)["product"], np.matmul(*arrays()) ** 2)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_gone_only_costs_time(folder, monkeypatch):
    monkeypatch.setenv(FOLDER, str(folder / "gone"))
    np.testing.assert_allclose(program(scaled)(arrays(), 2)["product"], np.matmul(*arrays()) ** 2)


LAPACK = """
import jax.numpy as jnp, numpy as np
from sharedtrunk._support.cache.programs import program
from sharedtrunk.gaussian._factor import centred

@program
def eigen(x):
    print("traced")
    return jnp.linalg.eigh(x)

values, vectors = eigen(jnp.array([[2.0, 1.0], [1.0, 2.0]]))
np.testing.assert_allclose(values, [1, 3], rtol=1e-6)
print("right")
"""


def test_processes_that_start_together_trace_once_and_all_find_lapack(folder):
    words = [sys.executable, "-c", LAPACK]
    running = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = [process.communicate()[0].split() for process in running]
    assert sorted(told) == [["right"], ["right"], ["traced", "right"]]
    assert not list(folder.glob("*.lock"))

"""Programs from the cache: the same numbers, traced once, and never in the way."""

import os
import shutil
import subprocess
import sys

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk._support.cache import programs as _programs
from sharedtrunk._support.cache.folder import VARIABLE
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
    monkeypatch.setenv(VARIABLE, str(tmp_path))
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


def test_what_the_fingerprint_does_not_cover_is_not_cached(folder):
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


def test_switched_off_it_writes_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    np.testing.assert_allclose(program(scaled)(arrays(), 2)["product"], np.matmul(*arrays()) ** 2)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_gone_only_costs_time(folder):
    program(scaled)(arrays(), 2)
    shutil.rmtree(folder)
    np.testing.assert_allclose(program(scaled)(arrays(), 3)["product"], np.matmul(*arrays()) ** 3)


def test_without_a_variable_the_folder_is_the_users_own_and_made_by_the_first_entry(tmp_path, monkeypatch):
    """In a process of its own: in this one, the variable that is not set means no cache (see conftest)."""
    code = (
        "import jax.numpy as jnp, pathlib, sys\n"
        "from sharedtrunk._support.cache.programs import program\n"
        "def square(x): return x * x\n"
        "found = lambda: sorted(path.suffix for path in pathlib.Path(sys.argv[1]).rglob('*') if path.is_file())\n"
        "print(found()); program(square)(jnp.ones(2)); print(found())"
    )
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    environment["XDG_CACHE_HOME"] = str(tmp_path)
    words = [sys.executable, "-c", code, str(tmp_path / "sharedtrunk")]
    before, after = subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )[:2]
    assert before == "[]"
    assert ".program" in after


def test_a_setting_of_jax_makes_another_program(folder):
    call = program(scaled)
    call(arrays(), 2)
    with jax.default_matmul_precision("highest"):
        call(arrays(), 2)
    assert TRACES == [2, 2]


@pytest.mark.parametrize("switch", ["jax_disable_jit", "jax_debug_nans"])
def test_a_debugging_switch_leaves_the_call_to_jax(folder, switch):
    jax.config.update(switch, True)
    try:
        np.testing.assert_allclose(program(scaled)(arrays(), 2)["product"], np.matmul(*arrays()) ** 2)
    finally:
        jax.config.update(switch, False)
    assert not list(folder.glob("*.program"))


def checked(x):
    return eqx.error_if(x, x < 0, "negative")


def test_a_failed_check_of_equinox_is_nan_in_a_stored_program(folder):
    call = program(checked)
    assert call(jnp.ones(())) == 1
    assert np.isnan(call(-jnp.ones(())))
    assert len(list(folder.glob("*.program"))) == 1


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

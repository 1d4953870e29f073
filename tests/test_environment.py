import importlib.util
import os

import pytest

from sharedtrunk import _environment as environment
from sharedtrunk.figures import _provenance as provenance


def test_workers_have_one_thread_and_float64(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    got = environment.worker_environment()
    assert {got[name] for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")} == {"1"}
    assert got["NPROC"] == "1"
    assert got["JAX_ENABLE_X64"] == "1"
    assert got["JAX_COMPILATION_CACHE_DIR"] == str(tmp_path / "sharedtrunk" / "xla")
    assert (tmp_path / "sharedtrunk" / "xla").is_dir()


@pytest.mark.parametrize(
    ("plugin", "answer", "code", "expected"),
    [
        (False, "gpu", 0, None),  # no plugin: nobody is asked
        (True, "gpu", 0, "gpu"),
        (True, "cpu", 0, None),
        (True, "", 1, None),
    ],
)
def test_an_accelerator_is_what_jax_says_it_is(monkeypatch, tmp_path, plugin, answer, code, expected):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        environment.importlib.util,
        "find_spec",
        lambda name: (plugin or None) if name == "jax_plugins" else None if name == "libtpu" else found(name),
    )
    script = tmp_path / "python"
    script.write_text(f"#!/bin/sh\necho {answer}\nexit {code}\n")
    script.chmod(0o755)
    monkeypatch.setattr(environment.sys, "executable", str(script))
    assert environment.accelerator() == expected
    assert ("JAX_DEFAULT_MATMUL_PRECISION" in environment.worker_environment()) == plugin


@pytest.mark.parametrize("blocked", ["file", "/proc/nowhere"])
def test_a_cache_that_cannot_be_written_is_left_out(monkeypatch, tmp_path, blocked):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / blocked))
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR", raising=False)
    got = environment.worker_environment()
    assert not any(name.startswith(("JAX_COMPILATION", "JAX_PERSISTENT")) for name in got)


def test_places_of_the_cache(tmp_path):
    given = {"JAX_COMPILATION_CACHE_DIR": str(tmp_path / "mine"), "XDG_CACHE_HOME": str(tmp_path)}
    assert environment.compilation_cache(given) == tmp_path / "mine"


def test_relative_cache_home_is_ignored(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    expected = tmp_path / ".cache" / "sharedtrunk" / "xla"
    assert environment.compilation_cache({"XDG_CACHE_HOME": "relative"}) == expected
    assert environment.compilation_cache({}) == expected


def test_commit_of_a_tracked_file_only(tmp_path, monkeypatch):
    import subprocess

    def git(*words):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True, capture_output=True)

    source = tmp_path / "module.py"
    source.write_text("x = 1\n")
    assert provenance.source_commit(source) is None
    git("init", "-q")
    assert provenance.source_commit(source) is None
    git("add", "module.py")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "first")
    commit = provenance.source_commit(source)
    assert len(commit) == 40
    source.write_text("x = 2\n")
    assert provenance.source_commit(source) == f"{commit}+changes"
    source.write_text("x = 1\n")
    # Changes elsewhere in the checkout are not changes of the package.
    package = tmp_path / "package"
    package.mkdir()
    (package / "inside.py").write_text("")
    git("add", "package")
    git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "second")
    source.write_text("x = 2\n")
    assert not provenance.source_commit(package / "inside.py").endswith("+changes")
    (package / "inside.py").write_text("y = 1\n")
    assert provenance.source_commit(package / "inside.py").endswith("+changes")
    # A copy inside somebody else's repository is not that repository's commit.
    (tmp_path / "installed.py").write_text("")
    assert provenance.source_commit(tmp_path / "installed.py") is None
    monkeypatch.setenv("PATH", os.devnull)
    assert provenance.source_commit(source) is None

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from sharedtrunk import sweeps
from sharedtrunk._support import environment
from sharedtrunk._support.cache.folder import VARIABLE, folder
from sharedtrunk.paper.figures import _provenance as provenance


def test_workers_have_one_thread_and_float64(monkeypatch, tmp_path):
    monkeypatch.delenv(VARIABLE, raising=False)
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
    for name in ("JAX_COMPILATION_CACHE_DIR", VARIABLE):
        monkeypatch.delenv(name, raising=False)
    got = environment.worker_environment()
    assert got[VARIABLE] == ""
    assert not any(name.startswith(("JAX_COMPILATION", "JAX_PERSISTENT")) for name in got)


def test_only_a_folder_given_to_this_program_holds_its_files(monkeypatch, tmp_path):
    """People share the folder that they give to JAX."""
    monkeypatch.setenv("JAX_COMPILATION_CACHE_DIR", str(tmp_path / "jax"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mine"))
    assert folder() == tmp_path / "mine"
    monkeypatch.delenv(VARIABLE)
    assert folder() == tmp_path / "sharedtrunk" / "xla"
    got = environment.worker_environment()
    assert got["JAX_COMPILATION_CACHE_DIR"] == str(tmp_path / "jax")
    assert got[VARIABLE] == str(tmp_path / "sharedtrunk" / "xla")


def test_an_account_without_a_home_has_no_cache(monkeypatch):
    for name in ("HOME", "XDG_CACHE_HOME", VARIABLE):
        monkeypatch.delenv(name, raising=False)

    def unknown(_):
        raise KeyError

    monkeypatch.setattr("pwd.getpwuid", unknown)
    assert folder() is None
    assert environment.worker_environment()[VARIABLE] == ""


# The effective user stays root, who can read this Python wherever it is installed.
NOBODY = """
import os, sys
os.setresuid(12345, 0, 0)
sys.argv = ["sharedtrunk", *sys.argv[1:]]
from sharedtrunk.__main__ import main
main()
"""


SLOW = pytest.mark.slow


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become a user that the system does not know")
@pytest.mark.parametrize(
    "words",
    [
        ("list",),
        ("claims", "eq-13", "--processes", "0"),
        pytest.param(("predict", "--samples", "20", "--classes", "2", "--features", "4", "--seeds", "1"), marks=SLOW),
        pytest.param(("advise", "--dataset", "iris", "--all", "--repeats", "1", "--hidden", "2"), marks=SLOW),
    ],
    ids=lambda words: words[0],
)
def test_commands_run_for_a_user_without_a_home(tmp_path, words):
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", NOBODY, *words], env=kept, cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"cpu.max": "200000 100000\n"}, 2),
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu.max": "10000 100000\n"}, 1),
        ({"cpu.max": "max 100000\n"}, 64),
        ({"cpu.max": "nonsense"}, 64),
        ({"cpu/cpu.cfs_quota_us": "300000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 3),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 64),
        ({}, 64),
    ],
)
def test_a_containers_quota_lends_fewer_cores(monkeypatch, tmp_path, files, expected):
    (tmp_path / "cpu").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(environment, "_CGROUP", tmp_path)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    assert environment.cores() == expected
    assert sweeps.cores() == expected


def test_cores_are_counted_in_one_place():
    sources = Path(environment.__file__).parents[1].rglob("*.py")
    counting = {path.name for path in sources if re.search(r"sched_getaffinity|cpu_count", path.read_text())}
    assert counting == {"environment.py"}


def test_relative_cache_home_is_ignored(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(VARIABLE, raising=False)
    expected = tmp_path / ".cache" / "sharedtrunk" / "xla"
    for base in ("relative", ""):
        monkeypatch.setenv("XDG_CACHE_HOME", base)
        assert folder() == expected


def test_an_empty_variable_switches_the_cache_off_for_workers_too(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv(VARIABLE, "")
    got = environment.worker_environment()
    assert got[VARIABLE] == ""
    assert "JAX_COMPILATION_CACHE_DIR" not in got
    assert list(tmp_path.iterdir()) == []


def test_commit_of_a_tracked_file_only(tmp_path, monkeypatch):
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

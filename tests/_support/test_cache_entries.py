"""Cache entries: used whole, and this user's own, or made again; never waited for without a word."""

import logging
import os
import pickle
import random
import signal
import stat
import subprocess
import sys
import threading
import time

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import sharedtrunk
from sharedtrunk._support.cache import entries
from sharedtrunk._support.cache import folder as cache_folder
from sharedtrunk._support.cache import structure as _structure
from sharedtrunk._support.cache.arrays import stored_arrays
from sharedtrunk._support.cache.programs import program
from sharedtrunk.students import SharedTrunk

ARRAYS = [np.arange(6.0).reshape(2, 3) / 7, np.arange(3)]
CALLS = []


def power(x, exponent):
    CALLS.append(exponent)
    return {"power": x**exponent}


def use_program():
    return [np.asarray(program(power)(jnp.arange(4.0), 3)["power"])]


def use_arrays():
    def make():
        CALLS.append("made")
        return ARRAYS

    return stored_arrays("words", make)


USES = {"program": (use_program, [np.arange(4.0) ** 3]), "arrays": (use_arrays, ARRAYS)}
both = pytest.mark.parametrize("kind", USES)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv(cache_folder.VARIABLE, str(tmp_path))
    monkeypatch.setattr(cache_folder, "_warned", set())
    CALLS.clear()
    return tmp_path


def assert_right(kind):
    use, expected = USES[kind]
    for got, wanted in zip(use(), expected, strict=True):
        np.testing.assert_array_equal(got, wanted)


def stored(folder, kind):
    (path,) = folder.glob(f"*.{kind}")
    return path


@both
def test_a_flipped_bit_anywhere_is_noticed_counted_and_mended(folder, kind, caplog):
    assert_right(kind)
    path = stored(folder, kind)
    whole = path.read_bytes()
    draw = random.Random(0)
    # Every byte of the header, and some of the rest.
    places = [*range(min(len(whole), 400)), *(draw.randrange(len(whole)) for _ in range(400))]
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 1 << draw.randrange(8)
        with pytest.raises(entries.DamagedEntryError):
            entries.decode(path.name, bytes(damaged))
    for length in (*range(0, 200, 7), len(whole) - 1):
        with pytest.raises(entries.DamagedEntryError):
            entries.decode(path.name, whole[:length])
    caplog.set_level(logging.INFO, "sharedtrunk.cache")
    before, made = entries.damaged(), len(CALLS)
    path.write_bytes(bytes(damaged))
    assert_right(kind)
    assert len(CALLS) == made + 1
    assert entries.damaged() > before
    assert f"{entries.damaged()} damaged so far" in caplog.text
    assert all(record.levelno < logging.WARNING for record in caplog.records)
    assert_right(kind)
    assert len(CALLS) == made + 1  # mended


@both
def test_an_entry_under_the_name_of_another_is_not_used(folder, kind):
    assert_right(kind)
    path = stored(folder, kind)
    other, _ = entries.read(path)
    assert other is not None
    renamed = path.with_name(f"{'0' * 64}.{kind}")
    path.rename(renamed)
    assert entries.read(renamed) is None
    renamed.rename(path)
    assert entries.read(path) is not None


class Bomb:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@both
def test_nothing_in_the_folder_is_unpickled(folder, kind, tmp_path_factory):
    mark = tmp_path_factory.mktemp("bombs") / "went_off"
    assert_right(kind)
    stored(folder, kind).write_bytes(pickle.dumps((Bomb(mark), None, False)))
    assert_right(kind)
    assert not mark.exists()
    # Not even in an entry whose checksum fits.
    path = stored(folder, kind)
    header, _ = entries.read(path)
    entries.write(path, header, [pickle.dumps(Bomb(mark))] * len(header.get("arrays", "1")))
    assert_right(kind)
    assert not mark.exists()


def test_the_package_unpickles_what_clean_processes_send_and_nothing_else():
    package = os.path.dirname(sharedtrunk.__file__)
    words = [
        "grep",
        "-rlE",
        r"pickle\.load|Unpickler|allow_pickle=True|deserialize_and_load",
        "--include=*.py",
        package,
    ]
    found = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()
    assert {os.path.basename(path) for path in found} <= {"_clean_process.py"}


@both
def test_under_any_umask_files_and_folders_are_this_users_alone(tmp_path, monkeypatch, kind):
    before = os.umask(0)
    try:
        made = tmp_path / "home" / "sharedtrunk" / "xla"
        monkeypatch.setenv(cache_folder.VARIABLE, str(made))
        assert_right(kind)
    finally:
        os.umask(before)
    for path in (made, made.parent, made.parent.parent):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE(stored(made, kind).stat().st_mode) == 0o600


@both
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_can_write_is_refused_with_one_line(folder, kind, mode, caplog):
    folder.chmod(mode)
    for _ in range(3):
        assert_right(kind)
    assert list(folder.iterdir()) == []
    (line,) = caplog.messages
    assert f"must be yours alone; got {folder}, which others can write (mode {mode:04o})" in line
    assert "chmod 700" in line


@both
def test_a_folder_of_another_user_is_refused_with_one_line(folder, kind, caplog, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
    for _ in range(3):
        assert_right(kind)
    assert list(folder.iterdir()) == []
    (line,) = caplog.messages
    assert f"which belongs to user {folder.stat().st_uid}" in line


@both
@pytest.mark.parametrize("spoilt", ["mode", "owner"])
def test_a_file_that_others_can_change_is_not_used(folder, kind, spoilt, caplog, monkeypatch):
    assert_right(kind)
    made = len(CALLS)
    if spoilt == "mode":
        stored(folder, kind).chmod(0o666)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
        monkeypatch.setattr(cache_folder, "_usable", lambda path: True)
    assert_right(kind)
    assert len(CALLS) == made + 1
    (line,) = caplog.messages
    assert "cached files must be yours alone" in line


@both
def test_a_pipe_in_the_place_of_an_entry_is_not_waited_for(folder, kind):
    assert_right(kind)
    path = stored(folder, kind)
    path.unlink()
    os.mkfifo(path)
    begin = time.monotonic()
    assert_right(kind)
    assert time.monotonic() - begin < 10
    assert path.is_file()


HOLDER = """
import fcntl, os, signal, sys
descriptor = os.open(sys.argv[1], os.O_CREAT | os.O_RDWR)
fcntl.flock(descriptor, fcntl.LOCK_EX)
print("held", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
"""


def test_a_stopped_process_is_not_waited_for_without_end(folder, monkeypatch, caplog):
    assert_right("program")
    path = stored(folder, "program")
    path.unlink()
    monkeypatch.setattr(entries, "LOCK_SECONDS", 0.5)
    lock = path.with_suffix(".lock")
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, lock], stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        begin = time.monotonic()
        assert_right("program")
        assert 0.5 < time.monotonic() - begin < 20
    finally:
        os.kill(holder.pid, signal.SIGKILL)
        holder.communicate()
    assert path.exists()
    (line,) = caplog.messages
    assert line == f"waited 0.5 s for {lock}, which another process holds; going on without it"


@pytest.mark.parametrize("place", ["pipe", "folder"])
def test_a_lock_that_is_no_file_is_not_waited_for(tmp_path, place):
    lock = tmp_path / "entry.lock"
    os.mkfifo(lock) if place == "pipe" else lock.mkdir()
    with entries.entry_lock(tmp_path / "entry.program"):
        pass


def test_unused_entries_of_all_kinds_are_removed(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    folder.mkdir(mode=0o700)
    old = [folder / name for name in ("a.program", "b.arrays", "c.npz")]
    for path in (*old, folder / "others"):
        path.write_bytes(b"")
        os.utime(path, (0, 0))
    (folder / "new.program").write_bytes(b"")
    monkeypatch.setenv(cache_folder.VARIABLE, str(folder))
    assert cache_folder.folder() == folder
    assert {path.name for path in folder.iterdir()} == {"others", "new.program"}


@pytest.mark.parametrize(
    "words",
    [
        {"module": "os:PathLike", "fields": {}},
        {"named": "subprocess:Popen", "items": []},
        {"module": "sharedtrunk.errors:InputError", "fields": {}},
        {"named": "sharedtrunk._support.cache.folder:folder", "items": []},
        {"named": "sharedtrunk.__main__:main", "items": []},
        {"call": "os.system"},
        ["array"],
    ],
)
def test_only_a_closed_list_of_nodes_is_put_together(words):
    with pytest.raises((TypeError, KeyError)):
        _structure.decode(words)


def test_modules_and_their_static_fields_come_back():
    network = SharedTrunk((jnp.ones((2, 3)),), (jnp.ones((2, 2)),), "relu")
    like = {"network": network, "none": None}
    leaves, structure = jax.tree.flatten(like)
    marked = jax.tree.unflatten(structure, [_structure.LEAF] * len(leaves))
    again = _structure.decode(_structure.encode(marked))
    assert jax.tree.structure(again) == structure
    assert again["network"].activation == "relu"


def test_threads_wait_for_each_other_however_long_it_takes(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(entries, "LOCK_SECONDS", 0.01)
    held, order = threading.Event(), []

    def first():
        with entries.entry_lock(tmp_path / "one.program"):
            held.set()
            time.sleep(0.3)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    assert held.wait(10)
    with entries.entry_lock(tmp_path / "one.program"):
        order.append("second")
    thread.join()
    assert order == ["first", "second"]
    assert "another process" not in caplog.text

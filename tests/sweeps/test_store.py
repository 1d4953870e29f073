import errno
import fcntl
import os

import numpy as np
import pytest
from sweeps_toy import toy_sweep

from sharedtrunk._support.files import remove_leftovers, write_atomically
from sharedtrunk.errors import InputError
from sharedtrunk.sweeps import Store, collect, plan, read_dataset, run
from sharedtrunk.sweeps._shard import DamagedShardError, decode, encode

CHUNK, OTHER = plan(toy_sweep(seed=(0,)))[:2]
ARRAYS = {
    "b": np.array([[1.5, np.nan, -0.0], [np.inf, 5e-324, 2]]),
    "a": np.array([1, -2], np.int16),
    "c": np.array([True, False]),
    "z": np.zeros((2, 0), np.complex64),
    "f": np.asfortranarray(np.arange(6.0, dtype=np.float32).reshape(2, 3)),
}


def test_arrays_come_back_bit_for_bit():
    back = decode(CHUNK, encode(CHUNK, ARRAYS))
    assert set(back) == set(ARRAYS)
    for name, array in ARRAYS.items():
        assert (back[name].dtype, back[name].shape) == (array.dtype, array.shape)
        assert back[name].tobytes() == array.tobytes()
        assert back[name].flags.writeable


def test_byte_order_does_not_reach_the_disk():
    swapped = {name: array.astype(array.dtype.newbyteorder(">")) for name, array in ARRAYS.items()}
    assert encode(CHUNK, swapped) == encode(CHUNK, ARRAYS)


def test_a_pipe_in_the_place_of_a_shard_is_made_again_without_waiting(tmp_path):
    sweep, store = toy_sweep(seed=(0,)), Store(tmp_path)
    run([sweep], store, processes=0)
    path = store.file(CHUNK)
    whole = path.read_bytes()
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(DamagedShardError, match="not a regular file"):
        store.read(CHUNK)
    with pytest.raises(InputError, match="first gap: it is not a regular file"):
        collect(sweep, store)
    (line,) = run([sweep], store, processes=0).redone
    assert line.startswith(f"{path}: it is not a regular file")
    assert path.read_bytes() == whole


def test_a_folder_in_the_place_of_a_shard_is_refused_before_the_work(tmp_path):
    Store(tmp_path).file(CHUNK).mkdir()
    with pytest.raises(InputError, match="must be readable and writable; got 'Is a directory'"):
        run([toy_sweep(seed=(0,))], Store(tmp_path), processes=0)


def test_a_pipe_in_the_place_of_a_dataset_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "figure.nc")
    with pytest.raises(InputError, match="got 'it is not a regular file' at"):
        read_dataset(tmp_path / "figure.nc")


def test_any_changed_byte_and_any_cut_is_detected():
    content = encode(CHUNK, ARRAYS)
    for place in range(len(content)):
        for flip in (1, 32, 128):
            with pytest.raises(DamagedShardError):
                decode(CHUNK, content[:place] + bytes([content[place] ^ flip]) + content[place + 1 :])
        with pytest.raises(DamagedShardError):
            decode(CHUNK, content[:place])
    with pytest.raises(DamagedShardError, match="damaged or cut short"):
        decode(CHUNK, content + b"\0")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "does not begin like a shard"),
        (b"hello", "does not begin"),
        (b"[1]\n", "does not begin"),
        (b"[" * 100_000, "does not begin"),
        (b'{"magic":"another"}\n', "does not begin"),
        (encode(OTHER, ARRAYS), "holds another chunk"),
    ],
)
def test_foreign_content_is_detected(content, text):
    with pytest.raises(DamagedShardError, match=text):
        decode(CHUNK, content)


def test_store_reads_what_it_wrote(tmp_path, stored_bytes):
    store = Store(tmp_path / "deep" / "folder")
    store.prepare()
    assert store.read(CHUNK) is None
    store.write(CHUNK, ARRAYS)
    assert stored_bytes(store) == {f"{CHUNK.key}.shard": encode(CHUNK, ARRAYS)}
    store.discard([CHUNK, OTHER])
    assert stored_bytes(store) == {}


def test_leftovers_of_dead_writers_go_and_those_of_live_ones_stay(tmp_path):
    store = Store(tmp_path)
    dead, alive = tmp_path / f".{CHUNK.key}.shard.00.tmp", tmp_path / f".{OTHER.key}.shard.01.tmp"
    foreign = tmp_path / "notes.tmp"
    for path in (dead, alive, foreign):
        path.write_bytes(b"half")
    with alive.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        store.prepare()
        assert sorted(tmp_path.iterdir()) == sorted([alive, foreign])
    store.prepare()
    assert list(tmp_path.iterdir()) == [foreign]


def test_a_writer_whose_temporary_file_is_taken_makes_another(tmp_path, monkeypatch):
    # Between the making of the file and its lock, another run takes it for a leftover.
    real, stolen = fcntl.flock, []

    def flock(descriptor, operation):
        if not stolen:
            stolen.append(True)
            assert remove_leftovers(tmp_path) == 1
        real(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    write_atomically(tmp_path / "file", b"content")
    assert (tmp_path / "file").read_bytes() == b"content"
    assert stolen == [True]
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (errno.ENOSPC, "writing results needs space on the disk; got 'No space left on device'"),
        (errno.EDQUOT, "needs space on the disk"),
        (errno.EACCES, "the output folder must be writable; got 'Permission denied'"),
        (errno.EROFS, "must be writable"),
        (errno.EIO, "files must be readable and writable"),
    ],
)
@pytest.mark.parametrize("step", ["fsync", "replace", "open"])
def test_a_refused_write_leaves_what_was_stored(tmp_path, monkeypatch, stored_bytes, code, text, step):
    store = Store(tmp_path)
    store.write(CHUNK, ARRAYS)
    before = stored_bytes(store)

    def refuse(*arguments):
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(os, step, refuse)
        with pytest.raises(InputError) as caught:
            store.write(CHUNK, {"a": np.zeros(2)})
    assert text in str(caught.value)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert stored_bytes(store) == before


def test_a_full_disk_stops_the_sweep_and_the_same_call_resumes(tmp_path, monkeypatch, stored_bytes):
    sweep = toy_sweep()
    run([sweep], Store(tmp_path / "whole"), processes=0)
    store, real, written = Store(tmp_path / "full"), os.fsync, []

    def fsync(descriptor):
        written.append(descriptor)
        if len(written) > 5:  # a file and its folder each
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(InputError, match="Free some space and run the same command again"):
            run([sweep], store, processes=0)
    kept = stored_bytes(store)
    assert set(kept) == {store.file(chunk).name for chunk in plan(sweep)[:3]}
    summary = run([sweep], store, processes=0)
    assert (summary.resumed, summary.computed) == (5, 5)
    assert stored_bytes(store) == stored_bytes(Store(tmp_path / "whole"))


def test_a_file_where_the_folder_should_be(tmp_path):
    (tmp_path / "taken").write_text("mine")
    for path in (tmp_path / "taken", tmp_path / "taken" / "deeper"):
        with pytest.raises(
            InputError, match=r"results go to a folder; got .* there is a file where a folder is needed"
        ):
            run([toy_sweep()], Store(path), processes=0)
    assert (tmp_path / "taken").read_text() == "mine"
    assert list(tmp_path.iterdir()) == [tmp_path / "taken"]


@pytest.fixture
def somebody():
    """Not the superuser, who may write anywhere."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield
    os.seteuid(before)


def test_a_folder_that_may_not_be_written(somebody):
    with pytest.raises(InputError, match="the output folder must be writable; got 'Permission denied' at /nobodys"):
        run([toy_sweep()], Store("/nobodys"), processes=0)

"""What may stand where a file is written, and what stays of it."""

import os
import socket
import stat

import pytest

from sharedtrunk._support.files import check_writable, kind_of, make_folder, remove_leftovers, write_atomically
from sharedtrunk.errors import InputError


def device(path):
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except OSError:
        pytest.skip("only root makes a device node")


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))


@pytest.mark.parametrize("verb", [check_writable, lambda path: write_atomically(path, b"new")])
@pytest.mark.parametrize("through_link", [False, True])
@pytest.mark.parametrize(
    ("make", "kind"),
    [(device, "a device"), (os.mkfifo, "a pipe or socket"), (make_socket, "a pipe or socket"), (os.mkdir, "a folder")],
)
def test_what_is_not_a_regular_file_is_refused_and_stays(tmp_path, monkeypatch, make, kind, through_link, verb):
    monkeypatch.chdir(tmp_path)  # the address of a socket is short
    path = tmp_path / "out"
    make(path.relative_to(tmp_path))
    if through_link:
        path = tmp_path / "link"
        path.symlink_to("out")
    before = path.lstat()
    with pytest.raises(InputError, match=f"results are written to a file; got {kind}, .*{path.name}"):
        verb(path)
    assert (path.lstat().st_ino, path.lstat().st_mode) == (before.st_ino, before.st_mode)
    assert len(list(tmp_path.iterdir())) == 1 + through_link


def test_a_link_stays_and_its_file_is_written(tmp_path):
    (tmp_path / "far").mkdir()
    file, link, link_to_link = tmp_path / "far" / "file", tmp_path / "link", tmp_path / "again"
    file.write_bytes(b"old")
    link.symlink_to("far/file")
    link_to_link.symlink_to(link)
    check_writable(link_to_link)
    assert file.read_bytes() == b"old"
    write_atomically(link_to_link, b"new")
    assert file.read_bytes() == b"new"
    assert link.is_symlink()
    assert link_to_link.is_symlink()
    assert not file.is_symlink()


def test_a_link_to_a_file_that_is_not_there_yet(tmp_path):
    link = tmp_path / "link"
    link.symlink_to("new/file")
    check_writable(link)
    write_atomically(link, b"new")
    assert link.is_symlink()
    assert (tmp_path / "new" / "file").read_bytes() == b"new"


@pytest.mark.parametrize("mode", [0o664, 0o600, 0o444, 0o755])
def test_a_file_keeps_its_permissions(tmp_path, mode):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(mode)
    write_atomically(path, b"new")
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert path.read_bytes() == b"new"


def test_a_file_keeps_its_owner_where_the_system_allows(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    if os.geteuid() == 0:
        os.chown(path, 12345, 23456)
        write_atomically(path, b"new")
        assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)

    def refuse(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refuse)
    write_atomically(path, b"newer")
    assert path.read_bytes() == b"newer"


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_new_file_follows_the_umask(tmp_path, umask):
    before = os.umask(umask)
    try:
        write_atomically(tmp_path / "file", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o666 & ~umask


@pytest.mark.parametrize("name", ["a" * 255, "ä" * 127, "a" * 240])
def test_the_longest_name_of_the_system_can_be_written(tmp_path, name):
    check_writable(tmp_path / name)
    write_atomically(tmp_path / name, b"new")
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("verb", [kind_of, check_writable, make_folder, lambda path: write_atomically(path, b"new")])
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a" * 300, "at most 255 bytes, and a path 4095; got 'File name too long' at .*a{300}. Choose a shorter name"),
        (
            "b/" * 2100 + "b",
            "at most 255 bytes, and a path 4095; got 'File name too long' at .*….*Choose a shorter name",
        ),
        ("loop", "files must be readable and writable; got 'Too many levels of symbolic links' at"),
        ("zero\0byte", r"a path has no zero byte; got '.*zero\\x00byte'"),
    ],
)
def test_names_that_the_system_refuses(tmp_path, verb, name, says):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InputError, match=says) as refused:
        verb(tmp_path / name)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 800


def test_a_folder_that_may_not_be_entered(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.stat", refuse)
    with pytest.raises(InputError, match="'Permission denied' at"):
        kind_of(tmp_path)


def test_what_stands_at_a_path(tmp_path):
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("nowhere")
    kinds = {
        "file": "file",
        "fifo": "pipe or socket",
        "link": "file",
        "dangling": None,
        "nowhere": None,
        "file/x": None,
    }
    assert {name: kind_of(tmp_path / name) for name in kinds} == kinds
    assert kind_of(tmp_path) == "folder"


def test_a_write_that_is_checked_leaves_nothing_behind(tmp_path):
    check_writable(tmp_path / "new" / "file")
    assert not list((tmp_path / "new").iterdir())
    assert remove_leftovers(tmp_path / "new") == 0

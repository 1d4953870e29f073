"""Damage to every kind of file that the program keeps: compiled programs, cached arrays, shards, datasets, checks.

A damaged file gives the right numbers, is made again, or ends in InputError within `MOST_SECONDS`.
"""

import atexit
import contextlib
import logging
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from fuzzing import main

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "sweeps"), str(TESTS / "paper" / "figures")]
os.environ["JAX_ENABLE_X64"] = "1"
logging.getLogger("sharedtrunk").addHandler(logging.NullHandler())  # every case is damaged, and says so

import jax.numpy as jnp  # noqa: E402
from figures_toy import toy_figures  # noqa: E402
from sweeps_toy import toy_sweep  # noqa: E402

from sharedtrunk import sweeps  # noqa: E402
from sharedtrunk._support.cache import entries  # noqa: E402
from sharedtrunk._support.cache.arrays import stored_arrays  # noqa: E402
from sharedtrunk._support.cache.folder import VARIABLE  # noqa: E402
from sharedtrunk._support.cache.programs import program  # noqa: E402
from sharedtrunk.errors import InputError  # noqa: E402
from sharedtrunk.paper import figures, report  # noqa: E402
from sharedtrunk.paper.claims import captions  # noqa: E402

MOST_SECONDS = 60
ROOM = Path(tempfile.mkdtemp(prefix="sharedtrunk-fuzz-"))
atexit.register(shutil.rmtree, ROOM, ignore_errors=True)


def flip(draw: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.choice([1, 1, 1, 2, 30])):
        changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def cut(draw: random.Random, content: bytes) -> bytes:
    return content[: draw.randrange(len(content))]


def lengthen(draw: random.Random, content: bytes) -> bytes:
    return content + draw.randbytes(draw.randrange(1, 100))


def replace(draw: random.Random, content: bytes) -> bytes:
    garbage = [
        b"",
        b"\0" * len(content),
        b"[" * 100_000,
        draw.randbytes(200),
        b"\x80\x04.",
        b"PK\x03\x04",
        b"{}",
        b"null",
    ]
    return draw.choice(garbage)


def swap(draw: random.Random, content: bytes) -> bytes:
    """Two stretches of equal length change places."""
    length = draw.randrange(1, max(2, len(content) // 4))
    a, b = sorted(draw.randrange(len(content) - length + 1) for _ in range(2))
    if b < a + length:
        return flip(draw, content)
    swapped = [
        content[:a],
        content[b : b + length],
        content[a + length : b],
        content[a : a + length],
        content[b + length :],
    ]
    return b"".join(swapped)


def damage(draw: random.Random, path: Path) -> str:
    """Damage the file, and say how."""
    content = path.read_bytes()
    way = draw.choice([flip, flip, flip, cut, lengthen, replace, swap, None])
    path.unlink()
    if way is None:
        os.mkfifo(path)
        return "a pipe"
    path.write_bytes(way(draw, content))
    return way.__name__


@contextlib.contextmanager
def limited() -> Iterator[None]:
    def late(*_: object) -> None:
        raise TimeoutError(f"no answer in {MOST_SECONDS} s")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(MOST_SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)


def cubed(x):
    return {"power": x**3, "sum": (x.sum(), None)}


def use_program() -> bool:
    made = program(cubed)(jnp.arange(5.0))
    return bool((made["power"] == jnp.arange(5.0) ** 3).all()) and made["sum"] == (10.0, None)


ARRAYS = [np.arange(6.0).reshape(2, 3) / 7, np.arange(3, dtype=np.int8), np.zeros((0, 2))]


def use_arrays() -> bool:
    found = stored_arrays("fuzz", lambda: ARRAYS)
    return len(found) == len(ARRAYS) and all(
        a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
        for a, b in zip(found, ARRAYS, strict=True)
    )


ENTRIES: dict[Callable[[], bool], tuple[str, bytes]] = {}
"""Name and bytes of the entry that each use makes."""


def cached(draw: random.Random, use: Callable[[], bool]) -> str | None:
    """A damaged entry is made again, and whole afterwards."""
    with tempfile.TemporaryDirectory(dir=ROOM) as folder:
        os.environ[VARIABLE] = folder
        if use not in ENTRIES:
            use()
            (path,) = Path(folder).iterdir()
            ENTRIES[use] = (path.name, path.read_bytes())
        name, whole = ENTRIES[use]
        path = Path(folder) / name
        path.write_bytes(whole)
        path.chmod(0o600)
        how = damage(draw, path)
        with limited():
            right = use()
            if not right:
                return f"{how}: wrong numbers from {path.suffix}"
            again = path.is_file() and entries.read(path) is not None
        return None if again or path.read_bytes() == whole else f"{how}: {path.suffix} is not mended"


def programs(draw: random.Random) -> str | None:
    return cached(draw, use_program)


def arrays(draw: random.Random) -> str | None:
    return cached(draw, use_arrays)


SWEEP = toy_sweep()


def shards(draw: random.Random) -> str | None:
    store = sweeps.Store(ROOM / "store")
    sweeps.run([SWEEP], store, processes=0)
    wholes = {path: path.read_bytes() for path in store.folder.glob("*.shard")}
    path = draw.choice(sorted(wholes))
    how = damage(draw, path)
    with limited():
        if path.is_file() and path.read_bytes() == wholes[path]:
            return None
        with contextlib.suppress(InputError):
            sweeps.collect(SWEEP, store)
            return f"{how}: a damaged shard was collected"
        redone = sweeps.run([SWEEP], store, processes=0).redone
    if len(redone) != 1 or {path: path.read_bytes() for path in store.folder.glob("*.shard")} != wholes:
        return f"{how}: a damaged shard was not made again: {redone}"
    return None


FIGURE = "fig2-left"
RESULTS = ROOM / "results"


def results() -> dict[Path, bytes]:
    """The files of a figure as the program writes them, made once."""
    if not RESULTS.exists():
        figures.FIGURES.update(toy_figures("toy_lanes"))
        figures.reproduce([FIGURE], RESULTS, quick=True, processes=0, seeds=1)
        ORIGINALS.update({path: path.read_bytes() for path in RESULTS.iterdir() if path.is_file()})
    return ORIGINALS


ORIGINALS: dict[Path, bytes] = {}
PAGE = ROOM / "page.html"


def reported() -> object:
    report.write(RESULTS, page=PAGE, size="quick")
    return PAGE.read_bytes()


def claimed() -> object:
    rows = captions.judge_stored(captions.Datasets(RESULTS, quick=True), None)
    return repr([(row.claim.key, row.verdict, row.evidence) for row in rows])


def redrawn() -> object:
    figures.redraw([FIGURE], RESULTS, quick=True)
    return (RESULTS / f"{FIGURE}-quick.json").read_bytes()


READERS: dict[Callable[[], object], tuple[str, ...]] = {
    reported: ("json", "nc"),
    claimed: ("nc",),
    redrawn: ("nc",),
}
EXPECTED: dict[Callable[[], object], object] = {}


def outputs(draw: random.Random) -> str | None:
    """Datasets and checks of figures, read back by the commands."""
    wholes = results()
    reader = draw.choice(list(READERS))
    if reader not in EXPECTED:
        EXPECTED[reader] = reader()
    path = RESULTS / f"{FIGURE}-quick.{draw.choice(READERS[reader])}"
    try:
        how = damage(draw, path)
        with limited(), contextlib.suppress(InputError):
            # What is not a file counts as missing: nothing wrong can be read from it.
            if reader() != EXPECTED[reader] and how != "a pipe":
                return f"{how} of {path.name}: accepted by {reader.__name__}, with another result"
    finally:
        for place, content in wholes.items():
            if not place.is_file() or place.read_bytes() != content:
                place.unlink(missing_ok=True)
                place.write_bytes(content)
    return None


if __name__ == "__main__":
    main(programs, arrays, shards, outputs)

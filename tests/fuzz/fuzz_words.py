"""Random words for every command: each ends in a result or in one line, and harms no file.

Commands and options come from the command line itself, so that a new option is tried without a change here. Nothing is
trained: the functions that would work for minutes are replaced, behind the checks of what they are given.
"""

import contextlib
import hashlib
import io
import logging
import os
import random
import signal
import stat
import sys
import tempfile
import traceback
import warnings
from pathlib import Path
from typing import Any

import typer
from fuzzing import main

from sharedtrunk import cli
from sharedtrunk._support.environment import worker_environment
from sharedtrunk._support.json_files import write_json

Entry = tuple[int, str, str]

CODES = (0, 1, 2, 130)
MOST_LINES = 3
SECONDS_A_CASE = 30
FILES = {"a.csv": b"a,b,x\n" + b"".join(b"%d,%d,%d.5\n" % (i % 2, i % 3, i * 7 % 11) for i in range(60))}
FILES |= {"deep.json": b"[" * 100_000, "ledger.json": b"[" * 100_000, "text.txt": b"kept", "cut.npz": b"PK\x03\x04"}
NUMBERS = (
    "0", "1", "-1", "2", "3", "17", "4294967295", "4294967296", "-99999999999999999999", "99999999999999999999",
    "300000000", "9" * 400, "9" * 5000, "1e3", "1.5", "nan", "inf", "-inf", "1e400", "1e-400", "1e300", "-0.0", "½", "٣",
    "0x10", "1_000", " 5 ", "", "true",
)  # fmt: skip
TEXTS = ("", " ", "all", "stored", "eq-2", "fig2-left", "a1", "a", "b", "x", "a,b", "iris", "wine", "relu", "descent",
         "käufe", "\x1b[31m", "\r", "\n", "a\tb", "\u202e", "💥", "\udcff", "--", "-", "'", '"', "%s", "{}", "[red]x",
         "a" * 300, "ä" * 200, "tcp://", "tcp://127.0.0.1:1", "100", "100,50", "0,1", "1," * 100)  # fmt: skip

PATHS = (
    *FILES, "folder", "empty", "fifo", "fifo.csv", "link", "dangling", "loop", "loop.csv", "device", "link to device",
    "shared.json", "locked", "results", "quick", "new", "new.json", "new/er.json", "text.txt/new.json", "locked/new.json",
    ".", "..", "/proc/self/mem", "/proc/nowhere", "a" * 300, "a" * 240 + ".json", "ä" * 130, "folder/" * 700 + "x",
    "new.png", "new.pdf", "fifo.csv/x", "loop/x", "", " ", "\x1b]0;x\x07", "\udcff.json", "a\nb.csv",
)  # fmt: skip

USUAL = {
    "advise": ("a.csv", "--main", "a", "--aux", "b"),
    "claims": ("eq-2",),
    "redraw": ("fig2-left",),
    "reproduce": ("fig2-left",),
    "report": ("--out", "quick", "--quick"),
}
"""Words that a command accepts, so that others reach what stands behind its first check."""


class _AcceptedError(BaseException):
    """The work began: the words were accepted."""


def _accept(*_, **__):
    raise _AcceptedError


class _EndlessError(BaseException):
    """The words were neither accepted nor refused for `SECONDS_A_CASE`."""


def _give_up(*_):
    raise _EndlessError


def fuzz_words(draw: random.Random) -> str | None:
    """One command with random words, in a folder of its own with files of every kind."""
    with tempfile.TemporaryDirectory() as name, contextlib.chdir(name):
        folder = Path(name)
        _furnish(folder)
        before = _state(folder)
        words = _words(draw)
        code, output, errors, raised = _call(words)
        said = f"{' '.join(words)!r:.300} "
        if raised is not None:
            return f"{said}raised {raised}"
        if code not in CODES:
            return f"{said}ended with code {code!r}"
        if code and errors.count("\n") > MOST_LINES and "Usage:" not in errors:
            return f"{said}wrote {errors.count(chr(10))} lines: {errors[:300]}"
        if "Traceback" in errors + output:
            return f"{said}showed a traceback: {errors[:300]}"
        if any(not letter.isprintable() and letter != "\n" for letter in errors):
            return f"{said}sent control characters to the terminal: {errors[:300]!r}"
        harm = _harm(before, _state(folder), failed=code != 0)
        return f"{said}harmed {harm}" if harm else None


def _harm(before: dict[str, Entry], after: dict[str, Entry], *, failed: bool) -> str | None:
    """Which entry of the folder is not as it must be: a failure changes none, a success only what files contain."""
    for path, entry in before.items():
        now = after.get(path)
        if now is None or now[:2] != entry[:2] or (failed and now != entry):
            return f"{path}: {entry} became {now}"
    return next((f"the folder with a leftover, {path}" for path in after if path.endswith(".tmp")), None)


def _furnish(folder: Path) -> None:
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    (folder / "folder").mkdir()
    (folder / "empty").touch()
    os.mkfifo(folder / "fifo")
    os.mkfifo(folder / "fifo.csv")
    (folder / "link").symlink_to("linked.txt")
    (folder / "linked.txt").write_bytes(b"kept")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    (folder / "loop.csv").symlink_to("loop.csv")
    # Nodes of this folder's own, never the machine's: a command at fault would replace those.
    try:
        os.mknod(folder / "device", stat.S_IFCHR | 0o666, os.makedev(1, 3))  # as /dev/null
    except OSError:  # only root may
        os.mkfifo(folder / "device")
    (folder / "link to device").symlink_to("device")
    (folder / "shared.json").write_bytes(b"kept")
    (folder / "shared.json").chmod(0o664)
    (folder / "locked").mkdir(mode=0o000)
    (folder / "results").mkdir()
    (folder / "results" / "fig2-left.json").write_bytes(FILES["deep.json"])
    (folder / "quick").mkdir()
    write_json(
        folder / "quick" / "fig2-left-quick.json",
        {"figure": "fig2-left", "checks": [], "provenance": {}},
        checksum=True,
    )


def _state(folder: Path) -> dict[str, Entry]:
    """Permissions with kind, where a link leads, and what a file contains, of every entry."""
    found = {}
    for path in sorted(folder.rglob("*")):
        mode = path.lstat().st_mode
        content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(mode) else ""
        found[str(path.relative_to(folder))] = (mode, os.readlink(path) if stat.S_ISLNK(mode) else "", content)
    return found


def _words(draw: random.Random) -> list[str]:
    group: Any = typer.main.get_command(cli.app)
    commands = group.commands
    if draw.random() < 0.03:
        return [_text(draw) for _ in range(draw.randrange(3))]
    command = commands[draw.choice(sorted(commands))]
    words = [command.name, *(USUAL.get(command.name, ()) if draw.random() < 0.7 else ())]
    for parameter in draw.sample(command.params, draw.randint(0, min(5, len(command.params)))):
        value = _value(draw, parameter)
        if parameter.param_type_name == "argument":
            words += [value] * (draw.random() < 0.4)
        elif getattr(parameter, "is_flag", False):
            words.append(draw.choice([*parameter.opts, *parameter.secondary_opts]))
        else:
            words += [draw.choice(parameter.opts), value][: 2 - (draw.random() < 0.02)]
    return words


def _value(draw: random.Random, parameter: Any) -> str:
    """A value that fits the parameter's kind or, now and then, one that does not."""
    if draw.random() < 0.1:
        return draw.choice([_text, _number, _path])(draw)
    if parameter.metavar in ("FILE", "DIR", "TABLE"):
        return _path(draw)
    return _number(draw) if parameter.metavar in ("N", "S,…", "R", "NATS", "N,…") else _text(draw)


def _text(draw: random.Random) -> str:
    if draw.random() < 0.8:
        return draw.choice(TEXTS)
    return "".join(chr(draw.choice([*range(1, 127), 0xE4, 0x2028, 0x1F600])) for _ in range(draw.randrange(1, 12)))


def _number(draw: random.Random) -> str:
    return draw.choice(NUMBERS) if draw.random() < 0.9 else str(draw.randint(-(10**30), 10**30))


def _path(draw: random.Random) -> str:
    return draw.choice(PATHS)


def _call(words: list[str]) -> tuple[object, str, str, str | None]:
    """Code, standard output, standard error, and the traceback of what a command should have caught."""
    output, errors = (io.TextIOWrapper(io.BytesIO(), "utf-8", errors="replace", write_through=True) for _ in range(2))
    code, raised = 0, None
    before = dict(os.environ)
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(SECONDS_A_CASE)
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            _run(words)
    except _AcceptedError:
        pass
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        raised = traceback.format_exc()
    finally:
        signal.alarm(0)
        os.environ.clear()
        os.environ.update(before)
    texts = [stream.buffer.getvalue().decode(errors="replace") for stream in (output, errors)]  # pyright: ignore
    return code, texts[0], texts[1], raised


def _run(words: list[str]) -> None:
    argv, sys.argv = sys.argv, ["sharedtrunk", *words]
    try:
        cli.main()
    finally:
        sys.argv = argv


def _without_work() -> None:
    """Replace what takes long, behind the checks of the words."""
    # Imported here also because an alarm during an import would spoil it.
    from sharedtrunk.affinity import _matrix, _study
    from sharedtrunk.paper.claims.equations import _measure
    from sharedtrunk.paper.figures import _reproduce
    from sharedtrunk.prediction import _predict

    _reproduce.sweeps.run = _accept
    _measure.measure_bundle = _accept
    _measure.sweeps.run_in_processes = _accept
    _predict.draw_chunk = _accept
    _study.Study.singles = _accept
    _matrix.run_trials = _accept


if __name__ == "__main__":
    os.environ.update(worker_environment())
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    _without_work()
    main(fuzz_words)

"""Random tables and damaged bytes of them, through the public readers up to encoded features and class codes: no training.

A fault is any exception but `InputError`, a message or note that is not one printable line, labels that differ and became
one class (or one that became two), and a table that takes longer than `MOST_SECONDS`.
"""

import contextlib
import datetime
import gzip
import io
import math
import random
import tempfile
import time
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
from fuzzing import main

from sharedtrunk import tables
from sharedtrunk.errors import InputError
from sharedtrunk.tables._missing import USUAL_TEXTS

try:
    import pyarrow
    import pyarrow.parquet
except ImportError:
    pyarrow = None
try:
    import openpyxl
except ImportError:
    openpyxl = None
try:
    import polars
except ImportError:
    polars = None

MOST_SECONDS = 20.0
ROWS = 60
STRANGE = (
    "\x1b[2J", "\r", "\n", "\t", "\0", '"', "'", ",", ";", "=1+1", "@SUM(1)", "\u202e", "\ud800", "käufe", "x" * 400, " ",
    "task", "id", "1", "None", "[0]", "=", "$x$", "é", "e\u0301",
)  # fmt: skip
TEXTS = (
    "a", "b", "A", "a ", "01", "1", "1e0", "1.0", "+1", "-0", "0", "1_0", "9007199254740992", "9007199254740993", "1e999",
    "inf", "true", "True", "FALSE", "2024-01-01", "12:30", "1,5", "5%", "٣", "²", "9" * 400, *USUAL_TEXTS, "", *STRANGE,
)  # fmt: skip
WRITTEN_NUMBERS = (
    "0,5", "1,5", "1.5", "1.234", "1,234", "1.234,5", "1,234.5", "1 234", "1'234", "1\u00a0234,5", "-1,5e-3", "1e3", "1_0",
    "1,2,3", "1.2.3", "1.234.567", "", ",", ".5", "nan", "7",
)  # fmt: skip
NUMBERS = (0, 1, -1, 5, 2**53, 2**53 + 1, 2**63, 2**63 + 1, -(2**63), 10**30, 0.5, 0.25, 1e-180, 1e300, True, False)
OTHERS = (None, float("nan"), float("inf"), 1j, b"x", b"\xff", (1, 2), [1], {}, np.float32(0.1), np.int8(3), 10**400)
HEADER_PARTS = (
    "(",
    ")",
    "'",
    '"',
    "\\",
    "\0",
    "\n",
    "60",
    "1" * 50,
    "<f8",
    "|O",
    "[('a', '<i4')]",
    "True",
    "None",
    "#",
    "{",
)


def damaged_file(draw: random.Random) -> str | None:
    """A file of any format with some of its bytes changed, cut or repeated: read, or refused in one line."""
    kind = draw.choice(["csv", "tsv", "txt", "gz", "npz", "npy", "parquet", "xlsx"])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"t.{ {'gz': 'csv.gz'}.get(kind, kind) }"
        content = _file_bytes(draw, kind)
        if content is None:
            return None
        path.write_bytes(_damaged(draw, content))
        options = _options(draw) | _ways_of_writing(draw)
        return _fault(lambda: tables.read(path, tasks=draw.choice([["y"], ["y", "z"]]), **options))


def damaged_header(draw: random.Random) -> str | None:
    """An archive of NumPy's whose arrays have a header with pieces replaced."""
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (60,), }"
    for _ in range(draw.randint(1, 4)):
        start = draw.randrange(len(header) + 1)
        header = header[:start] + draw.choice(HEADER_PARTS) + header[start + draw.choice((0, 0, 1, 5, 99)) :]
    text = header.encode("latin-1", "replace")
    version = draw.choice((b"\x01\x00", b"\x02\x00", b"\x03\x00", bytes([draw.randrange(256)] * 2)))
    length = len(text).to_bytes(2 if version == b"\x01\x00" else 4, "little")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.npz"
        with zipfile.ZipFile(path, "w") as archive:
            for name in draw.choice((["x", "y"], ["X", "Y"], ["y"], ["x", "y", "feature_names"])):
                archive.writestr(f"{name}.npy", b"\x93NUMPY" + version + length + text + bytes(8 * ROWS))
        return _fault(lambda: tables.read(path, tasks=["y"], **_options(draw)))


def table_of_texts(draw: random.Random) -> str | None:
    """A well-formed CSV file of strange texts: as many classes as different labels that are not missing."""
    labels = _labels(draw, tuple(text for text in TEXTS if text != "\ud800"))
    names = ["a", draw.choice(("b", *STRANGE)), "y"]
    missing = draw.choice((None, "", ["1"], ["None", "-"], [draw.choice(TEXTS)]))
    rows = [names, *([str(draw.random()), draw.choice(TEXTS[:9]), label] for label in labels)]
    quoted = "\n".join(",".join('"' + str(cell).replace('"', '""') + '"' for cell in row) for row in rows)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "t.csv"
        path.write_bytes(quoted.encode("utf-8", "surrogatepass" if draw.random() < 0.1 else "replace"))
        return _fault(
            lambda: tables.read(path, tasks=["y"], drop=names[1:2], missing=missing), labels, missing, strip=True
        )


def table_in_memory(draw: random.Random) -> str | None:
    """Arrays, lists and frames of strange values: as many classes as different labels that are not missing."""
    values = draw.choice((TEXTS, NUMBERS, (*TEXTS, *NUMBERS), (*TEXTS, *NUMBERS, *OTHERS)))
    labels, missing = _labels(draw, values), draw.choice((None, "", ["-1"], ["None", "1"]))
    objects = np.empty(ROWS, object)
    objects[:] = labels
    makers = {
        "objects": lambda: {"y": objects},
        "list": lambda: {draw.choice(STRANGE): labels},
        "frame": lambda: pd.DataFrame({draw.choice(STRANGE): objects}),
        "category": lambda: pd.DataFrame({"y": pd.Categorical(objects)}),
        "arrow": lambda: None if pyarrow is None else pyarrow.table({draw.choice(STRANGE[:3]): labels}),
        "polars": lambda: None if polars is None else polars.DataFrame({"y": labels}),
        "array": lambda: np.array(labels),
    }
    kind = draw.choice(list(makers))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = makers[kind]()
    except Exception:  # the library does not make a table of these
        return None
    if made is None:
        return None
    if kind in ("array", "arrow", "polars", "category"):  # their own conversions may merge labels before we see them
        return _fault(lambda: tables.from_arrays(_features(draw, values), made, missing=missing))
    return _fault(lambda: tables.from_arrays(_features(draw, ()), made, missing=missing), labels, missing, strip=False)


def _features(draw: random.Random, values: tuple) -> object:
    random_numbers = np.random.default_rng(draw.randrange(2**32)).standard_normal((ROWS, 2))
    if not values or draw.random() < 0.5:
        return random_numbers
    frame = {"a": random_numbers[:, 0], draw.choice(STRANGE): [draw.choice(values[:9]) for _ in range(ROWS)]}
    try:
        return pd.DataFrame(frame)
    except Exception:
        return random_numbers


def _labels(draw: random.Random, values: tuple) -> list:
    few = draw.sample(list(values), draw.randint(2, min(6, len(values))))
    return [few[i % len(few)] for i in range(ROWS)]


def _file_bytes(draw: random.Random, kind: str) -> bytes | None:
    columns = {
        "a": [draw.random() for _ in range(ROWS)],
        "b": [draw.choice(("red", "green")) for _ in range(ROWS)],
        "y": _labels(draw, draw.choice((TEXTS[:9], NUMBERS[:6]))),
        "z": [i % 3 for i in range(ROWS)],
    }
    separator = "\t" if kind == "tsv" else draw.choice(",,;|\t")
    encoding = draw.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "cp437"))
    if draw.random() < 0.3:
        columns["a"] = [draw.choice(WRITTEN_NUMBERS) for _ in range(ROWS)]
    if draw.random() < 0.3:
        columns["grün"] = columns.pop("b")
    text = "\n".join(
        map(separator.join, [columns, *([str(v) for v in row] for row in zip(*columns.values(), strict=True))])
    )
    if kind in ("csv", "tsv", "txt", "gz"):
        content = text.encode(encoding, "replace")
        return gzip.compress(content, mtime=0) if kind == "gz" else content
    buffer = io.BytesIO()
    if kind == "xlsx":
        return _workbook(draw, columns)
    if kind == "parquet":
        if pyarrow is None:
            return None
        pyarrow.parquet.write_table(pyarrow.table(columns), buffer, compression=draw.choice(("none", "snappy")))
    elif kind == "npy":
        np.save(buffer, np.array(columns["a"]))
    else:
        save = draw.choice((np.savez, np.savez_compressed))
        save(buffer, **{name: np.array(values) for name, values in columns.items()})
    return buffer.getvalue()


def _workbook(draw: random.Random, columns: dict[str, list]) -> bytes | None:
    if openpyxl is None:
        return None
    cells = (None, "", "1", 1, 2.5, True, "a", "#DIV/0!", datetime.datetime(2024, 1, 1), datetime.time(1, 2), 10**30)
    workbook, buffer = openpyxl.Workbook(), io.BytesIO()
    names = list(columns)
    for row in [names, *zip(*columns.values(), strict=True)]:
        changed = [draw.choice(cells) if draw.random() < 0.01 else cell for cell in row]
        with contextlib.suppress(openpyxl.utils.exceptions.IllegalCharacterError):  # a workbook cannot hold it
            workbook.active.append(changed)
    workbook.save(buffer)
    if draw.random() < 0.5:
        return buffer.getvalue()
    # The archive stays whole, and its parts are damaged: openpyxl reads what is in them.
    other = io.BytesIO()
    with zipfile.ZipFile(buffer) as old, zipfile.ZipFile(other, "w") as new:
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, _damaged(draw, part) if draw.random() < 0.3 else part)
    return other.getvalue()


def _damaged(draw: random.Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(draw.choice((0, 1, 1, 2, 5, 50))):
        place = draw.randrange(max(len(changed), 1))
        how = draw.random()
        if how < 0.6 and changed:
            changed[place] = draw.randrange(256)
        elif how < 0.8:
            changed[place : place + draw.randint(1, 40)] = b""
        elif how < 0.9:
            changed[place:place] = draw.choice(STRANGE).encode("utf-8", "surrogatepass")
        else:
            changed[place:place] = changed[place : place + 200]
    return bytes(changed)


def _options(draw: random.Random) -> dict[str, object]:
    return {
        "rows": draw.choice((None, 30, 45)),
        "missing": draw.choice((None, "", ["a", "-1"])),
        "seed": draw.randrange(9),
    }


def _ways_of_writing(draw: random.Random) -> dict[str, object]:
    """Options that say how a file is written and which columns are features, mostly none of them."""
    choices = {
        "sep": (",", ";", "tab", "::", "\n", '"'),
        "decimal": (",", ".", ";"),
        "encoding": ("utf-8", "cp1252", "utf-16", "ascii", "utf-7", "idna", "punycode", "unicode_escape", "hex", "\0"),
        "sheet": ("Sheet", "Sheet1", "\x1b"),
        "features": (["a*"], ["*"], ["a", "b"], ["[", "*?"], "gr*", ["\x1b*"]),
        "drop": (["b*"], ["*", "a"], ["nowhere"], "a"),
    }
    return {option: draw.choice(values) for option, values in choices.items() if draw.random() < 0.12}


def _fault(read, labels: list = (), missing: object = None, *, strip: bool = False) -> str | None:
    """What is wrong with reading a table, in a sentence; `labels` are those that the task "y" was given."""
    begun, fault = time.monotonic(), None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            table = read()
        except InputError as error:
            fault = None if str(error).isprintable() else f"a message of control characters: {str(error)!r}"
        else:
            fault = _fault_of_table(table, labels, missing, strip)
    seconds = time.monotonic() - begun
    return f"{seconds:.0f} s" if seconds > MOST_SECONDS else fault


def _is_number(text: str) -> bool:
    try:
        return "_" not in text and math.isfinite(float(text))
    except ValueError:
        return False


def _fault_of_table(table: tables.Table, labels: list, missing: object, strip: bool) -> str | None:
    if np.isinf(table.features).any():  # NaN is a gap
        return "features that are infinite"
    for note in table.notes:
        if not note.isprintable():
            return f"a note of control characters: {note!r}"
    named = [] if missing is None else [missing] if isinstance(missing, str) else missing
    texts = {text.strip() for text in named}
    texts |= {"", *(USUAL_TEXTS if all(map(_is_number, texts)) else ())}
    different = {}
    for label in labels:
        text = label.strip() if isinstance(label, str) else str(label)
        if label is not None and text not in texts and label == label:
            different[text if strip else label, isinstance(label, str)] = label
    found = next(iter(table.classes.values()))
    if labels and len(found) != len(different):
        return (
            f"{len(different)} different labels {list(different.values())!r} became the classes {found!r}, {missing=}"
        )
    return None


if __name__ == "__main__":
    main(damaged_file, damaged_header, table_of_texts, table_in_memory)

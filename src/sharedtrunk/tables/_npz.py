"""NumPy archives: `X` and `Y`, or arrays by name. Nothing is unpickled: an array of Python objects is refused unread.

With `X` and `Y`, `X` (sample, feature) are the features, `Y` (sample, task) or (sample,) the labels, and `feature_names` and
`task_names` their names (by default x0, x1, … and task0, task1, …). Otherwise arrays with one axis are columns, and arrays
with two are blocks of features (`name[0]`, `name[1]`, …: an embedding). Each array's header is read before its content, so
that an archive that would not fit into memory is refused unread.
"""

import contextlib
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from operator import itemgetter
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.lib import format as npy

from sharedtrunk._support.words import shown
from sharedtrunk.errors import InputError, invalid
from sharedtrunk.tables._column import column
from sharedtrunk.tables._damage import reporting_damage
from sharedtrunk.tables._request import (
    ReadColumns,
    ReadRequest,
    check_size,
    columns_to_read,
    left_out_note,
    no_rows,
    sampled_rows,
)

Shapes: TypeAlias = dict[str, tuple[int, ...]]
Arrays: TypeAlias = list[tuple[str, np.ndarray]]

_HINT = "Save fewer rows, or give the table as CSV or Parquet and read a sample (--rows N)."


def read_npz(path: Path, request: ReadRequest) -> ReadColumns:
    """Read the requested columns. Raises `InputError`."""
    with _reporting_damage(path), zipfile.ZipFile(path) as archive:
        shapes = _shapes(path, archive)
    with _reporting_damage(path), np.load(path, allow_pickle=False) as arrays:
        pair = {"X", "Y"} <= shapes.keys()
        found, note = _of_pair(path, arrays, request) if pair else _of_arrays(path, arrays, shapes, request)
    return replace(_sampled(path, found, request), notes=(note,) if note else ())


def _shapes(path: Path, archive: zipfile.ZipFile) -> Shapes:
    """Shapes by name, from the headers alone."""
    shapes, eight_bytes = {}, 0.0
    for member in archive.namelist():
        name = member.removesuffix(".npy")
        with archive.open(member) as file:
            version = npy.read_magic(file)
            reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = reader(file)
        if dtype.hasobject:
            raise _objects(path, name)
        if len(shape) not in (1, 2):
            received = f"{len(shape)} axes in {shown(name)}"
            hint = "Reshape it to (sample, feature), or leave it out of the file."
            raise invalid("an array has one axis (a column) or two (features)", received=received, hint=hint)
        shapes[name] = shape
        eight_bytes += float(np.prod(shape, dtype=np.float64)) * max(dtype.itemsize / 8, 1)
    check_size(eight_bytes, _HINT)
    if not shapes:
        raise invalid("a table needs columns", received=f"an archive without arrays, {path}", hint="Check the file.")
    return shapes


def _of_pair(path: Path, arrays: Mapping[str, np.ndarray], request: ReadRequest) -> tuple[Arrays, str]:
    """Names and values (sample,) of the features and of the requested tasks, and a note."""
    features, labels = arrays["X"], arrays["Y"]
    features, labels = (each[:, None] if each.ndim == 1 else each for each in (features, labels))
    _check_rows(path, {"X": features.shape, "Y": labels.shape})
    names = _names_in(arrays, "feature_names", features.shape[1], "x")
    tasks = _names_in(arrays, "task_names", labels.shape[1], "task")
    request = request.of([*tasks, *names])
    kept = columns_to_read(request, [*tasks, *names])
    found = {name: features[:, j] for j, name in enumerate(names)}
    # tasks that were not requested are left out: they are not features
    found |= {name: labels[:, j] for j, name in enumerate(tasks) if name in request.tasks}
    return [(name, found[name]) for name in kept if name in found], left_out_note(request, names, kept)


def _of_arrays(
    path: Path, arrays: Mapping[str, np.ndarray], shapes: Shapes, request: ReadRequest
) -> tuple[Arrays, str]:
    """Name and values (sample,) of every column, each column of a block of features being one, and a note."""
    _check_rows(path, shapes)
    request = request.of(list(shapes))
    names = columns_to_read(request, list(shapes))
    columns = []
    for name in names:
        array = arrays[name]
        if array.ndim == 1:
            columns.append((name, array))
        elif name in request.tasks:
            hint = "Give each task its own array."
            raise invalid("a task is an array of one axis", received=f"two in {shown(name)}", hint=hint)
        else:
            columns += [(f"{name}[{j}]", array[:, j]) for j in range(array.shape[1])]
    return columns, left_out_note(request, list(shapes), names)


def _names_in(arrays: Mapping[str, np.ndarray], key: str, number: int, default: str) -> list[str]:
    if key not in arrays:
        return [f"{default}{j}" for j in range(number)]
    names = [str(name) for name in arrays[key].ravel()]
    if len(names) != number:
        raise invalid(f"{key} has a name for each of {number} columns", received=len(names), hint="Correct it.")
    return names


def _check_rows(path: Path, shapes: Shapes) -> None:
    lengths = {name: shape[0] for name, shape in shapes.items()}
    if len(set(lengths.values())) > 1:
        (short, few), (long, many) = (pick(lengths.items(), key=itemgetter(1)) for pick in (min, max))
        received = f"{few} in {shown(short)} and {many} in {shown(long)}, in {path}"
        raise invalid("all arrays have the same rows", received=received, hint="Save arrays of one length.")


def _sampled(path: Path, found: Arrays, request: ReadRequest) -> ReadColumns:
    total = len(found[0][1]) if found else 0
    if not total:
        raise no_rows(path)
    chosen = sampled_rows(request, total)
    if chosen is not None:
        found = [(name, values[chosen]) for name, values in found]
    rows = np.arange(total) if chosen is None else chosen
    return ReadColumns(
        [column(name, _written(values, request, name), request.missing) for name, values in found], rows, total
    )


def _written(values: np.ndarray, request: ReadRequest, name: str) -> np.ndarray:
    """The column, dates of a column of groups or times as texts."""
    return values.astype(str) if values.dtype.kind == "M" and name in request.about_rows else values


def _reporting_damage(path: Path) -> contextlib.AbstractContextManager[None]:
    return reporting_damage(path, "an .npz file is a NumPy archive", "Save it again with numpy.savez.")


def _objects(path: Path, name: str) -> InputError:
    received = f"Python objects in {shown(name)} of {path}"
    hint = "Save it as numbers or as texts (array.astype(str)); nothing in a data file is executed."
    return invalid("arrays hold numbers or texts", received=received, hint=hint)

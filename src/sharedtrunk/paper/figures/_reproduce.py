"""The two verbs: make figures from nothing (or from what is stored), and draw and judge stored ones again."""

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sharedtrunk import sweeps
from sharedtrunk._support.environment import accelerator, check_inline, check_trainable, worker_environment
from sharedtrunk._support.files import check_regular, check_writable, kind_of
from sharedtrunk._support.fingerprint import fingerprint
from sharedtrunk._support.limits import MOST_SEEDS, check_processes, check_seeds
from sharedtrunk.errors import invalid
from sharedtrunk.experiments.problems import StandardProblem
from sharedtrunk.paper.figures._figure import Figure, Size
from sharedtrunk.paper.figures._lanes import widened
from sharedtrunk.paper.figures._outcome import Outcome, file_paths, present, remake
from sharedtrunk.paper.figures._provenance import provenance
from sharedtrunk.paper.figures._registry import ALL, PAPER, get

STORE = ".sharedtrunk"
"""Folder of stored chunks inside the output folder, one for all figures."""


@dataclass(frozen=True)
class Reproduction:
    """Figures made, and what the run did: lanes computed and resumed, failures by reason, damaged shards redone."""

    outcomes: tuple[Outcome, ...]
    summary: sweeps.Summary


@dataclass(frozen=True)
class _Plan:
    figure: Figure
    axes: Mapping[str, tuple]
    settings: Mapping[str, Any]
    sweeps: Mapping[str, sweeps.Sweep]
    size: Size


def reproduce(
    names: Sequence[str],
    out: str | os.PathLike[str],
    *,
    quick: bool = False,
    full: bool = False,
    fresh: bool = False,
    processes: int | None = None,
    cluster: sweeps.Cluster | None = None,
    training: str = "flow",
    seeds: int | None = None,
    progress: Callable[[sweeps.Progress], None] | None = None,
) -> Reproduction:
    """Make figures: run the lanes that are not stored yet, then write each figure's .nc, .png, .pdf and .json.

    `names` are figures, or "all" for all of the paper's. All figures run in one pool and share stored chunks. `quick`
    takes each figure's coarse grid and `full` its largest (they write FIGURE-quick and FIGURE-full files, so that the
    others stay), `seeds` another number of seeds, `fresh` discards what is stored of these figures, `processes` defaults
    to one per core, or one where JAX has an accelerator (0: in this process); `cluster`, a `dask.distributed.Client` or
    the address of a Dask scheduler, has the lanes trained by its workers. Interrupted, the same call continues; what is
    stored never depends on how often it was. Raises `InputError` for an unknown figure, a bad option, an output folder
    that cannot be written or a cluster
    that cannot be used, and `SweepError` where a chunk fails or the cluster is lost.
    """
    chosen = _figures(names)
    if seeds is not None:
        rule = "seeds must be a whole number, for a figure needs at least one seed"
        check_seeds(seeds, rule=rule, hint=f"Ask for a whole number, 1 to {MOST_SEEDS:,}.")
    if processes is not None:
        check_processes(processes)
    if any(function.startswith("sharedtrunk.") for figure in chosen for function in figure.functions.values()):
        check_trainable()
    if processes == 0:
        check_inline()
    out = Path(out)
    size = _size(chosen, quick=quick, full=full)
    device = accelerator() if cluster is None and processes != 0 else None
    made_by = fingerprint() if device is None else f"{fingerprint()} {device}"
    plans = [_plan(figure, size, made_by, training=training, seeds=seeds) for figure in chosen]
    if device is not None:  # one process has it, and trains as many lanes at once as share inputs
        plans = [replace(plan, sweeps={arm: widened(sweep) for arm, sweep in plan.sweeps.items()}) for plan in plans]
        processes = 1 if processes is None else processes
    # The folder comes last, so that a refused call leaves none behind.
    _check_files([path for figure in chosen for path in file_paths(figure, out, size).values()])
    store = sweeps.Store(out / STORE)
    summary = sweeps.run(
        [sweep for plan in plans for sweep in plan.sweeps.values()],
        store,
        processes=processes,
        cluster=cluster,
        environment=worker_environment,  # called where the workers are: the cache of compiled programs is theirs
        progress=progress,
        fresh=fresh,
    )
    command = _command(names, out, size, training=training, seeds=seeds)
    for plan in plans:
        _write(plan, store, out, command)
    # What is drawn is what was stored, so that a redraw is the same picture.
    return Reproduction(present(chosen, out, size, processes=processes), summary)


def redraw(
    names: Sequence[str], out: str | os.PathLike[str], *, quick: bool = False, full: bool = False
) -> tuple[Outcome, ...]:
    """Draw and judge stored datasets again, without JAX and without training; `quick`, `full`: those on that grid.

    Raises `InputError` for an unknown figure and for a dataset that is missing, damaged or another figure's.
    """
    out = Path(out)
    chosen = _figures(names)
    size = _size(chosen, quick=quick, full=full)
    for figure in chosen:
        path = file_paths(figure, out, size)["nc"]
        if kind_of(path) != "file":
            raise invalid(
                f"redrawing {figure.name} needs its stored dataset",
                received=f"no file {path}",
                hint=f"Make it first: {remake(figure, size, out)}.",
            )
    return present(chosen, out, size)


def _figures(names: Sequence[str]) -> list[Figure]:
    if isinstance(names, str) or not names:
        raise invalid(
            "figures are named in a list, at least one",
            received=repr(names),
            hint=f"Write [{names!r}]." if names else "Name one of those that sharedtrunk list shows.",
        )
    figures = [get(name) for word in names for name in (PAPER if word == ALL else (word,))]
    return list({figure.name: figure for figure in figures}.values())


def _size(chosen: Sequence[Figure], *, quick: bool, full: bool) -> Size:
    if quick and full:
        raise invalid("a grid is quick or full", received="both", hint="Leave one out.")
    without = [figure.name for figure in chosen if figure.full_grid is None]
    if full and without:
        raise invalid(
            "the full grid is for figures that have one",
            received=", ".join(without),
            hint="Leave out --full, or those figures.",
        )
    return "quick" if quick else "full" if full else "standard"


def _plan(figure: Figure, size: Size, made_by: str, *, training: str, seeds: int | None) -> _Plan:
    axes = figure.axes(size, seeds=seeds)
    problem = figure.problem
    if isinstance(problem, StandardProblem):  # others have a training of their own
        problem = replace(problem, training=training)
    settings = {**problem.settings(), "fingerprint": made_by}
    return _Plan(figure, axes, settings, figure.sweeps(figure.name, axes, settings, figure.functions), size)


def _write(plan: _Plan, store: sweeps.Store, out: Path, command: str) -> None:
    collected = {arm: sweeps.collect(sweep, store) for arm, sweep in plan.sweeps.items()}
    dataset = plan.figure.dataset(collected)
    dataset = dataset.assign_attrs(provenance(plan.figure, plan.axes, plan.settings, command, plan.size))
    sweeps.write_dataset(dataset, file_paths(plan.figure, out, plan.size)["nc"])


def _check_files(files: Sequence[Path]) -> None:
    """Raise `InputError` before minutes of training, not after, where a file of results cannot be written."""
    for path in files:
        check_regular(path)
    check_writable(files[0])  # one file proves that their folder takes files


def _command(names: Sequence[str], out: Path, size: Size, *, training: str, seeds: int | None) -> str:
    words = ["sharedtrunk", "reproduce", *names, "--out", str(out)]
    words += [f"--{size}"] if size != "standard" else []
    words += ["--training", training] if training != "flow" else []
    words += ["--seeds", str(seeds)] if seeds is not None else []
    # The dataset holds it as UTF-8, which a folder's name in another encoding is not.
    return shlex.join(words).encode(errors="backslashreplace").decode()

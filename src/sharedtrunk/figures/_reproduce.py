"""The two verbs: make figures from nothing (or from what is stored), and draw and judge stored ones again."""

import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sharedtrunk import sweeps
from sharedtrunk._errors import invalid
from sharedtrunk._files import make_folder, write_atomically
from sharedtrunk._fingerprint import fingerprint
from sharedtrunk.figures._environment import check_inline, worker_environment
from sharedtrunk.figures._figure import Figure
from sharedtrunk.figures._outcome import Outcome, present
from sharedtrunk.figures._provenance import provenance
from sharedtrunk.figures._registry import get

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


def reproduce(
    names: Sequence[str],
    out: str | os.PathLike[str],
    *,
    quick: bool = False,
    fresh: bool = False,
    processes: int | None = None,
    training: str = "flow",
    seeds: int | None = None,
    progress: Callable[[sweeps.Progress], None] | None = None,
) -> Reproduction:
    """Make figures: run the lanes that are not stored yet, then write each figure's .nc, .png, .pdf and .json.

    All figures run in one pool and share stored chunks. `quick` takes each figure's coarse grid, `seeds` another
    number of seeds, `fresh` discards what is stored of these figures, `processes` defaults to one per core (0: in
    this process). Interrupted, the same call continues; what is stored never depends on how often it was. Raises
    `InputError` for an unknown figure, a bad option or an output folder that cannot be written, and `SweepError`
    where a chunk fails.
    """
    if seeds is not None and seeds < 1:
        raise invalid("a figure needs at least one seed", received=seeds, way_out="Ask for 1 or more.")
    if processes == 0:
        check_inline()
    out = Path(out)
    plans = [_plan(get(name), quick=quick, training=training, seeds=seeds) for name in dict.fromkeys(names)]
    _check_writable(out)
    store = sweeps.Store(out / STORE)
    summary = sweeps.run(
        [sweep for plan in plans for sweep in plan.sweeps.values()],
        store,
        processes=processes,
        environment=worker_environment(),
        progress=progress,
        fresh=fresh,
    )
    command = _command(names, out, quick=quick, training=training, seeds=seeds)
    return Reproduction(tuple(_finish(plan, store, out, command) for plan in plans), summary)


def redraw(names: Sequence[str], out: str | os.PathLike[str]) -> tuple[Outcome, ...]:
    """Draw and judge stored datasets again, without JAX and without training. Raises `InputError`."""
    out = Path(out)
    outcomes = []
    for figure in [get(name) for name in dict.fromkeys(names)]:
        path = out / f"{figure.name}.nc"
        if not path.is_file():
            raise invalid(
                f"redrawing {figure.name} needs its stored dataset",
                received=f"no file {path}",
                way_out=f"Make it first: sharedtrunk reproduce {figure.name} --out {out}.",
            )
        outcomes.append(present(figure, sweeps.read_dataset(path), out))
    return tuple(outcomes)


def _plan(figure: Figure, *, quick: bool, training: str, seeds: int | None) -> _Plan:
    axes = figure.axes(quick=quick, seeds=seeds)
    problem = replace(figure.problem, training=training)
    settings = {**problem.settings(), "fingerprint": fingerprint()}
    return _Plan(figure, axes, settings, figure.sweeps(figure.name, axes, settings, figure.function))


def _finish(plan: _Plan, store: sweeps.Store, out: Path, command: str) -> Outcome:
    collected = {arm: sweeps.collect(sweep, store) for arm, sweep in plan.sweeps.items()}
    dataset = plan.figure.dataset(collected)
    dataset = dataset.assign_attrs(provenance(plan.figure, plan.axes, plan.settings, command))
    path = out / f"{plan.figure.name}.nc"
    sweeps.write_dataset(dataset, path)
    # What is drawn is what was stored, so that a redraw is the same picture.
    return present(plan.figure, sweeps.read_dataset(path), out)


def _check_writable(out: Path) -> None:
    # Before minutes of training, not after: one byte proves that the folder takes files.
    make_folder(out)
    probe = out / ".writable"
    write_atomically(probe, b"\n")
    probe.unlink(missing_ok=True)


def _command(names: Sequence[str], out: Path, *, quick: bool, training: str, seeds: int | None) -> str:
    words = ["sharedtrunk", "reproduce", *names, "--out", str(out)]
    words += ["--quick"] * quick
    words += ["--training", training] if training != "flow" else []
    words += ["--seeds", str(seeds)] if seeds is not None else []
    return shlex.join(words)

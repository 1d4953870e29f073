"""The two commands for figures: `reproduce` trains, draws and judges them, `redraw` draws and judges stored ones again."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sharedtrunk import sweeps
from sharedtrunk._support.cache.fingerprint import fingerprint
from sharedtrunk._support.environment import accelerator, check_can_train_here, check_trainable, worker_environment
from sharedtrunk._support.files import check_regular, check_writable, kind_of
from sharedtrunk._support.limits import MOST_SEEDS, check_processes, check_seeds
from sharedtrunk.errors import invalid
from sharedtrunk.experiments.problems import StandardProblem
from sharedtrunk.paper.commands import figure_command
from sharedtrunk.paper.figures._benefit_sweeps import widened
from sharedtrunk.paper.figures._figure import Figure, Size
from sharedtrunk.paper.figures._outcome import Outcome, file_paths, present
from sharedtrunk.paper.figures._provenance import provenance
from sharedtrunk.paper.figures._registry import ALL, PAPER, get

STORE = ".sharedtrunk"
"""The folder of stored chunks inside the output folder, shared by all figures."""


@dataclass(frozen=True)
class Reproduction:
    """The figures that were made, and the summary of the run: lanes computed and resumed, failures, damaged shards.

    Parameters
    ----------
    outcomes
        The figures, drawn and judged.
    summary
        What the sweeps did.
    """

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
    """Make figures: train the lanes that are not stored yet, then write each figure's .nc, .png, .pdf and .json.

    After an interrupt the same call continues. Interrupts do not change what is stored.

    Parameters
    ----------
    names
        Names of figures, or "all" for all of the paper's. They run in one pool and share stored chunks.
    out
        The folder of results.
    quick, full
        Take each figure's coarse or its largest grid. Their files are FIGURE-quick and FIGURE-full.
    fresh
        Discard the stored lanes of these figures.
    processes
        Worker processes, by default one per core, or one where JAX has an accelerator. 0 computes in this process.
    cluster
        A `dask.distributed.Client`, or the address of a Dask scheduler, whose workers train the lanes.
    training
        "flow", or "descent" for gradient descent.
    seeds
        The number of seeds, by default the figure's own.
    progress
        Called with the state of the run as it goes.

    Returns
    -------
    Reproduction
        The figures with their checks, and what the run did.

    Raises
    ------
    InputError
        For an unknown figure, a bad option, an output folder that cannot be written, or a cluster that cannot be used.
    SweepError
        Where a chunk fails or the cluster is lost.
    """
    chosen = _figures(names)
    if seeds is not None:
        rule = "seeds must be a whole number, at least 1"
        check_seeds(seeds, rule=rule, hint=f"Ask for a whole number, 1 to {MOST_SEEDS:,}.")
    if processes is not None:
        check_processes(processes)
    if any(function.startswith("sharedtrunk.") for figure in chosen for function in figure.functions.values()):
        check_trainable()
    if processes == 0:
        check_can_train_here()
    out = Path(out)
    size = _size(chosen, quick=quick, full=full)
    device = accelerator() if cluster is None and processes != 0 else None
    made_by = fingerprint() if device is None else f"{fingerprint()} {device}"
    plans = [_plan(figure, size, made_by, training=training, seeds=seeds) for figure in chosen]
    if device is not None:  # one process owns the device, and trains all lanes that share inputs at once
        plans = [replace(plan, sweeps={arm: widened(sweep) for arm, sweep in plan.sweeps.items()}) for plan in plans]
        processes = 1 if processes is None else processes
    # The folder is made last, so that a refused call leaves none behind.
    _check_files([path for figure in chosen for path in file_paths(figure, out, size).values()])
    store = sweeps.Store(out / STORE)
    summary = sweeps.run(
        [sweep for plan in plans for sweep in plan.sweeps.values()],
        store,
        processes=processes,
        cluster=cluster,
        environment=worker_environment,  # called on the workers' machine, whose cache of compiled programs it names
        progress=progress,
        fresh=fresh,
    )
    command = _command(names, out, size, training=training, seeds=seeds)
    for plan in plans:
        _write(plan, store, out, command)
    # The pictures are drawn from the stored dataset, so that redrawing gives the same ones.
    return Reproduction(present(chosen, out, size, processes=processes), summary)


def redraw(
    names: Sequence[str], out: str | os.PathLike[str], *, quick: bool = False, full: bool = False
) -> tuple[Outcome, ...]:
    """Draw and judge stored datasets again, without JAX and without training.

    Parameters
    ----------
    names
        Names of figures, or "all".
    out
        The folder of results.
    quick, full
        Take the datasets on the coarse or the largest grid.

    Returns
    -------
    tuple of Outcome
        One outcome per figure, with the figure's checks.

    Raises
    ------
    InputError
        For an unknown figure, and for a dataset that is missing, damaged or another figure's.
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
                hint=f"Make it first: {figure_command('reproduce', [figure.name], out, size)}.",
            )
    return present(chosen, out, size)


def _figures(names: Sequence[str]) -> list[Figure]:
    if isinstance(names, str) or not names:
        raise invalid(
            "figures are a list of at least one name",
            received=repr(names),
            hint=f"Write [{names!r}]." if names else "Choose from those that sharedtrunk list shows.",
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
    if isinstance(problem, StandardProblem):  # other problems fix their training
        problem = replace(problem, training=training)
    settings = {**problem.settings(), "fingerprint": made_by}
    return _Plan(figure, axes, settings, figure.sweeps(figure.name, axes, settings, figure.functions), size)


def _write(plan: _Plan, store: sweeps.Store, out: Path, command: str) -> None:
    collected = {arm: sweeps.collect(sweep, store) for arm, sweep in plan.sweeps.items()}
    dataset = plan.figure.dataset(collected)
    dataset = dataset.assign_attrs(provenance(plan.figure, plan.axes, plan.settings, command, plan.size))
    sweeps.write_dataset(dataset, file_paths(plan.figure, out, plan.size)["nc"])


def _check_files(files: Sequence[Path]) -> None:
    """Raise `InputError` if a file of results cannot be written. Called before training, which takes minutes."""
    for path in files:
        check_regular(path)
    check_writable(files[0])  # one file shows that their folder can be written


def _command(names: Sequence[str], out: Path, size: Size, *, training: str, seeds: int | None) -> str:
    options = ["--training", training] if training != "flow" else []
    options += ["--seeds", str(seeds)] if seeds is not None else []
    # The dataset stores the command in UTF-8, so bytes of a folder's name in another encoding are escaped.
    return figure_command("reproduce", names, out, size, *options).encode(errors="backslashreplace").decode()

"""Running sweeps: compute the missing chunks, on all cores or a cluster, and store each as it finishes.

The same call *resumes*: stored chunks are verified and kept, damaged or foreign ones are computed again. The number of
processes, the order and earlier interruptions change no stored byte.
"""

import contextlib
import functools
import logging
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sharedtrunk._support.environment import cores
from sharedtrunk._support.limits import check_processes
from sharedtrunk.errors import invalid
from sharedtrunk.sweeps._client import Cluster, connected
from sharedtrunk.sweeps._cluster import run_on_cluster
from sharedtrunk.sweeps._executors import Environment, inside_worker, run_in_processes, run_inline
from sharedtrunk.sweeps._job import Finished, Job, compute_shard, finished, mismatch, receive, run_chunk
from sharedtrunk.sweeps._plan import Chunk, plan
from sharedtrunk.sweeps._queue import Queue, in_order
from sharedtrunk.sweeps._shard import DamagedShardError
from sharedtrunk.sweeps._store import Store
from sharedtrunk.sweeps._sweep import RESULT, Sweep

if TYPE_CHECKING:
    from sharedtrunk.sweeps._client import Client

_log = logging.getLogger("sharedtrunk.sweeps")


@dataclass(frozen=True)
class Progress:
    """How far a run has got.

    Parameters
    ----------
    done, total
        Number of stored lanes, including those of earlier runs, and number of lanes of all sweeps.
    rate
        Lanes per second in this run.
    seconds_left
        An estimate; None while it is unknown.
    """

    done: int
    total: int
    rate: float
    seconds_left: float | None


@dataclass(frozen=True)
class Summary:
    """What a run did.

    Parameters
    ----------
    lanes, computed, resumed
        Lanes of all sweeps, lanes computed by this run, and lanes stored by earlier ones.
    failures
        Reason → number of lanes that ended with it.
    redone
        A message for each damaged file whose chunk was computed again.
    seconds
        Duration of the run.
    """

    lanes: int
    computed: int
    resumed: int
    failures: Mapping[str, int]
    redone: tuple[str, ...]
    seconds: float


def run(
    sweeps: Sequence[Sweep],
    store: Store,
    *,
    processes: int | None = None,
    cluster: Cluster | None = None,
    environment: Environment | None = None,
    progress: Callable[[Progress], None] | None = None,
    fresh: bool = False,
) -> Summary:
    """Compute and store the missing chunks of sweeps; a chunk that several sweeps share is computed once.

    Parameters
    ----------
    sweeps
        The specifications.
    store
        The folder of finished chunks.
    processes
        Number of workers, by default one per core that this process may use; 0 computes in this process.
    cluster
        A `dask.distributed.Client`, or the address of its scheduler, to compute there instead. The workers need the same
        installation; only this process needs the store.
    environment
        Variables that workers start with, such as thread counts, which NumPy reads when it is imported; or an importable
        function that returns them on the worker's machine. Ignored for `processes=0`.
    progress
        Called at the start and after each chunk.
    fresh
        Whether to discard the stored chunks of these sweeps first.

    Returns
    -------
    Summary
        Counts of lanes, the reasons for failures, and the time.

    Raises
    ------
    SweepError
        Where a chunk fails, a worker process is lost, or a cluster loses its scheduler or four workers at the same chunk.
    InputError
        Where the folder cannot be used or the cluster cannot be reached.

    Notes
    -----
    After an error or an interrupt the finished chunks are stored, and the same call resumes.
    """
    _check_not_inside_worker()
    _check_one_place(processes, cluster)
    workers = _workers(processes)
    jobs = _jobs(sweeps)
    store.prepare()
    stored, redone = ({}, ()) if fresh else _stored(jobs, store)
    missing = in_order([job for job in jobs if job.chunk.key not in stored])
    results = list(stored.values())
    with connected(cluster) if cluster is not None and missing else contextlib.nullcontext() as client:
        meter = _Meter(jobs, missing, progress)
        if fresh:  # only now, so that nothing is lost if the cluster cannot be reached
            store.discard(job.chunk for job in jobs)
        with contextlib.closing(_execute(missing, store, workers, client, environment or {})) as finished_chunks:
            for result in finished_chunks:
                results.append(result)
                meter.add(result)
    computed = sum(len(job.chunk.lanes) for job in missing)
    failures = _failures(sweeps, results)
    return Summary(meter.total, computed, meter.total - computed, failures, redone, meter.seconds())


def _check_not_inside_worker() -> None:
    # Workers import the script that defines the chunk function. If it calls `run` unguarded, they would call it too.
    if inside_worker():
        raise invalid(
            "a sweep must not be run inside a worker of a sweep",
            received="a call of run, perhaps while the worker imported the chunk function's module",
            hint='Put the call under `if __name__ == "__main__":`, or the function in a module that calls no run.',
        )


def _check_one_place(processes: int | None, cluster: Cluster | None) -> None:
    if processes is not None and cluster is not None:
        raise invalid(
            "a sweep runs in processes of this machine or on a cluster",
            received="both",
            hint="Leave out one; a cluster's workers are counted where they are started.",
        )


def _workers(processes: int | None) -> int:
    return cores() if processes is None else check_processes(processes)


def _jobs(sweeps: Sequence[Sweep]) -> list[Job]:
    """Every distinct chunk, with the variables of all sweeps that share it."""
    jobs: dict[str, Job] = {}
    for sweep in sweeps:
        declared = {name: variable.dims for name, variable in sweep.variables.items()}
        for chunk in plan(sweep):
            wanted = {**(jobs[chunk.key].variables if chunk.key in jobs else {})}
            for name, dims in declared.items():
                if wanted.setdefault(name, dims) != dims:
                    raise invalid(
                        f"sweeps that share chunks must declare variable {name!r} alike",
                        received=f"dims {wanted[name]} and {dims}",
                        hint="Use the same dims in both.",
                    )
            jobs[chunk.key] = Job(chunk, wanted, _work(sweep, chunk))
    return list(jobs.values())


def _work(sweep: Sweep, chunk: Chunk) -> float:
    if sweep.work is None:
        return float(chunk.size)
    padding = chunk.size - len(chunk.lanes)
    values = [float(lane[sweep.work]) for lane in chunk.lanes]
    return sum(values) + padding * values[-1]


def _stored(jobs: Sequence[Job], store: Store) -> tuple[dict[str, Finished], tuple[str, ...]]:
    """The chunks that are stored whole, and a message for each file whose chunk must be computed again."""
    stored: dict[str, Finished] = {}
    redone: list[str] = []
    for job in jobs:
        try:
            arrays = store.read(job.chunk)
            complaint = None if arrays is None else mismatch(arrays, job.variables, len(job.chunk.lanes))
        except DamagedShardError as error:
            arrays, complaint = None, str(error)
        if complaint is not None:
            lanes = f"its {len(job.chunk.lanes)} lanes are computed again"
            redone.append(f"{store.file(job.chunk)}: {complaint}; {lanes}")
            _log.warning(redone[-1])
        elif arrays is not None:
            stored[job.chunk.key] = finished(job.chunk, arrays)
    return stored, tuple(redone)


def _execute(
    jobs: Sequence[Job], store: Store, workers: int, client: "Client | None", environment: Environment
) -> Generator[Finished, None, None]:
    """Choose the executor and start it."""
    if client is not None:
        return _receive(store, run_on_cluster(compute_shard, jobs, client=client, environment=environment))
    work = functools.partial(run_chunk, folder=str(store.path))
    if workers == 0 or not jobs:
        return run_inline(work, jobs)
    workers = min(workers, len(jobs))
    return run_in_processes(work, Queue(jobs, workers), processes=workers, environment=environment)


def _receive(store: Store, shards: Generator[tuple[Job, bytes], None, None]) -> Generator[Finished, None, None]:
    with contextlib.closing(shards):
        for job, shard in shards:
            yield receive(job, shard, store)


def _failures(sweeps: Sequence[Sweep], results: Sequence[Finished]) -> dict[str, int]:
    reasons = {
        code: word
        for sweep in sweeps
        if RESULT in sweep.variables
        for code, word in sweep.variables[RESULT].flags.items()
    }
    counts: Counter[int] = Counter()
    for result in results:
        counts.update(result.failures)
    return {reasons.get(code, f"code {code}"): count for code, count in sorted(counts.items())}


class _Meter:
    """Counts the finished lanes and calls `progress`."""

    def __init__(self, jobs: Sequence[Job], missing: Sequence[Job], progress: Callable[[Progress], None] | None):
        self.total = sum(len(job.chunk.lanes) for job in jobs)
        self._waiting = {job.chunk.key: job.work for job in missing}
        self._resumed = self._done = self.total - sum(len(job.chunk.lanes) for job in missing)
        self._work = sum(self._waiting.values())
        self._progress = progress
        self._start = time.perf_counter()
        self._report()

    def add(self, result: Finished) -> None:
        self._done += result.lanes
        del self._waiting[result.key]
        self._report()

    def seconds(self) -> float:
        return time.perf_counter() - self._start

    def _report(self) -> None:
        if self._progress is None:
            return
        left = sum(self._waiting.values())
        worked = self._work - left
        rate = (self._done - self._resumed) / max(self.seconds(), 1e-9)
        seconds_left = 0.0 if not self._waiting else self.seconds() * left / worked if worked else None
        self._progress(Progress(self._done, self.total, rate, seconds_left))

"""The order of chunks: a worker stays with one kind of chunk, unless a long chunk would then run alone at the end.

Chunks of one *kind* share function, settings, size and work, and so compiled programs. A worker that stays with a kind
compiles or loads its programs once, which takes a second or two, where a chunk takes about one.
"""

from collections import Counter, deque
from collections.abc import Hashable, Sequence

from sharedtrunk.sweeps._executors import Dispatcher
from sharedtrunk.sweeps._job import Job


def in_order(jobs: Sequence[Job]) -> list[Job]:
    """Jobs in order: one of every kind first, then the jobs with the most work.

    Workers that start with chunks of one kind would all compile the same programs, or wait for one of them to do so.
    """
    first: dict[Hashable, Job] = {}
    for job in jobs:
        first.setdefault(_kind(job), job)
    leading = {job.chunk.key for job in first.values()}
    return sorted(jobs, key=lambda job: (job.chunk.key not in leading, -job.work))


class Queue(Dispatcher[Job]):
    """The jobs that are still to be handed out."""

    def __init__(self, jobs: Sequence[Job], workers: int):
        self._workers = workers
        self._left: dict[Hashable, deque[Job]] = {}
        self._running: Counter[Hashable] = Counter()
        for job in jobs:
            self._left.setdefault(_kind(job), deque()).append(job)

    def next_after(self, done: Job | None) -> Job | None:
        """The next job for a worker that has just finished `done` (None: a new worker); None if no job is left."""
        if done is not None:
            self._running[_lane_kind(done)] -= 1
        if not self._left:
            return None
        kind = self._urgent() or self._like(done) or self._least_staffed()
        job = self._left[kind].popleft()
        if not self._left[kind]:
            del self._left[kind]
        self._running[_lane_kind(job)] += 1
        return job

    def _urgent(self) -> Hashable | None:
        """The kind of the longest job, if that job is more than half of one worker's share of the remaining work."""
        longest = max(self._left, key=lambda kind: self._next(kind).work)
        share = sum(map(self._work, self._left)) / self._workers
        return longest if self._next(longest).work > share / 2 else None

    def _like(self, done: Job | None) -> Hashable | None:
        """The kind of the job just finished, else the kind with most work among those with lanes of the same kind."""
        if done is None:
            return None
        alike = [kind for kind in self._left if _lane_kind(self._next(kind)) == _lane_kind(done)]
        return max(alike, key=lambda kind: (kind == _kind(done), self._work(kind)), default=None)

    def _least_staffed(self) -> Hashable:
        """The kind with most work among those whose lanes no worker computes; else the one with most work per worker."""

        def need(kind: Hashable) -> tuple[bool, float]:
            running = self._running[_lane_kind(self._next(kind))]
            return not running, self._work(kind) / (1 + running)

        return max(self._left, key=need)

    def _next(self, kind: Hashable) -> Job:
        return self._left[kind][0]

    def _work(self, kind: Hashable) -> float:
        return len(self._left[kind]) * self._next(kind).work


def _kind(job: Job) -> Hashable:
    return job.chunk.function, repr(job.chunk.settings), job.chunk.size, job.work


def _lane_kind(job: Job) -> Hashable:
    """Function and work of a lane: chunks of several kinds that agree in them share most of their programs."""
    return job.chunk.function, job.work / job.chunk.size

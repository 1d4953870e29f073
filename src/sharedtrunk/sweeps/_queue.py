"""Which chunk comes next: of a kind that the worker knows, while that leaves no long chunk to run alone at the end.

Chunks of a *kind* share function, settings, size and work, so they share compiled programs. A worker that stays with a kind
makes or loads its programs once; a second or two, where a chunk takes about one.
"""

from collections import Counter, deque
from collections.abc import Hashable, Sequence

from sharedtrunk.sweeps._executors import Line
from sharedtrunk.sweeps._job import Job


def in_order(jobs: Sequence[Job]) -> list[Job]:
    """One of every kind first, then those with most work.

    Workers that start with chunks of one kind would all compile the same programs, or wait for one of them to do so.
    """
    first: dict[Hashable, Job] = {}
    for job in jobs:
        first.setdefault(_kind(job), job)
    leading = {job.chunk.key for job in first.values()}
    return sorted(jobs, key=lambda job: (job.chunk.key not in leading, -job.work))


class Queue(Line[Job]):
    """The jobs that no worker has taken."""

    def __init__(self, jobs: Sequence[Job], workers: int):
        self._workers = workers
        self._left: dict[Hashable, deque[Job]] = {}
        self._running: Counter[Hashable] = Counter()
        for job in jobs:
            self._left.setdefault(_kind(job), deque()).append(job)

    def after(self, done: Job | None) -> Job | None:
        """The next job of a worker that is new or has just done one; None where nothing is left."""
        if done is not None:
            self._running[_lane(done)] -= 1
        if not self._left:
            return None
        kind = self._urgent() or self._known(done) or self._neglected()
        job = self._left[kind].popleft()
        if not self._left[kind]:
            del self._left[kind]
        self._running[_lane(job)] += 1
        return job

    def _urgent(self) -> Hashable | None:
        """The kind of the longest job, where that is half of a worker's share of what is left."""
        longest = max(self._left, key=lambda kind: self._next(kind).work)
        share = sum(map(self._work, self._left)) / self._workers
        return longest if self._next(longest).work > share / 2 else None

    def _known(self, done: Job | None) -> Hashable | None:
        """The kind of the job just done, or else the one with most work whose lanes are like its lanes."""
        if done is None:
            return None
        like = [kind for kind in self._left if _lane(self._next(kind)) == _lane(done)]
        return max(like, key=lambda kind: (kind == _kind(done), self._work(kind)), default=None)

    def _neglected(self) -> Hashable:
        """The kind with most work whose lanes no worker is at; if all are worked at, the one with most work a worker."""

        def need(kind: Hashable) -> tuple[bool, float]:
            running = self._running[_lane(self._next(kind))]
            return not running, self._work(kind) / (1 + running)

        return max(self._left, key=need)

    def _next(self, kind: Hashable) -> Job:
        return self._left[kind][0]

    def _work(self, kind: Hashable) -> float:
        return len(self._left[kind]) * self._next(kind).work


def _kind(job: Job) -> Hashable:
    return job.chunk.function, repr(job.chunk.settings), job.chunk.size, job.work


def _lane(job: Job) -> Hashable:
    """What chunks of several kinds may have in common: baselines and joint lanes share most of their programs."""
    return job.chunk.function, job.work / job.chunk.size

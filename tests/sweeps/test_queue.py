"""Who takes which chunk: simulated workers whose chunks take as long as their work says."""

import heapq
import itertools

import pytest

from sharedtrunk.sweeps._job import Job
from sharedtrunk.sweeps._plan import Chunk
from sharedtrunk.sweeps._queue import Queue, in_order


def jobs(kinds):
    """For every (function, settings, size, work a lane, count) as many jobs."""
    number = itertools.count()
    return [
        Job(Chunk(function, {"settings": settings}, ({"seed": next(number)},), size), {}, float(size * work))
        for function, settings, size, work, count in kinds
        for _ in range(count)
    ]


def simulated(given, workers):
    """(worker, job, begin) in the order in which jobs begin, and the time at which the last one ends."""
    queue, log, busy = Queue(given, workers), [], []
    for worker in range(workers):
        job = queue.next_after(None)
        if job is not None:
            log.append((worker, job, 0.0))
            heapq.heappush(busy, (job.work, worker, job))
    end = 0.0
    while busy:
        end, worker, done = heapq.heappop(busy)
        job = queue.next_after(done)
        if job is not None:
            log.append((worker, job, end))
            heapq.heappush(busy, (end + job.work, worker, job))
    return log, end


FIGURE = [("f", tasks, size, work, 35) for work in (1, 2, 4, 8, 16) for tasks, size in ((2, 35), (1, 7))]


@pytest.mark.parametrize("workers", [1, 3, 4, 64])
def test_every_job_is_dealt_once(workers):
    given = jobs(FIGURE)
    log, _ = simulated(given, workers)
    assert sorted(job.chunk.lanes[0]["seed"] for _, job, _ in log) == list(range(len(given)))


def test_workers_begin_with_different_kinds_and_stay_with_them():
    log, end = simulated(jobs(FIGURE), 4)
    assert len({job.work / job.chunk.size for _, job, begin in log if begin == 0}) == 4
    met = {(worker, job.work / job.chunk.size) for worker, job, _ in log}
    assert len(met) <= 12  # of 20, were every worker to meet every kind of lane
    share = sum(job.work for _, job, _ in log) / 4
    assert end < share + 16 * 35


def test_a_worker_that_ends_a_kind_takes_one_like_it():
    given = jobs([("f", 2, 35, 1, 2), ("f", 1, 7, 1, 2), ("g", 2, 35, 1, 9), ("f", 2, 35, 3, 9)])
    queue = Queue(given, 1)
    lane_works = []
    done = None
    while (done := queue.next_after(done)) is not None:
        lane_works.append((done.chunk.function, done.work / done.chunk.size))
    assert len([1 for _ in itertools.groupby(lane_works)]) == 3


def test_a_long_chunk_is_not_left_to_run_alone_at_the_end():
    given = jobs([("f", 0, 1, 1, 100), ("g", 0, 1, 40, 1)])
    for workers in (2, 3):
        log, end = simulated(given, workers)
        (begin,) = [begin for _, job, begin in log if job.work == 40]
        assert begin == 0
        assert end <= max(40, 140 / workers + 1)


def test_an_order_for_those_who_do_not_ask():
    given = jobs([("f", 0, 1, 1, 3), ("g", 0, 1, 5, 2)])
    assert [job.work for job in in_order(given)] == [5, 1, 5, 1, 1]


def test_nothing_left():
    queue = Queue(jobs([("f", 0, 1, 1, 1)]), 2)
    job = queue.next_after(None)
    assert job is not None
    assert queue.next_after(None) is None
    assert queue.next_after(job) is None

"""A path in a process of its own, and several together."""

import numpy as np
from benchmarks.speed import all_cores, paths, starting, worker
from benchmarks.speed.problem import Case


def test_a_worker_reports_its_costs_and_trains():
    process = worker.Worker(Case(20), paths.MODULE, 1)
    costs = process.wait_until_ready()
    assert 0 < costs.compile < costs.first_result
    assert 2**20 < costs.bytes_imported <= costs.bytes_peak
    few, many = process.train(2), process.train(400)
    process.close()
    assert 0 < few < many


def test_a_block_of_processes_ends_with_the_last():
    order = []

    class Recorded:
        lanes = 1

        def __init__(self, name):
            self.name = name

        def begin(self, steps):
            order.append((self.name, steps))

        def end(self):
            order.append((self.name, "end"))

    all_cores._Together([Recorded("a"), Recorded("b")], 5)()
    assert order == [("a", 5), ("b", 5), ("a", "end"), ("b", "end")]


def test_rates_are_compared_within_a_round():
    one, four = np.asarray([10.0, 5.0, 20.0]), np.asarray([38.0, 19.0, 76.0])
    rates = {("ours", 1): one, ("ours", 4): four, ("module", 1): one / 10, ("module", 4): four / 20}
    row = all_cores._row(Case(100), ["ours", "module"], 4, rates, four / 40)
    assert row["scaling"]["ours"] == [3.8, 3.8, 3.8]
    assert row["ratio_of_ours"] == {"module": [20.0] * 3, all_cores.THREADS: [40.0] * 3}


def test_memory_is_reported_in_mebibytes():
    reported = starting._rounded(worker.Costs(1.234, 0.5, 3 * 2**20, 5 * 2**20))
    assert reported == {"first_result_seconds": 1.23, "compile_seconds": 0.5, "imported_mib": 3, "peak_mib": 5}

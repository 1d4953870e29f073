"""Throughput of a sweep on a Dask cluster on this machine against one process and against our own process pool.

    python benchmarks/cluster.py [--workers 4] [--seeds 8] [--repeats 3]

Work: the lanes of Figure 2, left, on its quick grid, with that many seeds. A cluster of that many workers (a process of
one thread each), a pool of as many processes and a single process train them in turn, with compiled programs cached and
nothing stored; all three must store the same bytes. The table gives median lanes per second, with the start of processes
but without that of the cluster, and median ratios.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
from distributed import Client, LocalCluster

from sharedtrunk.paper import figures

FIGURE = "fig2-left"


def train(out: Path, seeds: int, **where) -> tuple[int, float, dict[str, bytes]]:
    """Lanes trained, seconds, and what was stored."""
    summary = figures.reproduce([FIGURE], out, quick=True, seeds=seeds, fresh=True, **where).summary
    stored = {path.name: path.read_bytes() for path in (out / ".sharedtrunk").glob("*.shard")}
    assert summary.computed == summary.lanes
    return summary.computed, summary.seconds, stored


def measure(workers: int, seeds: int, repeats: int) -> str:
    with (
        tempfile.TemporaryDirectory() as folder,
        LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=":0") as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        executors = {"one": {"processes": 1}, "pool": {"processes": workers}, "cluster": {"cluster": client}}
        seconds = np.empty((repeats, len(executors)))
        lanes, _, expected = train(Path(folder), seeds, processes=workers)  # compiled programs are cached from here on
        for repeat in range(repeats):
            for column, where in enumerate(executors.values()):
                _, seconds[repeat, column], stored = train(Path(folder), seeds, **where)
                assert stored == expected, "the stored bytes differ"
    one, pool, clustered = lanes / np.median(seconds, axis=0)
    faster_pool, faster_cluster = np.median(seconds[:, :1] / seconds[:, 1:], axis=0)
    return (
        f"| {lanes} | {workers} | {one:.1f} | {pool:.1f} ({faster_pool:.2f}) | {clustered:.1f} ({faster_cluster:.2f}) |"
        f" {np.median(seconds[:, 1] / seconds[:, 2]):.2f} |"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--repeats", type=int, default=3)
    row = measure(**vars(parser.parse_args()))
    print("| lanes | workers | one process, lanes/s | pool (× one) | cluster (× one) | cluster ÷ pool |")
    print("|---|---|---|---|---|---|")
    print(row)

"""Real lanes on a cluster: the bytes that local processes store."""

import pytest
from distributed import Client, LocalCluster

from sharedtrunk.paper import figures
from sharedtrunk.sweeps import Store

FIGURE = {"quick": True, "seeds": 1}


@pytest.mark.slow
def test_lanes_of_a_figure_have_the_bytes_of_local_processes(tmp_path, stored_bytes):
    figures.reproduce(["fig2-left"], tmp_path / "local", processes=2, **FIGURE)
    # The worst that a worker can be: threads of this process, which has JAX in another precision and with other flags.
    kinds = {"processes": False, "n_workers": 1, "threads_per_worker": 2, "dashboard_address": ":0"}
    with LocalCluster(**kinds) as cluster, Client(cluster, set_as_default=False) as client:
        made = figures.reproduce(["fig2-left"], tmp_path / "cluster", cluster=client, **FIGURE)
    assert made.summary.computed == 60
    local, clustered = (stored_bytes(Store(tmp_path / name / ".sharedtrunk")) for name in ("local", "cluster"))
    assert local == clustered

"""Run a page's blocks where no cluster is: `cluster_stubs.py RUNNER PAGE`.

The clusters are stand-ins, and figures are looked up by name instead of trained.
"""

import runpy
import sys
import types

import dask.distributed

from sharedtrunk.paper import figures


class Cluster:
    """Takes what a cluster takes, and starts nothing."""

    def __init__(self, *args, **kwargs):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def scale(self, jobs):
        assert jobs > 0


def reproduce(names, folder, cluster):
    """Whether there are figures of these names."""
    for name in names:
        assert name == "all" or figures.get(name)
    assert isinstance(cluster, Cluster)


figures.reproduce = reproduce
dask.distributed.LocalCluster = dask.distributed.Client = Cluster
sys.modules["dask_jobqueue"] = types.SimpleNamespace(SLURMCluster=Cluster)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")

"""Sweeps: any function on any grid, on all cores or a cluster, with results that survive crashes.

A `Sweep` states a function, a `Grid` and settings in plain data. `run` cuts the grid into chunks, computes the missing
ones in parallel, on this machine or on a Dask cluster, and stores each at once in a `Store`; `collect` makes an
`xarray.Dataset` of them. The package knows no science. It never loads JAX, and loads xarray and Dask only when needed.

    sweep = Sweep("squares", "package.module:squares", Grid({"x": (1, 2, 3)}), {"square": Variable(units="m2")})
    run([sweep], Store("results"))
    dataset = collect(sweep, Store("results"))
"""

from sharedtrunk._support.environment import cores as cores
from sharedtrunk.sweeps._client import Cluster as Cluster
from sharedtrunk.sweeps._collect import collect as collect
from sharedtrunk.sweeps._executors import run_in_processes as run_in_processes
from sharedtrunk.sweeps._grid import Grid as Grid
from sharedtrunk.sweeps._job import SweepError as SweepError
from sharedtrunk.sweeps._job import run_chunk as run_chunk
from sharedtrunk.sweeps._netcdf import read_dataset as read_dataset
from sharedtrunk.sweeps._netcdf import write_dataset as write_dataset
from sharedtrunk.sweeps._plan import Chunk as Chunk
from sharedtrunk.sweeps._plan import plan as plan
from sharedtrunk.sweeps._run import Progress as Progress
from sharedtrunk.sweeps._run import Summary as Summary
from sharedtrunk.sweeps._run import run as run
from sharedtrunk.sweeps._store import Store as Store
from sharedtrunk.sweeps._sweep import Sweep as Sweep
from sharedtrunk.sweeps._sweep import Variable as Variable

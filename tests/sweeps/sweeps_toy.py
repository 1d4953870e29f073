"""Toy chunk functions and sweeps, imported by name in the workers: this module must call no `run`."""

import os
import signal
import sys
import tempfile
import time

import numpy as np

from sharedtrunk.errors import InputError
from sharedtrunk.sweeps import Grid, Sweep, Variable

VARIABLES = {
    "value": Variable(units="m", long_name="a number"),
    "curve": Variable(dims=("time",)),
    "result": Variable(flags={0: "fine", 1: "ran away", 2: "never began"}),
}


def wave(settings, lanes):
    """Numbers that depend on the lane alone, although padding rows and a chunk's other lanes are there."""
    x = np.array([lane["x"] for lane in lanes], float)
    seed = np.array([lane["seed"] for lane in lanes], float)
    curve = np.sin(settings["frequency"] * x[:, None] + seed[:, None] * np.linspace(0, 1, 7))
    return {"value": curve.sum(axis=1), "curve": curve.astype(np.float32), "result": np.zeros(len(lanes), np.int32)}


def slow(settings, lanes):
    time.sleep(settings["seconds"])
    return wave(settings, lanes)


def some_fail(settings, lanes):
    arrays = wave(settings, lanes)
    x = np.array([lane["x"] for lane in lanes])
    arrays["result"] = np.select([x == 2, x == 3], [1, 2], 0)
    arrays["value"][arrays["result"] != 0] = np.nan
    return arrays


def raises_at(settings, lanes):
    if any(lane["x"] == settings["x"] for lane in lanes):
        raise ZeroDivisionError("toy trouble\nin two lines")
    return wave(settings, lanes)


def dies_at(settings, lanes):
    if any(lane["x"] == settings["x"] for lane in lanes):
        os.kill(os.getpid(), signal.SIGKILL)
    return wave(settings, lanes)


def sees(settings, lanes):
    """What a chunk function gets and where it runs."""
    count = len(lanes)
    return {
        "threads": np.full(count, int(os.environ.get("TOY_THREADS", "-1"))),
        "jax": np.full(count, "jax" in sys.modules),
        "xarray": np.full(count, "xarray" in sys.modules),
        "rows": np.full(count, count),
        "process": np.full(count, os.getpid()),
    }


def nested(settings, lanes):
    """Whether a sweep is refused here (one of no sweeps at all, so that nothing can start)."""
    from sharedtrunk.sweeps import Store, run

    with tempfile.TemporaryDirectory() as folder:
        try:
            run([], Store(folder), processes=0)
        except InputError as error:
            return {"inside": np.full(len(lanes), "inside a worker" in str(error))}
    return {"inside": np.full(len(lanes), False)}


def ragged(settings, lanes):
    """A curve as long as the lane's number."""
    arrays = wave(settings, lanes)
    return {**arrays, "curve": np.zeros((len(lanes), lanes[0]["x"]))}


def names(settings, lanes):
    return {**wave(settings, [{"x": 0, "seed": 0}] * len(lanes)), "value": np.array([len(lane["x"]) for lane in lanes])}


def wrong(settings, lanes):
    """Arrays that break one rule, by name."""
    arrays = wave(settings, lanes)
    changed = {
        "rows": {"value": arrays["value"][:-1]},
        "scalar": {"value": np.array(1.0)},
        "axes": {"curve": arrays["value"]},
        "objects": {"value": np.array([None] * len(lanes))},
        "codes": {"result": arrays["value"]},
    }
    if settings["rule"] == "missing":
        del arrays["curve"]
        return arrays
    return {**arrays, **changed[settings["rule"]]}


def toy_sweep(function="wave", x=(1, 2, 3, 4, 5), seed=(0, 1), **kinds):
    arguments = {
        "name": "toy",
        "settings": {"frequency": 0.3},
        "variables": VARIABLES,
        "group_by": ("seed",),
        "chunk_limit": 2,
        **kinds,
    }
    return Sweep(function=f"sweeps_toy:{function}", grid=Grid({"x": x, "seed": seed}), **arguments)


def slow_sweep(seconds):
    """Twenty chunks of a fraction of a second each."""
    settings = {"frequency": 0.3, "seconds": seconds}
    return toy_sweep("slow", x=tuple(range(20)), settings=settings, chunk_limit=2)

"""Following a batch of judged flows leg by leg: who is still open, the curves, and the best weights so far.

Time goes in *legs*, all with as many times, so that one compiled program serves them all. After each leg the lanes that have
stopped are left out and the others packed into full *chunks*, batches of lanes that fit into the cache.
"""

import contextlib
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk._support.cache.programs import program
from sharedtrunk.flows.trajectory import Result

from ._integrate import Batch, Tolerance, Walk, go_on, set_out
from ._judge import Best, nothing_seen, stopping

LEG_ENDS = (2.5, 5.0, 7.5, 10.0, 15.0, *(20.0 * 2.0 ** (0.5 * k) for k in range(12)))
LEG_TIMES = 11
"""Saved times are 0.25 apart up to t = 10, 0.5 up to 20, and grow by 3.5 % each from there on."""

FIRST_STEP = 0.1


class _Lanes(NamedTuple):
    """What a lane carries from leg to leg."""

    walk: Walk
    best: Best


def legs(time_limit: float) -> Iterator[np.ndarray]:
    """Times of each leg up to `time_limit`, `LEG_TIMES` of them, the first the last one of the leg before."""
    ends = [0.0, *(end for end in LEG_ENDS if end < time_limit), float(time_limit)]
    for begin, end in itertools.pairwise(ends):
        yield np.linspace(begin, end, LEG_TIMES) if begin < 20 else np.geomspace(begin, end, LEG_TIMES)


class Record:
    """The lanes on the host while legs go by: curves, the best weights so far, and who has stopped."""

    def __init__(self, count, chunk, flow, axes, tolerance, workers):
        # on the host, where picking lanes costs nothing
        self.flow, self.axes, self.tolerance = jax.tree.map(np.asarray, flow), axes, tolerance
        self.chunk, self.workers = chunk, workers
        self.times, self.curves = [], []
        self.lowest, self.time = np.full(count, np.inf), np.zeros(count)
        self.weights = np.empty(0)
        self.result = np.full(count, int(Result.NOT_BRACKETED))
        self.open = np.ones(count, bool)

    def follow(self, state, legs) -> None:
        dtype = jax.tree.leaves(state)[0].dtype
        count = len(self.open)
        spread = Best(*(np.full(count, part) for part in nothing_seen(dtype)))
        seen = np.empty((count, *self.flow.judge.moment.shape[-2:]), dtype)
        walk = set_out((seen,), state, np.zeros((), dtype), self.tolerance, np.full(count, FIRST_STEP, dtype))
        lanes = jax.tree.map(np.array, _Lanes(walk, spread))
        for times in legs:
            self._leg(lanes, np.asarray(times, dtype))
            if not self.open.any():
                break

    def _leg(self, lanes: _Lanes, times) -> None:
        """One leg of all open lanes, in chunks."""
        index = np.flatnonzero(self.open)
        chunks = [index[k : k + self.chunk] for k in range(0, len(index), self.chunk)]
        curve = np.full((len(self.open), len(times)), np.nan, times.dtype)
        with ThreadPoolExecutor(self.workers) if self.workers > 1 else contextlib.nullcontext() as pool:
            run = map if pool is None else pool.map
            for part, out in zip(chunks, run(lambda part: self._run(part, lanes, times), chunks), strict=True):
                self._keep(part, lanes, times, curve, out)
        skip = min(1, len(self.times))  # the first time of a later leg is known
        self.times.append(times[skip:])
        self.curves.append(curve[:, skip:])

    def _run(self, part, lanes: _Lanes, times):
        """One chunk through the compiled leg, filled up with its last lane."""
        filled = np.concatenate([part, np.repeat(part[-1:], self.chunk - len(part))])
        leaves, structure = jax.tree.flatten(self.flow)
        taken = [leaf[filled] if axis == 0 else leaf for leaf, axis in zip(leaves, self.axes, strict=True)]
        flow = jax.tree.unflatten(structure, taken)
        out = _leg_of_lanes(flow, self.axes, jax.tree.map(lambda leaf: leaf[filled], lanes), times, self.tolerance)
        return jax.tree.map(np.asarray, out)

    def _keep(self, part, lanes: _Lanes, times, curve, out) -> None:
        after, loss, seen, stopped, result = jax.tree.map(lambda leaf: leaf[: len(part)], out)
        for whole, piece in zip(jax.tree.leaves(lanes), jax.tree.leaves(after), strict=True):
            whole[part] = piece
        curve[part] = loss
        if not self.weights.size:
            self.weights = np.full((len(self.open), *seen.shape[2:]), np.nan, seen.dtype)
        lowest = np.where(np.isfinite(loss), loss, np.inf)
        pick = lowest.argmin(axis=1)
        value = lowest[np.arange(len(part)), pick]
        better = value < self.lowest[part]
        self.lowest[part[better]] = value[better]
        self.time[part[better]] = times[pick[better]]
        self.weights[part[better]] = seen[better, pick[better]]
        failed = ~stopped & (result != int(Result.SUCCESS))
        self.result[part[stopped]] = int(Result.SUCCESS)
        self.result[part[failed]] = result[failed]
        self.open[part] = ~stopped & ~failed


@program
def _leg_of_lanes(flow, axes: tuple[int | None, ...], lanes: _Lanes, times, tolerance: Tolerance):
    out, walk = go_on(Batch(flow, axes, _main_task), lanes.walk, times, tolerance)
    leaves, structure = jax.tree.flatten(flow)

    def judged(leaves, seen, finite, best):
        judge = jax.tree.unflatten(structure, leaves).judge
        loss = judge.loss(jnp.where(finite[:, None, None], seen, jnp.zeros_like(seen)))
        kept, stopped, best = stopping(times, loss, finite, best)
        return best, jnp.where(kept, loss, jnp.nan), stopped

    (seen,) = out.seen
    best, loss, stopped = jax.vmap(judged, in_axes=(list(axes), 0, 0, 0))(leaves, seen, out.finite, lanes.best)
    return _Lanes(walk, best), loss, seen, stopped, out.result


def _main_task(flow, state):
    return flow.composites(state)[:1]

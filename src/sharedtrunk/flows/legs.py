"""Follow a batch of lanes leg by leg, until each has finished: the loop that students and theory share.

Time is cut into *legs*. One leg of a few lanes is a pure function of their state, `(lanes, state, leg) → (state, record)`.
The caller chooses the legs, computes them and decides when a lane has finished. Arrays stay on the host, where selecting
lanes costs little. Lanes are the first axis of every array. Only this module cuts them into batches, each of `width` lanes
that have not finished. The last batch is filled up with copies of its last lane, so that one compiled program serves all
batches. A lane that finishes leaves the batches, and its record is NaN from then on.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import jax
import numpy as np

LegOfLanes = Callable[[np.ndarray, Any, np.ndarray], tuple[Any, Any]]
"""From lane indices, the lanes' state and the times of a leg to the state at the leg's end and the record (lane, time, …)."""


class Followed(NamedTuple):
    """Lanes that were followed: their last state, the saved times, and the records of all legs, one after the other."""

    state: Any
    times: np.ndarray
    record: Any


def follow_lanes(
    state: Any,
    legs: Iterable[np.ndarray],
    leg_of_lanes: LegOfLanes,
    finished: Callable[[Any, list[np.ndarray], list[Any]], np.ndarray],
    *,
    width: int,
    workers: int = 1,
) -> Followed:
    """Follow all lanes through `legs`, each to the leg in which it finishes.

    Parameters
    ----------
    state
        Pytree of arrays (lane, …): the lanes at the first leg's first time.
    legs
        Times of each leg; the first is the last time of the leg before.
    leg_of_lanes
        Computes one leg of `width` lanes.
    finished
        Which lanes (lane,) need no further leg, from the state and the times and records of every leg so far.
    width
        Number of lanes in a batch.
    workers
        Threads that compute batches side by side.
    """
    state, times, records = jax.tree.map(np.array, state), [], []
    count = jax.tree.leaves(state)[0].shape[0]
    still_open = np.arange(count)
    for leg in legs:
        record = None
        skip = min(1, len(times))  # a leg's first time is the last of the leg before, and is recorded once
        with ThreadPoolExecutor(workers) if workers > 1 else contextlib.nullcontext() as pool:
            inputs = [(lanes, jax.tree.map(lambda a, at=lanes: a[at], state)) for lanes in batches(still_open, width)]
            run = map if pool is None else pool.map
            for (lanes, _), (after, observed) in zip(
                inputs, run(lambda b, t=leg: leg_of_lanes(b[0], b[1], t), inputs), strict=True
            ):
                unique, first = np.unique(lanes, return_index=True)
                observed = jax.tree.map(lambda a, at=first, skip=skip: np.asarray(a)[at, skip:], observed)
                record = jax.tree.map(lambda a: _blank(count, a), observed) if record is None else record
                _put(record, unique, observed)
                _put(state, unique, jax.tree.map(lambda a, at=first: np.asarray(a)[at], after))
        times.append(leg[skip:])
        records.append(record)
        still_open = still_open[~finished(state, times, records)[still_open]]
        if not still_open.size:
            break
    return Followed(state, np.concatenate(times), jax.tree.map(lambda *parts: np.concatenate(parts, axis=1), *records))


def batches(lanes: np.ndarray, width: int) -> Iterator[np.ndarray]:
    """Lanes in their order, `width` at a time; the last batch is filled up with copies of its last lane."""
    for first in range(0, len(lanes), width):
        batch = lanes[first : first + width]
        yield np.concatenate([batch, np.repeat(batch[-1:], width - len(batch))])


class Lowest(NamedTuple):
    """Every lane's lowest point of a curve so far: its value, its time, and the values observed there."""

    value: np.ndarray
    time: np.ndarray
    observed: Any


def lowest_so_far(before: Lowest, times: np.ndarray, curve: np.ndarray, observed: Any) -> Lowest:
    """The lowest point so far of every lane, after one more leg.

    The lowest point of `curve` (lane, time) replaces `before` where it is lower, with the `observed` values (lane, time, …)
    at that time. An equal value does not replace an earlier one.
    """
    finite = np.where(np.isfinite(curve), curve, np.inf)
    index = finite.argmin(axis=1)
    lanes = np.arange(len(index))
    value = finite[lanes, index]
    better = value < before.value

    def chosen(new, old):
        return np.where(better.reshape(-1, *(1 for _ in old.shape[1:])), new, old)

    there = jax.tree.map(lambda new, old: chosen(np.asarray(new)[lanes, index], old), observed, before.observed)
    return Lowest(chosen(value, before.value), chosen(np.asarray(times)[index], before.time), there)


def _blank(count: int, observed: np.ndarray) -> np.ndarray:
    return np.full((count, *observed.shape[1:]), np.nan, observed.dtype)


def _put(whole: Any, lanes: np.ndarray, some: Any) -> None:
    """Write some lanes of every array of a tree, in place."""
    for leaf, part in zip(jax.tree.leaves(whole), jax.tree.leaves(some), strict=True):
        leaf[lanes] = part

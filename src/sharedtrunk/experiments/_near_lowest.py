"""The networks around the lowest watched loss so far, kept during training so that their losses can be computed afterwards.

A watched loss costs as much as an evaluation of the drive, so during training it is computed at every `STRIDE`th saved time
only. The networks at all saved times around its lowest point are kept, and their losses are computed once the minimum is
bracketed.
"""

from typing import Any, NamedTuple

import jax
import numpy as np

STRIDE = 5
"""The loss is watched at every fifth saved time: 1.25 apart until t = 20, later each about 6 % after the one before."""


class NearLowest(NamedTuple):
    """Every lane's networks around its lowest watched loss so far: `STRIDE` saved times before and after, and the lowest.

    `times` (lane, 2 · STRIDE + 1) and `networks` have the lowest in the middle; slots without a network are NaN.
    `recent_times` and `recent` hold the last `STRIDE` saved times before the next leg begins, because the next lowest may
    be just after them.
    """

    loss: np.ndarray
    times: np.ndarray
    networks: Any
    recent_times: np.ndarray
    recent: Any


def before_first_leg(networks: Any) -> NearLowest:
    """No networks yet; `networks` (lane, …) give the shapes."""
    count = jax.tree.leaves(networks)[0].shape[0]

    def empty(slots: int):
        return jax.tree.map(lambda w: np.full((count, slots, *w.shape[1:]), np.nan, w.dtype), networks)

    slots = 2 * STRIDE + 1
    times = (np.full((count, size), np.nan) for size in (slots, STRIDE))
    return NearLowest(np.full(count, np.inf), next(times), empty(slots), next(times), empty(STRIDE))


def after_leg(before: NearLowest, leg: np.ndarray, curve: np.ndarray, networks: Any) -> NearLowest:
    """Take in one leg. `curve` (lane, time) is NaN where the loss was not watched; `networks` are (lane, time, …)."""
    lowest = np.where(np.isfinite(curve), curve, np.inf)
    window_times = np.concatenate([before.recent_times, np.broadcast_to(leg, curve.shape)], axis=1)
    window = jax.tree.map(lambda old, new: np.concatenate([old, new], axis=1), before.recent, networks)
    loss, times = before.loss.copy(), before.times.copy()
    near = jax.tree.map(np.array, before.networks)
    for lane, index in enumerate(lowest.argmin(axis=1)):
        if lowest[lane, index] < loss[lane]:
            loss[lane] = lowest[lane, index]
            slots, first = slice(None), index
        elif times[lane, STRIDE] == leg[0]:  # the lowest ended the leg before, so its later neighbours are new
            slots, first = slice(STRIDE, None), STRIDE
        else:
            continue
        for kept, recent in ((times, window_times), *zip(*map(jax.tree.leaves, (near, window)), strict=True)):
            around = recent[lane, first : first + len(kept[lane, slots])]
            kept[lane, slots] = np.nan
            kept[lane, slots][: len(around)] = around
    recent_times = window_times[:, -STRIDE - 1 : -1]
    return NearLowest(loss, times, near, recent_times, jax.tree.map(lambda w: w[:, -STRIDE - 1 : -1], window))


def without_gaps(near: NearLowest) -> tuple[np.ndarray, Any]:
    """Times (lane, slot) and networks (lane, slot, …), with the lowest repeated in slots without a network."""
    empty = np.isnan(near.times)
    empty[np.isnan(near.times[:, STRIDE])] = False  # a lane that failed at once has no lowest to repeat

    def fill(leaf: np.ndarray) -> np.ndarray:
        return np.where(empty.reshape(*empty.shape, *(1 for _ in leaf.shape[2:])), leaf[:, STRIDE : STRIDE + 1], leaf)

    return fill(near.times), jax.tree.map(fill, near.networks)

"""Networks that are kept on the way because their loss will be computed again once the minimum is known.

A watched loss costs as much as an evaluation of the drive, so it is computed at every `STRIDE`th saved time only.
Meanwhile the networks at the saved times around its lowest point are kept, and their losses computed when the minimum is
bracketed.
"""

from typing import Any, NamedTuple

import jax
import numpy as np

STRIDE = 5
"""The loss is watched at every `STRIDE`th saved time: 1.25 apart in the beginning, 6 % apart later."""


class NearLowest(NamedTuple):
    """Every lane's networks at the `STRIDE` saved times before and after its lowest watched loss so far, and at that one.

    `times` (lane, 2 · STRIDE + 1) and `networks` have that time in the middle; slots without a network are NaN.
    `recent_times` and `recent` are the last `STRIDE` saved times before the next leg's first, which may turn out to be
    near it.
    """

    loss: np.ndarray
    times: np.ndarray
    networks: Any
    recent_times: np.ndarray
    recent: Any


def nothing_near(networks: Any) -> NearLowest:
    """Before the first leg; `networks` (lane, …) give the shapes."""
    count = jax.tree.leaves(networks)[0].shape[0]

    def empty(slots: int):
        return jax.tree.map(lambda w: np.full((count, slots, *w.shape[1:]), np.nan, w.dtype), networks)

    slots = 2 * STRIDE + 1
    times = (np.full((count, size), np.nan) for size in (slots, STRIDE))
    return NearLowest(np.full(count, np.inf), next(times), empty(slots), next(times), empty(STRIDE))


def near_lowest(before: NearLowest, leg: np.ndarray, curve: np.ndarray, networks: Any) -> NearLowest:
    """Take in one leg; `curve` (lane, time) is NaN where the loss was not watched, `networks` are (lane, time, …)."""
    lowest = np.where(np.isfinite(curve), curve, np.inf)
    window_times = np.concatenate([before.recent_times, np.broadcast_to(leg, curve.shape)], axis=1)
    window = jax.tree.map(lambda old, new: np.concatenate([old, new], axis=1), before.recent, networks)
    loss, times = before.loss.copy(), before.times.copy()
    near = jax.tree.map(np.array, before.networks)
    for lane, index in enumerate(lowest.argmin(axis=1)):
        if lowest[lane, index] < loss[lane]:
            loss[lane] = lowest[lane, index]
            slots, first = slice(None), index
        elif (
            times[lane, STRIDE] == leg[0]
        ):  # the lowest is the last of the leg before: what follows it was not yet known
            slots, first = slice(STRIDE, None), STRIDE
        else:
            continue
        for whole, seen in ((times, window_times), *zip(*map(jax.tree.leaves, (near, window)), strict=True)):
            found = seen[lane, first : first + len(whole[lane, slots])]
            whole[lane, slots] = np.nan
            whole[lane, slots][: len(found)] = found
    recent_times = window_times[:, -STRIDE - 1 : -1]
    return NearLowest(loss, times, near, recent_times, jax.tree.map(lambda w: w[:, -STRIDE - 1 : -1], window))


def filled(near: NearLowest) -> tuple[np.ndarray, Any]:
    """Times (lane, slot) and networks (lane, slot first), with the lowest repeated in slots without a network."""
    empty = np.isnan(near.times)
    empty[np.isnan(near.times[:, STRIDE])] = False  # a lane that was lost at once has none

    def fill(leaf: np.ndarray) -> np.ndarray:
        return np.where(empty.reshape(*empty.shape, *(1 for _ in leaf.shape[2:])), leaf[:, STRIDE : STRIDE + 1], leaf)

    return fill(near.times), jax.tree.map(fill, near.networks)

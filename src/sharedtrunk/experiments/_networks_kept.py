"""Networks to come back to: those at the lowest point of a curve, and those around it.

A watched loss costs as much as an evaluation of the drive, so it is seen at every `STRIDE`th saved time only. The networks at
the saved times around its lowest point are kept meanwhile, and looked at when the minimum is bracketed.
"""

from typing import Any

import jax
import numpy as np

from sharedtrunk import students

STRIDE = 5
"""Between the saved times at which the loss is watched: 1.25 apart in the beginning, then 6 %."""


class Best:
    """Every lane's network at the lowest point of a curve so far."""

    def __init__(self, start: students.SharedTrunk):
        self.networks = jax.tree.map(np.array, start)
        self._loss = np.full(start.heads[0].shape[0], np.inf)

    def keep(self, lanes: np.ndarray, curve: np.ndarray, networks) -> None:
        """Take one leg of some lanes in. A later equal loss, such as a leg's first, changes nothing."""
        lowest = np.where(np.isfinite(curve), curve, np.inf)
        index = lowest.argmin(axis=1)
        loss = np.take_along_axis(lowest, index[:, None], axis=1)[:, 0]
        (better,) = np.nonzero(loss < self._loss[lanes])
        self._loss[lanes[better]] = loss[better]
        for kept, seen in zip(jax.tree.leaves(self.networks), jax.tree.leaves(networks), strict=True):
            kept[lanes[better]] = seen[better, index[better]]


class Around:
    """Every lane's networks at the saved times up to `STRIDE` before and after the lowest watched loss so far."""

    def __init__(self, count: int):
        self._loss = np.full(count, np.inf)
        self._lowest = np.full(count, -np.inf)
        self._near: list[list[tuple[float, Any]]] = [[] for _ in range(count)]
        self._recent: list[list[tuple[float, Any]]] = [[] for _ in range(count)]

    def keep(self, lanes: np.ndarray, leg: np.ndarray, curve: np.ndarray, networks) -> None:
        """Take one leg of some lanes in; `curve` is NaN where the loss was not watched. A lane may come twice."""
        for lane, place in zip(*np.unique(lanes, return_index=True), strict=True):
            self._keep_one(int(lane), leg, curve[place], jax.tree.map(lambda w, at=place: w[at], networks))

    def _keep_one(self, lane: int, leg: np.ndarray, curve: np.ndarray, networks) -> None:
        def some(first: int, last: int) -> list[tuple[float, Any]]:
            within = range(max(first, 0), min(last, len(leg) - 1) + 1)
            return [(float(leg[i]), jax.tree.map(lambda w, at=i: w[at].copy(), networks)) for i in within]

        lowest = np.where(np.isfinite(curve), curve, np.inf)
        index = int(lowest.argmin())
        if lowest[index] < self._loss[lane] or not self._near[lane]:
            earlier = self._recent[lane][index - STRIDE - 1 : -1] if index < STRIDE else []
            self._loss[lane], self._lowest[lane] = lowest[index], leg[index]
            self._near[lane] = earlier + some(index - STRIDE, index + STRIDE)
        elif self._lowest[lane] == leg[0]:
            self._near[lane] = self._near[lane] + some(1, STRIDE)
        self._recent[lane] = some(len(leg) - STRIDE - 1, len(leg) - 1)

    def gathered(self) -> tuple[np.ndarray, Any]:
        """Times (lane, near) and networks (lane, near first) of all lanes, as many of each: the last is repeated."""
        most = 2 * STRIDE + 1
        near = [points + points[-1:] * (most - len(points)) for points in self._near]
        networks = [jax.tree.map(lambda *w: np.stack(w), *(network for _, network in points)) for points in near]
        return np.array([[time for time, _ in points] for points in near]), jax.tree.map(
            lambda *w: np.stack(w), *networks
        )

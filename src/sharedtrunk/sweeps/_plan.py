"""The chunk plan: which lanes are computed together. It follows from the specification alone.

A group's lanes, sorted by value with the last axis fastest, are cut into the fewest chunks that `chunk_limit` allows,
all of one *size* = ⌈n / ⌈n / limit⌉⌉; a chunk with fewer lanes is padded to that size when it is computed. A group's
chunks therefore depend on its own points, the function and the settings; not on the rest of the grid, on the number of
processes or on what is stored already. Sweeps whose grids overlap in whole groups share those chunks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sharedtrunk.sweeps._canonical import content_key
from sharedtrunk.sweeps._grid import Point, Scalar
from sharedtrunk.sweeps._sweep import Sweep

FORMAT = 1
"""Version of the shard format and of the chunk convention; part of every key."""


@dataclass(frozen=True)
class Chunk:
    """The lanes of one call of a sweep's function.

    Parameters
    ----------
    function
        "package.module:function".
    settings
        Plain data for the function.
    lanes
        One point of the grid each.
    size
        Number of lanes that the call computes, padding included.
    """

    function: str
    settings: dict[str, Any]
    lanes: tuple[Point, ...]
    size: int

    @cached_property
    def specification(self) -> dict[str, Any]:
        """All that determines the numbers of the chunk, in plain data."""
        return {
            "format": FORMAT,
            "function": self.function,
            "settings": self.settings,
            "lanes": list(self.lanes),
            "size": self.size,
        }

    @cached_property
    def key(self) -> str:
        """Content key: sha256 of the canonical JSON of `specification`."""
        return content_key(self.specification)


def plan(sweep: Sweep) -> list[Chunk]:
    """Cut a sweep into chunks.

    Parameters
    ----------
    sweep
        The specification.

    Returns
    -------
    list of Chunk
        Every chunk, the groups in the order of the grid.
    """
    groups: dict[tuple[Scalar, ...], list[Point]] = {}
    for point in sweep.grid.points():
        groups.setdefault(tuple(point[axis] for axis in sweep.group_by), []).append(point)
    return [chunk for points in groups.values() for chunk in _cut(sweep, points)]


def _cut(sweep: Sweep, points: list[Point]) -> list[Chunk]:
    # Sorted, so that two grids which list the same values in another order still share their chunks.
    points = sorted(points, key=lambda point: tuple(point.values()))
    count = -(-len(points) // sweep.limit(points[0]))
    size = -(-len(points) // count)
    settings = dict(sweep.settings)
    return [
        Chunk(sweep.function, settings, tuple(points[start : start + size]), size)
        for start in range(0, len(points), size)
    ]


def describe(lanes: Sequence[Point]) -> str:
    """Describe lanes for a message: the values that they share, then the values in which they differ."""
    shared = [axis for axis, value in lanes[0].items() if all(lane[axis] == value for lane in lanes)]
    own = [axis for axis in lanes[0] if axis not in shared]
    text = ", ".join(f"{axis}={lanes[0][axis]}" for axis in shared)
    if own:
        values = " ".join("(" + ", ".join(str(lane[axis]) for axis in own) + ")" for lane in lanes)
        text += f"{' and ' if text else ''}({', '.join(own)}) in {values}"
    return text

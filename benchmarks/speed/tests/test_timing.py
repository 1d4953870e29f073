"""Paired ratios and block lengths, with simulated clocks."""

import numpy as np
import pytest
from benchmarks.speed import timing


class Machine:
    """A clock, and work that advances it; `slowness` multiplies all durations."""

    def __init__(self):
        self.now, self.slowness, self.calls = 0.0, 1.0, []

    def clock(self) -> float:
        return self.now

    def block(self, name: str, seconds: float):
        def run(steps: int = 1) -> None:
            self.calls.append(name)
            self.now += steps * seconds * self.slowness

        return run


def test_blocks_take_turns():
    machine = Machine()
    seconds = timing.interleaved([machine.block("a", 1.0), machine.block("b", 3.0)], 2, machine.clock)
    assert machine.calls == ["a", "b", "a", "b"]
    np.testing.assert_array_equal(seconds, [[1.0, 1.0], [3.0, 3.0]])


def test_a_drifting_machine_does_not_move_the_ratio():
    machine = Machine()

    def drift() -> None:
        machine.slowness *= 1.7

    blocks = [machine.block("a", 1.0), machine.block("b", 3.0), drift]
    seconds = timing.interleaved(blocks, 6, machine.clock)
    assert seconds[0].max() > 10 * seconds[0].min()
    assert timing.paired_ratio(seconds[1], seconds[0]) == pytest.approx((3.0, 3.0, 3.0))


def test_the_ratio_is_the_median_with_its_range():
    assert timing.paired_ratio(np.asarray([2.0, 9.0, 8.0]), np.asarray([1.0, 3.0, 1.0])) == (3.0, 2.0, 8.0)


def test_steps_fill_the_time_asked_for():
    machine = Machine()
    assert timing.steps_for(machine.block("a", 1e-3), 0.25, machine.clock) == 250
    assert timing.steps_for(machine.block("a", 1.0), 0.25, machine.clock) == 1

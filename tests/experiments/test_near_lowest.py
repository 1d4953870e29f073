"""The networks that training keeps around the lowest watched loss."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import students
from sharedtrunk.experiments._near_lowest import STRIDE, after_leg, before_first_leg, without_gaps
from sharedtrunk.flows.legs import Lowest, follow_lanes, lowest_so_far

LEGS = [np.linspace(5 * leg, 5 * leg + 5, 21) for leg in range(4)]


def network(times):
    """A one-weight student whose weight is its time; a lane axis, then time."""
    weights = jnp.asarray(times, "float32")[..., None, None]
    return students.SharedTrunk((weights,), (weights,), "relu")


def followed(minima, start, keep):
    """Follow legs of parabolas with these minima, every `STRIDE`th time watched, two lanes in a batch."""
    minima = np.asarray(minima)

    def leg_of_lanes(lanes, state, leg):
        curve = (leg[None, :] - minima[lanes][:, None]) ** 2
        curve[:, np.arange(21) % STRIDE != 0] = np.nan
        return keep(state, leg, curve, jax.tree.map(np.asarray, network(np.broadcast_to(leg, curve.shape)))), curve

    return follow_lanes(start, LEGS, leg_of_lanes, lambda *_: np.zeros(3, bool), width=2)


@pytest.mark.parametrize("minima", [(7.6, 12.4, 2.4), (5.0, 10.1, 14.9), (0.0, 19.9, 20.0)])
def test_the_times_around_the_lowest_are_kept(minima):
    times, networks = without_gaps(followed(minima, before_first_leg(network(np.zeros(3))), after_leg).state)
    np.testing.assert_array_equal(times.astype("float32"), networks.trunk[0][..., 0, 0])
    everything = np.unique(np.concatenate(LEGS))
    for lane, minimum in enumerate(minima):
        lowest = everything[::STRIDE][np.abs(everything[::STRIDE] - minimum).argmin()]
        near = everything[np.abs(everything - lowest) < 0.25 * STRIDE + 0.1]
        np.testing.assert_allclose(np.unique(times[lane]), near)


def test_the_lowest_so_far_is_the_lowest_that_was_seen():
    nothing = Lowest(np.full(3, np.inf), np.zeros(3), jax.tree.map(np.asarray, network(np.zeros(3))))
    found = followed((7.6, 12.4, 2.4), nothing, lowest_so_far)
    np.testing.assert_allclose(found.state.observed.trunk[0][:, 0, 0], [7.5, 12.5, 2.5])
    np.testing.assert_allclose(found.state.time, [7.5, 12.5, 2.5])
    assert found.record.shape == (3, found.times.size)
    np.testing.assert_array_equal(found.times, np.unique(np.concatenate(LEGS)))

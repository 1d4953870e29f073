"""What is kept on the way to find a minimum again."""

import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import students
from sharedtrunk.experiments._networks_kept import STRIDE, Around, Best

LEGS = [np.linspace(5 * leg, 5 * leg + 5, 21) for leg in range(4)]


def network(times):
    """A one-weight student that is its time; a lane axis, then time."""
    weights = jnp.asarray(times, "float32")[..., None, None]
    return students.SharedTrunk((weights,), (weights,), "relu")


def followed(minima, keep):
    """Show legs of parabolas with these minima, every `STRIDE`th time watched, lanes in two batches."""
    minima = np.asarray(minima)
    for leg in LEGS:
        for lanes in (np.array([1, 1]), np.array([0, 2])):
            curve = (leg[None, :] - minima[lanes][:, None]) ** 2
            curve[:, np.arange(21) % STRIDE != 0] = np.nan
            keep(lanes, leg, curve, network(np.broadcast_to(leg, curve.shape)))


@pytest.mark.parametrize("minima", [(7.6, 12.4, 2.4), (5.0, 10.1, 14.9), (0.0, 19.9, 20.0)])
def test_the_times_around_the_lowest_are_kept(minima):
    around = Around(3)
    followed(minima, around.keep)
    times, networks = around.gathered()
    np.testing.assert_array_equal(times.astype("float32"), networks.trunk[0][..., 0, 0])
    everything = np.unique(np.concatenate(LEGS))
    for lane, minimum in enumerate(minima):
        lowest = everything[::STRIDE][np.abs(everything[::STRIDE] - minimum).argmin()]
        near = everything[np.abs(everything - lowest) < 0.25 * STRIDE + 0.1]
        np.testing.assert_allclose(np.unique(times[lane]), near)


def test_the_best_is_the_lowest_of_what_was_seen():
    best = Best(network(np.zeros(3)))
    followed((7.6, 12.4, 2.4), lambda lanes, leg, curve, networks: best.keep(lanes, curve, networks))
    np.testing.assert_allclose(best.networks.trunk[0][:, 0, 0], [7.5, 12.5, 2.5])

"""Panels do not depend on the frame of the weights' plane, wherever in it two classes tie."""

import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import gaussian
from sharedtrunk.gaussian import Panels
from sharedtrunk.gaussian._estimate import _by_panels, _Host
from sharedtrunk.gaussian._free_energy import _FREE_ENERGY
from sharedtrunk.gaussian._pairs import distances
from sharedtrunk.gaussian._panels import integrals
from sharedtrunk.gaussian._softmax_moment import _COVARIANCE, _MOMENT

TRIANGLE = np.array([[0.0, 1.0], [-0.8, -0.5], [0.9, -0.6]])
QUANTITIES = (_FREE_ENERGY, _MOMENT, _COVARIANCE)
pytestmark = pytest.mark.float64


def rotation(angle):
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def angle_of_tie():
    """The direction in which the first two classes tie above the third."""
    along = TRIANGLE[0] - TRIANGLE[1]
    across = np.array([-along[1], along[0]])
    across *= np.sign(across @ (TRIANGLE[0] - TRIANGLE[2]))
    return np.arctan2(across[1], across[0])


@pytest.mark.parametrize("scale", [1.0, 30.0, 300.0, 1e4])
@pytest.mark.parametrize("beside", [0.0, 1e-9, 1e-3, -1e-3, 0.3])
def test_a_tie_at_the_seam_of_the_circle(scale, beside):
    """The circle is cut open at φ = 0. A tie there, or next to it, has its layer on both sides of the cut."""
    away, cut = (scale * TRIANGLE @ rotation(angle_of_tie() + shift) for shift in (1.0, beside))
    for quantity in ("free_energy", "covariance"):
        here, there = (getattr(integrals(A, 4), quantity) for A in (cut, away))
        np.testing.assert_allclose(here, there, rtol=5e-6, atol=5e-6 * np.max(np.abs(there)))


@pytest.mark.parametrize("scale", [10.0, 100.0, 300.0, 1000.0])
def test_nearly_equal_sides(scale):
    """The plane's own axes then point along a tie; bars at the default were 6 % of the value, or shorter than the error."""
    plane = scale * np.array([[0.6408, 0.0], [-0.3204, 0.5548], [-0.3204, -0.5549]]) @ np.eye(2, 3)
    for name in ("free_energy", "softmax_moment", "softmax_covariance"):
        value, bar = getattr(gaussian, f"{name}_with_error")(jnp.asarray(plane))
        exact = getattr(gaussian, name)(jnp.asarray(plane), rule=Panels(order=12))
        assert np.linalg.norm(value - exact) <= bar <= 5e-6 * np.linalg.norm(exact)


@pytest.mark.long
def test_what_is_left_out_is_covered():
    """Weights moved by a known amount, most often so that the closest classes come closer or part: the bar covers it."""
    rng = np.random.default_rng(7)
    shares = []
    for trial in range(45):
        K = int(rng.integers(3, 5))
        V = np.linalg.qr(rng.normal(size=(5, 2)))[0].T
        A = rng.normal(size=(K, 2)) * 10 ** rng.uniform(-1.0, 4.0)
        A -= A.mean(axis=0)
        apart = distances(A) + np.diag(np.full(K, np.inf))
        i, j = np.unravel_index(apart.argmin(), (K, K))
        change = rng.normal(size=(K, 2))
        if trial % 3:
            change[[i, j]] += 3 * rng.choice([-1, 1]) * (A[i] - A[j]) / apart.min() * [[1], [-1]]
        change -= change.mean(axis=0)
        change *= apart.min() * 10 ** rng.uniform(-4, -0.61) / np.linalg.norm(change)
        for quantity in QUANTITIES:
            host = _Host(quantity, None, np.finfo(float).eps)
            (before, bar), (after, other) = (_by_panels(W @ V, host, Panels(order=6), 2) for W in (A, A + change))
            moved = np.linalg.norm(np.asarray(after) - np.asarray(before)) - bar - other
            shares.append(moved / host.left_out(A, before, float(np.linalg.norm(change))))
    assert max(shares) <= 1.0
    assert max(shares) > 0.3  # the bar is not empty words either

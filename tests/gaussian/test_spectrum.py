"""Error bars of float32 arrays hold against float64 on the same numbers, whatever the singular values."""

import jax.numpy as jnp
import numpy as np
import pytest

from gaussian_problems import centred_frame, weights
from sharedtrunk import gaussian
from sharedtrunk.gaussian import Pairs
from sharedtrunk.gaussian._pairs import softmax_covariances
from sharedtrunk.gaussian._softmax_moment import _MOMENT
from sharedtrunk.gaussian._spectrum import deviation_from_equal, kept_rank

MOMENTS = [gaussian.softmax_moment_with_error, gaussian.softmax_covariance_with_error]


def distance(a, b):
    return float(np.linalg.norm(np.asarray(a, float) - np.asarray(b, float)))


def two_groups():
    """Three classes against three at 1e5; within a group only small singular values tell the classes apart."""
    rng = np.random.default_rng(0)
    top = np.array([1.0, 1, 1, -1, -1, -1])[:, None] / np.sqrt(6)
    rest = (np.eye(6) - 1 / 6 - top @ top.T) @ rng.standard_normal((6, 3))
    U = np.concatenate([top, np.linalg.qr(rest)[0]], axis=1)
    V = np.linalg.qr(rng.standard_normal((20, 4)))[0]
    return jnp.asarray(U * [1e5, 0.1, 0.05, 0.05] @ V.T)


PROBLEMS = {
    "two groups": two_groups,
    "four scales": lambda: weights(1, [1e6, 1.0, 1e-3, 1e-6], classes=6),
    "rank two": lambda: weights(2, [3.0, 1.0]),
    "rank two, large": lambda: weights(2, [3e4, 1e4], classes=5),
    "moderate": lambda: weights(3, [20.0, 1.0, 1e-2, 1e-5], classes=6),
    "small shift": lambda: weights(4, np.linspace(0.5, 1.5, 5), classes=6) + 1e3 * jnp.ones((1, 20)),
}


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize("quantity", [gaussian.free_energy_with_error, *MOMENTS])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_float32_bars_cover(problem, quantity):
    low = PROBLEMS[problem]().astype(jnp.float32)
    value, error = quantity(low)
    assert value.dtype == error.dtype == jnp.float32
    reference, own = quantity(low.astype(float))
    assert distance(value, reference) <= float(error) + float(own)
    # bars wide enough to cover anything would prove nothing
    assert float(error) + float(own) <= 5e-3 * distance(value, 0)


@pytest.mark.float64
@pytest.mark.parametrize("s", [0.5, 5.0, 100.0])
def test_equal_singular_values_cost_what_they_deviate(s):
    """The first-order change of M and G at a spread of 3 %, from paired nodes, against the stated error at 1e-7."""
    rng = np.random.default_rng(1)
    U, e = centred_frame(rng, 6, 5), rng.standard_normal(5)
    e -= e.mean()
    nearly, equal = ((U * s * (1 + scale * e)) for scale in (0.03, 0.0))
    G, G0 = (softmax_covariances(A, Pairs(512)).mean(axis=0) for A in (nearly, equal))
    g = float(gaussian.random_energy_slope(s, 6)) / (5 * s)
    changes = [distance(G @ nearly - g * nearly, G0 @ equal - g * equal), distance(G, G0)]
    close = jnp.asarray(U * s * (1 + 1e-7 * e))
    for quantity, change in zip(MOMENTS, changes, strict=True):
        error = float(quantity(close)[1])
        assert 1e-7 / 0.03 * change <= error <= 1e-5 * distance(quantity(close)[0], 0)
    F, F_error = gaussian.free_energy_with_error(close)
    assert F_error <= 1e-13 * F


@pytest.mark.float64
def test_a_spread_of_1e_5_is_not_equal_in_float32():
    rng = np.random.default_rng(1)
    U = centred_frame(rng, 6, 5)
    W = jnp.asarray(U * (1 + 5e-6 * np.array([-1, -1, 0, 1, 1])), jnp.float32)
    S = np.linalg.svd(np.asarray(W, float), compute_uv=False)
    assert deviation_from_equal(S, 6) is None
    assert deviation_from_equal(np.full(5, 2.0), 6) == (2.0, 0.0)
    # the former bar, rounding alone, is shorter than the first-order effect
    M, error = gaussian.softmax_moment_with_error(W)
    assert error > 16 * np.finfo(np.float32).eps * distance(M, 0)


def test_what_is_cut_is_affordable():
    sensitivity = _MOMENT.sensitivity
    eps = float(np.finfo(np.float32).eps)
    assert kept_rank(np.array([3.0, 1.0, 1e-7, 1e-7]), (6, 20), eps, sensitivity) == 2
    assert kept_rank(np.array([1e5, 0.1, 0.05, 0.05]), (6, 20), eps, sensitivity) == 4

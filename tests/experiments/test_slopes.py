"""Bounds of the benefit from stored weights and slopes alone, as a figure forms them where JAX is not installed."""

import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import benefit, gaussian
from sharedtrunk.experiments import StandardSettings, draw_lanes, standard_lanes

SMALL = {"classes": 4, "rank": 4, "features": 20, "hidden": 15, "fine_points": 1024, "scrambles": 8}
LANES = [
    {"n_samples": 60, "seed": 3, "s_main": 1.0, "s_aux": s, "relatedness": r} for s in (0.3, 10.0) for r in (0.0, 1.0)
]


@pytest.fixture(scope="module")
def arms():
    single = standard_lanes({**SMALL, "tasks": 1}, LANES[:1])
    return standard_lanes({**SMALL, "tasks": 2}, LANES), {name: value[[0] * 4] for name, value in single.items()}


def formed(arms):
    joint, single = arms
    step = (joint["weights"] - single["weights"]).astype(float)
    length = np.linalg.norm(step, axis=(1, 2))
    return [np.sum(arm["slope"] * step, axis=(1, 2)) for arm in arms], [arm["slope_error"] * length for arm in arms]


def test_they_are_those_of_the_room_of_benefits(arms):
    (lower, upper), (low_error, high_error) = formed(arms)
    draw = draw_lanes(StandardSettings.parse({**SMALL, "tasks": 2}), LANES)
    given = [jnp.asarray(arm["weights"]) for arm in arms]
    known = benefit.benefit_bounds(*given, draw.moments, rule=gaussian.Sobol(points=4096, scrambles=8))
    known = benefit.BenefitBounds(*(np.asarray(part, float) for part in known))
    assert (np.abs(lower - known.lower) <= low_error + known.error).all()
    assert (np.abs(upper - known.upper) <= high_error + known.error).all()
    assert (low_error + high_error < (upper - lower) / 5).all()


def test_they_hold_the_benefit_between_them(arms):
    joint, single = arms
    found = single["loss"] - joint["loss"]
    paired = single["loss_scrambles"] - joint["loss_scrambles"]
    error = 3 * paired.std(axis=1, ddof=1) / 8**0.5
    (lower, upper), (low_error, high_error) = formed(arms)
    assert (lower - low_error - error <= found).all()
    assert (found <= upper + high_error + error).all()
    assert (upper - lower > 10 * error).all()


def test_the_slope_is_minus_the_gradient_of_the_loss(arms):
    """Along a direction, against the difference of two losses."""
    weights, slope = arms[0]["weights"][0], arms[0]["slope"][0]
    draw = draw_lanes(StandardSettings.parse({**SMALL, "tasks": 2}), LANES)
    direction = np.random.default_rng(0).normal(size=weights.shape).astype(weights.dtype)
    rule = gaussian.Sobol(points=4096, scrambles=8)
    h = 0.05
    losses = [
        gaussian.population_loss(jnp.asarray(weights + sign * h * direction), draw.moments[0], rule=rule)
        for sign in (1, -1)
    ]
    expected = -float(losses[0] - losses[1]) / (2 * h)
    assert np.sum(slope * direction) == pytest.approx(expected, abs=5e-3)

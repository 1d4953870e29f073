"""Posteriors of benefits against sampling and numerical integration, and what they do at their limits."""

import numpy as np
import pytest
from scipy.stats import norm

from sharedtrunk.affinity._outlook import Prior, Situation, prior

SITUATION = Situation(200, 0, "beside")
FEATURES = SITUATION.features().size
PRIOR = Prior(
    scale=np.array([np.log(0.01), *np.zeros(FEATURES - 1)]),
    mean=np.array([0.3, *np.zeros(FEATURES - 1)]),
    shares=np.array([0.6, 0.4]),
    widths=np.array([0.2, 3.0]),
    inflation=1.5,
    omission=0.4,
)


def test_the_posterior_is_that_of_numerical_integration():
    estimate, error = 0.02, 0.008
    found = PRIOR.posterior(estimate, error, SITUATION)
    grid = np.linspace(-0.3, 0.3, 200_001)
    tau = 0.01
    density = sum(
        w * norm.pdf(grid, 0.3 * tau * width, tau * width) for w, width in zip(PRIOR.shares, PRIOR.widths, strict=True)
    )
    noise = np.hypot(1.5 * error, 0.4 * tau)
    density *= norm.pdf(estimate, grid, noise)
    density /= density.sum()
    assert found.expected == pytest.approx(density @ grid, abs=1e-7)
    outlook, cumulative = found.outlook(0.005), np.cumsum(density)
    assert outlook.low == pytest.approx(grid[np.searchsorted(cumulative, 0.025)], abs=1e-5)
    assert outlook.high == pytest.approx(grid[np.searchsorted(cumulative, 0.975)], abs=1e-5)
    assert outlook.helps == pytest.approx(density[grid > 0.005].sum(), abs=1e-4)
    assert outlook.harms == pytest.approx(density[grid < -0.005].sum(), abs=1e-4)


def test_sure_estimates_are_believed_and_unsure_ones_are_not():
    sharp = PRIOR._replace(omission=0.0).posterior(0.02, 1e-6, SITUATION)
    assert sharp.expected == pytest.approx(0.02, abs=1e-6)
    assert sharp.outlook(0.005).helps == pytest.approx(1)
    before = 0.3 * 0.01 * (0.6 * 0.2 + 0.4 * 3.0)
    vague = PRIOR.posterior(0.02, 10.0, SITUATION)
    assert vague.expected == pytest.approx(before, abs=1e-5)
    unknown = PRIOR.posterior(0.02, np.nan, SITUATION)
    assert unknown.expected == pytest.approx(before)


def test_a_prior_is_written_and_read():
    again = Prior.from_json(PRIOR.to_json())
    assert all(np.array_equal(a, b) for a, b in zip(again, PRIOR, strict=True))


@pytest.mark.parametrize("way", ["beside", "feature", "average"])
def test_the_prior_of_the_package_shrinks_and_keeps_the_order(way):
    found = [
        prior().posterior(estimate, 0.005, SITUATION._replace(way=way)).expected for estimate in (-0.05, 0.0, 0.05)
    ]
    assert found[0] < found[1] < found[2]
    assert found[2] < 0.05
    assert found[0] > -0.05

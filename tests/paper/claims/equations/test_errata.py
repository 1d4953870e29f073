"""Errata: the measuring helpers tell right from wrong."""

import jax
import numpy as np
import pytest

from sharedtrunk import gaussian, teachers
from sharedtrunk.paper.claims import verdict
from sharedtrunk.paper.claims.equations import CLAIMS, _errata, _errata_benefit
from sharedtrunk.paper.claims.equations import _high_and_low_snr as _regimes
from sharedtrunk.paper.claims.equations import _simulated_benefits as _benefits


@pytest.mark.float64
@pytest.mark.parametrize("r", [0.0, 0.5, 1.0])
def test_drive_of_the_head_has_r_on_the_teacher_only(r):
    trunk, b = 0.6, 0.4
    drive, turned = _errata.head_drive(r, 2.0, trunk, (0.5, b))
    truth = trunk * (r * _regimes.response(2.0) - _regimes.response(b * trunk))
    assert drive == pytest.approx(truth, rel=1e-3)
    assert (turned > 1e-2) == (r < 1)


@pytest.mark.float64
def test_pull_of_hard_labels_stays_and_that_of_soft_labels_turns():
    noisy = np.asarray(
        teachers.random_teacher(jax.random.key(5), classes=3, features=4, singular_values=2.0).noisy_weights
    )
    noisy = noisy - noisy.mean(axis=0)
    assert _errata.pull(noisy, _errata.SCALES).min() > 0
    soft = [np.asarray(gaussian.softmax_moment(scale * noisy)) for scale in (1.0, 2.0)]
    assert np.sum((soft[0] - soft[1]) * noisy) < 0  # beyond βΣ̂ labels at β = 1 push back


@pytest.mark.float64
@pytest.mark.parametrize(("growth", "said"), [(3.0, "holds"), (1.0, "fails")])
def test_a_settled_norm_fails(monkeypatch, growth, said):
    monkeypatch.setattr(_errata, "grown", lambda: growth ** np.arange(4.0))
    monkeypatch.setattr(_errata, "pull", lambda noisy, scales: np.ones(4))
    monkeypatch.setattr(_errata, "_fixed", lambda noisy, key: 0.0)
    assert verdict(CLAIMS["erratum-4"].measure(0, False)) == said


@pytest.mark.parametrize(("slope", "said"), [(0.2, "holds"), (-0.2, "fails")])
def test_slope_over_other_choices(monkeypatch, slope, said):
    """Losses that fall with r by `slope` give that slope, whatever else they depend on."""
    seen = []

    def train(points, samples, seed, **choice):
        seen.append(choice)
        loss = [2.0 + 0.01 * seed + 0.1 * point["s_main"] - slope * point["relatedness"] for point in points]
        return {"loss": np.array(loss), "loss_honest": np.array(loss)}

    monkeypatch.setattr(_benefits, "train", train)
    np.testing.assert_allclose(_errata_benefit.main_slope(0, 2, _errata_benefit.POINTS), slope)
    assert verdict(CLAIMS["erratum-14"].measure(0, False)) == said
    assert all(choice in seen for choice in _errata_benefit.CHOICES.values())

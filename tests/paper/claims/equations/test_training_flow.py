"""Claims on training: a wrong equation, planted, turns the number."""

import numpy as np
import pytest

from sharedtrunk.paper.claims import verdict
from sharedtrunk.paper.claims.equations import _deviation, _errata_moments, _gradients, _minimizers, _relatedness
from sharedtrunk.paper.claims.equations import _training_flow as _training
from sharedtrunk.paper.claims.equations._random_problems import EXACT

pytestmark = pytest.mark.float64


def swapped(gradient, above, below):
    """The chain rule with one product on the wrong side of the transpose."""
    return above.T @ gradient @ below.T[::-1]


def test_chain_rule():
    assert _gradients.chain_rule_error(0, 3) <= EXACT
    assert _gradients.chain_rule_error(0, 3, swapped) > 0.1


@pytest.mark.parametrize("hard", [True, False])
def test_gradient(hard):
    assert _gradients.gradient_error(0, hard) <= EXACT
    assert _gradients.gradient_error(0, hard, _gradients.reversed_gradient) == pytest.approx(2.0)


def test_drive():
    assert _gradients.drive_error(0, 3) <= EXACT
    assert _gradients.drive_error(0, 3, swapped) > 0.1


def test_what_is_conserved():
    assert verdict(_training._eq9(0, False)) == "fails"
    assert _training.conservation_error(0, _training.corrected_law) <= _training.CONSERVED
    for law in (_training.printed_law, lambda above, below: (above.T @ above, 1.01 * below @ below.T)):
        assert _training.conservation_error(0, law) > 1e-3
        assert _training.smallest_mismatch(law) > 1e-3


def test_rate_of_the_loss():
    assert verdict(_training._eq10(0, False)) == "holds"

    def top_layer_only(matrices, drive):
        return _training.printed_summands(matrices, drive)[-1:]

    assert _training.rate_error(0) <= EXACT
    assert _training.rate_error(0, top_layer_only) > 0.01


def test_losses_are_those_of_the_training():
    _, after, composites, inputs, targets = _training._small_sample(0)
    losses = _training.training_losses(0)
    whole = np.linalg.multi_dot(after[::-1])
    assert losses[-1] == pytest.approx(_minimizers.training_loss(whole, targets, inputs), abs=1e-9)
    assert np.shape(composites)[0] == len(losses)
    assert losses[0] - losses[-1] > 0.1


def test_minimizers():
    evidence = _minimizers._eq11(0, False)
    assert verdict(evidence) == "fails"
    assert all(reading.outcome == "holds" for reading in evidence.instead)
    # a minimizer that Newton's method must not miss, from far away
    W = _minimizers.minimize(np.array([[9.0], [-9.0]]), np.array([[0.75], [0.25]]), np.array([[2.0]]))
    assert W[0, 0] - W[1, 0] == pytest.approx(np.log(3) / 2, abs=1e-8)


def test_a_family_that_holds_the_shift_would_be_noticed():
    assert _minimizers.outside_printed_family()[1] == pytest.approx(1.0)
    assert _minimizers.outside_printed_family(lambda inputs: np.array([1.0, -1.0]))[1] == pytest.approx(0.0, abs=1e-12)


def test_training_leaves_the_printed_family():
    assert _minimizers.shift_outside(0) > 0.01
    # the shift of the start stays: along it nothing is outside
    teacher, start, *_ = _minimizers.problem(0, _minimizers.MANY, hard=False)
    assert _minimizers.shift_outside(0, lambda inputs: (start - teacher).mean(axis=0)) < 1e-6


def test_deviation_in_every_direction():
    """The quantile holds for few lanes and few directions; an error at right angles to W is seen."""
    rng = np.random.default_rng(0)
    W, spread = np.zeros((2, 3)), np.array([3.0, 1.0, 0.3])
    W[0] = 1.0
    found = [_deviation.mean_deviation(W + spread * rng.standard_normal((8, 2, 3)), W) for _ in range(4000)]
    beyond = np.mean([each.size > each.often * each.standard_error for each in found])
    # 0.01 with a standard error of 0.0016
    assert 0.002 < beyond < 0.018
    aside = W + 0.2 * W[::-1] + 0.01 * rng.standard_normal((8, 2, 3))
    found = _deviation.mean_deviation(aside, W)
    assert np.sum((aside.mean(axis=0) - W) * W) < 0.02
    assert found.size == pytest.approx(0.2, abs=0.02)
    assert found.size > found.rarely * found.standard_error


def test_relatedness_is_read_off_the_weights():
    asked = 0.5 * np.eye(2)
    assert _relatedness.relatedness_error(0, asked, _relatedness.DISTINCT) <= EXACT
    turned = np.array([[0.0, -1.0], [1.0, 0.0]])
    pair = _relatedness.pair(0, asked @ turned, _relatedness.DISTINCT)
    assert np.max(np.abs(np.abs(_relatedness.measured(*pair)) - asked)) > 0.1


def test_factor_between_16_and_17():
    found, error = _errata_moments.factor(0, 4)
    assert abs(found - 1 / 3) <= error + 1e-12
    assert error < 1e-4


@pytest.mark.slow
def test_many_samples_follow_the_flow_of_their_own_labels():
    evidence = _training._eq2(0, False)
    assert verdict(evidence) == "holds only if"
    assert all(reading.outcome == "holds" for reading in evidence.instead)


@pytest.mark.slow
def test_a_stretch_of_the_features_changes_the_benefit():
    stretch = np.diag(np.linspace(0.5, 2.0, _relatedness.FEATURES))
    benefit = _relatedness.benefits(0, [np.eye(_relatedness.FEATURES), stretch])
    assert abs(benefit[1] - benefit[0]) > 1e-4
    assert verdict(_relatedness._eq4(0, False)) == "holds only if"

"""Claims on averages over Gaussian inputs: a wrong equation, planted, turns the number."""

import numpy as np
import pytest

from sharedtrunk import gaussian
from sharedtrunk.paper.claims import verdict
from sharedtrunk.paper.claims.equations import _components
from sharedtrunk.paper.claims.equations import _gaussian_averages as _moments

pytestmark = pytest.mark.float64


def test_power_of_the_sample_size():
    assert abs(np.mean(_moments.decay(0, 4)) + 0.5) < 0.05
    assert abs(np.mean(_moments.decay(0, 4, lambda d: np.sum(d**2))) + 1.0) < 0.1


def test_G_by_differentiation():
    assert verdict(_moments._eq13(0, False)) == "holds"
    # equal logits, a closed form: G = g J with g = dF/ds / ((K − 1) s)
    G = _moments.slope_in_logits(0.25 * np.eye(3))
    g = float(gaussian.random_energy_slope(0.5, 3)) / (2 * 0.5)
    np.testing.assert_allclose(G, g * (np.eye(3) - 1 / 3), rtol=1e-8)


def test_moment():
    exact, sampled = _moments.moment_errors(0)
    assert exact <= _moments.QUADRATURE
    assert sampled <= _moments.ENTRIES
    without = _moments.moment_errors(0, lambda W, C: np.asarray(gaussian.softmax_covariance(W, covariance=C)) @ W)
    assert without[0] > 0.1
    assert without[1] > 10


def test_generalization_loss():
    assert _moments.loss_deviation(0, 1.0) <= _moments.ENTRIES
    # the moment of labels drawn at random from the teacher's softmax is another one
    assert _moments.loss_deviation(0, 1.0, gaussian.softmax_moment) > 10


def test_components():
    assert verdict(_components._eq15(0, False)) == "fails"
    assert verdict(_components._erratum1(0, False)) == "holds"
    assert _components.component_change(2, 1.0, 2.0, of=lambda s, classes: 1 / s) < 0
    assert _components.slowest_rise(0, 3, sign=-1.0)[0] < 0


def test_components_are_those_of_the_moment():
    """g(S)S of the closed form against the trace of G by panels."""
    W = 1.7 * np.eye(3)
    G = np.asarray(gaussian.softmax_covariance(W, rule=gaussian.Panels()))
    assert _components.component(1.7, 3) == pytest.approx(1.7 * np.trace(G), rel=1e-4)


def test_likeness_to_the_identity():
    equal = 2.0 * (np.eye(3) - 1 / 3)
    assert _components.unlike_identity(equal)[0] <= 1e-12
    assert _components.unlike_identity(2.0 * np.eye(3), np.eye(3))[0] == pytest.approx(3**-0.5)
    number, error = _components.unlike_identity(3 * np.array([[1.0], [1.0], [-2.0]]) / np.sqrt(6))
    assert number > 0.05 + error

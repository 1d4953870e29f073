import numpy as np
import pytest

from references_gaussian import sampled, two_class_free_energy
from sharedtrunk.errors import InputError
from sharedtrunk.gaussian import expected_maximum, random_energy_free_energy, random_energy_slope


def test_expected_maximum_closed_forms():
    assert expected_maximum(2) == pytest.approx(1 / np.sqrt(np.pi), rel=1e-12)
    assert expected_maximum(3) == pytest.approx(1.5 / np.sqrt(np.pi), rel=1e-12)
    assert expected_maximum(10) == pytest.approx(1.53875, abs=5e-6)


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
def test_limits(classes):
    small, large = 1e-3, 1e6
    second_order = 0.5 * (1 - 1 / classes) * small**2
    assert random_energy_free_energy(small, classes) - np.log(classes) == pytest.approx(second_order, rel=1e-4)
    assert random_energy_free_energy(0.0, classes) == pytest.approx(np.log(classes), rel=1e-13)
    assert random_energy_free_energy(large, classes) == pytest.approx(large * expected_maximum(classes), rel=1e-10)
    assert random_energy_slope(small, classes) == pytest.approx((1 - 1 / classes) * small, rel=1e-5)
    assert random_energy_slope(large, classes) == pytest.approx(expected_maximum(classes), rel=1e-10)


@pytest.mark.parametrize("s", [1e-2, 0.5, 0.999, 1.001, 3.0, 30.0, 1e3])
def test_two_classes(s):
    # the difference of two independent logits has standard deviation √2 s
    assert random_energy_free_energy(s, 2) == pytest.approx(two_class_free_energy(np.sqrt(2) * s), rel=1e-10)


@pytest.mark.parametrize("s", [0.3, 1.0, 1.5, 20.0])
def test_slope_is_the_derivative(s):
    h = 1e-4 * s
    difference = random_energy_free_energy(np.array([s - h, s + h]), 10)
    assert random_energy_slope(s, 10) == pytest.approx((difference[1] - difference[0]) / (2 * h), rel=1e-6)


def test_against_sampling():
    (mean, error), *_ = sampled(3.0 * np.eye(5), 200_000, seed=1)
    assert abs(random_energy_free_energy(3.0, 5) - mean) < 5 * error


def test_bad_input():
    with pytest.raises(InputError, match="classes must be a whole number from 2"):
        expected_maximum(1)
    with pytest.raises(InputError, match="finite and not negative"):
        random_energy_free_energy([-1.0], 3)

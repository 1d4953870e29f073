"""Stops between saved times, against curves and students whose minima are known."""

import numpy as np
import pytest

from sharedtrunk.flows.minimum import FEWER_NODES, NODES, at_minimum, at_saved, reading_error, rounding_error


def times(spacing):
    return np.arange(0, 12 + spacing / 2, spacing)


def curve(t, lowest):
    """Learning, then overfitting: −t e^{−t/lowest} has its minimum at `lowest`, and is steeper before it."""
    return -t * np.exp(-t / lowest)


def student(t):
    """Weights (time, class, feature) that grow at two rates."""
    return np.stack([[np.tanh(0.7 * t), 1 - np.exp(-0.4 * t)]]).transpose(2, 0, 1)


LOWEST = np.linspace(1.6, 5.0, 41)


def stops(spacing, nodes):
    t = times(spacing)
    curves = np.stack([curve(t, lowest) for lowest in LOWEST])
    index = curves.argmin(axis=1)
    found = at_minimum(t, curves, index, nodes)
    return found, found.of(np.stack([student(t)] * len(LOWEST)))


@pytest.mark.parametrize("nodes", [3, FEWER_NODES, 5, NODES])
def test_the_error_falls_with_the_order_of_the_polynomial(nodes):
    """Times by the derivative of the polynomial, of order nodes − 1; weights at that time, of order nodes."""
    errors = []
    for spacing in (0.5, 0.25):
        found, seen = stops(spacing, nodes)
        errors.append((np.abs(found.time - LOWEST).max(), np.abs(seen - student(found.time)).max()))
    (coarse, fine) = np.log2(errors)
    assert np.all(coarse - fine > np.array([nodes - 1, nodes]) - 0.6)


def test_at_the_spacing_of_the_standard_problem():
    found, seen = stops(0.5, NODES)
    np.testing.assert_allclose(found.time, LOWEST, atol=2e-3)
    np.testing.assert_allclose(seen, student(found.time), atol=2e-4)


@pytest.mark.parametrize("lowest", [2.8, 3.1, 3.3])
def test_times_may_be_uneven(lowest):
    """Around the place where their spacing changes fourfold."""
    t = np.concatenate([np.arange(0, 3, 0.5), np.geomspace(3, 9, 27)])
    found = at_minimum(t, curve(t, lowest)[None], np.array([curve(t, lowest).argmin()]))
    assert found.time[0] == pytest.approx(lowest, abs=1e-4)


def test_the_error_of_a_reading_is_covered():
    """Of another curve than the one that decides, as at an honest stop; and it is not much longer than it must be."""
    t = times(0.5)
    index = np.stack([curve(t, lowest) for lowest in LOWEST]).argmin(axis=1)
    deciding = np.stack([curve(t, lowest) for lowest in LOWEST])
    losses = np.stack([curve(t, 0.7 * lowest) for lowest in LOWEST])
    stop, rough = (at_minimum(t, deciding, index, nodes) for nodes in (NODES, FEWER_NODES))
    error = np.abs(stop.of(losses) - [curve(lowest, 0.7 * lowest) for lowest in LOWEST])
    bar = reading_error(t, losses, stop, rough)
    assert np.mean(error <= bar) > 0.95
    assert np.median(bar) < 1e-3


@pytest.mark.parametrize(
    ("dtype", "flatness"),
    [(np.float32, 1.0), (np.float32, 1e-3), (np.float32, 1e-5), (np.float32, 1e-6), (np.float16, 1.0)],
)
def test_what_rounding_leaves_open_is_covered(dtype, flatness):
    """Values of order 1 that differ by little: the place of the minimum is lost in rounding, and with it the loss there."""
    t = times(0.25)
    differences = flatness * np.stack([curve(t, lowest) for lowest in LOWEST])
    deciding = (2.3 + differences).astype(dtype)
    losses = np.stack([curve(t, 0.7 * lowest) for lowest in LOWEST])
    exact, rounded = (at_minimum(t, given, given.argmin(axis=1)) for given in (differences, deciding))
    error = np.abs(rounded.of(losses) - exact.of(losses))
    bar = rounding_error(t, deciding, losses, rounded)
    assert (error <= bar).all()
    assert np.median(error) > np.median(bar) / 100


@pytest.mark.parametrize("bend", [1e-8, 1e-7, 1e-6, 1e-5, 1e-4])
def test_ties_are_covered_too(bend):
    """Where many saved values are the same number, the first of them is taken, several spacings away."""
    t, middles = times(0.25), np.linspace(4.0, 8.0, 57)
    deciding = (2.3 + bend * (t - middles[:, None]) ** 2).astype(np.float32)
    losses = np.stack([0.1 * t] * len(middles))
    stop = at_minimum(t, deciding, deciding.argmin(axis=1))
    error = 0.1 * np.abs(stop.time - middles)
    bar = rounding_error(t, deciding, losses, stop)
    assert (error <= bar).all()
    assert np.median(bar) < 0.1 * (0.5 + 2 * np.sqrt(5e-7 / bend))  # of the size of what cannot be told apart


def test_rounding_does_not_move_a_lane_at_a_saved_time():
    t = times(0.25)
    losses = np.full((2, t.size), np.nan)
    stop = at_saved(t, np.array([3, 7]))
    np.testing.assert_array_equal(rounding_error(t, losses, losses, stop), 0.0)
    beside = np.where(t == 0.5, np.inf, curve(t, 5.0))
    rising = np.stack([t + 1.0, np.full(t.size, np.nan), -t, beside])
    stop = at_minimum(t, rising, np.array([0, 0, t.size - 1, 1]))
    np.testing.assert_array_equal(rounding_error(t, rising, rising, stop), 0.0)


def test_a_dip_before_the_second_time_is_found():
    t = times(0.5)
    dip = 1 - 0.02 * t + 0.05 * t**2
    assert at_minimum(t, dip[None], np.array([0])).time[0] == pytest.approx(0.2, abs=1e-6)


@pytest.mark.parametrize("lanes", [(), (2,), (2, 3)])
def test_lanes_of_any_number_of_axes(lanes):
    t = times(0.5)
    curves = np.broadcast_to(curve(t, 3.77), (*lanes, t.size))
    weights = np.broadcast_to(student(t), (*lanes, *student(t).shape))
    found = at_minimum(t, curves, np.asarray(curves.argmin(axis=-1)))
    assert found.time.shape == lanes
    expected = student(np.atleast_1d(3.77))[0]
    np.testing.assert_allclose(found.of(weights), np.broadcast_to(expected, (*lanes, *expected.shape)), atol=2e-4)


def test_a_lane_stays_where_it_was_not_seen_from_both_sides():
    t = times(0.5)
    rising, falling, left, hole = t + 1.0, -t, curve(t, 5.0), curve(t, 5.0)
    left[t > 5.0] = np.nan
    hole[t == 4.5] = np.nan
    index = np.array([0, t.size - 1, 10, 10])
    found = at_minimum(t, np.stack([rising, falling, left, hole]), index)
    np.testing.assert_allclose(found.time, t[index], atol=1e-12)
    weights = np.stack([student(t)] * 4)
    weights[2, t > 5.0] = np.nan
    np.testing.assert_allclose(found.of(weights), student(t)[index], atol=1e-12)


def test_a_lane_is_read_off_the_times_at_which_it_was_seen():
    t = times(0.5)
    left = curve(t, 5.2)
    left[t > 6.0] = np.nan
    found = at_minimum(t, left[None], np.array([10]))
    assert found.time[0] == pytest.approx(5.2, abs=1e-3)
    assert np.isfinite(left[found.nodes]).all()


def test_a_lane_that_is_nowhere_finite_stays_nan():
    t = times(0.5)
    found = at_minimum(t, np.full((1, t.size), np.nan), np.array([0]))
    assert found.time[0] == 0.0
    assert np.isnan(found.of(np.full((1, t.size, 2, 3), np.nan))).all()


def test_fewer_times_than_the_polynomial_wants():
    t = np.array([0.0, 1.0, 2.0])
    assert at_minimum(t, np.array([[1.0, 0.0, 1.0]]), np.array([1])).time[0] == pytest.approx(1.0)
    assert at_minimum(t, np.array([[1.0, 0.0, 0.5]]), np.array([1])).time[0] == pytest.approx(7 / 6)


def test_a_saved_time_sees_what_was_saved():
    t = times(0.5)
    weights = np.random.default_rng(0).normal(size=(2, t.size, 3, 4)).astype(np.float32)
    stop = at_saved(t, np.array([3, 7]))
    np.testing.assert_array_equal(stop.of(weights), weights[[0, 1], [3, 7]])
    assert stop.of(weights).dtype == np.float32

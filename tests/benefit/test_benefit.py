"""Loss curves, stopping and the benefit, against closed forms, brute force and sampled test sets."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import references
from sharedtrunk import benefit, gaussian, teachers
from sharedtrunk.errors import InputError
from sharedtrunk.flows.trajectory import Trajectory

TIMES = np.concatenate([np.arange(0, 20, 0.25), np.geomspace(20, 200, 60)])


def trajectory(curve, validation=None, composites=()):
    curve = np.atleast_2d(curve)
    return Trajectory(
        times=TIMES[: curve.shape[-1]],
        composites=composites,
        result=np.zeros(len(curve), int),
        generalization_loss=curve,
        validation_loss=None if validation is None else np.atleast_2d(validation),
    )


def bowl(lowest, t_min):
    return lowest + 0.01 * (TIMES - t_min) ** 2


def test_benefit_is_the_difference_of_the_minima():
    joint = trajectory(np.stack([bowl(1.0, 8.0), bowl(2.0, 3.0)]), validation=np.stack([bowl(0, 10.0), bowl(0, 3.0)]))
    single = trajectory(np.stack([bowl(1.5, 4.0), bowl(1.0, 30.0)]), validation=np.stack([bowl(0, 4.0), bowl(0, 3.0)]))
    found = benefit.multitask_benefit(joint, single)
    late = single.generalization_loss[1].min()
    np.testing.assert_allclose(found.oracle, [0.5, late - 2.0], atol=1e-12)
    np.testing.assert_allclose(found.validation, [1.5 - 1.04, bowl(1.0, 30.0)[12] - 2.0], atol=1e-12)
    assert found.error is None


def test_unequal_lanes_and_missing_curves_are_refused():
    with pytest.raises(InputError, match="same lanes"):
        benefit.multitask_benefit(trajectory(np.ones((3, 5))), trajectory(np.ones((1, 5))))
    with pytest.raises(InputError, match="with_validation_loss"):
        benefit.validation_stop(trajectory(np.ones((3, 5))))
    with pytest.raises(InputError, match="linear students only"):
        benefit.with_generalization_loss(trajectory(np.ones((3, 5))), jnp.ones((3, 2, 2)))


def test_a_minimum_is_bracketed_only_when_seen_from_both_sides():
    for t_min, last, expected in ((8.0, 9.5, False), (8.0, 10.5, True), (1.0, 4.0, False), (1.0, 6.0, True)):
        seen = last + 0.1 >= TIMES
        assert bool(benefit.bracketed(TIMES[seen], bowl(0.0, t_min)[seen])) == expected
    falling = -TIMES
    assert not benefit.bracketed(TIMES, falling)
    assert not benefit.bracketed(TIMES, np.full_like(TIMES, np.nan))


def test_a_lane_is_bracketed_by_its_own_last_time():
    """One lane of a batch was left at t = 5, before its minimum; the other, at t = 12, after it."""
    curves = np.stack([bowl(0.0, 8.0), bowl(0.0, 8.0)])
    curves[0, TIMES > 5.0], curves[1, TIMES > 12.0] = np.nan, np.nan
    np.testing.assert_array_equal(benefit.bracketed(TIMES, curves), [False, True])


def test_a_time_that_diverged_is_no_minimum():
    curve = bowl(1.0, 8.0)
    curve[50:] = np.nan
    assert TIMES[benefit.oracle_stop(trajectory(curve))[0]] == 8.0


def students_along_a_ray(key, size):
    """Composite weights that grow along the teacher's direction, with some noise, at every time."""
    teacher = teachers.random_teacher(key, classes=5, features=12, singular_values=size)
    noise = jax.random.normal(key, (5, 12)) * 0.3
    growth = jnp.asarray(TIMES[:40] / 5, teacher.right.dtype)
    return teacher, growth[None, :, None, None] * (teacher.weights / size + noise)[None, None]


@pytest.mark.long
@pytest.mark.parametrize("watch", [gaussian.Sobol(points=1024, scrambles=8), gaussian.Sobol(points=256, scrambles=1)])
def test_the_refined_minimum_is_the_minimum_between_the_times(key, watch):
    """However coarse the curve is that finds it."""
    teacher, weights = students_along_a_ray(key, 1.0)
    moment, _ = teachers.clean_label_moment(teacher)
    rule = gaussian.Sobol(points=1024, scrambles=8)
    seen = dataclasses.replace(trajectory(np.zeros((1, 40))), composites=(weights,))
    seen = benefit.with_generalization_loss(seen, moment[None], rule=watch)
    stop = benefit.oracle_stop(seen)
    assert 0 < stop[0] < 39
    value = benefit.value_at(seen, stop, moment[None], teacher.weights[None], rule=rule, curve=seen.generalization_loss)
    fine = jnp.linspace(TIMES[stop[0] - 1], TIMES[stop[0] + 1], 401).astype(weights.dtype)
    ray = weights[0, 20] / weights.dtype.type(TIMES[20])
    losses = gaussian.population_loss(fine[:, None, None] * ray[None], moment[None], rule=rule)
    assert float(value.loss[0]) == pytest.approx(float(losses.min()), abs=1e-5)
    # the time is known as far as the loss tells it: its own minimum is flat, in single precision to rounding
    there = np.abs(np.asarray(fine) - value.time[0]).argmin()
    assert float(losses[there]) == pytest.approx(float(losses.min()), abs=1e-5)


@pytest.mark.parametrize("size", [0.1, 1.0, 10.0, 100.0])
def test_the_computed_loss_is_that_of_a_large_test_set(key, size):
    teacher = teachers.random_teacher(key, classes=6, features=15, singular_values=1.0)
    student = size * (teacher.weights + 0.5 * teacher.noise)
    moment, _ = teachers.clean_label_moment(teacher)
    loss, error = gaussian.population_loss_with_error(student, moment)
    inputs = np.random.default_rng(3).normal(size=(200_000, 15))
    labels = np.argmax(inputs @ np.asarray(teacher.weights, float).T, axis=1)
    sampled, standard_error = references.cross_entropy(np.asarray(student, float), inputs, labels)
    assert abs(float(loss) - sampled) < 4 * standard_error + float(error)


def test_the_validation_loss_is_the_mean_cross_entropy(key):
    _, weights = students_along_a_ray(key, 1.0)
    inputs = jax.random.normal(key, (30, 12))
    labels = jnp.arange(30)[None] % 5
    seen = dataclasses.replace(trajectory(np.zeros((1, 40))), composites=(weights,))
    curve = benefit.with_validation_loss(seen, inputs, labels).validation_loss
    for time in (0, 7, 39):
        mean, _ = references.cross_entropy(np.asarray(weights[0, time]), np.asarray(inputs), np.asarray(labels[0]))
        assert float(curve[0, time]) == pytest.approx(mean, rel=1e-5)


def test_a_lane_that_is_not_finite_stays_nan(key):
    teacher, weights = students_along_a_ray(key, 1.0)
    both = jnp.concatenate([weights, jnp.full_like(weights, jnp.nan)])
    moment = jnp.broadcast_to(teachers.clean_label_moment(teacher)[0], (2, 5, 12))
    clean = jnp.broadcast_to(teacher.weights, (2, 5, 12))
    seen = dataclasses.replace(trajectory(np.zeros((2, 40))), composites=(both,))
    value = benefit.value_at(seen, np.array([5, 5]), moment, clean)
    assert np.isfinite(value.loss[0])
    assert np.isnan([value.loss[1], value.error[1], value.accuracy[1]]).all()


@pytest.mark.parametrize("index", [40, -41])
def test_an_index_beyond_the_saved_times(key, index):
    teacher, weights = students_along_a_ray(key, 1.0)
    seen = dataclasses.replace(trajectory(np.zeros((1, 40))), composites=(weights,))
    moment = teachers.clean_label_moment(teacher)[0][None]
    with pytest.raises(InputError, match="The index of a saved time is a whole number below 40"):
        benefit.value_at(seen, np.array([index]), moment, teacher.weights[None])

"""High and low SNR: closed forms against the library, and readings that turn when the equations are wrong."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import gaussian
from sharedtrunk._support.randomness import orthonormal
from sharedtrunk.flows.trajectory import Result
from sharedtrunk.paper.claims import above, verdict
from sharedtrunk.paper.claims.equations import CLAIMS
from sharedtrunk.paper.claims.equations import _high_and_low_snr as _regimes
from sharedtrunk.paper.claims.equations import _population_flows as _flows


@pytest.mark.float64
def test_two_classes_by_the_random_energy_formula():
    s = np.array([0.01, 0.5, 3.0, 20.0])
    energy = gaussian.random_energy_free_energy(s, 2) - gaussian.expected_maximum(2) * s
    np.testing.assert_allclose(_regimes.loss(s), energy, atol=1e-8)
    np.testing.assert_allclose(_regimes.response(s), gaussian.random_energy_slope(s, 2), atol=1e-8)


def test_a_bound_that_holds_would_be_said_to_hold(monkeypatch):
    monkeypatch.setattr(_regimes, "_third_direction", lambda: (1.0, 0.0))
    assert verdict(CLAIMS["eq-30"].measure(0, False)) == "fails"
    monkeypatch.setattr(_regimes, "printed_lower", _regimes.true_lower)
    assert verdict(CLAIMS["eq-30"].measure(0, False)) == "holds"


def test_the_third_direction_breaks_the_absolute_value_only():
    """Without it, the second term is first-order convexity and a lower bound."""
    gain, bound = _regimes._third_direction()
    assert bound > 0 > gain > -bound


def stop(weights, loss):
    """Students with these losses, free of numerical errors, all bracketed."""
    loss = np.asarray(loss, float)
    zero = np.zeros(loss.shape)
    return _flows.Stop(loss, zero + 1.0, weights, zero.astype(int), np.stack([loss, loss], axis=-1), zero, zero)


def flows(joint, single, s_main=10.0, benefit=0.1):
    """Flows at (s_main, 10, r = 0.5 and 1) of 3 classes with students Ū V̄ᵀ times the numbers, seed by seed."""
    frame = np.asarray(orthonormal(jax.random.key(1), 3, 3)) @ np.asarray(orthonormal(jax.random.key(2), 6, 3)).T
    seeds = len(joint)
    scaled = [np.array(sizes)[:, None, None] * frame for sizes in (joint, single)]
    return _flows.Flows(
        s_main=(s_main,),
        s_aux=(10.0,),
        relatedness=(0.5, 1.0),
        single=stop(scaled[1][:, None], np.full((seeds, 1), 1.0)),
        joint=stop(np.stack([scaled[0][:, None, None]] * 2, axis=3), np.full((seeds, 1, 1, 2), 1.0 - benefit)),
        clean=np.broadcast_to(s_main * frame, (seeds, 1, 3, 6)),
        moment=np.zeros((seeds, 3, 6)),
    )


JOINT, SINGLE = [3.0, 3.1, 3.2, 2.9], [2.0, 2.2, 2.1, 2.0]


def test_both_sides_of_the_trace_agree_for_common_directions():
    left, right = _regimes.trace_sides(flows(JOINT, SINGLE), (10.0, 10.0, 1.0))
    np.testing.assert_allclose(left, right, rtol=2e-3)
    assert (left > 0).all()


def planted(monkeypatch, own_stops, equal_times):
    """The pairs of joint and single sizes that the measurements see."""
    monkeypatch.setattr(_flows, "noisy", lambda seed, thorough: flows(*own_stops))
    monkeypatch.setattr(_flows, "relabelled", lambda seed: flows(*own_stops))
    monkeypatch.setattr(_flows, "at_equal_times", lambda seed, thorough: (flows(*equal_times),) * 3)
    monkeypatch.setattr(_flows, "relabelled_at_equal_times", lambda seed: (flows(*equal_times),) * 3)


@pytest.mark.parametrize(
    ("own_stops", "equal_times", "said"),
    [
        ((JOINT, SINGLE), (JOINT, SINGLE), "holds"),
        ((SINGLE, JOINT), (JOINT, SINGLE), "holds only if"),
        ((JOINT, SINGLE), (SINGLE, JOINT), "fails"),
    ],
)
def test_sign_of_the_trace_decides(monkeypatch, own_stops, equal_times, said):
    planted(monkeypatch, own_stops, equal_times)
    assert verdict(CLAIMS["eq-29"].measure(0, False)) == said


def taken(found, again=None):
    """The reading of a benefit that must not be below 0.05 nats."""
    setting = (10.0, 10.0, 1.0)
    return _flows.reading(above, "benefit", lambda f: f.benefit(*setting), [setting], 0.05, flows=found, again=again)


def test_every_numerical_error_widens_a_reading():
    found = flows(JOINT, SINGLE)
    plain = taken(found)
    assert plain.outcome == "holds"
    assert plain.error < 1e-12
    loose = found.joint._replace(refinement=found.joint.refinement + 0.1)
    assert taken(replace(found, joint=loose)).error == pytest.approx(0.1)
    spread = found.joint._replace(scrambles=found.joint.scrambles + np.array([0.0, 1e-3]))
    assert taken(replace(found, joint=spread)).error == pytest.approx(63.66 * 5e-4, rel=1e-3)  # t of one degree, 99 %
    assert taken(found, flows(JOINT, SINGLE, benefit=0.2)).error == pytest.approx(0.1)


def test_students_not_bracketed_are_named_and_leave_the_reading_open():
    found = flows(JOINT, SINGLE)
    late = found.joint._replace(result=found.joint.result + Result.NOT_BRACKETED, late=found.joint.late + 0.2)
    reading = taken(replace(found, joint=late))
    assert "4 of 8 students not bracketed" in reading.case
    assert reading.outcome == "undecided"
    broken = found.joint._replace(result=found.joint.result + Result.DIVERGED)
    assert "4 of 8 students failed" in taken(replace(found, joint=broken)).case


def test_flows_pair_each_joint_student_with_its_baseline():
    shape = (2, 2, 1, 2)  # seed, s_main, s_aux, relatedness
    single = np.array([[1.0, 2.0], [3.0, 4.0]])
    grid = _flows.Flows(
        s_main=(0.3, 1.0),
        s_aux=(10.0,),
        relatedness=(0.0, 1.0),
        single=stop(single[..., None, None], single),
        joint=stop(np.arange(8.0).reshape(*shape, 1, 1), np.arange(8.0).reshape(shape)),
        clean=single[..., None, None],
        moment=np.zeros((2, 1, 1)),
    )
    np.testing.assert_array_equal(grid.benefit(1.0, 10.0, 1.0), [2.0 - 3.0, 4.0 - 7.0])
    joint, alone = grid.pair(1.0, 10.0, 0.0)
    np.testing.assert_array_equal(joint[:, 0, 0], [2.0, 6.0])
    np.testing.assert_array_equal(alone[:, 0, 0], [2.0, 4.0])


@pytest.mark.slow
def test_flows_of_a_few_lanes_are_those_of_many(monkeypatch):
    """Filling a chunk changes nothing, and the loss is that of the weights that come with it."""
    for name, size in {"CLASSES": 3, "FEATURES": 8, "HIDDEN": 6}.items():
        monkeypatch.setattr(_flows, name, size)
    key = jax.random.key(0)
    pairs = [_flows.teacher_pair(key, 1.0, 1.0, s, 0.5) for s in (0.1, 1.0, 10.0)]
    tasks = [jnp.stack([pair[task].noisy_weights for pair in pairs]) for task in (0, 1)]
    moment = np.asarray(gaussian.label_moment(pairs[0][0].weights), np.float32)
    three = _flows.minimum(key, tasks, moment, 200.0)
    one = _flows.minimum(key, [task[1:2] for task in tasks], moment, 200.0)
    np.testing.assert_allclose(one.loss[0], three.loss[1], atol=1e-4)
    np.testing.assert_allclose(gaussian.population_loss(three.weights, moment), three.loss, atol=2e-3)

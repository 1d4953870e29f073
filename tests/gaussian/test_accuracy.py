import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gaussian_problems import rank_k_weights, weights
from sharedtrunk.gaussian import Sobol, accuracy, accuracy_with_error

RULE = Sobol(4096, 8)


def test_two_classes_closed_form():
    """Two planes at angle θ agree on a share 1 − θ/π of all inputs."""
    for angle in (0.0, 0.3, 1.5, 3.0):
        teacher = jnp.array([[1.0, 0.0], [-1.0, 0.0]])
        student = jnp.array([[np.cos(angle), np.sin(angle)], [-np.cos(angle), -np.sin(angle)]])
        value, error = accuracy_with_error(student, teacher, rule=RULE)
        assert abs(value - (1 - angle / np.pi)) <= error + 1e-6
        assert error < 5e-3


def test_a_teacher_agrees_with_itself():
    W = rank_k_weights(1, 2.0)
    assert accuracy(3.0 * W, W, rule=RULE) == pytest.approx(1.0, abs=1e-3)
    assert accuracy(jnp.zeros_like(W), W, rule=RULE) == pytest.approx(0.1, abs=5e-3)


def test_against_sampling_with_a_covariance():
    rng = np.random.default_rng(2)
    teacher, other = rank_k_weights(2, 1.0), weights(3, np.linspace(0.5, 2, 9))
    student = teacher + other
    root = rng.standard_normal((20, 20)) / 4
    x = rng.standard_normal((100_000, 20)) @ root.T
    same = np.argmax(x @ np.asarray(student).T, axis=1) == np.argmax(x @ np.asarray(teacher).T, axis=1)
    C = jnp.asarray(root @ root.T, student.dtype)
    value, error = accuracy_with_error(student, teacher, covariance=C, rule=RULE)
    assert abs(value - same.mean()) <= 4 * same.std() / np.sqrt(len(same)) + error


@pytest.mark.parametrize("expected_nodes", [0.1, 1.0, 4.0, 10.0])
def test_error_covers_events_too_rare_for_the_nodes(expected_nodes):
    """Disagreement so rare that no pair of nodes, or a handful, sees it; agreement so rare likewise."""
    rule = Sobol(1024, 8)
    rare = expected_nodes / (rule.points * rule.scrambles / 2)
    # a plane in another direction is another set of nodes
    turns = np.random.default_rng(1).uniform(0, 2 * np.pi, 60)
    teacher, student = (
        np.stack([sign * np.stack([np.cos(a), np.sin(a)], axis=-1) for sign in (1, -1)], axis=-2)
        for a in (turns, turns + np.pi * rare)
    )
    for sign, exact in ((1, 1 - rare), (-1, rare)):
        value, error = accuracy_with_error(sign * student, teacher, rule=rule)
        assert np.sum(np.abs(value - exact) > error) <= 3
        assert np.max(error) <= 40 / (rule.points * rule.scrambles / 2)


def test_lanes_broadcast_under_jit():
    teacher = rank_k_weights(4, 1.0)
    students = jnp.stack([teacher, -teacher, 2 * teacher])
    values = jax.jit(lambda W: accuracy(W, teacher, rule=Sobol(1024, 1)))(students)
    assert values.shape == (3,)
    assert values[0] > 0.99
    assert values[1] < 0.01

"""Sylvester–Hadamard teacher and student: the singular vectors do not move, and the aligned equations are the flow."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from dynamics_problems import slow
from sharedtrunk import dynamics, gaussian
from sharedtrunk.errors import InputError

TIMES = np.linspace(0, 16, 17)  # beyond, hard labels are sharper than the 1,024 nodes resolve (RULE_TOO_COARSE)
TIGHT = dynamics.Tolerance(rtol=1e-10, atol=1e-13)
RULE = gaussian.Characters(points=1024)


def problems(classes, depth):
    """The same unequal singular values with labels at β = 1 and with hard labels, as two lanes."""
    rank = classes - 1
    layers = [np.linspace(0.3 + 0.2 * k, 0.8 - 0.1 * k, rank) for k in range(depth)]
    each = [
        dynamics.hadamard_problem(np.linspace(3.0, 0.5, rank), layers, inverse_temperature=beta, rule=RULE)
        for beta in (1.0, None)
    ]
    return jax.tree.map(lambda *parts: jnp.stack(parts), *each)


def turned(layers):
    """The same network with random orthogonal frames between its layers: no zeros that could help."""
    below, trunk = np.eye(layers.trunk[0].shape[-1]), []
    for k, weights in enumerate(layers.trunk):
        frame = np.linalg.qr(np.random.default_rng(k).normal(size=(weights.shape[-2],) * 2))[0]
        trunk.append(jnp.asarray(frame @ np.asarray(weights) @ below.T))
        below = frame
    return dynamics.Layers(tuple(trunk), tuple(jnp.asarray(np.asarray(head) @ below.T) for head in layers.heads))


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize(("classes", "depth"), [(4, 3), slow(4, 2), slow(8, 2), slow(8, 3)])
def test_singular_vectors_are_frozen_and_the_aligned_equations_are_the_flow(classes, depth):
    problem = problems(classes, depth)
    full = dynamics.solve(problem.full, turned(problem.full_start), TIMES, TIGHT)
    aligned = dynamics.solve(problem.aligned, problem.aligned_start, TIMES, TIGHT)
    weights, U = np.asarray(full.composites[0]), gaussian.hadamard_vectors(classes)
    diagonal = np.einsum("ck,ltck->ltk", U, weights)
    np.testing.assert_allclose(weights, U * diagonal[:, :, None, :], atol=1e-10)
    assert np.abs(diagonal[:, -1] - diagonal[:, 0]).max(axis=1).min() > 1
    # two integrations of one equation, each within its tolerance
    np.testing.assert_allclose(aligned.composites[0], weights, atol=1e-8)
    seen = np.stack(aligned.final.layers)
    first = np.stack(problem.aligned_start.layers)
    np.testing.assert_allclose(np.diff(seen**2, axis=0), np.diff(first**2, axis=0), atol=1e-8)


def haar(classes, rank, seed):
    """Random centred left vectors."""
    draw = np.random.default_rng(seed).normal(size=(classes, rank))
    return np.linalg.qr(draw - draw.mean(axis=0))[0]


def turning_share(left, values, rule):
    """The share of ∇F(U diag(s)) that would turn singular vectors."""
    moment = gaussian.softmax_moment(jnp.asarray(left * values), rule=rule)
    return float(dynamics.off_diagonal_share(moment, left, np.eye(len(values))))


def test_random_left_vectors_turn():
    """Generic starts: an eighth or so of the drive turns singular vectors, none does for K = 2."""
    rule = gaussian.Sobol(points=4096, scrambles=1)
    for classes, least in ((2, 0.0), (10, 0.08)):
        values = np.linspace(0.5, 3, classes - 1)
        shares = [turning_share(haar(classes, classes - 1, seed), values, rule) for seed in range(3)]
        assert np.mean(shares) >= least
        assert max(shares) < (0.3 if least else 1e-6)


def test_a_student_alone_of_this_form_is_driven_off_it():
    """A teacher of random left vectors is not diagonal in the student's."""
    U, values = gaussian.hadamard_vectors(4), np.linspace(0.5, 3, 3)
    teacher = gaussian.softmax_moment(jnp.asarray(haar(4, 3, 0) * values), rule=RULE)
    student = gaussian.softmax_moment(jnp.asarray(U * values), rule=RULE)
    assert float(dynamics.off_diagonal_share(teacher - student, U, np.eye(3))) > 0.3
    assert float(dynamics.off_diagonal_share(student, U, np.eye(3))) < 1e-6


def test_bad_input():
    with pytest.raises(InputError, match="2, 4, 8"):
        dynamics.hadamard_problem(np.ones(2), [np.ones(2)], inverse_temperature=1.0)
    with pytest.raises(InputError, match="at least one layer"):
        dynamics.hadamard_problem(np.ones(3), [], inverse_temperature=1.0)
    with pytest.raises(InputError, match="β must be finite"):
        dynamics.hadamard_problem(np.ones(3), [np.ones(3)], inverse_temperature=0.0)

"""Nodes closed under the Sylvester sign flips, and the symmetry of softmax that they show."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import gaussian
from sharedtrunk.errors import InputError
from sharedtrunk.gaussian._characters import character_nodes, characters

RULE = gaussian.Characters(points=1024)


def off_diagonal(matrix):
    return np.abs(matrix - np.diag(np.diag(matrix))).max()


def paley():
    """The Hadamard matrix of order 12 from quadratic residues, its first column constant; the others, normalized."""
    squares = {x * x % 11 for x in range(1, 11)}
    Q = np.array([[0 if i == j else (1 if (i - j) % 11 in squares else -1) for j in range(11)] for i in range(11)])
    H = np.block([[np.ones((1, 1)), np.ones((1, 11))], [-np.ones((11, 1)), Q + np.eye(11)]])
    H = H * H[:, :1]
    np.testing.assert_array_equal(H @ H.T, 12 * np.eye(12))
    return H[:, 1:] / 12**0.5


@pytest.mark.parametrize("classes", [2, 4, 8, 32])
def test_vectors_are_orthonormal_centred_and_closed_under_translation(classes):
    U, chi = gaussian.hadamard_vectors(classes), characters(classes)
    np.testing.assert_allclose(U.T @ U, np.eye(classes - 1), atol=1e-14)
    np.testing.assert_allclose(U.sum(axis=0), 0, atol=1e-14)
    for a in range(classes):
        moved = U[np.arange(classes) ^ a]
        np.testing.assert_array_equal(moved, U * chi[a, 1:])


def test_nodes_are_closed_and_of_unit_second_moment():
    nodes = character_nodes(gaussian.Characters(points=256, scrambles=2), 8, 7)
    chi = characters(8)[:, 1:]
    assert nodes.shape == (2, 7, 128)
    for u in nodes:
        np.testing.assert_allclose(u @ u.T / 128, np.eye(7), atol=1e-13)
        known = {tuple(column) for column in u.T}
        for a in range(8):
            assert {tuple(column) for column in (chi[a][:, None] * u).T} == known


@pytest.mark.parametrize("classes", [pytest.param(4, marks=pytest.mark.slow), 8])
def test_moments_are_diagonal_to_rounding(classes):
    """Unequal singular values: with these nodes exactly, with plain Sobol nodes to quadrature only."""
    U = gaussian.hadamard_vectors(classes)
    W = jnp.asarray(U * np.linspace(0.3, 4, classes - 1))
    eps = float(jnp.finfo(W.dtype).eps)
    moment = U.T @ np.asarray(gaussian.softmax_moment(W, rule=RULE))
    assert off_diagonal(moment) < 8 * eps
    assert off_diagonal(U.T @ np.asarray(gaussian.softmax_covariance(W, rule=RULE)) @ U) < 8 * eps
    plain = U.T @ np.asarray(gaussian.softmax_moment(W, rule=gaussian.Sobol(points=1024, scrambles=1)))
    assert off_diagonal(plain) > 1e-4


@pytest.mark.parametrize("classes", [pytest.param(4, marks=pytest.mark.slow), 8])
def test_values_agree_with_plain_nodes(classes):
    W = jnp.asarray(gaussian.hadamard_vectors(classes) * np.linspace(0.3, 4, classes - 1))
    rules = gaussian.Characters(points=1024, scrambles=8), gaussian.Sobol(points=1024, scrambles=8)
    for quantity in (gaussian.free_energy_with_error, gaussian.softmax_moment_with_error):
        (a, error_a), (b, error_b) = (quantity(W, rule=rule) for rule in rules)
        assert np.linalg.norm(a - b) < error_a + error_b


def test_derivative_of_the_free_energy_is_the_moment():
    W = jnp.asarray(gaussian.hadamard_vectors(4)) * jnp.array([[0.5, 1.0, 3.0]])
    slope = jax.grad(lambda w: gaussian.free_energy(w, rule=RULE))(W)
    np.testing.assert_allclose(slope, gaussian.softmax_moment(W, rule=RULE), atol=1e-6)


def test_the_label_moment_is_diagonal_within_its_error():
    U = gaussian.hadamard_vectors(8)
    moment, error = gaussian.label_moment_with_error(
        jnp.asarray(U * np.linspace(0.3, 4, 7)), rule=gaussian.Pairs(points=512)
    )
    D = U.T @ np.asarray(moment)
    assert np.linalg.norm(D - np.diag(np.diag(D))) < float(error)
    assert float(error) < 0.01 * np.linalg.norm(D)


def test_paley_columns_have_no_such_symmetry():
    """K = 12: off the diagonal by many times the quadrature error where singular values differ; not where they are equal."""
    U, rule = paley(), gaussian.Sobol(points=32768, scrambles=8)
    for s, diagonal in ((np.linspace(0.3, 2, 11), False), (np.ones(11), True)):
        moment, error = gaussian.softmax_moment_with_error(jnp.asarray(U * s), rule=rule)
        D = U.T @ np.asarray(moment)
        apart = np.linalg.norm(D - np.diag(np.diag(D)))
        assert apart < float(error) if diagonal else apart > 5 * float(error)


def test_bad_input():
    W = jnp.asarray(gaussian.hadamard_vectors(4))
    with pytest.raises(InputError, match="2, 4, 8"):
        gaussian.hadamard_vectors(12)
    with pytest.raises(InputError, match="fewer features than classes"):
        gaussian.free_energy(jnp.ones((4, 4)), rule=RULE)
    with pytest.raises(InputError, match="2, 4, 8"):
        gaussian.free_energy(jnp.ones((5, 3)), rule=RULE)
    with pytest.raises(InputError, match="at least 2 points per class"):
        gaussian.free_energy(jnp.ones((32, 3)), rule=gaussian.Characters(points=32))
    with pytest.raises(InputError, match="power of two"):
        gaussian.Characters(points=1000)
    with pytest.raises(InputError, match="at least 4 scrambles"):
        gaussian.free_energy_with_error(W, rule=RULE)
    with pytest.raises(InputError, match="scrambles must be a whole number from 1"):
        gaussian.Characters(scrambles=0)

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gaussian_problems import rank_k_weights, weights
from sharedtrunk import gaussian
from sharedtrunk.errors import InputError
from sharedtrunk.gaussian import Pairs, Panels, Sobol
from sharedtrunk.gaussian._accuracy import _accuracy
from sharedtrunk.gaussian.checks import as_covariance, as_moment, as_weights

W = np.arange(12.0).reshape(3, 4) % 5


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.ones(4), "shape"),
        (np.ones((1, 4)), "at least 2 classes"),
        (np.ones((3, 0)), "at least 1 feature"),
        (np.where(W == 2, np.nan, W), "W is finite; got 2 entries"),
        (np.where(W == 2, np.inf, W), "W is finite"),
    ],
)
def test_weights(bad, message):
    with pytest.raises(InputError, match=message):
        as_weights(bad)


def test_bad_weights_reach_every_verb():
    bad = jnp.full((3, 4), jnp.nan)
    good = jnp.asarray(W)
    for verb in (gaussian.free_energy, gaussian.softmax_moment, gaussian.softmax_covariance, gaussian.label_moment):
        with pytest.raises(InputError, match="is finite"):
            verb(bad)
    with pytest.raises(InputError, match="is finite"):
        gaussian.population_loss(bad, good)
    with pytest.raises(InputError, match="teacher is finite"):
        gaussian.accuracy(good, bad)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.eye(3), "shape \\(feature, feature\\)"),
        (np.diag([1.0, 1.0, 1.0, -1.0]), "positive semidefinite; got an eigenvalue of -1"),
        (np.triu(np.ones((4, 4))), "symmetric"),
        (np.full((4, 4), np.nan), "covariance is finite"),
    ],
)
def test_covariance(bad, message):
    with pytest.raises(InputError, match=message):
        as_covariance(bad, as_weights(W))


def test_moment():
    with pytest.raises(InputError, match="moment has the shape of W"):
        as_moment(np.ones((3, 5)), as_weights(W))
    with pytest.raises(InputError, match="moment has the shape of W"):
        as_moment(np.ones((2, 3, 4)), as_weights(np.ones((5, 3, 4))))
    with pytest.raises(InputError, match="moment is finite"):
        as_moment(np.full((3, 4), np.inf), as_weights(W))


def test_rules():
    w = weights(1, np.ones(9) + np.arange(9))
    with pytest.raises(InputError, match="power of two"):
        Sobol(points=1000)
    with pytest.raises(InputError, match="scrambles must be a whole number from 1"):
        Sobol(scrambles=0)
    with pytest.raises(InputError, match="order must be a whole number from 2 to 32"):
        Panels(order=1)
    with pytest.raises(InputError, match="scrambles must be a whole number from 4"):
        Pairs(scrambles=2)
    with pytest.raises(InputError, match="at least 4 scrambles"):
        gaussian.free_energy_with_error(w, rule=Sobol(1024, 1))
    for verb in (
        gaussian.free_energy_with_error,
        gaussian.softmax_moment_with_error,
        gaussian.softmax_covariance_with_error,
        lambda w, rule: gaussian.accuracy_with_error(w, w, rule=rule),
    ):
        with pytest.raises(InputError, match=r"at least 256 points per scramble.*; got 128"):
            verb(w, rule=Sobol(128, 8))
    with pytest.raises(InputError, match="rank 1, 2 or 3; got rank 9"):
        gaussian.free_energy(w, rule=Panels())
    with pytest.raises(InputError, match="Pairs is for moments"):
        gaussian.free_energy(w, rule=Pairs())
    with pytest.raises(InputError, match="Panels needs concrete weights"):
        jax.jit(lambda w: gaussian.free_energy(w, rule=Panels()))(w)


def test_label_moment():
    with pytest.raises(InputError, match="two classes apart"):
        gaussian.label_moment(jnp.ones((3, 4)))
    with pytest.raises(InputError, match="needs concrete weights"):
        jax.jit(gaussian.label_moment)(rank_k_weights(1, 1.0))


def test_accuracy():
    with pytest.raises(InputError, match="same classes and features"):
        _accuracy(jnp.ones((3, 4)), jnp.ones((2, 4)), None, gaussian.FINE, False)

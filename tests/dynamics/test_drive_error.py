"""Flows at large weights: the right numbers where the moment is exact, else a code that says the rule is too coarse."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.special import expit

from dynamics_problems import slow
from sharedtrunk import dynamics, gaussian
from sharedtrunk.dynamics._drive_error import first_too_coarse
from sharedtrunk.flows.trajectory import Result

DEFAULT = gaussian.Sobol(points=4096, scrambles=1)
TIMES = np.array([0.0, 1e3, 1e4, 2e4, 5e4])
PAIR = np.array([[1.0], [-1.0]]) / np.sqrt(2)
ASYMPTOTE = 2 * np.pi**2 / 12 / np.sqrt(2 * np.pi) / np.sqrt(2)
"""c of the drive c/s² at large s: 2 φ(0) ∫ ξ expit(−aξ) dξ = 2 φ(0) π²/(12 a²) for a = √2 s, and √2 for both classes."""


def drive(s, teacher=np.inf):
    """û·(M̂ − ∇F)v̂ at W = s û v̂ᵀ for two classes, by adaptive quadrature of the difference, which nothing cancels in."""

    def difference(xi):
        density = np.exp(-0.5 * xi**2) / np.sqrt(2 * np.pi)
        return 2 * np.sqrt(2) * xi * density * (expit(-np.sqrt(2) * s * xi) - expit(-np.sqrt(2) * teacher * xi))

    # panels that double in length, from within the layer of width 1/s outwards
    edges = [0.0, *(2.0 ** np.arange(-24, 1)), 2.0, 4.0, 9.0]
    return sum(quad(difference, a, b, epsabs=0, epsrel=1e-7)[0] for a, b in itertools.pairwise(edges))


@functools.cache
def expected(teacher=np.inf):
    """s(t) at `TIMES` from .25 of two equal layers: ds/dt = 2 s · drive."""

    def slope(t, log_s):
        return [2 * drive(np.exp(log_s[0]), teacher)]

    found = solve_ivp(slope, (0, TIMES[-1]), [np.log(0.25)], t_eval=TIMES, rtol=1e-6, atol=1e-9, method="LSODA")
    return np.exp(found.y[0])


def aligned(left, teacher, beta, rule, layers=2):
    rank = left.shape[1]
    right = jnp.eye(4)[:, :rank]
    flow = dynamics.aligned_flow(left, jnp.full(rank, teacher), right, inverse_temperature=beta, rule=rule)
    return flow, dynamics.SingularValues((jnp.full(rank, 0.5),) * layers)


@pytest.mark.long
@pytest.mark.parametrize("rule", [DEFAULT, gaussian.FINE, gaussian.FINEST])
def test_two_classes_are_followed_at_any_scale(rule):
    """Hard labels: the weights of 1e3 … 5e4 units of time are those of quadrature and, late, of √(4ct)."""
    flow, start = aligned(PAIR, 10.0, None, rule)
    whole = dynamics.population_flow([10 * PAIR @ flow.right.T], rule=rule)
    layers = dynamics.Layers((0.5 * flow.right.T,), (jnp.asarray(0.5 * PAIR, flow.right.dtype),))
    known = expected()
    np.testing.assert_allclose(known[1:], [42.9, 136.2, 192.6, 304.6], atol=0.06)
    np.testing.assert_allclose(known[1:], np.sqrt(4 * ASYMPTOTE * TIMES[1:]), rtol=5e-3)
    for out in (dynamics.solve(flow, start, TIMES), dynamics.solve(whole, layers, TIMES)):
        assert out.result == Result.SUCCESS
        values = dynamics.aligned_values(flow, jnp.asarray(out.composites[0]))[:, 0]
        np.testing.assert_allclose(values, known, rtol=1e-4 if values.dtype == jnp.float64 else 0.05)


def test_two_classes_with_soft_labels_that_are_nearly_hard():
    """β ŝ = 1,000: at 5e4 the drive is 3e-6 of the moment below the hard one, and vanishes at the teacher."""
    flow, start = aligned(PAIR, 10.0, 100.0, DEFAULT)
    out = dynamics.solve(flow, start, TIMES)
    assert out.result == Result.SUCCESS
    values = dynamics.aligned_values(flow, jnp.asarray(out.composites[0]))[:, 0]
    np.testing.assert_allclose(values, expected(1000.0), rtol=1e-4 if values.dtype == jnp.float64 else 0.05)


@pytest.mark.long
@pytest.mark.parametrize("beta", [None, slow(100.0)])
def test_three_classes_say_where_the_rule_is_too_coarse(beta):
    """Hard labels, and soft ones that are nearly hard: right up to t = 30, a code once nodes' errors drive the weights."""
    W = np.random.default_rng(0).normal(size=(3, 4))
    left, _, right = np.linalg.svd(W - W.mean(axis=0), full_matrices=False)
    start = dynamics.Layers((jnp.asarray(0.5 * right[:2]),), (jnp.asarray(0.5 * left[:, :2]),))
    teacher = jnp.asarray(10 * W)
    times = np.array([0.0, 3.0, 30.0, 1e3])
    coarse, fine = (
        dynamics.solve(dynamics.population_flow([teacher], inverse_temperature=beta, rule=rule), start, until)
        for rule, until in ((gaussian.COARSE, times), (gaussian.FINE, times[:3]))
    )
    assert coarse.result == Result.RULE_TOO_COARSE
    assert "rule is too coarse" in Result(int(coarse.result)).message
    assert np.isnan(coarse.composites[0][-1]).all()
    assert fine.result == Result.SUCCESS
    good = np.asarray(jnp.isfinite(coarse.composites[0]).all(axis=(1, 2)))
    assert good[:2].all()
    np.testing.assert_allclose(coarse.composites[0][:2], fine.composites[0][:2], rtol=0.05, atol=0.05)


def test_rounding_is_an_error_of_the_drive_too():
    """In one precision, two classes at s = 2,000: the drive is 1e-7 of the moment, which is its rounding."""
    single = {"left": PAIR.astype(np.float32), "right": np.eye(3, 1, dtype=np.float32)}
    flow = dynamics.aligned_flow(single["left"], jnp.ones(1, jnp.float32), single["right"], inverse_temperature=None)
    for scale, code in ((2000.0, Result.RULE_TOO_COARSE), (100.0, Result.SUCCESS)):
        start = dynamics.SingularValues((jnp.full(1, scale**0.5, jnp.float32),) * 2)
        out = dynamics.solve(flow, start, np.array([0.0, 1.0], np.float32))
        assert out.result == code
        assert np.isnan(out.composites[0]).all() == (code != Result.SUCCESS)


def test_what_is_small_or_traced_is_not_checked():
    flow, _ = aligned(np.linalg.qr(np.random.default_rng(0).normal(size=(4, 2)))[0], 3.0, None, gaussian.COARSE)
    small = (jnp.ones((1, 3, 4, 4)),)
    assert first_too_coarse(flow, (None,) * 3, small) is None

    @jax.jit
    def traced(W):
        assert first_too_coarse(flow, (None,) * 3, (100 * W,)) is None
        return W

    traced(small[0])


@pytest.mark.parametrize(("rule", "code"), [(gaussian.COARSE, Result.RULE_TOO_COARSE), (gaussian.FINE, Result.SUCCESS)])
def test_a_minimum_says_where_the_rule_is_too_coarse(rule, code):
    """Soft labels that are nearly hard, of a teacher with noise: the minimum lies where the weights have grown to 13."""
    rng = np.random.default_rng(2)
    W = rng.normal(size=(3, 6))
    left, _, right = np.linalg.svd(W - W.mean(axis=0), full_matrices=False)
    clean = 100 * left[:, :2] @ right[:2]
    noisy = clean + 4 * rng.normal(size=(3, 6))
    flow = dynamics.population_flow(
        [jnp.asarray(noisy)], judge=gaussian.label_moment(jnp.asarray(clean)), inverse_temperature=1.0, rule=rule
    )
    start = dynamics.Layers(
        (jnp.asarray(0.1 * rng.normal(size=(1, 6, 6))),), (jnp.asarray(0.1 * rng.normal(size=(1, 3, 6))),)
    )
    found = dynamics.solve_until_bracketed(flow, start)
    assert found.result == code
    assert np.isfinite(found.loss).all()
    assert np.isfinite(found.weights).all()

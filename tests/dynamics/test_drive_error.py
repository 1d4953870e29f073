"""Flows at large weights: the right numbers by any rule where the moment is exact, else a code that says the rule is too coarse."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad, solve_ivp
from scipy.special import expit

from sharedtrunk import dynamics, gaussian
from sharedtrunk.trajectory import Result

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
    return sum(quad(difference, a, b, epsabs=0, epsrel=1e-9)[0] for a, b in zip(edges[:-1], edges[1:], strict=True))


def expected(times, teacher=np.inf):
    """s(t) from .25 of two equal layers: ds/dt = 2 s · drive."""

    def slope(t, log_s):
        return [2 * drive(np.exp(log_s[0]), teacher)]

    found = solve_ivp(slope, (0, times[-1]), [np.log(0.25)], t_eval=times, rtol=1e-6, atol=1e-9, method="LSODA")
    return np.exp(found.y[0])


def aligned(left, teacher, beta, rule, layers=2):
    rank = left.shape[1]
    right = jnp.eye(4)[:, :rank]
    flow = dynamics.aligned_flow(left, jnp.full(rank, teacher), right, inverse_temperature=beta, rule=rule)
    return flow, dynamics.SingularValues((jnp.full(rank, 0.5),) * layers)


@pytest.mark.parametrize("rule", [DEFAULT, gaussian.FINE, gaussian.FINEST])
def test_two_classes_are_followed_at_any_scale(rule):
    """Hard labels: the weights of 1e3 … 5e4 units of time are those of quadrature and, late, of √(4ct)."""
    flow, start = aligned(PAIR, 10.0, None, rule)
    whole = dynamics.population_flow([10 * PAIR @ flow.right.T], rule=rule)
    layers = dynamics.Layers((0.5 * flow.right.T,), (jnp.asarray(0.5 * PAIR, flow.right.dtype),))
    known = expected(TIMES)
    np.testing.assert_allclose(known[1:], [42.9, 136.2, 192.6, 304.6], atol=0.06)
    np.testing.assert_allclose(known[1:], np.sqrt(4 * ASYMPTOTE * TIMES[1:]), rtol=5e-3)
    for out in (dynamics.solve(flow, start, TIMES), dynamics.solve(whole, layers, TIMES)):
        assert out.result == Result.SUCCESS
        values = dynamics.aligned_values(flow, out.composites[0])[:, 0]
        np.testing.assert_allclose(values, known, rtol=1e-4 if values.dtype == jnp.float64 else 0.05)

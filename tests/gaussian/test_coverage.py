"""F, ∇F and G by default rules against routes that share no code with them: adaptive cubature, automatic differentiation,
quasi-random points conditioned on pairs. The routes stand in `benchmarks/gaussian_coverage.py`, which prints the table.
"""

import functools
import importlib.util
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gaussian_problems import weights
from sharedtrunk import gaussian

pytestmark = pytest.mark.float64


@functools.cache
def benchmark():
    path = Path(__file__).parents[2] / "benchmarks" / "gaussian_coverage.py"
    spec = importlib.util.spec_from_file_location("benchmark_gaussian_coverage", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SPECTRA = [[1e-3], [1.0], [1e3], [1e-3, 5e-4], [1.0, 0.3], [30.0, 20.0], [1e3, 300.0]]


@pytest.mark.parametrize("singular_values", SPECTRA, ids=str)
def test_three_classes_by_adaptive_cubature(singular_values):
    W = weights(3, singular_values, classes=3)
    truth = benchmark().by_cubature(np.asarray(W))
    for name, quantity in benchmark().DEFAULTS.items():
        value, bar = quantity(W)
        exact, own = truth[name]
        assert np.linalg.norm(np.asarray(value) - exact) <= float(bar) + own
        # a bar that covers anything proves nothing, nor does a reference less exact than what it judges
        assert bar <= benchmark().ASKED[name] * np.linalg.norm(exact)
        assert own <= 1e-5 * np.linalg.norm(exact)


@pytest.mark.long
def test_derivatives_by_differentiation_of_the_free_energy():
    """∇F = ∂F/∂W and G = 2 ∂F/∂Q, F by points of our own, so that no rule of the library's derivative enters."""
    rng = np.random.default_rng(5)
    W = 1.5 * rng.standard_normal((5, 5)) / np.sqrt(5)
    nodes = jax.scipy.special.ndtri(jnp.asarray(benchmark().uniform(5, 4096, seed=3)))

    def free_energy(Q, u):
        return benchmark().plain(jnp.linalg.cholesky(Q), u, 0.0)

    def of_weights(W, u):
        return benchmark().plain(W, u, 0.0)

    for derivative, at, quantity in (
        (lambda u: 2 * jax.grad(free_energy)(jnp.asarray(W @ W.T), u), W, gaussian.softmax_covariance_with_error),
        (lambda u: jax.grad(of_weights)(jnp.asarray(W), u), W, gaussian.softmax_moment_with_error),
    ):
        exact, own = benchmark().spread(np.stack([np.asarray(derivative(u)) for u in nodes]))
        value, bar = quantity(jnp.asarray(at), rule=gaussian.Sobol(points=2048, scrambles=8))
        assert np.linalg.norm(np.asarray(value) - exact) <= np.hypot(float(bar), own)
        assert float(bar) + own <= 1e-2 * np.linalg.norm(exact)


def test_a_bar_that_is_too_short_is_counted():
    rows = np.array([[1, 2.0, 1.0, 0.1, 10.0], [1, 0.5, 1.0, 0.1, 10.0]])
    assert benchmark().covered(rows).tolist() == [False, True]


def test_two_class_limit():
    """K = 2, u = (1, −1)/√2: s·g → 1/√π, short of it by about 1/s²."""
    W = 1e4 * jnp.array([[1.0], [-1.0]]) / jnp.sqrt(2.0)
    G = gaussian.softmax_covariance(W)
    assert 1e4 * float(G[0, 0] - G[0, 1]) == pytest.approx(1 / np.sqrt(np.pi), rel=1e-6)


@functools.cache
def measured(classes):
    return benchmark().measure(60 if classes == 3 else 30, classes, seed=500)


@pytest.mark.slow
@pytest.mark.parametrize("classes", [3, 10])
def test_coverage_over_ranks_and_scales(classes):
    """Ranks 1 … K, singular values 1e-3 … 1e3: at least 95 in 100 inside their bars."""
    for rows in measured(classes).values():
        assert benchmark().covered(rows).mean() >= 0.95


@pytest.mark.slow
@pytest.mark.parametrize("classes", [3, 10])
def test_bars_are_as_small_as_asked(classes):
    """At most 1e-3 of the value for F and ∇F, 1e-2 for G, by default."""
    for name, rows in measured(classes).items():
        assert (rows[:, 2] <= benchmark().ASKED[name] * rows[:, 4]).all()

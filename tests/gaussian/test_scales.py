"""Weights of any size: the limits of small and large weights are known in closed form, and every value comes with a bar."""

import functools

import jax.numpy as jnp
import numpy as np
import pytest

from gaussian_problems import weights
from sharedtrunk import gaussian
from sharedtrunk.errors import InputError

pytestmark = pytest.mark.float64

SCALES = {
    np.float64: [-300, -200, -154, -20, -6, 6, 9, 11, 13, 15, 16, 20, 100, 154, 155, 200, 300],
    np.float32: [-36, -25, -19, -6, 6, 9, 11, 16, 18, 20, 25, 31],
}
PROMISED = {"free_energy": 1e-3, "softmax_moment": 1e-3, "softmax_covariance": 1e-2, "label_moment": 1e-3}
"""Bars that say something, as shares of the value."""


def centred(W):
    W = np.asarray(W, np.longdouble)
    return W - W.mean(axis=0)


def small(W, s):
    """F = ln K + ‖J W‖²/2K, ∇F = J W/K and G = J/K to leading order."""
    K, W = len(W), centred(W) * s
    G = (np.eye(K) - 1 / K) / K
    return {
        "free_energy": np.log(np.longdouble(K)) + np.sum(W**2) / (2 * K),
        "softmax_moment": W / K,
        "softmax_covariance": G,
    }


def large(W, s):
    """Three classes in the plane: either ray of a tie is as likely, so a third class lies below it in one case of two.

    G_ij = −1/(2 √(2π) σ_ij), ∇F = M = G W, F = E max = ⟨M, W⟩, all to leading order in 1/s.
    """
    W = centred(W)
    sigma = np.sqrt(np.sum((W[:, None] - W[None]) ** 2, axis=-1))
    G = -np.where(sigma > 0, 1 / (2 * np.sqrt(2 * np.pi) * np.where(sigma > 0, sigma, 1)), 0)
    G -= np.diag(G.sum(axis=1))
    return {"free_energy": s * np.sum((G @ W) * W), "softmax_moment": G @ W, "softmax_covariance": G / s}


def in_long_double(parts):
    return [np.asarray(np.asarray(part), np.longdouble) for part in parts]


def judged(name, W, exact, correction):
    value, bar = in_long_double(getattr(gaussian, f"{name}_with_error")(jnp.asarray(W)))
    size = np.max(np.abs(exact))
    error = np.sqrt(np.sum(((value - exact) / size) ** 2))
    assert np.isfinite(bar)
    assert error <= bar / size + correction, (float(error), float(bar / size))
    tiny = float(jnp.finfo(W.dtype).tiny)
    assert bar <= PROMISED[name] * np.sqrt(np.sum((exact / size) ** 2)) * size + 2 * tiny, float(bar / size)


PLANE = np.array([[1.0, 2.0], [0.25, 1.0], [3.0, -1.0]])
LINE = np.array([[1.0, 0.5], [-1.0, 0.25]])


@pytest.mark.parametrize("name", ["free_energy", "softmax_moment", "softmax_covariance"])
@pytest.mark.parametrize(("dtype", "power"), [(d, p) for d, powers in SCALES.items() for p in powers])
def test_three_classes_at_every_scale(dtype, power, name):
    s = dtype(10.0) ** dtype(power)
    W = (PLANE * float(s)).astype(dtype)
    assert np.all(W != 0)
    exact = (small if power < 0 else large)(W.astype(np.longdouble) / np.longdouble(s), np.longdouble(s))
    # the next order of either limit, relative: s² below, 1/s above, where all three meet
    order = 1 if power > 0 else 2
    judged(name, W, exact[name], 30 * np.longdouble(10.0) ** (-order * abs(power)))


@pytest.mark.parametrize("power", SCALES[np.float64])
def test_two_classes_at_every_scale(power):
    """K = 2: one difference of standard deviation σ, F = E max = σ/√(2π), G = 1/(√(2π) σ) off the diagonal."""
    s = 10.0**power
    W = LINE * s
    d = np.linalg.norm((LINE[0] - LINE[1]).astype(np.longdouble))
    g = 1 / (np.sqrt(2 * np.longdouble(np.pi)) * d)
    C = centred(LINE)
    if power < 0:
        exact = small(LINE, np.longdouble(s))
    else:
        G = g * np.array([[1.0, -1.0], [-1.0, 1.0]])
        exact = {"free_energy": s * np.sum((G @ C) * C), "softmax_moment": G @ C, "softmax_covariance": G / s}
    for name, value in exact.items():
        judged(name, W, value, 30 * 10.0 ** (-(1 if name == "free_energy" and power > 0 else 2) * abs(power)))


@pytest.mark.parametrize(("dtype", "power"), [(d, p) for d, powers in SCALES.items() for p in powers])
def test_the_label_moment_depends_on_no_scale(dtype, power):
    W = (PLANE * float(dtype(10.0) ** dtype(power))).astype(dtype)
    judged("label_moment", W, large(PLANE, 1)["softmax_moment"], 10 * float(jnp.finfo(dtype).eps))


@functools.cache
def of_five(rank):
    """Unit weights of five classes, and their label moment, the limit that is judged by closed forms elsewhere."""
    W = np.asarray(weights(5, 1 / np.arange(1.0, rank + 1), classes=5, features=6))
    W = W - W.mean(axis=0)
    return W, *(np.asarray(part) for part in gaussian.label_moment_with_error(jnp.asarray(W)))


@pytest.mark.long
@pytest.mark.parametrize("power", [-300, 9, 300])
@pytest.mark.parametrize("rank", [3, 4])
def test_five_classes_at_every_scale(rank, power):
    W, M, own = of_five(rank)
    s = 10.0**power
    F, F_bar = gaussian.free_energy_with_error(jnp.asarray(W * s))
    moment, bar = gaussian.softmax_moment_with_error(jnp.asarray(W * s))
    G, G_bar = gaussian.softmax_covariance_with_error(jnp.asarray(W * s))
    if power < 0:
        assert abs(F - np.log(5)) <= F_bar <= 1e-3
        assert np.linalg.norm(moment / s - W / 5) <= bar / s <= 1e-3 * np.linalg.norm(W)
        assert np.linalg.norm(G - (np.eye(5) - 1 / 5) / 5) <= G_bar <= 1e-2
        return
    assert abs(F / s - np.sum(M * W)) <= F_bar / s + own * np.linalg.norm(W) + 10 / s
    assert F_bar <= 2e-3 * F
    assert np.linalg.norm(moment - M) <= bar + own + 10 / s
    assert bar <= 1e-3 * np.linalg.norm(M)
    # Stein's identity ties G to M
    assert np.linalg.norm(s * (G @ W) - M) <= s * G_bar * np.linalg.norm(W, 2) + own + 10 / s
    assert s * G_bar <= 1e-2 * np.linalg.norm(s * G)


@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("s", [1e-300, 1e-160, 1e-9, 1e9, 1e160, 1e300])
def test_equal_variances_at_every_scale(s, classes):
    F, slope, Y = (
        float(f(s, classes))
        for f in (
            gaussian.random_energy_free_energy,
            gaussian.random_energy_slope,
            gaussian.random_energy_participation,
        )
    )
    if s < 1:
        assert pytest.approx(np.log(classes), rel=1e-13) == F
        assert slope / s == pytest.approx(1 - 1 / classes, rel=1e-12)
        assert pytest.approx(1 / classes, rel=1e-12) == Y
    else:
        m = gaussian.expected_maximum(classes)
        assert F / s == pytest.approx(m, rel=1e-9)
        assert slope == pytest.approx(m, rel=1e-9)
        assert pytest.approx(1, rel=1e-8) == Y
        assert gaussian.derrida_free_energy(s, classes) == s * gaussian.critical_scale(classes)


@pytest.mark.parametrize("rule", [None, gaussian.Sobol(1024, 8)])
@pytest.mark.parametrize("s", [1e-300, 1e-160, 1e160, 1e300])
def test_accuracy_depends_on_no_scale(s, rule):
    rule = rule or gaussian.FINE
    teacher, student = PLANE, PLANE + 0.3 * PLANE[::-1]
    at_one = gaussian.accuracy(student, teacher, rule=rule)
    assert 0.5 < at_one < 0.99
    assert gaussian.accuracy(s * student, teacher, rule=rule) == pytest.approx(float(at_one), abs=2e-3)
    assert gaussian.accuracy(s * student, s * teacher, rule=rule) == pytest.approx(float(at_one), abs=2e-3)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", ["free_energy", "softmax_moment", "softmax_covariance"])
def test_a_rule_for_every_rank_at_the_ends_of_the_range(name, dtype):
    """Sobol points take any weights: what they give stays finite, and inside its bar (K = 3, closed form)."""
    for power in (SCALES[dtype][0], SCALES[dtype][-1]):
        s = dtype(10.0) ** dtype(power)
        W = (PLANE * float(s)).astype(dtype)
        value, bar = in_long_double(
            getattr(gaussian, f"{name}_with_error")(jnp.asarray(W), rule=gaussian.Sobol(1024, 8))
        )
        exact = (small if power < 0 else large)(W.astype(np.longdouble) / np.longdouble(s), np.longdouble(s))[name]
        size = np.max(np.abs(exact))
        error = np.linalg.norm(np.asarray((value - exact) / size, float))
        assert np.isfinite(bar)
        assert error <= float(bar / size) + 1e-9


@pytest.mark.parametrize("logit", [1e2, 1e4, 1e6, 1e9])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_participation_is_rounded_too(logit, dtype):
    """K = 2: Y = 1 − 2 E[P₁P₂] = 1 − 2/(√(2π) σ) up to 1/σ³, σ = 2 · logit; it was ± 8.5e-11 at an error of 1.9e-8."""
    Y, bar = gaussian.participation_with_error(np.array([[logit], [-logit]], dtype))
    sigma = 2 * logit
    exact = 1 - 2 / (np.sqrt(2 * np.pi) * sigma) * (1 - np.pi**2 / (6 * sigma**2))
    assert abs(float(Y) - exact) <= float(bar) <= 20 * np.finfo(dtype).eps + 1e-5 / sigma


def test_the_loss_is_rounded_where_its_parts_cancel():
    """F and ⟨M, W⟩ of 1e5 leave a loss of 1: in float32 it has two digits, and the bar says so."""
    rng = np.random.default_rng(3)
    worst = 0.0
    for _ in range(20):
        W = (rng.standard_normal((2, 50)) * 1e5).astype(np.float32)
        M = gaussian.label_moment(W)
        L, bar = gaussian.population_loss_with_error(W, M, rule=gaussian.Panels(order=12))
        exact, own = gaussian.population_loss_with_error(
            W.astype(float), np.asarray(M, float), rule=gaussian.Panels(order=12)
        )
        error = abs(float(L) - float(exact))
        worst = max(worst, error / float(bar))
        assert error <= float(bar) + float(own)
    assert worst > 1e-3  # a bar that covers anything proves nothing


def test_a_near_tie_beside_large_weights_loses_digits_in_the_bar():
    """Two classes differ by 1 where the third is 10¹³ away: the difference is stored, its direction has lost digits."""
    W = np.array([[1e13, 0.5, 0.3], [1e13, -0.5, 0.1], [-2e13, 0.0, 0.2]])
    G, bar = gaussian.softmax_covariance_with_error(W)
    # on the side of classes 0 and 1, half of the inputs, P₀ P₁ = E[1/4 cosh⁻²(t/2)], t of standard deviation √1.04
    t, w = np.polynomial.hermite_e.hermegauss(60)
    exact = 0.5 * np.sum(w * 0.25 / np.cosh(0.5 * np.sqrt(1.04) * t) ** 2) / np.sqrt(2 * np.pi)
    assert abs(-float(G[0, 1]) - exact) <= float(bar) <= 0.2


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_beyond_the_range_is_refused(dtype):
    for quantity in (gaussian.free_energy, gaussian.softmax_moment, gaussian.label_moment):
        with pytest.raises(InputError, match=r"entries of at most .*e\+\d+ in float"):
            quantity((PLANE * (float(np.finfo(dtype).max) / 100)).astype(dtype))
    with pytest.raises(InputError, match="W C"):
        gaussian.free_energy(
            (PLANE * (float(np.finfo(dtype).max) / 1e8)).astype(dtype), covariance=1e20 * np.eye(2, dtype=dtype)
        )

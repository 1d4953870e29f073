"""Whitened label moments against classical canonical correlations, permutations, and labels of known signal."""

import numpy as np
import pytest

from sharedtrunk import spectra
from sharedtrunk._support.statistics import mean_and_error
from sharedtrunk.affinity._clean_values import clean_values, shrunk_together
from sharedtrunk.affinity._signal import FALSE_ALARMS, task_signal
from sharedtrunk.affinity._whitening import GROUPS, whiten
from sharedtrunk.errors import InputError

SIGN = np.sqrt(2 / np.pi)
"""Correlation of sign(x) with x ~ N(0, 1)."""


def bits(rng, inputs, strength, count):
    """Labels of 2^count classes: the signs of the first inputs in noise, each of canonical correlation SIGN · strength."""
    noisy = strength * inputs[:, :count] + np.sqrt(1 - strength**2) * rng.normal(size=(len(inputs), count))
    return (noisy > 0).astype(int) @ 2 ** np.arange(count)


def labelled(codes, rows):
    return np.where(np.arange(codes.size) < rows, codes, -1)


@pytest.mark.parametrize("classes", [2, 5])
def test_singular_values_are_canonical_correlations(classes):
    """Of the centred one-hot labels with the centred inputs, by orthonormal bases of both."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(120, 6)) @ rng.normal(size=(6, 6)), rng.integers(classes, size=120)
    left, right = (
        np.linalg.qr(part - part.mean(axis=0))[0][:, :size]
        for part, size in ((np.eye(classes)[y], classes - 1), (X, 6))
    )
    expected = np.linalg.svd(left.T @ right, compute_uv=False)
    np.testing.assert_allclose(task_signal(whiten(X), y).observed[: expected.size], expected, rtol=1e-9)


def test_a_binary_task_is_adjusted_r_squared():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(200, 10))
    y = bits(rng, X, 0.9, 1)
    A = np.c_[np.ones(200), X]
    residual = y - A @ np.linalg.lstsq(A, y, rcond=None)[0]
    R2 = 1 - residual.var() / y.var()
    found = task_signal(whiten(X), y)
    assert found.values[0] ** 2 == pytest.approx((R2 - 10 / 200) / (1 - 10 / 200))
    assert found.right_overlaps[0] == pytest.approx(found.values[0] ** 2 / R2)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["gaussian", "heavy tails and a rare class"])
def test_labels_without_signal_show_one_at_the_stated_rate(kind):
    """300 tables: the count is within four standard deviations of the rate, above and (no signal is ever seen) below."""
    count, trials = 0, 300
    for seed in range(trials):
        rng = np.random.default_rng(seed)
        X, y = rng.normal(size=(80, 12)), rng.integers(3, size=80)
        if kind != "gaussian":
            X, y = X**3, np.where(np.arange(80) < 3, 3, y)
        count += task_signal(whiten(X, seed=seed), y, seed=seed).rank > 0
    assert count <= trials * FALSE_ALARMS + 4 * np.sqrt(trials * FALSE_ALARMS)
    assert count >= 1


@pytest.mark.parametrize(("rows", "labels"), [(240, 240), (1000, 240)], ids=["all labelled", "a quarter labelled"])
@pytest.mark.parametrize("count", [1, 2], ids=["2 classes", "4 classes"])
@pytest.mark.parametrize("strength", [0.75, 1.0])
def test_clean_values_are_those_of_the_distribution(strength, count, rows, labels):
    """Root mean square of s and σ against the closed form, within 4 standard errors of 30 tables and 1.5 % of bias.

    All directions seen but in a few tables, where the one seen is the stronger one: part of the bias that is allowed.
    """
    found = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(rows, 30))
        signal = task_signal(whiten(X, seed=seed), labelled(bits(rng, X, strength, count), labels), seed=seed)
        found.append(signal.snr / np.sqrt(labels / 30))
    mean, error, _ = mean_and_error(found, axis=0)
    expected = SIGN * strength
    assert abs(float(mean) - expected) < 4 * float(error) + 0.015 * expected
    # What the noise would add if it were not taken out.
    assert np.sqrt(expected**2 + 30 / labels) > expected + 8 * float(error)


def test_directions_are_counted_and_their_overlaps_are_right():
    """Two of the three directions of 4 classes carry signal; the mean squared overlap with their span is as said."""
    shares, said, ranks = [], [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(1200, 40))
        y = labelled(bits(rng, X, 0.9, 2), 300)
        signal = task_signal(whiten(X, seed=seed), y, seed=seed)
        ranks.append(signal.rank)
        moment = signal.moments.sum(axis=0)
        observed = np.linalg.svd(moment, full_matrices=False)[2][: signal.rank]
        # The clean directions in the whitened frame: inputs regressed on it.
        white = whiten(X, seed=seed).inputs
        clean = np.linalg.qr((white.T @ X[:, :2]) / len(X))[0]
        shares.append(np.sum((observed @ clean) ** 2) / signal.rank)
        said.append(signal.right_overlaps.mean())
    assert np.mean(np.array(ranks) == 2) > 0.7
    difference, error, _ = mean_and_error(np.subtract(shares, said), axis=0)
    # The stated overlaps hold for rank ≪ K; at 2 of 3 directions they are an orientation, measured at −0.01 … 0.05.
    assert abs(float(difference)) < 4 * float(error) + 0.05
    assert np.mean(shares) > 0.5


@pytest.mark.parametrize("rank", [1, 3])
def test_clean_values_invert_the_spectra(rank):
    """Without correlations' end (f = 0, few labels' worth of classes) they are `spectra.clean_value` for the same aspect."""
    c1, m, n = 0.3, 20, 2000.0
    s = np.linspace(0.9, 0.89, rank)
    rest = (m - rank + 1) / n
    cσ2 = rest / (1 - rest)
    observed = np.asarray(spectra.spiked_value(s, cσ2 / c1, np.sqrt(c1)), float) * np.sqrt(1 - rest)
    values, left, right = clean_values(observed, rank, m, c1, m / n, 0.0)
    overlaps = spectra.spiked_overlaps(s, cσ2 / c1, np.sqrt(c1))
    np.testing.assert_allclose(values, s, atol=6e-3)
    # With so few labels their spread is nothing that noise does not make.
    assert rank == 1 or np.ptp(values) < 0.2 * np.ptp(s)
    np.testing.assert_allclose(left, overlaps.left, rtol=1e-3)
    np.testing.assert_allclose(right, overlaps.right, rtol=1e-3)


def test_values_that_only_noise_spread_are_shrunk_together():
    """Eigenvalues of a debiased Gram matrix: equal ones lose most of their spread, well separated ones keep it."""
    rng, (R, width, noise) = np.random.default_rng(3), (8, 50, 1 / 200)
    for clean, most in ((np.full(R, 0.6), 0.35), (np.linspace(0.2, 3, R), None)):
        before, after = [], []
        for _ in range(60):
            matrix = np.eye(R, width) * np.sqrt(clean)[:, None] + np.sqrt(noise) * rng.normal(size=(R, width))
            raw = np.linalg.eigvalsh(matrix @ matrix.T) - width * noise
            drawn = shrunk_together(raw, noise, width)
            assert drawn.sum() == pytest.approx(raw.sum())
            before.append(np.sum((raw - np.sort(clean)) ** 2))
            after.append(np.sum((drawn - np.sort(clean)) ** 2))
        assert np.mean(after) < np.mean(before) * (most or 1.05)


def test_whitening():
    """Identity covariance; directions of hardly any variance, duplicates and those beyond a quarter of the rows go."""
    rng = np.random.default_rng(4)
    X = rng.normal(size=(60, 5)) @ (np.eye(5) + 0.3 * rng.normal(size=(5, 5)))
    z = whiten(X).inputs
    np.testing.assert_allclose(z.T @ z / 60, np.eye(5), atol=1e-10)
    wider = whiten(np.c_[X, X[:, 0], np.ones(60), 1e-3 * rng.normal(size=60)])
    assert (wider.directions, wider.features, wider.rows) == (5, 8, 60)
    many = whiten(rng.normal(size=(40, 200)))
    assert many.directions == 10
    assert np.unique(many.groups).tolist() == list(range(GROUPS))
    assert task_signal(many, rng.integers(2, size=40)).values.size <= 1


def test_signal_of_separable_labels_with_few_rows_is_finite():
    """One direction carries everything: s is at most 1, and a rare class or a missing one is no error."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(40, 3))
    y = np.where(X[:, 0] > 0, 4, 1)
    y[0] = 2
    signal = task_signal(whiten(X), y)
    assert signal.classes == 3
    assert signal.rank >= 1
    assert (signal.values <= 1).all()


def test_bad_input():
    X = np.random.default_rng(6).normal(size=(20, 3))
    W = whiten(X)
    with pytest.raises(InputError, match="at least 8 rows"):
        whiten(X[:5])
    with pytest.raises(InputError, match="missing or infinite"):
        whiten(np.where(X > 1, np.nan, X))
    with pytest.raises(InputError, match="must vary"):
        whiten(np.ones((20, 3)))
    with pytest.raises(InputError, match="20 class codes"):
        task_signal(W, np.zeros(5, int))
    with pytest.raises(InputError, match="at least 4 labels of 2 classes"):
        task_signal(W, np.zeros(20, int))
    with pytest.raises(InputError, match="3 labels"):
        task_signal(W, labelled(np.arange(20) % 2, 3))

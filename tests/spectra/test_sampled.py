"""Against sampled matrices: large ones within standard errors, the approach to the limit, and where it misleads.

NumPy's own normals, QR and eigenvalues: nothing of the library but the formulas.
"""

import numpy as np
import pytest

from sharedtrunk import spectra
from sharedtrunk._support.statistics import mean_and_error

ASPECT, CLEAN = 0.25, (3.0, 1.2)
"""Two spikes above the threshold 0.707 of noise 1."""


def sampled(rng, classes, features, clean, noise=1.0):
    """Observed singular values, squared left overlaps and squared right overlaps of one matrix, each one per spike."""
    rank = len(clean)
    left = np.linalg.qr(rng.normal(size=(classes, rank)))[0]
    right = np.linalg.qr(rng.normal(size=(features, rank)))[0]
    matrix = (left * np.asarray(clean)) @ right.T + noise * rng.normal(size=(classes, features)) / features**0.5
    squares, vectors = np.linalg.eigh(matrix @ matrix.T)
    observed, vectors = np.sqrt(squares[::-1][:rank]), vectors[:, ::-1][:, :rank]
    features_side = matrix.T @ vectors / observed
    return observed, np.sum(vectors * left, axis=0) ** 2, np.sum(features_side * right, axis=0) ** 2


def draws(seed, count, classes, features, clean, noise=1.0):
    rng = np.random.default_rng(seed)
    return np.array([sampled(rng, classes, features, clean, noise) for _ in range(count)])


def predicted(clean, aspect, noise=1.0):
    """(quantity, spike): ŝ, left, right."""
    clean = np.asarray(clean)
    return np.array([spectra.spiked_value(clean, aspect, noise), *spectra.spiked_overlaps(clean, aspect, noise)])


def noise_values(rng, classes, features):
    """All singular values of pure unit noise."""
    matrix = rng.normal(size=(classes, features)) / features**0.5
    return np.linalg.svd(matrix, compute_uv=False)


@pytest.mark.parametrize(
    ("classes", "features", "clean", "noise"),
    [(400, 1600, CLEAN, 1.0), (800, 400, (6.0, 3.5), 1.7)],
    ids=["wide", "tall"],
)
def test_large_matrices_within_standard_errors(classes, features, clean, noise):
    """Values and overlaps, left and right kept apart, within 4 standard errors of 30 draws.

    The O(1/N_f) correction is part of what could fail: at N_f = 1600 it is a quarter of a standard error (measured
    by the next test: about −1.5/N_f for ŝ at s = 1.2, where the standard error is about 5.5/N_f).
    """
    mean, error, _ = mean_and_error(draws(3, 30, classes, features, clean, noise), axis=0)
    aspect = classes / features
    assert (np.abs(mean - predicted(clean, aspect, noise)) < 4 * error).all()
    # The sides differ by many standard errors, so an exchange of left and right could not pass.
    assert (np.abs(mean[1] - mean[2]) > 8 * error[1:].max(axis=0)).all()


def test_the_mean_approaches_the_limit_as_one_over_size():
    """N_f·(mean − limit) is one constant for N_f = 40, 80, 160 (ŝ at s = 1.2), and not zero: the correction is 1/N_f."""
    sizes, scaled, errors = (40, 80, 160), [], []
    for features, count in zip(sizes, (4000, 4000, 3000), strict=True):
        mean, error, _ = mean_and_error(draws(5, count, features // 4, features, CLEAN)[:, 0, 1], axis=0)
        scaled.append(features * float(mean - predicted(CLEAN, ASPECT)[0, 1]))
        errors.append(features * float(error))
    scaled, errors = np.array(scaled), np.array(errors)
    assert (scaled < -4 * errors).all()
    constant = np.average(scaled, weights=errors**-2)
    assert (np.abs(scaled - constant) < 3 * errors).all()
    # What a slower law would give: with 1/√N_f the scaled bias would double from 40 to 160.
    assert abs(scaled[2] - scaled[0]) < 0.5 * abs(scaled[0])


def test_one_draw_scatters_as_one_over_root_size():
    """The RMS distance of single draws from the limit falls with slope −½ in N_f: for ŝ and for both overlaps."""
    sizes = np.array([80, 320, 1280])
    root_mean_square = [
        np.sqrt(np.mean((draws(7, count, n // 4, n, (2.0,)) - predicted((2.0,), ASPECT)) ** 2, axis=0)[:, 0])
        for n, count in zip(sizes, (2000, 500, 60), strict=True)
    ]
    slopes = np.polyfit(np.log(sizes), np.log(root_mean_square), 1)[0]
    # The last point's RMS of 60 draws is known to 1/√120 = 9 %, the slope over a factor 16 to 0.033.
    np.testing.assert_allclose(slopes, -0.5, atol=4 * 0.033)


def test_below_the_threshold_vectors_are_lost():
    """s = 0.6 × threshold: the overlaps fall toward 0, and ŝ approaches the bulk's edge, as the matrix grows.

    From N_f = 80 to 640 the overlaps fall with slope about −0.85 (limit −1), the distance with −0.69 (limit −2/3).
    """
    clean = (0.6 * float(spectra.threshold(ASPECT, 1.0)),)
    small, large = (draws(9, count, n // 4, n, clean).mean(axis=0) for n, count in ((80, 1500), (640, 150)))
    np.testing.assert_array_equal(predicted(clean, ASPECT)[1:], 0)
    assert (large[1:] < small[1:] / 4).all()
    assert (large[1:] < 0.05).all()
    edge = float(spectra.bulk_edges(ASPECT, 1.0).upper)
    # The edge's N_f^(−2/3): a factor 8 in size shrinks the distance by about 4.
    assert abs(large[0] - edge) < 0.4 * abs(small[0] - edge)


def test_the_edge_of_noise_scatters_as_tracy_and_widom_say():
    """Largest singular value of 100 × 400 noise, centred and scaled (Johnstone 2001): mean −1.2065, sd 1.2680."""
    rng, (classes, features) = np.random.default_rng(11), (100, 400)
    largest = np.array([noise_values(rng, classes, features)[0] for _ in range(300)])
    edge = float(spectra.bulk_edges(classes / features, 1.0).upper)
    root = (features * classes) ** 0.5
    # (x² − x₊²) in units of the edge's width, x₊^(8/3) N_f^(−2/3) (c)^(−1/6) for unit noise.
    width = edge * (features**0.5 + classes**0.5) ** (1 / 3) / root ** (1 / 3) / features**0.5
    scaled = (largest**2 - edge**2) / width
    mean, error, _ = mean_and_error(scaled, axis=0)
    # Johnstone's centring n − 1 for n moves the mean by O(N_f^(−1/3)); it is bounded, not ignored.
    shift = (edge**2 - ((features - 1) ** 0.5 + classes**0.5) ** 2 / features) / width
    assert abs(float(mean) + 1.2065) < 4 * float(error) + shift
    assert scaled.std(ddof=1) == pytest.approx(1.268, rel=4 / (2 * 299) ** 0.5)


@pytest.mark.parametrize("aspect", [0.25, 1.0, 2.5])
@pytest.mark.parametrize(("features", "count"), [(60, 200), (480, 15)])
def test_density_counts_the_singular_values_of_noise(aspect, features, count):
    """Counts in ten slices between the edges, mean over draws: within 4 standard errors + 1/4, whatever the size.

    The 1/4 is the known O(1) correction of real matrices: a quarter of a value at each edge, taken from between. As
    shares the counts thus approach the density as 1/K. One draw scatters by about one value (values repel each other;
    GOE number variance 0.2·(ln(2πL) + 0.34) for L values a slice), where independent values would scatter by √L.
    """
    lower, upper = (float(edge) for edge in spectra.bulk_edges(aspect, 1.0))
    slices = np.linspace(lower, upper, 11)
    nodes, weights = np.polynomial.legendre.leggauss(200)
    half = np.diff(slices)[:, None] / 2
    x = (slices[:-1, None] + half) + half * nodes
    shares = np.sum(half * weights * np.asarray(spectra.bulk_density(x, aspect, 1.0)), axis=1)
    assert shares.sum() == pytest.approx(1, abs=1e-4)

    rng, classes = np.random.default_rng(13), round(aspect * features)
    found = np.array([np.histogram(noise_values(rng, classes, features), slices)[0] for _ in range(count)])
    expected = shares * min(classes, features)
    mean, error, _ = mean_and_error(found, axis=0)
    assert (np.abs(mean - expected) < 4 * error + 0.25).all()
    scatter = found.std(axis=0, ddof=1).mean()
    repelling = np.sqrt(0.2026 * (np.log(2 * np.pi * expected) + 0.34)).mean()
    assert scatter == pytest.approx(repelling, rel=0.15)


def test_standard_problem_where_rank_is_the_number_of_classes():
    """10 × 100, rank 10, s̄ = 1, unit noise: one predicted value, 1.48, against ŝ spread from about 1.08 to 1.73.

    The gap is rank = K, not size: rank 1 at the same size is off by less than 0.01, and rank = K = 80 spreads more
    still. Exact at rank K: the mean of ŝ² is s̄² + σ² = 2, where the formula says 2.2. Overlaps of single
    vectors mean nothing at equal s; the span's is 1 by definition on the class side, where the formula says 0.82,
    and about 0.54 on the feature side, where it says 0.45.
    """
    prediction = float(spectra.spiked_value(1.0, 0.1, 1.0))
    observed = draws(15, 2000, 10, 100, np.ones(10))[:, 0]
    smallest, smallest_error, _ = mean_and_error(observed[:, -1], axis=0)
    largest, largest_error, _ = mean_and_error(observed[:, 0], axis=0)
    assert abs(float(smallest) - 1.08) < 0.01 + 4 * float(smallest_error)
    assert abs(float(largest) - 1.73) < 0.01 + 4 * float(largest_error)
    assert prediction - float(smallest) > 0.35
    assert float(largest) - prediction > 0.2

    square, square_error, _ = mean_and_error((observed**2).mean(axis=1), axis=0)
    assert abs(float(square) - 2) < 4 * float(square_error)
    assert prediction**2 == pytest.approx(2.2)

    alone, alone_error, _ = mean_and_error(draws(17, 2000, 10, 100, np.ones(1))[:, 0, 0], axis=0)
    assert abs(float(alone) - prediction) < 0.01 + 4 * float(alone_error)

    full = draws(19, 20, 80, 800, np.ones(80))[:, 0]
    assert full[:, 0].mean() - full[:, -1].mean() > float(largest - smallest)
    few = draws(21, 20, 80, 800, np.ones(10))[:, 0]
    assert few[:, 0].mean() - few[:, -1].mean() < 0.5 * float(largest - smallest)


def test_standard_problem_keeps_more_of_the_feature_side_than_predicted():
    """10 × 100, rank 10, s̄ = 1: the observed row space holds a share ‖V̂ᵀV̄‖²/10 ≈ 0.54 of the clean one, not 0.45."""
    rng, shares = np.random.default_rng(23), []
    for _ in range(500):
        right = np.linalg.qr(rng.normal(size=(100, 10)))[0]
        # The noise is rotation invariant, so Ū = I loses nothing.
        observed = np.linalg.qr((right.T + rng.normal(size=(10, 100)) / 10).T)[0]
        shares.append(np.sum((observed.T @ right) ** 2) / 10)
    share, error, _ = mean_and_error(shares, axis=0)
    predicted_share = float(spectra.spiked_overlaps(1.0, 0.1, 1.0).right)
    assert predicted_share == pytest.approx(0.45)
    assert abs(float(share) - 0.537) < 4 * float(error)
    assert float(share) - predicted_share > 20 * float(error)

"""Relatedness of tasks whose directions are known, labelled on the same rows or not; what shared noise must not do."""

import numpy as np
import pytest

from sharedtrunk._support.statistics import mean_and_error
from sharedtrunk.affinity._relatedness import _products, relatedness
from sharedtrunk.affinity._signal import task_signal
from sharedtrunk.affinity._whitening import whiten
from sharedtrunk.errors import InputError

FEATURES = 25


def frame(r):
    """Two directions of two tasks each, at cosine r: the paper's R = r·I."""
    v = np.eye(4, FEATURES)
    return v[:2], r * v[:2] + np.sqrt(1 - r * r) * v[2:]


def bits(projections, strength, noise):
    noisy = strength * projections + np.sqrt(1 - strength**2) * noise
    return (noisy > 0).astype(int) @ 2 ** np.arange(projections.shape[1])


def draw(seed, *, r, labels, count=(1, 1), same=True, strength=0.9, shared_noise=False):
    """Signals of two tasks of 2^count classes, each labelled on `labels` rows, the same or others."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(2 * labels, FEATURES))
    noise = rng.normal(size=(2, len(X), 2))
    if shared_noise:
        noise[1] = noise[0]
    white = whiten(X, seed=seed)
    rows = np.arange(len(X))
    signals = []
    for task, directions in enumerate(frame(r)):
        y = bits(X @ directions[: count[task]].T, strength, noise[task, :, : count[task]])
        kept = rows < labels if same or task == 0 else rows >= labels
        signals.append(task_signal(white, np.where(kept, y, -1), seed=seed))
    return signals


@pytest.mark.long
@pytest.mark.parametrize("same", [True, False], ids=["same rows", "other rows"])
@pytest.mark.parametrize("r", [0.0, 0.5, 1.0])
@pytest.mark.parametrize(("count", "labels"), [((1, 1), 150), ((2, 2), 300)], ids=["2 classes", "4 classes"])
def test_relatedness_is_the_cosine(r, count, labels, same):
    """Mean share within 3 standard errors of 40 tables and 0.03 of bias; the interval holds r in four of five or more."""
    found = [relatedness(*draw(seed, r=r, labels=labels, count=count, same=same)) for seed in range(40)]
    assert all(np.isfinite(one.share) for one in found)
    mean, error, _ = mean_and_error([one.share for one in found], axis=0)
    assert abs(float(mean) - r * r) < 3 * float(error) + 0.03
    assert np.mean([one.low <= r <= one.high for one in found]) >= 0.85
    assert np.mean([one.low > 0 for one in found]) <= 0.05 if r == 0 else True
    width = np.mean([one.high - one.low for one in found])
    assert width < 0.8


def test_the_error_is_that_of_the_spread():
    """The jackknife's mean error of the share lies between the spread over tables and twice that."""
    found = [relatedness(*draw(seed, r=0.6, labels=200, count=(1, 1), same=False)) for seed in range(80)]
    spread = np.std([one.share for one in found], ddof=1)
    assert 0.85 * spread < np.mean([one.share_error for one in found]) < 2 * spread


def test_more_labels_tell_more():
    errors = [
        np.mean([relatedness(*draw(seed, r=0.5, labels=n, count=(1, 1))).share_error for seed in range(8)])
        for n in (100, 400, 1600)
    ]
    assert errors[0] > 1.4 * errors[1] > 1.4 * 1.4 * errors[2]


def test_relatedness_is_directed():
    """One bit lies in what two bits need, with angle 0; of theirs it is one half."""
    found = [draw(seed, r=1.0, labels=600, count=(2, 1)) for seed in range(20)]
    whole = [relatedness(one, two).share for two, one in found]
    half = [relatedness(two, one).share for two, one in found]
    for shares, expected in ((whole, 1.0), (half, 0.5)):
        mean, error, _ = mean_and_error(shares, axis=0)
        assert abs(float(mean) - expected) < 3 * float(error) + 0.02
    assert relatedness(*found[0]).cosines.shape == (1, 2)


def test_noise_that_labels_share_is_not_relatedness():
    """Unrelated tasks, same rows, same label noise: the moments' product is not 0 in the mean, that between groups is."""
    naive, between, shares = [], [], []
    for seed in range(60):
        main, auxiliary = draw(seed, r=0.0, labels=200, strength=0.7, shared_noise=True)
        sign = float(np.sign(main.contrast[1, 0] * auxiliary.contrast[1, 0]))
        naive.append(sign * float(main.moments.sum(axis=0)[0] @ auxiliary.moments.sum(axis=0)[0]))
        between.append(sign * float(_products(main.moments, auxiliary.moments)[0][0, 0]))
        shares.append(relatedness(main, auxiliary).share)
    (mean, error, _), (biased, _, _) = (mean_and_error(values, axis=0) for values in (between, naive))
    assert abs(float(mean)) < 3 * float(error)
    assert float(biased) > 5 * float(error)
    mean, error, count = mean_and_error(shares, axis=0)
    assert count > 50
    assert abs(float(mean)) < 3 * float(error) + 0.01


def test_products_are_those_of_different_groups():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(5, 2, 4)), rng.normal(size=(5, 3, 4))

    def naive(groups):
        terms = [first[g] @ second[h].T for g in groups for h in groups if g != h]
        return np.mean(terms, axis=0)

    everything, left_out = _products(first, second)
    np.testing.assert_allclose(everything / 25, naive(range(5)))
    for g in range(5):
        np.testing.assert_allclose(left_out[g] / 25, naive([h for h in range(5) if h != g]))


def test_angles_are_those_of_the_directions():
    """At r = 0.8 both principal angles are 37°, and at most 90° where nothing is shared."""
    found = [relatedness(*draw(seed, r=0.8, labels=1500, count=(2, 2))) for seed in range(10)]
    mean, error, _ = mean_and_error([one.angles.mean() for one in found], axis=0)
    assert abs(float(mean) - np.degrees(np.arccos(0.8))) < 4 * float(error) + 1
    assert relatedness(*draw(0, r=0.0, labels=1500, count=(2, 2))).angles.min() > 60


def test_nothing_seen_is_nothing_said():
    white = whiten(np.random.default_rng(1).normal(size=(60, 10)))
    alternating = task_signal(white, np.arange(60) % 2)
    signal = task_signal(white, (white.inputs[:, 0] > 0).astype(int))
    assert (alternating.rank, signal.rank) == (0, 1)
    found = relatedness(alternating, signal)
    assert np.isnan([found.value, found.share]).all()
    assert (found.low, found.high) == (0, 1)


def test_tasks_of_other_tables_are_not_compared():
    rng = np.random.default_rng(2)
    signals = [task_signal(whiten(rng.normal(size=(n, 5))), np.arange(n) % 2) for n in (40, 50)]
    with pytest.raises(InputError, match="one table"):
        relatedness(*signals)

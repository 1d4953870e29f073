"""The registry, and every method that trains a source model: directions, leaks, repeatability."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from benchmarks.affinity.baselines import METHODS, Method, Reading, h_score, knn_probe, leep, logme
from benchmarks.affinity.baselines._source import main_folds
from benchmarks.affinity.data import PairData
from benchmarks.affinity.tests.baseline_problems import few_and_many, noisy_main, sign_of_octant

pytestmark = pytest.mark.usefixtures("short_trainings")

QUICK = [name for name in METHODS if "cross_validation" not in name]


@pytest.mark.parametrize("name", QUICK)
def test_every_method_answers_and_repeats_itself(name):
    data = noisy_main(samples=60)
    reading = METHODS[name].read(data, seed=3)
    assert np.isfinite(reading.score)
    assert METHODS[name].read(data, seed=3).score == reading.score


@pytest.mark.parametrize(
    "score", [logme.score, h_score.score, h_score.shrunk_score], ids=["logme", "h_score", "h_score_shrunk"]
)
def test_clean_labels_score_higher_than_noisy_ones(score):
    # Main ← auxiliary asks about the noisy labels, the swapped pair about the clean ones; noise lowers all three scores.
    data = noisy_main()
    assert score(data.swapped(), 0, None) > score(data, 0, None)


def test_leep_of_a_fine_source_is_higher_than_of_a_coarse_one():
    # B's octant decides A's sign: T is about −H(sign) = −log 2 or more. A's sign leaves four octants: about −log 4 or less.
    data = sign_of_octant()
    fine, coarse = leep.score(data, 0, None), leep.score(data.swapped(), 0, None)
    assert fine > -np.log(2) - 0.05
    assert coarse < -np.log(4) + 0.1


@pytest.mark.parametrize("score", [leep.gain, logme.gain, knn_probe.score], ids=["leep", "logme", "knn_probe"])
def test_a_source_with_many_labels_helps_more_than_one_with_few(score):
    data = few_and_many()
    helped = score(data, 0, None)
    assert helped > 0
    assert helped > score(data.swapped(), 0, None)


def test_leep_s_dummy_labels_do_not_know_the_auxiliary_label_of_their_point():
    data = few_and_many()
    held = main_folds(data, leep.FOLDS, 0)[0]
    spoiled = data.aux.copy()
    spoiled[held] = 1 - spoiled[held]
    expected = leep.dummy_labels(data, held, 0)
    np.testing.assert_array_equal(leep.dummy_labels(replace(data, aux=spoiled), held, 0), expected)
    assert not np.array_equal(leep.dummy_labels(replace(data, aux=1 - data.aux), held, 0), expected)


def test_k_nn_probe_does_not_know_the_auxiliary_label_of_its_point():
    data = few_and_many()
    held = main_folds(data, knn_probe.FOLDS, 0)[0]
    spoiled = data.aux.copy()
    spoiled[held] = 1 - spoiled[held]
    assert knn_probe.fold_gain(replace(data, aux=spoiled), held, 0) == knn_probe.fold_gain(data, held, 0)


def test_leep_gain_of_random_main_labels_is_near_zero():
    noise = noisy_main(share=1.0)
    clean = noisy_main(share=0.0)
    assert leep.gain(noise, 0, None) < 0.05 < leep.gain(clean, 0, None)


@pytest.mark.parametrize("name", ["knn_probe", "leep", "logme", "h_score", "tag", "gradient_cosine"])
def test_no_answer_without_auxiliary_labels(name):
    data = few_and_many()
    nothing = replace(data, aux=np.full_like(data.aux, -1))
    reading = METHODS[name].read(nothing, seed=0)
    assert np.isnan(reading.score)
    assert not any(METHODS[name].decisions(reading).values())


def test_decisions_follow_the_thresholds():
    undecided, sure = Reading(0.1, -0.2, 0.4), Reading(0.3, 0.1, 0.5)
    plain = METHODS["cross_validation"]
    assert plain.decisions(undecided) == {"score > 0": True, "low > 0": False}
    assert plain.decisions(sure) == {"score > 0": True, "low > 0": True}
    assert METHODS["tag"].decisions(Reading(-0.1)) == {"score > 0": False}
    assert METHODS["leep"].decisions(sure) == {}
    data = noisy_main(samples=20)
    assert METHODS["always"].decisions(METHODS["always"].read(data, 0)) == {"score > 0": True}
    assert METHODS["never"].decisions(METHODS["never"].read(data, 0)) == {"score > 0": False}


def test_a_method_passes_everything_on():
    asked = []

    def score(data: PairData, seed: int, seconds: float | None) -> float:
        asked.append((data, seed, seconds))
        return 1.5

    data = noisy_main(samples=20)
    assert Method(score, directed=True).read(data, 7, 2.0) == Reading(1.5, Reading(0).low, Reading(0).high)
    assert asked == [(data, 7, 2.0)]


def test_swapping_twice_changes_nothing():
    data = few_and_many()
    assert data.swapped().main is data.aux
    assert data.swapped().swapped() == data


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": np.full((20, 10), np.nan)}, "finite matrix"),
        ({"main": np.zeros(20)}, "one class code"),
        ({"aux": np.zeros(19, dtype=np.int64)}, "one class code"),
        ({"classes": (2, 3)}, "main has codes"),
        ({"main": np.zeros(20, dtype=np.int64)}, "at least two classes"),
        ({"activation": "tanh"}, "activation is one of"),
    ],
)
def test_pairs_that_do_not_fit_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        replace(noisy_main(samples=20), **change)

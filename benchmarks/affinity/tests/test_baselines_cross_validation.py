"""Plain cross-validation: its interval, its splits, and arms that differ by B's labels alone."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from benchmarks.affinity.baselines import _source, cross_validation, cross_validation_sklearn
from benchmarks.affinity.baselines._budget import STARTS, average_over_starts, charge, core_seconds, rounds
from benchmarks.affinity.baselines._comparison import naive_interval
from benchmarks.affinity.baselines._network import AUX, MAIN, labelled, train
from benchmarks.affinity.baselines._source import untrained_network
from benchmarks.affinity.baselines._splits import folds, stopping_split
from benchmarks.affinity.data import PairData
from benchmarks.affinity.tests.baseline_problems import few_and_many, noisy_main

pytestmark = pytest.mark.usefixtures("short_trainings")


def test_interval_of_three_folds_by_hand():
    # Mean 2, s = 1, t of 2 degrees of freedom at 97.5% is 4.30265.
    found = naive_interval(np.array([1.0, 2.0, 3.0]))
    np.testing.assert_allclose([found.score, found.low, found.high], [2, 2 - 2.484138, 2 + 2.484138], rtol=1e-6)
    assert found.folds == 3


def test_interval_needs_two_folds():
    one = naive_interval(np.array([0.5]))
    assert one.score == 0.5
    assert np.isnan([one.low, one.high]).all()


def test_folds_spread_every_class(random):
    labels = random.permutation(np.array([0] * 23 + [1] * 10 + [2] * 2))
    fold = folds(labels, 5, random)
    assert np.ptp(np.bincount(fold, minlength=5)) <= 1
    for label in range(3):
        assert np.ptp(np.bincount(fold[labels == label], minlength=5)) <= 1
    assert not np.array_equal(fold, folds(labels, 5, random))


def test_stopping_points_are_a_fifth_and_apart(random):
    rows, labels = np.arange(10, 60), random.integers(0, 2, 60)
    learn, stop = stopping_split(rows, labels, random)
    assert len(stop) == 10
    np.testing.assert_array_equal(np.sort(np.concatenate([learn, stop])), rows)


def test_rounds_follow_the_budget():
    assert list(rounds(None, 3)) == [0, 1, 2]
    assert list(rounds(0.0, 2)) == [0, 1]
    assert len(list(rounds(0.05, 1))) > 1


def test_a_score_averages_over_a_limited_number_of_starts():
    starts = []

    def once(start: int) -> float:
        starts.append(start)
        return float(len(starts))

    assert average_over_starts(once, 0, 60.0) == np.mean(np.arange(1, STARTS + 1))
    assert len(set(starts)) == STARTS


def test_shared_work_is_charged_to_everyone():
    before = core_seconds()
    assert list(rounds(0.0, 1)) == [0]
    charge(100.0)
    assert core_seconds() - before >= 100
    done = []
    for index in rounds(100.0, 1):
        done.append(index)
        charge(60.0)
    assert done == [0, 1]


def test_a_network_that_two_methods_ask_for_is_trained_once(monkeypatch):
    data, rows = few_and_many(), np.arange(100, 200)
    first = _source.source_network(data, rows, 1)
    begun = core_seconds()
    monkeypatch.setattr(_source, "_trained", None)  # a second training would fail
    assert _source.source_network(data, rows, 1) is first
    assert core_seconds() - begun > 0
    for other in ((replace(data), rows, 1), (data, rows[:-1], 1), (data, rows, 2)):
        with pytest.raises(TypeError):
            _source.source_network(*other)


def test_average_skips_starts_without_an_answer():
    answers = iter([1.0, float("nan"), *[4.0] * STARTS])

    def once(start: int) -> float:
        return next(answers)

    assert 1.0 < average_over_starts(once, 0, 0.05) <= 4.0


def test_no_auxiliary_labels_no_difference():
    data = few_and_many()
    nothing = replace(data, aux=np.full_like(data.aux, -1))
    found = cross_validation.compare(nothing, 0, None)
    assert (found.score, found.low, found.high, found.folds) == (0, 0, 0, 5)


def test_held_out_points_lend_no_auxiliary_label():
    data = few_and_many()
    held, start = next(cross_validation.fold_schedule(data, 0))
    spoiled = data.aux.copy()
    spoiled[held] = 1 - spoiled[held]
    expected = cross_validation.fold_gain(data, held, start)
    assert cross_validation.fold_gain(replace(data, aux=spoiled), held, start) == expected
    assert cross_validation.fold_gain(replace(data, aux=1 - spoiled), held, start) != expected


def test_many_labels_help_few_and_not_the_other_way_round():
    data = few_and_many()
    helped, opposite = (cross_validation.score(pair, 0, None) for pair in (data, data.swapped()))
    assert helped > 0.05
    assert helped > opposite + 0.05


@pytest.mark.parametrize(("swap", "gain"), [(False, 0.25), (True, -0.5)])
def test_scikit_learn_subtracts_the_joint_loss_from_the_single_loss_of_the_main_task(monkeypatch, swap, gain):
    # The fake loss tells which arm was trained: main (3 classes) alone 1, sign (2) alone 0.25, both 0.75.
    data = noisy_main()
    data = replace(data, aux=(data.aux > 0).astype(np.int64), classes=(3, 2))
    data = data.swapped() if swap else data
    arms = []

    def fake_training(data, targets, learn, stop, start):
        arms.append(targets)
        np.testing.assert_array_equal(targets[:, : data.classes[0]].argmax(axis=1), data.main[learn])
        return lambda rows: {3: 1.0, 2: 0.25, 5: 0.75}[targets.shape[1]]

    monkeypatch.setattr(cross_validation_sklearn, "train_columns", fake_training)
    found = cross_validation_sklearn.compare(data, 0, None)
    assert (found.score, found.low, found.folds, len(arms)) == (gain, gain, 5, 10)


def easy_main_unrelated_aux() -> PairData:
    data = noisy_main(share=0.0, samples=150)
    return replace(data, aux=np.random.default_rng(1).permutation(data.aux))


@pytest.mark.parametrize("beside", [False, True])
def test_scikit_learn_reads_the_main_task_s_loss(beside):
    data, rows = easy_main_unrelated_aux(), np.arange(150)
    tasks = [data.main, data.aux] if beside else [data.main]
    columns = np.hstack([np.eye(3, dtype=int)[labels[:100]] for labels in tasks])
    loss = cross_validation_sklearn.train_columns(data, columns, rows[:100], rows[100:125], 0)
    assert loss(rows[125:]) < np.log(3) / 2


@pytest.mark.parametrize("beside", [False, True])
def test_pytorch_reads_the_main_task_s_loss(beside):
    data, rows = easy_main_unrelated_aux(), np.arange(150)
    learn, stop, test = (labelled(data.features, data.main, part) for part in np.split(rows, [100, 125]))
    training = {MAIN: learn, AUX: labelled(data.features, data.aux, rows[:100])} if beside else {MAIN: learn}
    assert cross_validation.held_out_loss(data, 0, training, (MAIN, stop), test) < np.log(3) / 2


def test_training_keeps_the_best_stopping_weights():
    data, rows = noisy_main(share=1.0, samples=150), np.arange(150)  # random labels: the stopping loss soon rises
    network = untrained_network(data, 0)
    learn, stop = (labelled(data.features, data.main, part) for part in np.split(rows, [100]))
    losses = []

    def watch() -> float:
        losses.append(network.loss(MAIN, stop).item())
        return losses[-1]

    seen = train(network, {MAIN: learn}, (MAIN, stop), watch)
    assert network.loss(MAIN, stop).item() == min(losses) < losses[-1]
    assert seen == losses[: int(np.argmin(losses))]


def test_scikit_learn_has_no_answer_where_a_label_is_missing():
    data = noisy_main()
    aux = data.aux.copy()
    aux[3] = -1
    found = cross_validation_sklearn.compare(replace(data, aux=aux), 0, None)
    assert np.isnan([found.score, found.low, found.high]).all()


def test_normalized_cross_entropy_by_hand():
    outputs = np.array([[0.2, 0.6], [0.3, 0.1]])
    expected = -(np.log(0.6 / 0.8) + np.log(0.3 / 0.4)) / 2
    found = cross_validation_sklearn.normalized_cross_entropy(outputs, np.array([1, 0]))
    np.testing.assert_allclose(found, expected, rtol=1e-12)

"""The linear students that are averaged over weight decays: against scikit-learn, out of fold, and with auxiliary labels."""

import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.linear_model import LogisticRegression

from sharedtrunk.affinity import _linear_student as linear
from sharedtrunk.affinity._linear_trials import Learner
from sharedtrunk.affinity._ways import WAYS

CLASSES, FEATURES, FOLDS = 3, 6, 5


def drawn(count, seed=0, labelled=None):
    """Inputs, and labels of two tasks with nearly the same teacher; the first task has `labelled` of them."""
    generator = np.random.default_rng(seed)
    teacher = np.random.default_rng(5).normal(size=(CLASSES, FEATURES))
    inputs = generator.normal(size=(count, FEATURES))
    codes = np.stack([(inputs @ teacher.T + generator.gumbel(size=(count, CLASSES))).argmax(axis=1) for _ in range(2)])
    codes[0, count if labelled is None else labelled :] = -1
    return linear.Rows(inputs, codes, (CLASSES, CLASSES), np.arange(count) % FOLDS)


def fed(rows):
    """The main task with the other task's log odds as features."""
    return linear.fed(rows, [linear.auxiliary(rows, 1)])


def loss(student, rows):
    return -student.log_probabilities(rows.inputs)[np.arange(len(rows.inputs)), rows.codes[0]].mean()


def test_one_decay_is_scikit_learns_logistic_regression():
    rows = drawn(120)
    path = linear._path(rows, [0], [1.0], layers=1)
    decays = linear.RIDGE_PATH * linear.largest_decay(linear._problem(rows, rows.inputs, [0], [1.0], [()]))
    for place in range(len(decays)):
        expected = LogisticRegression(C=1 / (120 * decays[place]), tol=1e-8, max_iter=1000).fit(
            rows.inputs, rows.codes[0]
        )
        own = log_softmax(rows.inputs @ path.weights[-1, place].T + path.intercepts[-1, place], axis=1)
        np.testing.assert_allclose(
            np.exp(own), expected.predict_proba(rows.inputs), atol=0.004
        )  # labels are smoothed by 0.001


def test_out_of_fold_no_student_has_seen_the_row():
    """Labels of a fold are in the problem of every lane but the fold's own. The path of λ depends on all of them."""
    rows = drawn(100)
    changed = rows.codes.copy()
    held = rows.folds == 2
    changed[:, held] = (changed[:, held] + 1) % CLASSES
    left_out = linear._left_out(rows, pairs=False)
    problems = [
        linear._problem(rows._replace(codes=codes), rows.inputs, [0, 1], [1.0, 1.0], left_out)
        for codes in (rows.codes, changed)
    ]
    for task in range(2):
        before, after = (np.asarray(each.targets[task]) for each in problems)
        differs = (before != after).any(axis=(1, 2))
        np.testing.assert_array_equal(differs, np.arange(FOLDS + 1) != 2)
        assert (np.asarray(problems[0].coefficients[task])[2, :100][held] == 0).all()


def test_a_pool_is_nearly_as_good_out_of_fold_as_the_best_of_its_students():
    rows = drawn(80)
    path = linear._path(rows, [0], [1.0], layers=1)
    pool = path.pooled()
    assert sum(share for share, _ in pool.parts) == pytest.approx(1)
    np.testing.assert_allclose(np.exp(pool.out_of_fold).sum(axis=1), 1)
    picked = path._out_of_fold()[:, np.arange(80), rows.codes[0]].mean(axis=1)
    # after a limited number of steps the shares are not yet the best ones
    assert pool.out_of_fold[np.arange(80), rows.codes[0]].mean() > picked.max() - 0.02
    assert picked.mean() < picked.max() - 0.1


def test_many_labels_of_a_similar_task_help_beside_and_as_features():
    fresh = drawn(2000, seed=9)
    gains = []
    for seed in range(3):
        rows = drawn(600, seed, labelled=40)
        alone = loss(linear.single(rows, 0), fresh)
        gains.append([alone - loss(each, fresh) for each in (linear.beside(rows, (1.0, 1.0)), fed(rows))])
    assert (np.mean(gains, axis=0) > 0.02).all()


def test_without_auxiliary_labels_nothing_is_gained_and_nothing_fails():
    rows = drawn(60)
    rows.codes[1] = -1
    learner = Learner(rows)
    for way in WAYS:
        assert learner.student((1.0, 1.0), way) is learner.alone()


def test_features_of_a_lane_come_from_students_that_left_its_fold_out(monkeypatch):
    """Each student's log odds are its lane's number here, with one sign in half of the rows."""
    rows = drawn(100)
    sign = np.where(np.arange(100) // 5 % 2 == 0, 1.0, -1.0)
    monkeypatch.setattr(linear._Path, "average", lambda _, lane, __: (lane + 1) * sign[:, None] * [1.0, 0.0, -1.0])
    odds = linear.auxiliary(rows, 1).odds[..., 0] * sign
    lanes = linear._left_out(rows, pairs=True)
    for lane in range(FOLDS + 1):
        for row in range(100):
            left_out = set(lanes[round(odds[lane, row]) - 1])
            assert left_out == ({lane, rows.folds[row]} if lane < FOLDS else {rows.folds[row]})


def test_an_auxiliary_task_that_says_nothing_is_not_trusted_out_of_fold():
    """Labels that equal the main ones, of features that say nothing. With merely out-of-fold log odds the loss out of fold
    was .1 nats too low, because every label moves the features of all other rows."""
    gains = []
    for seed in range(6):
        generator = np.random.default_rng(seed)
        labels = generator.integers(0, 2, 80)
        inputs, folds = generator.normal(size=(80, FEATURES)), np.arange(80) % FOLDS
        rows = linear.Rows(inputs, np.stack([labels, labels]), (2, 2), folds)
        known = [student.out_of_fold[np.arange(80), labels] for student in (fed(rows), linear.single(rows, 0))]
        gains.append((known[0] - known[1]).mean())
    assert np.mean(gains) < 0.02


def test_a_class_that_training_rows_lack_has_a_finite_loss():
    rows = drawn(60)
    rows.codes[rows.codes == 2] = 1
    rows.codes[:, 0] = 2  # one row of it, so that its fold's students never saw it
    for student in (linear.single(rows, 0), linear.beside(rows, (1.0, 1.0)), fed(rows)):
        assert np.isfinite(student.log_probabilities(rows.inputs)).all()
    rows.codes[rows.codes == 2] = 1
    assert np.isfinite(linear.single(rows, 0).out_of_fold).all()

"""The linear students of numbers: against Ridge, beside and fed by classes, pooled by squared error; weights of rows."""

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import Ridge

from sharedtrunk.affinity import _linear_student as linear

FEATURES, FOLDS = 8, 4


def drawn(count, seed=0, labelled=None, main_is_number=True):
    """A number and a class of the same direction; the main one, which comes first, has `labelled` labels."""
    generator = np.random.default_rng(seed)
    direction = np.random.default_rng(5).normal(size=FEATURES) / 2
    inputs = generator.normal(size=(count, FEATURES))
    number = inputs @ direction + generator.normal(size=count)
    number = (number - number.mean()) / number.std()
    half = (inputs @ direction + generator.logistic(size=count) > 0).astype(int)
    places = np.arange(count)
    codes, numbers = np.stack([places, half]), np.stack([number, np.full(count, np.nan)])
    classes = (1, 2)
    if not main_is_number:
        codes, numbers, classes = codes[::-1].copy(), numbers[::-1].copy(), (2, 1)
    codes[0, count if labelled is None else labelled :] = -1
    return linear.Rows(inputs, codes, classes, places % FOLDS, numbers)


def loss(student, rows):
    found = student.log_probabilities(rows.inputs)
    if rows.classes[0] == 1:
        assert rows.numbers is not None
        return np.mean((found[:, 0] - rows.numbers[0]) ** 2)
    return -found[np.arange(len(found)), rows.codes[0]].mean()


@pytest.mark.long
def test_one_decay_is_scikit_learns_ridge(monkeypatch):
    monkeypatch.setattr(linear, "GAP", 2e-6)
    rows = drawn(100, labelled=80)
    assert rows.numbers is not None
    path = linear._path(rows, [0], [1.0], layers=1)
    decays = linear.RIDGE_PATH * linear.largest_decay(linear._problem(rows, rows.inputs, [0], [1.0], [()]))
    for place, decay in enumerate(decays):
        ridge = Ridge(alpha=80 * decay).fit(rows.inputs[:80], rows.numbers[0, :80])
        own = rows.inputs @ path.weights[-1, place].T + path.intercepts[-1, place]
        np.testing.assert_allclose(own[:, 0], ridge.predict(rows.inputs), atol=0.01)


def test_shares_of_a_pool_have_the_least_squared_error():
    generator = np.random.default_rng(0)
    errors, weights = generator.normal(size=(5, 30)) * np.arange(1, 6)[:, None] + 0.3, generator.uniform(size=30)

    def mean_square(shares):
        return np.average((shares @ errors) ** 2, weights=weights)

    found = linear._nearest(errors, weights)
    best = minimize(
        mean_square, np.full(5, 0.2), bounds=[(0, 1)] * 5, constraints={"type": "eq", "fun": lambda s: s.sum() - 1}
    )
    assert found.sum() == pytest.approx(1)
    assert (found >= 0).all()
    assert mean_square(found) <= best.fun + 1e-9
    perfect = np.vstack([errors, np.zeros(30)])
    np.testing.assert_allclose(linear._nearest(perfect, weights), np.eye(6)[5], atol=1e-9)


@pytest.mark.long
@pytest.mark.parametrize("main_is_number", [True, False])
def test_numbers_and_classes_help_each_other_beside_and_as_features(main_is_number):
    fresh, gains = drawn(2000, seed=9, main_is_number=main_is_number), []
    for seed in range(2):
        rows = drawn(600, seed, labelled=40, main_is_number=main_is_number)
        alone = loss(linear.single(rows, 0), fresh)
        found = (linear.beside(rows, (1.0, 1.0)), linear.fed(rows, [linear.auxiliary(rows, 1)]))
        gains.append([alone - loss(each, fresh) for each in found])
    assert (np.mean(gains, axis=0) > 0.01).all()


@pytest.mark.long
def test_a_mixture_is_the_average_of_means():
    rows = drawn(80)
    parts = [linear.single(rows, 0), linear.beside(rows, (1.0, 1.0))]
    both = linear.mixed(rows, parts)
    shares = [share for share, _ in both.parts]
    assert sum(shares) == pytest.approx(1)
    expected = sum(share * part.log_probabilities(rows.inputs) for share, part in both.parts)
    np.testing.assert_allclose(both.log_probabilities(rows.inputs), expected)
    assert rows.numbers is not None
    errors = [np.mean((each.out_of_fold[:, 0] - rows.numbers[0]) ** 2) for each in (both, *parts)]
    assert errors[0] <= min(errors[1:]) + 1e-9


@pytest.mark.long
@pytest.mark.parametrize("main_is_number", [True, False])
def test_weights_are_repeated_rows(main_is_number, monkeypatch):
    monkeypatch.setattr(linear, "GAP", 2e-6)
    rows = drawn(60, main_is_number=main_is_number)
    weights = np.random.default_rng(1).integers(1, 4, 60)
    copies = np.repeat(np.arange(60), weights)
    assert rows.numbers is not None
    weighted = rows._replace(weights=weights.astype(float))
    parts = (rows.inputs[copies], rows.codes[:, copies], rows.classes, rows.folds[copies], rows.numbers[:, copies])
    repeated = linear.Rows(*parts)
    for tasks in ([0], [1], [0, 1]):
        moments = [
            [np.asarray(target) @ np.asarray(problem.inputs).T for target in problem.targets]
            for problem in (
                linear._problem(each, each.inputs, tasks, [1.0] * len(tasks), [()]) for each in (weighted, repeated)
            )
        ]
        for mine, theirs in zip(*moments, strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-6)
    for train in (lambda each: linear.single(each, 0), lambda each: linear.beside(each, (1.0, 1.0))):
        mine, theirs = (train(each) for each in (weighted, repeated))
        np.testing.assert_allclose(mine.out_of_fold[copies], theirs.out_of_fold, atol=0.01)
        np.testing.assert_allclose(
            mine.log_probabilities(rows.inputs), theirs.log_probabilities(rows.inputs), atol=0.01
        )

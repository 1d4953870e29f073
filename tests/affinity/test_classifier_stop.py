"""Which tasks decide when the classifier's training stops, and that it can be the student that an advice is about."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold

from sharedtrunk.affinity import SharedTrunkClassifier, advise
from sharedtrunk.affinity._rows import prepared_rows
from sharedtrunk.affinity._splits import FOLDS, TEST, VALIDATION_FOLDS, split_roles
from sharedtrunk.tables import from_arrays

ROWS = 200


@pytest.fixture(scope="module")
def questions():
    """Which digit, known of half of the rows; even or odd; and a coin, of which there is nothing to learn."""
    X, digit = load_digits(return_X_y=True)
    coin = np.random.default_rng(0).integers(2, size=ROWS)
    labels = np.stack([digit[:ROWS], digit[:ROWS] % 2, coin], axis=1).astype(float)
    labels[ROWS // 2 :, 0] = np.nan
    return X[:ROWS], pd.DataFrame(labels, columns=["digit", "parity", "coin"])


def classifier(**parameters):
    return SharedTrunkClassifier(**{"random_state": 0, "hidden": (30,), **parameters})


def test_by_name_by_place_and_in_a_row(questions):
    steps = {
        str(given): classifier(stop_on=given).fit(*questions).best_iter_
        for given in (None, ["digit", "parity", "coin"], "coin", 2, ["coin"], (2,), np.array(["coin"]), "digit", 0)
    }
    everyone, alone = steps["None"], steps["coin"]
    assert steps["['digit', 'parity', 'coin']"] == everyone
    assert [steps[each] for each in ("2", "['coin']", "(2,)", "['coin']")] == [alone] * 4
    assert steps["0"] == steps["digit"]
    assert alone < everyone < steps["digit"]  # the coin's loss only rises


def test_names_that_are_tuples():
    """pandas' columns of two levels: the pair is one task's name, not two tasks."""
    X, labels = np.random.default_rng(0).normal(size=(60, 3)), np.arange(120).reshape(60, 2) // 7 % 2
    frame = pd.DataFrame(labels, columns=pd.MultiIndex.from_tuples([("a", "x"), ("a", "y")]))
    found = [classifier(stop_on=given).fit(X, frame) for given in (("a", "y"), [("a", "y")], 1)]
    assert len({each.validation_loss_[1] for each in found}) == 1


def test_rows_that_decide_nothing_are_all_trained_on(questions):
    """The advisor's layout: a fifth of the digit's labels validate, and no row without such a label."""
    X, labels = questions
    apart = labels.assign(parity=labels["parity"].where(labels["digit"].isna()))[["digit", "parity"]]
    model = classifier(stop_on="digit").fit(X, apart)
    assert np.isfinite(model.validation_loss_[0])
    assert np.isnan(model.validation_loss_[1])
    lost = model.log_loss(X[ROWS // 2 :], apart[ROWS // 2 :])[1]  # over all of its labels
    np.testing.assert_allclose(model.loss_[1], lost)


def test_with_and_without_the_auxiliary_the_same_rows_validate(questions):
    """What a benefit needs: the pair differs by the auxiliary task alone."""
    pair = [classifier(stop_on="digit", task_weights={"parity": a, "coin": a}).fit(*questions) for a in (0, 1)]
    np.testing.assert_array_equal(*(each.network_.mean for each in pair))
    alone = classifier().fit(questions[0], questions[1]["digit"])
    np.testing.assert_allclose(pair[0].validation_loss_[0], alone.validation_loss_[0], rtol=1e-4)
    assert pair[0].best_iter_ == alone.best_iter_


def test_the_training_loss_that_decides_is_theirs_too(questions):
    """No validation rows: the coin's training loss goes on falling long after the mean loss of easy tasks."""
    X, labels = questions
    digit, coin = (
        classifier(stop_on=task, early_stopping=False, tol=0.05).fit(X, labels) for task in ("digit", "coin")
    )
    assert digit.n_iter_ < coin.n_iter_
    assert digit.validation_loss_ is None


@pytest.mark.long
def test_clone_grid_search_and_steps(questions):
    X, labels = questions
    model = classifier(stop_on=["digit"])
    assert clone(model).get_params() == model.get_params()
    search = GridSearchCV(classifier(), {"stop_on": [None, "coin", "digit"]}, cv=KFold(2, shuffle=True, random_state=0))
    search.fit(X, labels[["digit", "coin"]])
    assert search.best_params_["stop_on"] != "coin"
    with pytest.warns(ConvergenceWarning, match="max_iter=10 steps"):
        short = classifier(stop_on="digit", max_iter=10).fit(X, labels)
    assert (short.n_iter_, short.best_iter_) == (10, 10)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"stop_on": "digits"}, r"stop_on names tasks; got 'digits'\. The tasks are 'digit', 'parity', 'coin'\."),
        ({"stop_on": ["digit", 3]}, r"stop_on names tasks; got 3\. The tasks are"),
        ({"stop_on": -1}, r"stop_on names tasks; got -1\."),
        ({"stop_on": [["digit"]]}, r"stop_on names tasks; got \['digit'\]\."),
        ({"stop_on": []}, r"stop_on names tasks, each with a weight above 0; got \[\]\. Name tasks that are trained"),
        ({"stop_on": "coin", "task_weights": [1, 1, 0]}, r"each with a weight above 0; got 'coin'\."),
    ],
)
def test_what_cannot_decide_says_so(questions, parameters, message):
    with pytest.raises(ValueError, match=message):
        classifier(**parameters).fit(*questions)


def test_a_task_that_decides_needs_labels_to_validate(questions):
    """By chance it may get none where all tasks decide; asked for by name it is an error, not another task's stop."""
    X, labels = questions
    rare = labels.assign(coin=labels["coin"].where(labels.index < 4))
    message = (
        r"early stopping needs .*; got n_samples = 200, with 4 labelled, none of which can validate task 'coin'\. Label"
    )
    for stop_on in ("coin", ["digit", "coin"]):
        with pytest.raises(ValueError, match=message):
            classifier(stop_on=stop_on, validation_fraction=0.1).fit(X, rare)
    assert np.isnan(classifier(validation_fraction=0.1).fit(X, rare).validation_loss_[2])


def top_side(images):
    """Where the ink of a picture's two upper rows is, left, middle or right: not to be seen in the others' digit."""
    ink = images[:, :2].sum(axis=1)
    centre = ink @ np.arange(8) / np.maximum(ink.sum(axis=1), 1)
    return np.searchsorted(np.quantile(centre, [1 / 3, 2 / 3]), centre, side="right")


def benefit_by_classifiers(rows, roles, seed, stop_on):
    """⟨loss alone − loss beside⟩ over the test rows of the advisor's own splits, trained by the public estimator."""
    labels = np.where(rows.codes < 0, np.nan, rows.codes).T
    total = 0.0
    inputs = rows.inputs.features
    for role in roles:
        test = np.append(role == TEST, np.zeros(len(labels) - rows.judged, bool))
        losses = [
            SharedTrunkClassifier(
                task_weights=(1, alpha),
                stop_on=stop_on,
                validation_fraction=VALIDATION_FOLDS / (FOLDS - 1),
                random_state=seed,
            )
            .fit(inputs[~test], labels[~test])
            .log_loss(inputs[test], np.where([True, False], labels[test], np.nan))[0]
            for alpha in (0, 1)
        ]
        total += (losses[0] - losses[1]) * test.sum()
    return total / rows.judged


def two_questions(main):
    """100 labels of the main task beside 600 of the digit; features are the six lower rows of the pictures."""
    random = np.random.default_rng(0)
    pictures = load_digits()
    chosen = random.permutation(len(pictures.target))[:600]
    images, digit = pictures.images[chosen], pictures.target[chosen]
    # Wrong labels: the side, hard to tell from these features, is soon overfitted.
    wrong = random.uniform(size=600) < 0.3
    side = np.where(wrong, random.integers(3, size=600), top_side(images))
    labels = np.where(np.arange(600) < 100, {"side": side, "twin": digit}[main], np.nan)
    return from_arrays(images[:, 2:].reshape(600, -1), {main: labels, "digit": digit})


# Where the last step comes before patience ends, the advisor stops there too, and says nothing.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.slow
@pytest.mark.parametrize("main", ["side", "twin"])
def test_the_advised_benefit_is_the_classifiers_where_the_main_task_stops_it(main):
    """On the same splits, seed by seed: none to the side, much to the digit's twin. Stopped by both, the side loses."""
    table = two_questions(main)
    advised, trained = [], []
    for seed in range(4):
        advice = advise(table, main, ["digit"], repeats=1, seed=seed, choose=False)
        rows = prepared_rows(table, (main, "digit"), [main], seed=seed)
        roles = split_roles(rows.codes[0, : rows.judged], folds=FOLDS, repeats=1, seed=seed)
        advised.append(advice.auxiliaries[0].effect.benefit.mean)
        trained.append([benefit_by_classifiers(rows, roles, seed, stop_on) for stop_on in (0, None)])
    differences = np.array(trained) - np.array(advised)[:, None]
    mean, error = differences.mean(axis=0), differences.std(axis=0, ddof=1) / 2
    assert error[0] < 0.04
    assert abs(mean[0]) < 4 * error[0]
    if main == "side":
        assert mean[1] < -4 * np.hypot(*error)
    else:
        assert np.mean(advised) > 0.1

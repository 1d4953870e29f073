"""What the classifier learns, against scikit-learn's own models, and what must not change it."""

import pickle

import jax
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning, NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from sharedtrunk.affinity._classifier import SharedTrunkClassifier

TRAINED, TASKS = 400, ("digit", "parity", "loop")


@pytest.fixture(scope="module")
def digits():
    """Inputs, and labels (sample, task) as floats, a third of the auxiliary ones missing."""
    X, digit = load_digits(return_X_y=True)
    Y = np.stack([digit, digit % 2, np.isin(digit, [0, 6, 8, 9])], axis=1).astype(float)
    Y[:, 1:][np.random.default_rng(0).uniform(size=(len(Y), 2)) < 1 / 3] = np.nan
    return X, Y


@pytest.fixture(scope="module")
def fitted(digits):
    X, Y = digits
    return classifier().fit(X[:TRAINED], Y[:TRAINED])


def classifier(**parameters):
    return SharedTrunkClassifier(**{"random_state": 0, "hidden": (30,), **parameters})


@pytest.fixture(scope="module")
def fitted_to_all(digits):
    """Without validation rows."""
    X, Y = digits
    return classifier(early_stopping=False).fit(X[:TRAINED], Y[:TRAINED])


def same_network(one, other):
    leaves = zip(jax.tree.leaves(vars(one.network_)), jax.tree.leaves(vars(other.network_)), strict=True)
    return all(np.array_equal(a, b) for a, b in leaves)


def test_every_task_is_learnt_through_missing_labels(digits, fitted):
    X, Y = digits
    truth = np.stack([Y[:, 0], Y[:, 0] % 2, np.isin(Y[:, 0], [0, 6, 8, 9])], axis=1)[TRAINED:]
    right = (fitted.predict(X[TRAINED:]) == truth).mean(axis=0)
    assert (right > [0.85, 0.88, 0.85]).all()  # chance is 0.1, 0.5 and 0.6
    assert (fitted.validation_score_ > [0.85, 0.88, 0.85]).all()
    np.testing.assert_array_equal(fitted.label_counts_, (~np.isnan(Y[:TRAINED])).sum(axis=0))


@pytest.mark.long
def test_digits_are_read_as_well_as_by_scikit_learns_network(digits):
    X, Y = digits
    train, test = np.arange(1100), np.arange(1100, len(X))
    right = []
    for seed in range(3):
        ours = SharedTrunkClassifier(random_state=seed).fit(X[train], Y[train, 0])
        options = {"early_stopping": True, "validation_fraction": 0.2, "learning_rate_init": 0.003}
        theirs = MLPClassifier((100,), random_state=seed, **options).fit(X[train], Y[train, 0])
        right.append([model.predict(X[test]) == Y[test, 0] for model in (ours, theirs)])
    difference = np.subtract(*np.moveaxis(np.array(right, float), 1, 0))  # (seed, sample)
    error = np.hypot(difference.mean(axis=0).std() / len(test) ** 0.5, difference.mean(axis=1).std(ddof=1) / 3**0.5)
    assert np.mean(right) > 0.9
    assert abs(difference.mean()) < 4 * error


def test_without_a_trunk_every_task_is_a_softmax_regression():
    """Convex: the minimum is scikit-learn's, task by task, over the rows that have a label."""
    random = np.random.default_rng(0)
    X = random.normal(size=(256, 2))
    noisy = X @ random.normal(size=(2, 3)) + random.gumbel(size=(256, 3))
    Y = np.stack([noisy.argmax(axis=1), noisy[:, 0] > noisy[:, 1]], axis=1).astype(float)
    Y[:80, 1] = np.nan
    options = {"max_iter": 600, "n_iter_no_change": 600, "tol": 0.0, "learning_rate_init": 0.03}
    model = classifier(hidden=(), early_stopping=False, **options)
    with pytest.warns(ConvergenceWarning):  # every step still improves by more than nothing
        model.fit(X, Y)
    for task in range(2):
        rows = ~np.isnan(Y[:, task])
        exact = LogisticRegression(C=np.inf, tol=1e-10).fit(X[rows], Y[rows, task])
        np.testing.assert_allclose(model.predict_proba(X)[task], exact.predict_proba(X), atol=1e-3)
        np.testing.assert_allclose(model.loss_[task], log_loss(Y[rows, task], exact.predict_proba(X[rows])), atol=1e-6)
    assert model.validation_loss_ is None
    assert model.n_iter_ == 600


def test_shapes_and_attributes_for_several_tasks(digits, fitted):
    X, _ = digits
    probabilities, logarithms = fitted.predict_proba(X[:7]), fitted.predict_log_proba(X[:7])
    assert [each.shape for each in probabilities] == [(7, 10), (7, 2), (7, 2)]
    assert fitted.predict(X[:7]).shape == (7, 3)
    for each, logarithm in zip(probabilities, logarithms, strict=True):
        np.testing.assert_allclose(np.log(each), logarithm)
        np.testing.assert_allclose(each.sum(axis=1), 1)
    assert [list(names) for names in fitted.classes_] == [list(range(10)), [0, 1], [0, 1]]
    assert fitted.n_classes_ == [10, 2, 2]
    assert fitted.n_outputs_ == 3
    assert fitted.task_names_ == [0, 1, 2]
    assert fitted.best_iter_ <= fitted.n_iter_ <= fitted.best_iter_ + 50 + 5
    assert fitted.hidden_units(X[:7]).shape == (7, 30)


def test_one_axis_makes_an_ordinary_classifier(digits):
    X, Y = digits
    digit = Y[:TRAINED, 0].astype(int)
    model = classifier().fit(X[:TRAINED], digit)
    assert model.predict(X).shape == (len(X),)
    assert model.predict(X).dtype == digit.dtype
    assert model.predict_proba(X).shape == (len(X), 10)
    assert model.n_classes_ == 10
    with pytest.warns(DataConversionWarning, match="column-vector"):
        column = classifier().fit(X[:TRAINED], digit[:, None])
    assert same_network(model, column)
    assert column.predict(X).shape == (len(X),)


def test_score_and_log_loss_are_those_of_the_labelled_rows(digits, fitted):
    X, Y = (each[TRAINED:] for each in digits)
    accuracies, losses = [], []
    for task, each in enumerate(fitted.predict_proba(X)):
        rows = ~np.isnan(Y[:, task])
        accuracies.append(accuracy_score(Y[rows, task], fitted.predict(X)[rows, task]))
        losses.append(-np.log(each[rows, Y[rows, task].astype(int)]).mean())
    np.testing.assert_allclose(fitted.score(X, Y), np.mean(accuracies))
    np.testing.assert_allclose(fitted.log_loss(X, Y), losses)
    main = np.where(np.arange(3) == 0, Y, np.nan)
    np.testing.assert_allclose(fitted.score(X, main), accuracies[0])
    assert np.isnan(fitted.log_loss(X, main)[1:]).all()
    half = np.arange(len(X)) % 2
    np.testing.assert_allclose(fitted.score(X, Y, sample_weight=half), fitted.score(X[half == 1], Y[half == 1]))


def test_an_unseen_label_counts_as_wrong_and_has_no_log_loss(digits, fitted):
    X, Y = digits
    Y = Y[:50].copy()
    Y[:, 0] = 77
    np.testing.assert_allclose(fitted.score(X[:50], Y), np.mean([0, *task_scores(fitted, X[:50], Y)[1:]]))
    with pytest.raises(ValueError, match=r"labels that fit saw; got unseen labels in task 0\. Leave those rows out"):
        fitted.log_loss(X[:50], Y)


def task_scores(model, X, Y):
    return [(model.predict(X) == Y)[~np.isnan(Y[:, task]), task].mean() for task in range(Y.shape[1])]


def test_affine_inputs_change_nothing_where_they_are_standardized(digits, fitted):
    X, Y = digits
    random = np.random.default_rng(1)
    constant = fitted.network_.scale == 1  # in the training rows: these are shifted only
    moved = X * np.where(constant, 1, random.uniform(0.01, 100, X.shape[1])) + random.normal(size=X.shape[1])
    model = classifier().fit(moved[:TRAINED], Y[:TRAINED])
    np.testing.assert_allclose(model.predict_proba(moved)[0], fitted.predict_proba(X)[0], atol=1e-3)
    raw = classifier(standardize=False).fit(X[:TRAINED], Y[:TRAINED])
    np.testing.assert_array_equal(raw.network_.scale, 1)


def test_scaling_is_that_of_the_training_rows(digits, fitted, fitted_to_all):
    """Validation rows stand for new ones: they do not shape what the network sees."""
    X, _ = digits
    assert not np.allclose(fitted.network_.mean, X[:TRAINED].mean(axis=0))
    np.testing.assert_allclose(fitted_to_all.network_.mean, X[:TRAINED].mean(axis=0))
    varying = X[:TRAINED].std(axis=0) > 0
    np.testing.assert_allclose(fitted_to_all.network_.scale, np.where(varying, X[:TRAINED].std(axis=0), 1))


def test_validation_rows_are_not_trained_on(digits):
    """Labels dealt to the wrong rows can be memorized but not predicted: the validation loss shows which it was."""
    X, Y = digits
    model = classifier().fit(X[:TRAINED], np.random.default_rng(3).permutation(Y[:TRAINED]))
    chance = [np.log(10), np.log(2), 0.67]
    assert (model.validation_loss_ > 0.9 * np.array(chance)).all()
    assert model.best_iter_ < 50


def test_the_seed_decides(digits, fitted):
    X, Y = (each[:TRAINED] for each in digits)
    assert same_network(classifier().fit(X, Y), fitted)
    assert same_network(classifier(random_state=np.random.RandomState(0)).fit(X, Y), fitted)
    assert not same_network(classifier(random_state=1).fit(X, Y), fitted)


def test_task_weights_by_name_by_place_and_in_a_row(digits):
    X, Y = digits
    frame = pd.DataFrame(Y[:TRAINED], columns=list(TASKS))
    listed = classifier(task_weights=[1, 0.3, 0]).fit(X[:TRAINED], frame)
    for given in ({"parity": 0.3, "loop": 0}, {1: 0.3, "loop": 0}):
        assert same_network(classifier(task_weights=given).fit(X[:TRAINED], frame), listed)
    # what has no weight is not learnt: its head stays at its start, where biases are 0
    np.testing.assert_array_equal(listed.network_.head_biases[2], 0)
    assert listed.loss_[2] > 0.6
    assert (listed.loss_[:2] < 0.4).all()


@pytest.mark.long
def test_steps_are_counted_and_told(digits):
    X, Y = (each[:TRAINED] for each in digits)
    with pytest.warns(ConvergenceWarning, match="max_iter=7 steps"):
        model = classifier(max_iter=7).fit(X, Y)
    assert model.n_iter_ == 7
    assert 0 < model.best_iter_ <= 7
    impatient = classifier(n_iter_no_change=12).fit(X, Y)  # looks are every 5 steps: it ends at the third
    assert impatient.n_iter_ % 5 == 0
    assert impatient.n_iter_ >= 15


def test_training_loss_stops_where_no_rows_are_held_out(fitted_to_all):
    assert fitted_to_all.best_iter_ <= fitted_to_all.n_iter_ < 1000
    assert (fitted_to_all.loss_ < 0.05).all()
    assert fitted_to_all.validation_score_ is None


@pytest.mark.parametrize("batch_size", ["auto", 100])
def test_large_tables_are_trained_in_batches(digits, batch_size):
    X, Y = digits
    model = classifier(batch_size=batch_size).fit(X[:1700], Y[:1700])
    assert model.score(X[1700:], Y[1700:]) > 0.9
    assert (model.validation_loss_ < 0.35).all()


@pytest.mark.long
@pytest.mark.parametrize("switched", [False, True])
def test_precision_is_the_students_whatever_jaxs_setting_is(digits, fitted, switched):
    X, Y = (each[:TRAINED] for each in digits)
    before = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", switched)
    try:
        single, double = classifier().fit(X, Y), classifier(dtype="float64").fit(X, Y)
        assert jax.config.jax_enable_x64 == switched
    finally:
        jax.config.update("jax_enable_x64", before)
    assert double.network_.trunk[0].dtype == np.float64
    assert single.network_.trunk[0].dtype == np.float32
    assert same_network(single, fitted)
    np.testing.assert_allclose(double.validation_loss_, fitted.validation_loss_, rtol=1e-3)


def test_pickle_holds_numpy_and_predicts_the_same(digits, fitted):
    X, _ = digits
    assert all(type(leaf) is np.ndarray for leaf in jax.tree.leaves(vars(fitted.network_)) if not isinstance(leaf, str))
    stored = pickle.dumps(fitted)
    assert b"jax" not in stored
    np.testing.assert_array_equal(pickle.loads(stored).predict(X), fitted.predict(X))


def test_clone_pipeline_and_grid_search_with_missing_labels(digits):
    X, Y = (each[:TRAINED] for each in digits)
    model = classifier(task_weights={0: 2.0})
    assert clone(model).get_params() == model.get_params()
    search = GridSearchCV(
        make_pipeline(MinMaxScaler(), model), {"sharedtrunkclassifier__learning_rate_init": [1e-6, 0.01]}, cv=KFold(2)
    )
    search.fit(X, Y)
    assert search.best_params_ == {"sharedtrunkclassifier__learning_rate_init": 0.01}
    assert search.predict(X).shape == Y.shape
    words = pd.DataFrame(Y).map(str, na_action="ignore")
    assert cross_val_score(model, X, words, cv=KFold(2)).min() > 0.7


def test_feature_names_are_kept_and_checked(digits):
    X, Y = digits
    frame = pd.DataFrame(X[:TRAINED], columns=[f"pixel {place}" for place in range(64)])
    model = classifier().fit(frame, Y[:TRAINED])
    assert model.feature_names_in_[3] == "pixel 3"
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"pixel 3": "pixel three"}))


def test_hidden_units_and_heads_make_the_probabilities(digits, fitted):
    X, _ = digits
    hidden = fitted.hidden_units(X)
    assert hidden.min() == 0
    for task, each in enumerate(fitted.predict_proba(X)):
        z = np.exp(hidden @ fitted.network_.heads[task] + fitted.network_.head_biases[task])
        np.testing.assert_allclose(each, z / z.sum(axis=1, keepdims=True), rtol=1e-9)


def test_unfitted_and_unfit_input():
    with pytest.raises(NotFittedError):
        classifier().predict(np.zeros((3, 2)))
    with pytest.raises(NotFittedError):
        classifier().hidden_units(np.zeros((3, 2)))


X, Y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"hidden": (3, 0)}, "a width in hidden is a whole number ≥ 1; got 0"),
        (
            {"hidden": 10**400},
            "a width in hidden must be at most 10,000, beyond which the weights of a layer fill the memory; got 1",
        ),
        ({"hidden": (10**4,) * 3}, "a network has at most 134,217,728 weights; got 200,050,000, of 3 features"),
        (
            {"max_iter": 10**10},
            "max_iter must be at most 1,000,000,000, because steps and rows are counted in 32 bits; got 10000000000",
        ),
        ({"learning_rate_init": 1e300}, "learning_rate_init lies between 1e-30 and 1e+30; got 1e+300"),
        ({"hidden": 2.5}, "a width in hidden is a whole number ≥ 1; got 2.5"),
        ({"hidden": "wide"}, "a width in hidden is a whole number ≥ 1; got 'wide'"),
        ({"activation": "tanh"}, "activation is 'relu' or 'linear'; got 'tanh'"),
        ({"dtype": "float16"}, "dtype is 'float32' or 'float64'; got 'float16'"),
        ({"early_stopping": "yes"}, "early_stopping is True or False; got 'yes'"),
        ({"standardize": None}, "standardize is True or False; got None"),
        ({"max_iter": 0}, "max_iter is a whole number ≥ 1; got 0"),
        ({"n_iter_no_change": True}, "n_iter_no_change is a whole number ≥ 1; got True"),
        ({"batch_size": "all"}, "batch_size is a whole number ≥ 1; got 'all'"),
        ({"learning_rate_init": 0}, "learning_rate_init lies between 1e-30 and 1e+30; got 0"),
        ({"learning_rate_init": np.nan}, "learning_rate_init lies between 1e-30 and 1e+30; got nan"),
        ({"validation_fraction": 1.0}, "validation_fraction lies between 0 and 1; got 1.0"),
        ({"tol": -1e-3}, "tol is finite and ≥ 0"),
        ({"task_weights": [1, 2]}, "task_weights are 1 finite numbers ≥ 0, one per task, not all 0; got"),
        ({"task_weights": [0]}, "not all 0"),
        ({"task_weights": {"digit": 1}}, "task_weights names tasks; got 'digit'. The tasks are 0."),
    ],
)
def test_parameters_out_of_range_say_so(parameters, message):
    with pytest.raises(ValueError, match="(?s)" + "".join(f"\\{c}" if c in ".()?[]+*|^$" else c for c in message)):
        classifier(**parameters).fit(X, Y)


@pytest.mark.parametrize(
    ("X", "Y", "message"),
    [
        (X, Y[:-1], "X and y have the same rows; got 20 rows and 19 rows of labels"),
        (X, np.zeros(20), "a task has at least two classes; got 1 class, 0.0, in 'task 0'"),
        (X, np.full(20, np.nan), "a task has at least two classes; got no labels in 'task 0'"),
        (X[:2], Y[:2], "early stopping needs validation rows beside training rows; got n_samples = 2"),
        (X * 1e200, Y, "inputs must be small enough for float32 to square; got values up to"),
        (
            X,
            np.zeros((20, 2, 2)),
            r"y has one column per task, shape \(sample,\) or \(sample, task\); got shape \(20, 2, 2\)",
        ),
        (X, np.random.default_rng(1).normal(size=(200, 1))[:0], "one column per task|same rows"),
    ],
)
def test_tables_that_cannot_be_trained_on_say_so(X, Y, message):
    with pytest.raises(ValueError, match=message):
        classifier(standardize=False).fit(X, Y)


@pytest.mark.long
def test_tasks_of_weight_zero_stop_nothing(digits, fitted):
    """Only the tasks that count have validation rows, however many labels the others have."""
    X, Y = (each[:TRAINED].copy() for each in digits)
    Y[100:, 0] = np.nan
    model = classifier(task_weights={1: 0, 2: 0}).fit(X, Y)
    alone = classifier().fit(X, Y[:, 0])
    np.testing.assert_allclose(model.validation_loss_[0], alone.validation_loss_[0], rtol=1e-4)
    assert model.best_iter_ == alone.best_iter_
    Y[2:, 0] = np.nan
    with pytest.raises(
        ValueError, match=r"early stopping needs validation rows .*; got n_samples = 400, with 2 labelled"
    ):
        classifier(task_weights={1: 0, 2: 0}).fit(X, Y)


def test_another_number_of_tasks_says_so(digits, fitted):
    X, Y = digits
    with pytest.raises(ValueError, match=r"y has 3 tasks, as in fit; got 2\. Give the same columns as in fit"):
        fitted.score(X, Y[:, :2])
    with pytest.raises(ValueError, match="a score needs labels; got none"):
        fitted.score(X, np.full(Y.shape, np.nan))

"""Advice about the linear student: its trainings on splits, the choice of a student, what is recommended; its classifier."""

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.linear_model import LogisticRegressionCV, RidgeCV
from sklearn.model_selection import StratifiedKFold

from sharedtrunk._support.statistics import Estimate
from sharedtrunk.affinity import LinearStudent, LinearTaskClassifier, Outlook, Student, advise
from sharedtrunk.affinity import _linear_student as linear
from sharedtrunk.affinity import _wording as wording
from sharedtrunk.affinity._linear_trials import Learner, run_linear_trials
from sharedtrunk.affinity._plain_regression import RIDGE_PENALTIES, regression_losses
from sharedtrunk.affinity._records import Effect
from sharedtrunk.affinity._resampling import resampling
from sharedtrunk.affinity._rows import prepared_rows
from sharedtrunk.affinity._selection import primary, recommended
from sharedtrunk.affinity._splits import TEST, dealt
from sharedtrunk.affinity._student import LINEAR_STUDENT
from sharedtrunk.affinity._trials import Arm
from sharedtrunk.affinity._ways import AVERAGE, BESIDE, FEATURE, WAYS
from sharedtrunk.errors import InputError
from sharedtrunk.tables import from_arrays

ROWS, FEATURES = 90, 5


def sample(main_labels=60, numeric=False):
    """A main task and another one of the same direction, which has labels in all rows."""
    generator = np.random.default_rng(3)
    X = generator.normal(size=(ROWS, FEATURES))
    score = X @ generator.normal(size=FEATURES)
    main = score + generator.normal(size=ROWS) if numeric else (score + generator.logistic(size=ROWS) > 0).astype(float)
    other = (score + generator.logistic(size=ROWS) > 0).astype(float)
    main[main_labels:] = np.nan
    return X, np.stack([main, other], axis=1)


def laid_out(numeric=False):
    table = from_arrays(*sample(numeric=numeric))
    main, other = table.labels
    rows = prepared_rows(table, [main, other], [main], seed=0)
    strata = rows.strata()[0, : rows.judged]
    return rows, resampling(table, rows, strata, labels=strata.size, cv=None, repeats=1, seed=0)


ARMS = [Arm((1.0, 0.0)), *(Arm((1.0, 1.0), way=way) for way in WAYS)]


def test_outcomes_of_tested_rows_do_not_depend_on_their_labels():
    rows, splits = laid_out()
    held = splits.roles[0] == TEST
    changed = rows.codes.copy()
    changed[:, held] = 1 - changed[:, held]
    found = [
        run_linear_trials(each, ARMS, splits.roles, splits.ranks, LINEAR_STUDENT, seed=0, splits=[0])
        for each in (rows, rows._replace(codes=np.where(rows.codes < 0, -1, changed)))
    ]
    for arm in ARMS:
        before, after = (each[arm, 0].probabilities[0][held[: rows.judged]] for each in found)
        np.testing.assert_array_equal(before, after)
        assert np.isfinite(before).all()


def test_a_split_is_the_student_of_its_training_rows():
    """The same student by hand, from the rows that the split trains on."""
    rows, splits = laid_out()
    role = splits.roles[0]
    found = run_linear_trials(rows, ARMS, splits.roles, splits.ranks, LINEAR_STUDENT, seed=0, splits=[0])
    learnt = role != TEST
    inputs = rows.inputs.prepared(learnt)
    single = found[ARMS[0], 0]
    tested = np.flatnonzero(role[: rows.judged] == TEST)
    chosen = np.flatnonzero(learnt & (rows.codes >= 0).any(axis=0))
    folds = dealt(rows.codes[0, chosen], 5, np.random.default_rng([0, 5, 0]))
    by_hand = Learner(linear.Rows(inputs[chosen], rows.codes[:, chosen], rows.classes, folds)).alone()
    expected = -by_hand.log_probabilities(inputs[tested])[np.arange(tested.size), rows.codes[0, tested]]
    np.testing.assert_allclose(single.loss[0, tested], expected, rtol=1e-6)


@pytest.mark.filterwarnings("ignore::FutureWarning")  # of scikit-learn, about defaults that will change
@pytest.mark.parametrize("numeric", [False, True])
def test_the_plain_regression_is_scikit_learns(numeric):
    rows, splits = laid_out(numeric)
    losses = regression_losses(rows, splits.roles)
    role = splits.roles[3]
    inputs = rows.inputs.prepared(role != TEST)
    train, test = (np.flatnonzero((role[: rows.judged] == TEST) == tested) for tested in (False, True))
    if numeric:
        targets = rows.targets.of(role)[0]
        model = RidgeCV(RIDGE_PENALTIES).fit(inputs[train], targets[train])
        expected = (model.predict(inputs[test]) - targets[test]) ** 2
    else:
        codes = rows.codes[0]
        folds = StratifiedKFold(5, shuffle=True, random_state=0)
        model = LogisticRegressionCV(Cs=10, cv=folds, scoring="neg_log_loss", max_iter=300)
        model.fit(inputs[train], codes[train])
        expected = -np.log(model.predict_proba(inputs[test])[np.arange(test.size), codes[test]])
    np.testing.assert_allclose(losses[3, test], expected)
    assert np.isnan(losses[3, train]).all()


def effect(way, expected, benefit=0.01):
    measured = Estimate(benefit, 0.01, benefit - 0.02, benefit + 0.02, 10, 0)
    return Effect(("b",), 1.0, measured, measured, 0.5, 0.5, "cannot tell yet", way=way, outlook=outlook(expected))


def outlook(expected):
    return None if expected is None else Outlook(expected, expected - 0.01, expected + 0.01, 0.5, 0.1)


def test_the_average_decides_where_it_was_measured():
    tried = [effect(FEATURE, 0.03), effect(AVERAGE, 0.01), effect(BESIDE, 0.02)]
    assert recommended(tried) is tried[1]
    assert recommended([tried[0], effect(AVERAGE, -0.001)]) is None
    assert recommended([tried[2]]) is tried[2]
    assert primary([tried[0], tried[2]]) == [tried[0], tried[2]]
    assert recommended([effect(AVERAGE, None)]) is None  # no outlook, and no verdict "helps"


@pytest.fixture(scope="module")
def advice():
    table = from_arrays(*sample())
    main, other = table.labels
    return advise(table, main, [other], student=LinearStudent(), keep=None)


@pytest.mark.long
def test_advice_about_the_linear_student(advice):
    (other,) = advice.auxiliaries
    assert [each.way for each in sorted(other.ways, key=lambda each: WAYS.index(each.way))] == list(WAYS)
    assert other.effect.way == AVERAGE
    assert advice.conditions.repeats == 1
    assert advice.conditions.stopped_by == 0
    assert advice.loss_of_regression is not None
    assert advice.alphas[0].alpha == 1
    for each in other.ways:
        assert each.outlook.low < each.outlook.expected < each.outlook.high
    said = dict(wording.sentences(advice))
    assert "in the average of students" in said["Advice"] or said["Advice"].startswith("train x")
    assert "average" in said["Ways"]
    if advice.best_set is not None:
        assert said["Train"].startswith("LinearTaskClassifier('average')")


def test_one_with_a_budget_of_nothing_recommends_nothing():
    table = from_arrays(*sample())
    main, other = table.labels
    made = advise(table, main, [other], student=LinearStudent(), stop=lambda: True)
    assert made.best_set is None
    assert all(each.outlook is None for each in made.auxiliaries[0].ways)


@pytest.mark.long
def test_of_two_students_the_one_that_is_better_alone_is_chosen():
    table = from_arrays(*sample())
    main, other = table.labels
    hopeless = Student(hidden=(4,), learning_rate=10.0, max_steps=20)
    made = advise(table, main, [other], student=(hopeless, LinearStudent()), choose=False)
    assert wording.is_linear(made.conditions)
    assert any("better alone" in note for note in made.notes)


# --- the classifier


def test_the_classifier_is_the_student_of_the_advice():
    X, Y = sample(ROWS)
    model = LinearTaskClassifier("beside", random_state=0).fit(X, Y)
    probabilities = model.predict_proba(X)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-6)
    assert (model.predict(X) == model.classes_[probabilities.argmax(axis=1)]).all()
    assert -np.log(probabilities[np.arange(ROWS), Y[:, 0].astype(int)]).mean() < np.log(2)
    alone = LinearTaskClassifier("beside", task_weights=[1, 0], random_state=0).fit(X, Y)
    single = LinearTaskClassifier("beside", random_state=0).fit(X, Y[:, 0])
    np.testing.assert_array_equal(alone.predict_proba(X), single.predict_proba(X))
    assert softmax(np.log(probabilities), axis=1) == pytest.approx(probabilities, rel=1e-6)


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"way": "sideways"}, "way is 'average' or 'beside' or 'feature'"),
        ({"task_weights": [0, 1]}, "the main task's weight is above 0"),
        ({"task_weights": ["a", 1]}, "task_weights are 2 finite numbers"),
        ({"folds": 1}, "folds is a whole number, at least 2"),
    ],
)
def test_settings_of_the_classifier_are_checked(settings, match):
    with pytest.raises(InputError, match=match):
        LinearTaskClassifier(**settings).fit(*sample(ROWS))

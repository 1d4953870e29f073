"""One's own model in place of the student: against the same splits by hand, with stacked tasks, as two functions; errors."""

import runpy
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.datasets import load_breast_cancer
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, average_precision_score, balanced_accuracy_score, log_loss, roc_auc_score
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC

from sharedtrunk.affinity import AuxiliaryTaskAdvisor, OwnModel, SharedTrunkClassifier, StackedTasks, Student, advise
from sharedtrunk.affinity._own_model import resolved
from sharedtrunk.affinity._own_study import as_frame
from sharedtrunk.affinity._preparation import preparation
from sharedtrunk.affinity._resampling import resampling
from sharedtrunk.affinity._rows import prepared_rows
from sharedtrunk.affinity._splits import TEST
from sharedtrunk.errors import InputError
from sharedtrunk.tables import Table


def _table(n_main=200, n=200, features=5, noise=1.0, seed=0) -> Table:
    """`main` is known in n_main rows; `same` asks the same in all rows, `coin` is chance."""
    generator = np.random.default_rng(seed)
    inputs = generator.normal(size=(n, features))
    answer = (inputs @ generator.normal(size=features) + noise * generator.normal(size=n) > 0.5).astype(int)
    labels = {"main": np.where(np.arange(n) < n_main, answer, -1), "same": answer, "coin": generator.integers(0, 2, n)}
    classes = {"main": ("no", "yes"), "same": (0, 1), "coin": (False, True)}
    return Table(inputs, tuple(f"x{j}" for j in range(features)), labels, classes, ())


def _cancer() -> Table:
    data = load_breast_cancer()
    X = data.data[:, :6]
    labels = {"benign": data.target, "rough": (data.data[:, 7] > 0.06).astype(int)}
    return Table(X, tuple(data.feature_names[:6]), labels, {"benign": (0, 1), "rough": (0, 1)}, ())


def _by_hand(table: Table, main: str, model, score, seed=0) -> np.ndarray:
    """A score by split, from the splits' own preparation, training and validation rows together."""
    rows = prepared_rows(table, [*table.labels], [main], seed=seed)
    codes = rows.codes[0, : rows.judged]
    splits = resampling(table, rows, codes, labels=codes.size, cv=None, repeats=1, seed=seed)
    found = []
    for role in splits.judged_roles:
        learnt, tested = np.flatnonzero(role != TEST), np.flatnonzero(role == TEST)
        features = rows.inputs.features
        prepare = preparation(table.feature_names, {}, ()).fit(features[: rows.judged][learnt])
        model.fit(prepare.transform(features[learnt]), codes[learnt])
        found.append(score(codes[tested], model.predict_proba(prepare.transform(features[tested]))))
    return np.array(found)


@pytest.mark.parametrize(("make", "main"), [(_cancer, "benign"), (_table, "main")])
def test_the_loss_alone_is_that_of_scikit_learn_on_the_same_splits(make, main):
    table, model = make(), LogisticRegression(C=0.1)
    others = [task for task in table.labels if task != main]
    made = advise(table, main, others[:1], estimator=model, repeats=1, choose=False)
    loss = _by_hand(table, main, model, lambda y, p: len(y) * log_loss(y, p))
    right = _by_hand(table, main, model, lambda y, p: accuracy_score(y, p.argmax(1), normalize=False))
    rows = made.conditions.labels
    assert made.loss_alone.mean == pytest.approx(loss.sum() / rows, rel=1e-9)
    assert made.accuracy_alone.mean == pytest.approx(100 * right.sum() / rows)
    prior = _by_hand(table, main, DummyClassifier(), lambda y, p: len(y) * log_loss(y, p))
    commonest = _by_hand(table, main, DummyClassifier(), lambda y, p: accuracy_score(y, p.argmax(1), normalize=False))
    assert made.loss_of_frequencies == pytest.approx(prior.sum() / rows)
    assert made.accuracy_of_commonest == pytest.approx(100 * commonest.sum() / rows)
    assert (made.conditions.stopped_by, made.conditions.trained_on) == (0, round(0.9 * rows))
    assert made.conditions.model == "StackedTasks(LogisticRegression)"


_SCORES = {
    "balanced_accuracy": lambda y, p: balanced_accuracy_score(y, p.argmax(1)),
    "roc_auc": lambda y, p: roc_auc_score(y, p[:, 1]),
    "average_precision": lambda y, p: average_precision_score(y, p[:, 1]),
    "brier": lambda y, p: np.mean((p[:, 1] - y) ** 2),
}


@pytest.mark.parametrize("metric", _SCORES)
def test_metrics_are_scikit_learns_on_the_same_splits(metric):
    table = _table()
    model = GaussianNB()
    made = advise(table, "main", ["same"], estimator=model, repeats=1, choose=False, metric=metric)
    alone = _by_hand(table, "main", model, _SCORES[metric])
    assert made.score_alone is not None
    assert made.score_alone.mean == pytest.approx(alone.mean())
    assert made.conditions.metric == metric
    # the same question twice: its predictions tell nothing new, whichever way the metric points
    assert abs(made.auxiliaries[0].effect.benefit.mean) < 0.1
    if metric == "roc_auc":
        assert made.score_of_frequencies == pytest.approx(0.5)
        error = alone.std(ddof=1) * (1 / 10 + 1 / 9) ** 0.5
        assert made.score_alone.standard_error == pytest.approx(error)


@pytest.mark.long
def test_metrics_of_the_student_come_from_its_probabilities():
    student = Student(hidden=(4,), activation="linear", learning_rate=0.03, max_steps=60)
    settings = {"student": student, "repeats": 1, "choose": False}
    table = _table(n_main=100, n=100)
    by_metric = {
        name: advise(table, "main", ["coin"], metric=name, **settings) for name in ("log_loss", "brier", "roc_auc")
    }
    alone = {made.loss_alone.mean for made in by_metric.values()}
    assert max(alone) == pytest.approx(min(alone), rel=1e-5)
    brier, auc = by_metric["brier"].score_alone, by_metric["roc_auc"].score_alone
    assert brier is not None
    assert auc is not None
    assert 0.05 < brier.mean < by_metric["brier"].score_of_frequencies
    assert 0.6 < auc.mean <= 1


def test_labels_of_the_same_question_on_many_more_rows_help_when_stacked():
    table = _table(n_main=60, n=400, features=20, noise=0.1)
    made = advise(table, "main", ["coin", "same"], estimator=LogisticRegression(), repeats=1)
    assert made.auxiliaries[0].name == "same"
    assert made.auxiliaries[0].effect.benefit.low > 0
    assert made.auxiliaries[0].effect.verdict == "helps"
    assert [effect.alpha for effect in made.alphas] == [1.0]
    assert any("takes no weights of tasks" in note for note in made.notes)
    assert any("auxiliary tasks are stacked" in note for note in made.notes)
    assert made.conditions.trainings == 10 * (1 + 2 + 1 + 2)  # alone, two tasks, both, half of the labels twice


class Recorder(ClassifierMixin, BaseEstimator):
    """Class frequencies of the first task; `seen` collects what reaches every `fit`."""

    seen: ClassVar[list] = []

    def __init__(self, task_weights=None):
        self.task_weights = task_weights

    def fit(self, X, Y):
        assert not hasattr(self, "classes_")  # it is cloned before every training
        Y = np.asarray(Y, float)
        self.seen.append((X, Y, self.task_weights))
        main = Y if Y.ndim == 1 else Y[:, 0]
        self.classes_ = [np.unique(column[~np.isnan(column)]) for column in Y.reshape(len(Y), -1).T]
        self.shares_ = np.bincount(main[~np.isnan(main)].astype(int)) / np.sum(~np.isnan(main))
        return self

    def predict_proba(self, X):
        return [np.tile(self.shares_, (len(X), 1)) for _ in self.classes_]


def test_labels_with_gaps_and_weights_reach_an_estimator_of_several_tasks():
    Recorder.seen.clear()
    table = _table(n_main=60, n=200)
    made = advise(table, "main", ["same"], estimator=Recorder(), repeats=1)
    assert made.conditions.model == "Recorder"
    alone, beside = Recorder.seen[1], Recorder.seen[2]  # the first training finds out that it takes gaps
    assert alone[1].shape == (54,)
    assert not np.isnan(alone[1]).any()
    assert beside[1].shape[1] == 2
    assert np.isnan(beside[1][:, 0]).sum() == 140  # rows with an auxiliary label only
    assert len(beside[1]) == 194  # test rows are not there, not even with their auxiliary label
    assert {0.1, 10.0} <= {weights[1] for _, _, weights in Recorder.seen if weights is not None}
    assert made.auxiliaries[0].effect.benefit.mean == pytest.approx(0, abs=1e-12)
    assert made.auxiliaries[0].effect.verdict == "no difference"


def _nearest_mean(inputs, labels):
    main = next(iter(labels.values()))
    # A toy of two tasks: an auxiliary label stands in where the main one is missing.
    for codes in labels.values():
        main = np.where(main < 0, codes, main)
    return np.stack([inputs[main == code].mean(axis=0) for code in (0, 1)])


def _nearest(means, inputs):
    odds = -((inputs[:, None] - means[None]) ** 2).sum(axis=2)
    odds = np.exp(odds - odds.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


def test_two_functions_are_a_model():
    model = OwnModel(_nearest_mean, _nearest, "toy")
    made = advise(_table(n_main=40, n=600), "main", ["same"], estimator=model, repeats=1, choose=False)
    assert made.auxiliaries[0].effect.benefit.mean > 0
    assert made.conditions.model == "toy"


@pytest.mark.parametrize(
    ("predict", "match"),
    [
        (
            lambda model, X: np.ones((len(X), 3)) / 3,
            r"one probability for each of the main task's 2 classes; got shape",
        ),
        (lambda model, X: np.ones((len(X), 2)), r"sum to 1 in every row; got a row \[1. 1.\]. Return probabilities"),
        (lambda model, X: np.tile([1.5, -0.5], (len(X), 1)), "at least 0 and sum to 1"),
        (lambda model, X: ["a"], "are an array of numbers"),
        (lambda model, X: 0.5, "one probability for each"),
        (lambda model, X: 1 / 0, "ZeroDivisionError in split 1: division by zero"),
    ],
)
def test_what_are_no_probabilities_is_an_error_in_one_line(predict, match):
    model = OwnModel(_nearest_mean, predict)
    with pytest.raises(InputError, match=match) as caught:
        advise(_table(), "main", ["same"], estimator=model, repeats=1, choose=False)
    assert "\n" not in str(caught.value)


def test_trainings_that_give_nan_are_left_out_and_counted():
    calls = []

    def predict(model, X):
        calls.append(1)
        found = _nearest(model, X)
        found[0] = np.nan if len(calls) <= 6 else found[0]
        return found

    made = advise(_table(), "main", ["coin"], estimator=OwnModel(_nearest_mean, predict), repeats=1, choose=False)
    effect = made.auxiliaries[0].effect
    assert (effect.benefit.n, effect.benefit.left_out) == (7, 3)
    assert effect.reason == "3 of 10 trainings gave no finite loss"


@pytest.mark.parametrize(
    ("estimator", "match"),
    [
        (SVC(), "needs predict_proba; got SVC"),
        (LogisticRegression, "estimator is a classifier"),
        (3, "estimator is a classifier"),
    ],
)
def test_what_is_no_model_is_refused(estimator, match):
    with pytest.raises(InputError, match=match):
        advise(_table(), "main", ["same"], estimator=estimator)


def test_unknown_metrics_are_refused():
    with pytest.raises(InputError, match=r"the metric is one of log_loss, accuracy.*; got 'f1'"):
        advise(_table(), "main", ["same"], metric="f1")


def test_probabilities_of_zero_are_told():
    made = advise(_table(), "main", ["coin"], estimator=KNeighborsClassifier(1), repeats=1, choose=False)
    assert any("the probability 0 in" in note for note in made.notes)


def test_what_takes_gaps_is_found_by_trying():
    inputs = np.random.default_rng(0).normal(size=(120, 3))
    assert resolved(Recorder(), inputs).note == ""
    assert "auxiliary tasks are stacked" in resolved(KNeighborsClassifier(), inputs).note
    assert resolved(SharedTrunkClassifier(), inputs).note == ""
    assert resolved(StackedTasks(GaussianNB()), inputs).model.name == "StackedTasks(GaussianNB)"


def test_a_pipeline_of_ones_own_gets_the_columns_as_they_came():
    generator = np.random.default_rng(0)
    kind = generator.choice(["a", "b", "c"], 150)
    X = pd.DataFrame({"kind": kind, "size": generator.normal(size=150)})
    Y = pd.DataFrame({"main": (kind == "a") ^ (generator.random(150) < 0.2), "coin": generator.integers(0, 2, 150)})
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore", max_categories=5), GaussianNB(), memory=None)
    model.steps[0] = ("encode", OneHotEncoder(handle_unknown="ignore", max_categories=5, sparse_output=False))
    advisor = AuxiliaryTaskAdvisor("main", estimator=model, prepare=False, repeats=1, choose=False)
    advisor.fit(X, Y)
    assert advisor.advice_.accuracy_alone.mean > 70
    scaled = make_pipeline(StandardScaler(), LogisticRegression())
    on_numbers = AuxiliaryTaskAdvisor("main", estimator=scaled, repeats=1, choose=False).fit(X, Y)
    assert on_numbers.advice_.accuracy_alone.mean > 70
    assert on_numbers.advice_.conditions.model == "StackedTasks(Pipeline)"


def test_a_table_as_it_came_is_a_frame():
    features = np.array([[0.5, 1.0, 19000.25], [np.nan, np.nan, np.nan]])
    names = ("size", "kind", "made")
    table = Table(features, names, {}, {}, (), categories={"kind": ("a", "b")}, dates=("made",))
    frame = as_frame(table)
    assert frame["size"].isna().tolist() == [False, True]
    assert frame["kind"].tolist()[0] == "b"
    assert frame["kind"].isna().tolist() == [False, True]
    assert frame["made"][0] == pd.Timestamp("2022-01-08 06:00")
    assert pd.isna(frame["made"][1])


@pytest.mark.long
def test_the_example_with_a_torch_module_runs(capsys):
    pytest.importorskip("torch")
    example = Path(__file__).parents[2] / "examples" / "own_torch_model.py"
    runpy.run_path(str(example), run_name="__main__")
    assert "task1" in capsys.readouterr().out

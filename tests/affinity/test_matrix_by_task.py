"""The matrix with one study for each main task: another student, a metric, one's own model."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import get_scorer

from patience_problems import QUICK, table
from sharedtrunk.affinity import LinearStudent, advise, affinity_matrix
from sharedtrunk.affinity.presentation import wording
from sharedtrunk.errors import InputError
from sharedtrunk.tables import from_arrays

TASKS = ("main", "same", "coin")


@pytest.mark.long
@pytest.mark.parametrize(
    "how",
    [
        {"student": LinearStudent(folds=3)},
        {"student": QUICK, "metric": "roc_auc"},
        {"estimator": LogisticRegression(), "metric": "brier"},
    ],
    ids=["linear", "metric", "own model"],
)
def test_a_row_is_what_advise_says_of_its_task(how):
    made = affinity_matrix(table(), TASKS, repeats=1, **how)
    assert list(made.effects) == [(a, b) for a in TASKS for b in TASKS if a != b]
    for main in TASKS:
        others = [task for task in TASKS if task != main]
        advice = advise(table(), main, others, repeats=1, choose=False, **how)
        assert {each.name: each.effect for each in advice.auxiliaries} == {b: made.effects[main, b] for b in others}
        assert made.loss_alone[main] == advice.loss_alone
        assert made.loss_of_frequencies[main] == advice.loss_of_frequencies
        assert made.conditions[main].metric == how.get("metric", "log_loss")
        assert (made.effects[main, others[0]].outlook is None) == ("metric" in how)


@pytest.mark.long
def test_a_stop_leaves_what_was_measured(tmp_path):
    seen = []
    how = {"student": QUICK, "metric": "brier", "repeats": 1, "keep": tmp_path}
    made = affinity_matrix(
        table(), TASKS, stop=lambda: bool(seen) and seen[-1] > 45, progress=lambda done, _: seen.append(done), **how
    )
    assert any(text.startswith("coin: ") for text in made.unfinished)
    assert not any(text.startswith("main: ") for text in made.unfinished)
    again = affinity_matrix(table(), TASKS, **how)
    assert not again.unfinished
    assert again.effects["main", "same"] == made.effects["main", "same"]


def test_what_no_task_can_have_is_refused_before_anything_is_trained():
    numbers = from_arrays(*_numbers_and_classes())
    tasks, calls = list(numbers.labels), []
    for how, says in (
        ({"metric": "brier"}, "the metric suits the main task; got brier for number"),
        ({"metric": get_scorer("roc_auc")}, "scorers are for classes; got one for number"),
        ({"metric": "accuracy", "class_weight": {0: 2.0, 1: 1.0}}, "balanced or all alike"),
    ):
        with pytest.raises(InputError, match=says):
            affinity_matrix(numbers, tasks, student=QUICK, progress=lambda done, _: calls.append(done), **how)
    assert not calls


@pytest.mark.long
def test_numbers_and_classes_have_units_of_their_own():
    features, labels = _numbers_and_classes()
    made = affinity_matrix(from_arrays(features, labels), list(labels), student=LinearStudent(folds=3), repeats=1)
    assert wording.matrix_caption(made).endswith("in nats or shares of the variance.")
    notes = [note for note in made.notes if "number" in note]
    assert len(notes) == len(set(notes))


def test_the_log_loss_by_name_is_the_log_loss():
    how = {"student": QUICK, "repeats": 1}
    one, other = (affinity_matrix(table(), TASKS[:2], **how, **more) for more in ({}, {"metric": "log_loss"}))
    assert one.effects == other.effects


def _numbers_and_classes():
    rng = np.random.default_rng(0)
    features = rng.standard_normal((60, 4))
    return features, {"answer": (features[:, 0] > 0).astype(int), "number": features[:, 1] + rng.standard_normal(60)}


def test_the_picture_and_the_page_name_the_metric():
    made = affinity_matrix(table(), TASKS[:2], student=QUICK, metric="brier", repeats=1)
    figure = made.plot()
    assert any(axes.get_title(loc="left") == "Brier score" for axes in figure.axes)
    assert "benefit (Brier score)" in made._repr_html_()

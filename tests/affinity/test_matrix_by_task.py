"""The matrix with one study for each main task: another student, a metric, one's own model."""

import pytest
from sklearn.linear_model import LogisticRegression

from patience_problems import QUICK, table
from sharedtrunk.affinity import LinearStudent, advise, affinity_matrix

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


def test_the_picture_and_the_page_name_the_metric():
    made = affinity_matrix(table(), TASKS[:2], student=QUICK, metric="brier", repeats=1)
    figure = made.plot()
    assert any(axes.get_title(loc="left") == "Brier score" for axes in figure.axes)
    assert "benefit (Brier score)" in made._repr_html_()

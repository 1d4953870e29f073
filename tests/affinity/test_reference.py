"""What needs no training: class frequencies, and the line below which a benefit is negligible."""

from dataclasses import replace

import numpy as np
import pytest

from affinity_problems import advice, conditions
from sharedtrunk._support.limits import METRICS
from sharedtrunk.affinity import _metrics, _wording
from sharedtrunk.affinity._intervals import corrected, two_sided_p
from sharedtrunk.affinity._metrics import Scoring, metric_for
from sharedtrunk.affinity._reference import by_frequencies, negligible_line
from sharedtrunk.affinity._splits import TEST
from sharedtrunk.affinity._trials import Outcome

CODES = np.array([0] * 30 + [1] * 10)


def _roles() -> np.ndarray:
    """Four splits; each tests every fourth row, so all have the shares of all rows."""
    roles = np.zeros((4, 40), int)
    for split in range(4):
        roles[split, split::4] = TEST
    return roles


def _reference() -> Outcome:
    return by_frequencies(CODES, _roles(), _roles() != TEST, 2)


def test_class_frequencies_have_the_loss_of_their_shares():
    roles, found = _roles(), _reference()
    for split, role in enumerate(roles):
        share = CODES[role != TEST].mean()
        expected = np.where(CODES == 1, -np.log(share), -np.log(1 - share))
        np.testing.assert_allclose(found.loss[split, role == TEST], expected[role == TEST])
        assert np.isnan(found.loss[split, role != TEST]).all()
    assert np.nanmean(found.right) == 0.75


def test_a_split_that_trains_without_a_class_has_no_frequencies():
    learnt = _roles() != TEST
    learnt[0, CODES == 1] = False
    found = by_frequencies(CODES, _roles(), learnt, 2)
    assert np.isnan(found.loss[0]).all()
    assert not found.made[0]
    assert found.made[1:].all()


@pytest.mark.parametrize(
    ("explained", "line"),
    [(0.06, 0.003), (0.15, 0.0075), (1.0, 0.01), (0.01, 0.001), (-0.2, 0.001)],
)
def test_the_line_is_a_share_of_what_the_features_explain(explained, line):
    reference = _reference()
    alone = reference._replace(loss=reference.loss - explained)
    scoring = Scoring(metric_for("log_loss", "classes", "main"), CODES)
    assert negligible_line(alone, reference, scoring) == pytest.approx(line)


@pytest.mark.parametrize(
    ("metric", "expected"),
    [("accuracy", 0.75), ("balanced_accuracy", 0.5), ("roc_auc", 0.5), ("average_precision", 0.25), ("brier", 0.1875)],
)
def test_class_frequencies_in_every_metric(metric, expected):
    found = Scoring(metric_for(metric, "classes", "main"), CODES, None, 1 / 3).score(_reference())
    assert found.mean == pytest.approx(expected, abs=0.01)


def test_the_corrected_interval_by_hand():
    numbers = np.array([0.1, 0.3, np.nan, 0.2, 0.4])
    found = corrected(numbers, 1 / 9)
    assert (found.n, found.left_out) == (4, 1)
    assert found.standard_error == pytest.approx(np.std([0.1, 0.3, 0.2, 0.4], ddof=1) * (1 / 4 + 1 / 9) ** 0.5)
    assert two_sided_p(found) < 0.2
    assert np.isnan(corrected(numbers[:1], 0.1).standard_error)


def test_coverage_of_the_corrected_interval_where_splits_share_their_training_rows():
    """Scores of folds with a common part: correlation n_test/(n_test + n_train) = 1/10, for which it is made."""
    generator = np.random.default_rng(0)
    draws, covered = 2000, 0
    for _ in range(draws):
        numbers = 0.1**0.5 * generator.normal() + 0.9**0.5 * generator.normal(size=30)
        found = corrected(numbers, 1 / 9)
        covered += found.low < 0 < found.high
    assert abs(covered / draws - 0.95) < 4 * (0.95 * 0.05 / draws) ** 0.5


def test_all_metrics_are_there():
    assert tuple(_metrics._ALL) == METRICS


def test_words_say_what_needs_no_features_and_the_unit():
    made = replace(advice(), loss_of_frequencies=2.302, accuracy_of_commonest=10.1)
    alone = dict(_wording.sentences(made))["Alone"]
    assert "the class frequencies have 2.302 nats, and always saying the commonest class gets 10.1 %" in alone
    assert alone.endswith("Benefits within ± 0.01 nats make no difference.")
    how = conditions(metric="roc_auc", model="Forest")
    scored = replace(made, conditions=how, score_alone=made.loss_alone, score_of_frequencies=0.5)
    words = dict(_wording.sentences(scored))
    assert "Its ROC AUC is 0.610, that of the class frequencies 0.500" in words["Alone"]
    assert "ROC AUC [" in words["Best set"]
    assert "Forest on digit" in words["Train"]
    assert _wording.columns(how)[1] == "benefit\n(ROC AUC)"
    assert "ROC AUC of held-out rows is better" in _wording.captions(how)[0]
    assert _wording.title(scored).endswith("Forest")

"""scikit-learn's scorers as the metric of an advice."""

import numpy as np
import pytest
from sklearn.metrics import fbeta_score, get_scorer, make_scorer

from patience_problems import QUICK, table
from sharedtrunk.affinity import AuxiliaryTaskAdvisor, advise
from sharedtrunk.errors import InputError


def measured(metric, **how):
    return advise(table(), "main", ["same"], student=QUICK, repeats=1, choose=False, metric=metric, **how)


@pytest.mark.long
@pytest.mark.parametrize("name", ["roc_auc", "balanced_accuracy", "average_precision"])
def test_a_scorer_gives_the_numbers_of_the_metric_of_its_name(name):
    weights = np.random.default_rng(1).integers(1, 4, 80)
    for how in ({}, {"sample_weight": weights}):
        one, other = (measured(metric, **how) for metric in (name, get_scorer(name)))
        assert one.score_alone.mean == pytest.approx(other.score_alone.mean, abs=1e-12)
        one, other = (made.auxiliaries[0].effect for made in (one, other))
        assert (one.benefit.mean, one.verdict) == (pytest.approx(other.benefit.mean, abs=1e-12), other.verdict)


def test_more_is_better_in_every_scorer():
    made = measured(get_scorer("neg_brier_score"))
    assert made.conditions.metric == "neg_brier_score_loss"
    assert -1 < made.score_alone.mean < 0
    scorer = make_scorer(fbeta_score, beta=2)
    advisor = AuxiliaryTaskAdvisor(student=QUICK, repeats=1, choose=False, metric=scorer)
    assert advisor.get_params()["metric"] is scorer
    assert measured(scorer).conditions.metric == "fbeta_score"


@pytest.mark.parametrize(
    "scorer", [make_scorer(fbeta_score, beta=2, pos_label="yes"), lambda model, X, y: "much", np.mean]
)
def test_a_scorer_that_fails_is_told(scorer):
    with pytest.raises(InputError, match="A scorer gives a number; got '"):
        measured(scorer)

"""scikit-learn's own checks of estimators, for ReLU and linear trunks, stopped and decayed."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from sharedtrunk.affinity._classifier import SharedTrunkClassifier


@parametrize_with_checks([SharedTrunkClassifier()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# Some checks set max_iter=5, and training losses on pure noise fall for more than 1,000 steps; the checks are not about that.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@parametrize_with_checks([SharedTrunkClassifier((), weight_decay=0.01)])
def test_scikit_learn_checks_with_weight_decay(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.slow
@parametrize_with_checks(
    [
        SharedTrunkClassifier(activation="linear"),
        SharedTrunkClassifier(early_stopping=False),
        SharedTrunkClassifier(activation="linear", weight_decay="validation"),
    ]
)
def test_scikit_learn_checks_of_other_kinds(estimator, check):
    check(estimator)

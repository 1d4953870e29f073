"""scikit-learn's own checks of the preprocessor."""

from sklearn.utils.estimator_checks import parametrize_with_checks

from sharedtrunk.affinity import TablePreprocessor


@parametrize_with_checks([TablePreprocessor()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)

"""Whether a question's features say anything about the main task: one number a question, and one line.

The number is the loss in five folds of a regularized logistic regression minus that of class frequencies, in nats; for
numeric tasks that of ridge regression minus that of the mean, where half the logarithm of the mean squared error is the loss.
Below zero the features help. It is made to be quick, on at most 2,000 rows, and to find mistakes, not to compare students.
"""

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold, KFold, StratifiedGroupKFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from .loading import Rows, load
from .question import Question

ROWS, FOLDS = 2000, 5

INVERSE_PENALTIES = (0.001, 0.1)
"""The better one counts: a table of a thousand rare bits needs another one than a table of four answers."""


def signal(question: Question) -> float:
    """The loss with the features minus the loss without them."""
    rows = load(question)
    chosen = _chosen(question, rows)
    features = _without_dates(rows.features.iloc[chosen])
    groups = None if rows.groups is None else rows.groups[chosen]
    main = rows.labels[question.main].iloc[chosen]
    if question.is_numeric(question.main):
        return _numeric_signal(features, main.to_numpy(float), groups)
    return _class_signal(features, main.to_numpy(str), groups)


def _chosen(question: Question, rows: Rows) -> np.ndarray:
    main = rows.labels[question.main]
    known = main.notna()
    if not question.is_numeric(question.main):
        known &= main.map(main.value_counts()) >= FOLDS  # a class with fewer rows than folds says nothing here
    chosen = np.flatnonzero(known)
    return np.random.default_rng(0).permutation(chosen)[:ROWS]


def _class_signal(features: pd.DataFrame, main: np.ndarray, groups: np.ndarray | None) -> float:
    folds = (StratifiedKFold if groups is None else StratifiedGroupKFold)(FOLDS, shuffle=True, random_state=0)
    models = (DummyClassifier(strategy="prior"), *(LogisticRegression(C=c, max_iter=1000) for c in INVERSE_PENALTIES))
    losses = [
        log_loss(
            main, cross_val_predict(_encoded(each), features, main, groups=groups, cv=folds, method="predict_proba")
        )
        for each in models
    ]
    return min(losses[1:]) - losses[0]


def _numeric_signal(features: pd.DataFrame, main: np.ndarray, groups: np.ndarray | None) -> float:
    folds = KFold(FOLDS) if groups is None else GroupKFold(FOLDS)  # the rows are in random order already
    model = _encoded(RidgeCV(alphas=np.logspace(-1, 4, 11)))
    predicted = cross_val_predict(model, features, main, groups=groups, cv=folds)
    return float(np.log(np.mean((predicted - main) ** 2) / np.var(main)) / 2)


def _encoded(model: object) -> Pipeline:
    texts = OneHotEncoder(min_frequency=5, max_categories=20, handle_unknown="infrequent_if_exist")
    numbers = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    encode = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")), (texts, make_column_selector(dtype_exclude="number"))
    )
    return make_pipeline(encode, model)


def _without_dates(features: pd.DataFrame) -> pd.DataFrame:
    """A date becomes its day, the month and the day of the week."""
    features = features.copy()
    for name in features.select_dtypes("datetime").columns:
        date = features.pop(name)
        features[f"{name} day"] = (date - pd.Timestamp("1970-01-01")).dt.days.astype(float)
        features[f"{name} month"] = date.dt.month.astype(float).map("{:g}".format)
        features[f"{name} weekday"] = date.dt.dayofweek.astype(float).map("{:g}".format)
    return features

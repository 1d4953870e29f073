"""One draw of a public question: what a user with these rows can know, and what comes true on fresh rows.

Numeric tasks are cut into three classes at the terciles of the training rows.
"""

import dataclasses
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from benchmarks.affinity.public import Question, Trial

from sharedtrunk import tables
from sharedtrunk.affinity._intervals import clustered
from sharedtrunk.affinity._linear_student import Pool, Rows
from sharedtrunk.affinity._linear_trials import Learner
from sharedtrunk.affinity._preparation import preparation
from sharedtrunk.affinity._split_inputs import SplitInputs
from sharedtrunk.affinity._splits import dealt
from sharedtrunk.affinity._ways import WAYS
from sharedtrunk.tables import MISSING, Table

FOLDS = 5


class Draw(NamedTuple):
    """A trial as a table: the first `train` rows are the user's, the others are fresh.

    `table` has all labels, `groups` are those of the user's rows.
    """

    table: Table
    tasks: tuple[str, ...]
    train: int
    groups: np.ndarray | None

    @property
    def users(self) -> Table:
        """The user's table."""
        labels = {task: codes[: self.train] for task, codes in self.table.labels.items()}
        return dataclasses.replace(
            self.table, features=self.table.features[: self.train], labels=labels, groups=self.groups
        )


def as_draw(question: Question, trial: Trial) -> Draw:
    """The trial of a question as a table, with numeric tasks cut into classes."""
    labels = pd.concat([trial.train_labels, trial.test_labels], ignore_index=True)
    for task in question.tasks:
        if question.is_numeric(task):
            labels[task] = _thirds(labels[task].astype(float), len(trial.train))
    features = pd.concat([trial.train, trial.test], ignore_index=True)
    table = tables.from_arrays(features, labels)
    tasks = (question.main, *(task for task in question.auxiliaries if task in table.labels))
    return Draw(table, tasks, len(trial.train), trial.train_groups)


def _thirds(values: pd.Series, train: int) -> pd.Series:
    edges = np.unique(np.nanquantile(values[:train], [1 / 3, 2 / 3]))
    cut = pd.Series(np.searchsorted(edges, values, side="left").astype(str), values.index, dtype=object)
    return cut.where(values.notna(), None)


def sets_of(tasks: tuple[str, ...]) -> list[tuple[int, ...]]:
    """Every auxiliary task by itself, and all together."""
    single = [(task,) for task in range(1, len(tasks))]
    return [*single, tuple(range(1, len(tasks)))] if len(single) > 1 else single


def measured(draw: Draw, seed: int) -> list[dict[str, Any]]:
    """A record of each set of auxiliary tasks and way of using them, after that of the main task alone.

    `known` is what the out-of-fold losses of the user's rows say, `true` what comes true on fresh rows, each with its
    standard error over rows.
    """
    table, train = draw.table, draw.train
    prepare = preparation(table.feature_names, table.categories, table.dates)
    inputs = SplitInputs(table.features, prepare).prepared(np.arange(len(table.features)) < train)
    codes = np.stack([table.labels[task] for task in draw.tasks])
    classes = tuple(len(table.classes[task]) for task in draw.tasks)
    folds = dealt(codes[0, :train], FOLDS, np.random.default_rng([seed, 5]), draw.groups)
    learner = Learner(Rows(inputs[:train], codes[:, :train], classes, folds))
    alone = learner.alone()
    own, fresh = _losses(alone, learner.rows, inputs[train:], codes[0, train:])
    count = np.bincount(codes[0, :train][codes[0, :train] >= 0], minlength=classes[0])
    frequencies = -np.log((count + 0.5) / (count + 0.5).sum())
    labelled = codes[0, :train] >= 0
    groups = None if draw.groups is None else draw.groups[labelled]
    found: list[dict[str, Any]] = [
        {
            "set": (),
            "labels": int(labelled.sum()),
            "classes": classes[0],
            "features": inputs.shape[1],
            "known": float(own.mean()),
            "true": float(fresh.mean()),
            "known_frequencies": float(frequencies[codes[0, :train][labelled]].mean()),
            "true_frequencies": float(frequencies[codes[0, train:]].mean()),
            "logistic": logistic(
                inputs[:train][labelled], codes[0, :train][labelled], inputs[train:], codes[0, train:]
            ),
        }
    ]
    for chosen in sets_of(draw.tasks):
        weights = [float(task == 0 or task in chosen) for task in range(len(draw.tasks))]
        known_b = (codes[list(chosen), :train] != MISSING).any(axis=0)
        for way in WAYS:
            joint = _losses(learner.student(weights, way), learner.rows, inputs[train:], codes[0, train:])
            gains, truths = own - joint[0], fresh - joint[1]
            found.append(
                {
                    "set": chosen,
                    "way": way,
                    "more": int((known_b & ~labelled).sum()),
                    "both": int((known_b & labelled).sum()),
                    "known": float(gains.mean()),
                    "known_error": _error(gains, groups),
                    "true": float(truths.mean()),
                    "true_error": float(truths.std(ddof=1) / len(truths) ** 0.5),
                }
            )
    return found


def _error(gains: np.ndarray, groups: np.ndarray | None) -> float:
    """Standard error of the mean over rows, or over groups of rows."""
    return clustered(np.stack([gains, gains]), groups).standard_error


def _losses(student: Pool, rows: Rows, fresh: np.ndarray, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Losses of the rows with a main label, out of fold, and of fresh rows."""
    labelled = np.flatnonzero(rows.codes[0] != MISSING)
    own = -student.out_of_fold[labelled, rows.codes[0, labelled]]
    return own, -student.log_probabilities(fresh)[np.arange(len(codes)), codes]


def logistic(inputs: np.ndarray, codes: np.ndarray, fresh: np.ndarray, true: np.ndarray) -> float:
    """The loss of scikit-learn's `LogisticRegressionCV` on fresh rows, with classes that it lacks at 1e-3."""
    import warnings

    from sklearn.linear_model import LogisticRegressionCV
    from sklearn.model_selection import KFold, StratifiedKFold

    fewest = np.bincount(codes)[np.unique(codes)].min()
    folds = StratifiedKFold(5, shuffle=True, random_state=0) if fewest >= 2 else KFold(5, shuffle=True, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = LogisticRegressionCV(Cs=10, cv=folds, scoring="neg_log_loss", max_iter=1000)
        try:
            model.fit(inputs, codes)
        except ValueError:  # a fold without a class
            return float("nan")
        found = np.full((len(fresh), max(true.max(), codes.max()) + 1), 1e-3)
        found[:, model.classes_] = np.maximum(model.predict_proba(fresh), 1e-15)
    return float(-np.log(found[np.arange(len(true)), true]).mean())

"""The advisor as a scikit-learn estimator: `AuxiliaryTaskAdvisor(main="churned").fit(X, Y)`."""

import os
import warnings
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sharedtrunk import tables
from sharedtrunk._support.limits import check_metric
from sharedtrunk.affinity._advise import advise
from sharedtrunk.affinity._own_study import OnInputs
from sharedtrunk.affinity._parameters import (
    STUDENT_CONSTRAINTS,
    ValidatedParameters,
    check_network,
    one_of,
    satisfies,
    student_of,
)
from sharedtrunk.affinity._student import LINEAR_STUDENT
from sharedtrunk.errors import invalid


class AuxiliaryTaskAdvisor(ValidatedParameters, BaseEstimator):
    """Find the tasks to train beside `main`, by paired trainings, and explain the benefits by theory.

    The benefit is MT = E[loss of the main task alone − beside the auxiliary tasks], in nats on held-out rows, or in `metric`.
    It is measured with our student, or with one's own model (`estimator`).

    Parameters
    ----------
    main : str or int
        Column of Y, by name or index.
    auxiliaries : sequence of str or int, optional
        The tasks to try; all other columns by default.
    student : {"auto", "linear", "network"}
        Whom the advice is about: regressions with weight decay (`LinearTaskClassifier`), a network with a shared trunk, or
        the one of both that is better on the main task alone.
    hidden, activation, learning_rate_init, max_iter, n_iter_no_change, tol
        The network, as in `SharedTrunkClassifier`.
    repeats : int, optional
        Repeats of ten folds; 3 by default, fewer for large tables.
    negligible : float, optional
        Benefits within ± this many nats (units of the metric) count as "no difference"; by default 5 % of what the features
        explain, at least .001 and at most .01.
    choose : bool
        Whether sets, weights and the curve by number of labels are measured too.
    random_state : int, RandomState or None
        Seed of splits, starts and the theory's draws.
    progress : callable, optional
        Called as `progress(done, total)` with numbers of trainings.
    missing : sequence of str, optional
        Texts that stand for a missing value, as for `tables.from_arrays`.
    cv : splitter or iterable of (train, test), optional
        Splits instead of random folds: any splitter of scikit-learn, or arrays of row numbers.
    estimator : classifier or OwnModel, optional
        One's own model instead of the student, whose parameters then mean nothing: any classifier with `predict_proba`, or
        two functions; see `advise`.
    prepare : bool
        Whether one's own model gets features prepared as the student's are. False: rows of X as they came, for example for a
        pipeline of one's own.
    n_jobs : int, optional
        Splits on which one's own model is trained at the same time, in threads.
    metric : str or scorer, optional
        What the benefit is measured in, as for `advise`, also a scorer of scikit-learn; by default "log_loss", of a numeric
        main task "mean_squared_error".
    kinds : dict, optional
        Kinds of tasks by name, as for `tables.from_arrays`: "numeric", "classes", "ordered", or levels in order.
    class_weight : "balanced" or dict, optional
        Weights of labels in training, as for `advise`.
    budget : float, optional
        Minutes after which the advice so far is returned.
    keep : str or path, optional
        The folder in which trainings are kept as they finish; one in the user's cache by default.

    Attributes
    ----------
    advice_ : Advice
        Everything that was found.
    n_features_in_ : int
        Number of columns of X.
    """

    _parameter_constraints: ClassVar = {
        **STUDENT_CONSTRAINTS,
        "student": one_of("auto", "linear", "network"),
        "auxiliaries": satisfies(
            "is a list of tasks",
            lambda value: value is None or (isinstance(value, Sequence) and not isinstance(value, str)),
            "Put it in brackets.",
        ),
        "repeats": satisfies("is a whole number or None", lambda value: value is None or _whole(value)),
        "negligible": satisfies("is a number of nats or None", lambda value: value is None or isinstance(value, Real)),
        "prepare": one_of(True, False),
        "metric": lambda name, value: check_metric(value),
        "kinds": satisfies("is a dict by task or None", lambda value: value is None or isinstance(value, Mapping)),
        "choose": one_of(True, False),
        "budget": satisfies("is a number of minutes or None", lambda value: value is None or isinstance(value, Real)),
        "keep": satisfies("is a folder or None", lambda value: value is None or isinstance(value, str | os.PathLike)),
        "progress": satisfies("is a function of (done, total) or None", lambda value: value is None or callable(value)),
    }

    # No types here: scikit-learn's parameters take anything until `fit` checks them.
    def __init__(
        self,
        main=0,
        auxiliaries=None,
        *,
        student="auto",
        hidden=(100,),
        activation="relu",
        learning_rate_init=0.003,
        max_iter=1000,
        n_iter_no_change=30,
        tol=0.003,
        repeats=None,
        negligible=None,
        choose=True,
        random_state=0,
        progress=None,
        missing=None,
        cv=None,
        estimator=None,
        prepare=True,
        n_jobs=None,
        metric=None,
        kinds=None,
        class_weight=None,
        budget=None,
        keep=None,
    ):
        self.main = main
        self.auxiliaries = auxiliaries
        self.student = student
        self.hidden = hidden
        self.activation = activation
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.n_iter_no_change = n_iter_no_change
        self.tol = tol
        self.repeats = repeats
        self.negligible = negligible
        self.choose = choose
        self.random_state = random_state
        self.progress = progress
        self.missing = missing
        self.cv = cv
        self.estimator = estimator
        self.prepare = prepare
        self.n_jobs = n_jobs
        self.metric = metric
        self.kinds = kinds
        self.class_weight = class_weight
        self.budget = budget
        self.keep = keep

    def fit(self, X, Y, *, groups=None, times=None, sample_weight=None) -> "AuxiliaryTaskAdvisor":
        """Measure the benefits and explain them.

        Parameters
        ----------
        X : (sample, feature)
            Array, frame or sparse matrix; a sparse one is made dense and may then take at most 1 GiB.
        Y : (sample, task)
            Labels, NaN or None where missing.
        groups : (sample,), optional
            Rows of one group, such as a person's, are never on both sides of a split. A missing one is a group of its own.
        times : (sample,), optional
            Numbers or dates: test rows are later than all rows that the student knows.
        sample_weight : (sample,), optional
            How many rows a row stands for, in training and in all means.

        Returns
        -------
        AuxiliaryTaskAdvisor
            The same object.

        Raises
        ------
        InputError
            For parameters out of range, tasks that Y lacks, and what `tables.from_arrays` and `advise` refuse.
        """
        self._validate_params()
        given, X = X, tables.dense(X)
        table = tables.from_arrays(X, Y, missing=self.missing, kinds=self.kinds)
        table = tables.with_related_rows(table, groups=groups, times=times)
        names = list(table.labels)
        main = _named(self.main, names)
        others = [name for name in names if name != main]
        columns = [*names, *table.parts]
        chosen = others if self.auxiliaries is None else [_named(task, columns) for task in self.auxiliaries]
        student = student_of(self)
        if self.estimator is None:
            check_network(student.hidden, table.features.shape[1], [max(len(table.classes[name]), 1) for name in names])
        as_given = self.estimator is not None and not self.prepare
        self.advice_ = advise(
            table,
            main,
            chosen,
            student={"auto": (LINEAR_STUDENT, student), "linear": LINEAR_STUDENT, "network": student}[self.student],
            repeats=self.repeats,
            negligible=self.negligible,
            seed=_seed(self.random_state),
            choose=self.choose,
            cv=self.cv,
            estimator=OnInputs(self.estimator, _indexable(given)) if as_given else self.estimator,
            prepare=bool(self.prepare),
            n_jobs=self.n_jobs,
            metric=self.metric,
            sample_weight=sample_weight,
            class_weight=self.class_weight,
            budget=self.budget,
            keep=self.keep,
            progress=self.progress,
        )
        for leak in self.advice_.leaks:
            if leak.severe:
                warnings.warn(f"{leak.sentence} What was measured is the leak.", UserWarning, stacklevel=2)
            elif leak.kind == "repeated identifier":
                warnings.warn(leak.sentence, UserWarning, stacklevel=2)
        self.n_features_in_ = X.shape[1] if hasattr(X, "shape") else len(X[0])
        return self

    def to_frame(self):
        """One row per auxiliary task, best first, as a pandas DataFrame; see `Advice.to_frame`."""
        check_is_fitted(self)
        return self.advice_.to_frame()

    def plot(self):
        """The advice as a matplotlib figure; see `Advice.plot`."""
        check_is_fitted(self)
        return self.advice_.plot()


def _indexable(X: Any) -> Any:
    """Rows that can be chosen by their numbers: lists become an array."""
    return np.asarray(X) if isinstance(X, list | tuple) else X


def _whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _seed(random_state: Any) -> int:
    """A whole number as it is; a seed drawn from anything else that scikit-learn accepts as a random state."""
    return int(random_state) if _whole(random_state) else int(check_random_state(random_state).randint(2**31 - 1))


def _named(task: Any, names: list[str]) -> str:
    """The name of a task that is given by name or, where no task has that name, by its index among the columns of Y."""
    if str(task) in names:
        return str(task)
    if _whole(task) and 0 <= task < len(names):
        return names[int(task)]
    raise invalid("a task is a column of Y, by name or index", received=task, hint=f"Y has {', '.join(names)}.")

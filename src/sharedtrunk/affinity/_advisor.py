"""The advisor as an estimator of scikit-learn's kind: `AuxiliaryTaskAdvisor(main="churned").fit(X, Y)`."""

import warnings
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from sharedtrunk import tables
from sharedtrunk.affinity._advise import advise
from sharedtrunk.affinity._classifier import SharedTrunkClassifier
from sharedtrunk.affinity._effects import NEGLIGIBLE
from sharedtrunk.affinity._inputs import dense
from sharedtrunk.affinity._parameters import check_network, recipe_of
from sharedtrunk.affinity._trials import Student
from sharedtrunk.errors import invalid


class AuxiliaryTaskAdvisor(BaseEstimator):
    """Which other tasks to train beside `main`: measured by paired trainings, explained by the theory.

    MT = E[loss of the main task alone − beside the auxiliary tasks], in nats of held-out rows. `main` and `auxiliaries`
    name columns of Y, or number them; without `auxiliaries` all others are tried. `hidden`, `activation`,
    `learning_rate_init`, `max_iter`, `n_iter_no_change` and `tol` are those of `SharedTrunkClassifier`; `repeats` of ten
    folds, `negligible` in nats, `choose`, `random_state` and `progress` those of `advise`, `missing` that of
    `tables.from_arrays`. After `fit`, `advice_` holds everything that was found.
    """

    # No types here: scikit-learn's parameters take anything until `fit` checks them.
    def __init__(
        self,
        main=0,
        auxiliaries=None,
        *,
        hidden=(100,),
        activation="relu",
        learning_rate_init=0.003,
        max_iter=1000,
        n_iter_no_change=30,
        tol=0.003,
        repeats=None,
        negligible=NEGLIGIBLE,
        choose=True,
        random_state=0,
        progress=None,
        missing=None,
    ):
        self.main = main
        self.auxiliaries = auxiliaries
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

    def fit(self, X, Y) -> "AuxiliaryTaskAdvisor":
        """Measure and explain. X is (sample, feature), Y (sample, task) with NaN or None where a label is missing.

        A sparse X is made dense. Raises `InputError` where that takes more than 1 GiB, for what `tables.from_arrays` and
        `advise` refuse, and for tasks that Y lacks.
        """
        X = dense(X)
        table = tables.from_arrays(X, Y, missing=self.missing)
        names = list(table.labels)
        self._check()
        main = _named(self.main, names)
        others = [name for name in names if name != main]
        chosen = others if self.auxiliaries is None else [_named(task, names) for task in self.auxiliaries]
        student = self._student(names)
        check_network(student.hidden, table.features.shape[1], [len(table.classes[name]) for name in names])
        self.advice_ = advise(
            table,
            main,
            chosen,
            student=student,
            repeats=self.repeats,
            negligible=self.negligible,
            seed=_seed(self.random_state),
            choose=self.choose,
            progress=self.progress,
        )
        for leak in self.advice_.leaks:
            if leak.severe:
                warnings.warn(f"{leak.sentence} What was measured is the leak.", UserWarning, stacklevel=2)
        self.n_features_in_ = X.shape[1] if hasattr(X, "shape") else len(X[0])
        return self

    def _check(self) -> None:
        """Raise `InputError` for parameters of a wrong kind; `advise` checks their range."""
        if isinstance(self.auxiliaries, str) or not (
            self.auxiliaries is None or isinstance(self.auxiliaries, Sequence)
        ):
            raise invalid("auxiliaries is a list of tasks", received=repr(self.auxiliaries), hint="Put it in brackets.")
        kinds = {
            "repeats": (self.repeats is None or _whole(self.repeats), "a whole number or None"),
            "negligible": (isinstance(self.negligible, Real), "a number of nats"),
            "choose": (isinstance(self.choose, bool), "True or False"),
            "progress": (self.progress is None or callable(self.progress), "a function of (done, total) or None"),
        }
        for name, (fits, kind) in kinds.items():
            if not fits:
                raise invalid(f"{name} is {kind}", received=repr(getattr(self, name)), hint="See the class's defaults.")

    def _student(self, tasks: Sequence[str]) -> Student:
        """The student that these parameters ask for, checked as the classifier checks them."""
        shared = ("hidden", "activation", "learning_rate_init", "max_iter", "n_iter_no_change", "tol")
        asked = SharedTrunkClassifier(**{name: getattr(self, name) for name in shared})
        recipe = recipe_of(asked.get_params(), tasks)
        return Student(
            hidden=recipe.hidden,
            activation=recipe.activation,
            learning_rate=recipe.learning_rate,
            max_steps=recipe.max_iter,
            patience=recipe.patience,
            tol=recipe.tol,
        )

    def to_frame(self):
        """One row an auxiliary task, best first, as a pandas DataFrame; see `Advice.to_frame`."""
        check_is_fitted(self)
        return self.advice_.to_frame()

    def plot(self):
        """The advice as a matplotlib figure; see `Advice.plot`."""
        check_is_fitted(self)
        return self.advice_.plot()


def _whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def _seed(random_state: Any) -> int:
    """A whole number as it is; anything else that scikit-learn takes for a random state gives one."""
    if isinstance(random_state, Integral):
        return int(random_state)
    try:
        return int(check_random_state(random_state).randint(2**31 - 1))
    except ValueError as error:
        received, hint = repr(random_state), "Give a whole number."
        raise invalid("random_state is a seed, a RandomState or None", received=received, hint=hint) from error


def _named(task: Any, names: list[str]) -> str:
    """A task's name, given as such or, where no task is named so, by its place among the columns of Y."""
    if str(task) in names:
        return str(task)
    if _whole(task) and 0 <= task < len(names):
        return names[int(task)]
    raise invalid("A task is a column of Y, by name or place", received=task, hint=f"It has {', '.join(names)}.")

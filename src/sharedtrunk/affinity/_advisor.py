"""The advisor as an estimator of scikit-learn's kind: `AuxiliaryTaskAdvisor(main="churned").fit(X, Y)`."""

from collections.abc import Callable, Sequence

from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from sharedtrunk import tables
from sharedtrunk._errors import invalid
from sharedtrunk.affinity._advise import advise
from sharedtrunk.affinity._classifier import SharedTrunkClassifier
from sharedtrunk.affinity._effects import NEGLIGIBLE
from sharedtrunk.affinity._parameters import recipe_of
from sharedtrunk.affinity._trials import Student


class AuxiliaryTaskAdvisor(BaseEstimator):
    """Which other tasks to train beside `main`: measured by paired trainings, explained by the theory.

    MT = E[loss of the main task alone − beside the auxiliary tasks], in nats of held-out rows. `main` and `auxiliaries`
    name columns of Y, or number them; without `auxiliaries` all others are tried. `hidden`, `activation`,
    `learning_rate_init`, `max_iter`, `n_iter_no_change` and `tol` are those of `SharedTrunkClassifier`; `repeats` of ten
    folds, `negligible` in nats, `choose`, `random_state` and `progress` those of `advise`. After `fit`, `advice_` holds
    everything that was found.
    """

    def __init__(
        self,
        main: str | int = 0,
        auxiliaries: Sequence[str | int] | None = None,
        *,
        hidden: Sequence[int] = (100,),
        activation: str = "relu",
        learning_rate_init: float = 0.003,
        max_iter: int = 1000,
        n_iter_no_change: int = 30,
        tol: float = 0.003,
        repeats: int | None = None,
        negligible: float = NEGLIGIBLE,
        choose: bool = True,
        random_state: int = 0,
        progress: Callable[[int, int], None] | None = None,
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

    def fit(self, X, Y) -> "AuxiliaryTaskAdvisor":
        """Measure and explain. X is (sample, feature), Y (sample, task) with NaN or None where a label is missing.

        Raises `InputError` for what `tables.from_arrays` and `advise` refuse, and for tasks that Y lacks.
        """
        table = tables.from_arrays(X, Y)
        names = list(table.labels)
        main = _named(self.main, names)
        others = [name for name in names if name != main]
        chosen = others if self.auxiliaries is None else [_named(task, names) for task in self.auxiliaries]
        student = self._student(names)
        self.advice_ = advise(
            table,
            main,
            chosen,
            student=student,
            repeats=self.repeats,
            negligible=self.negligible,
            seed=self.random_state,
            choose=self.choose,
            progress=self.progress,
        )
        self.n_features_in_ = table.features.shape[1]
        return self

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


def _named(task: str | int, names: list[str]) -> str:
    """A task's name, given as such or by its place among the columns of Y."""
    if isinstance(task, int) and not isinstance(task, bool) and 0 <= task < len(names):
        return names[task]
    if task in names:
        return str(task)
    raise invalid("A task is a column of Y, by name or place", received=task, way_out=f"It has {', '.join(names)}")

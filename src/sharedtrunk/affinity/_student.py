"""How a student of real data is built and trained: the part that estimators, the advisor and benchmarks have in common."""

from dataclasses import dataclass

from sharedtrunk.affinity._network import Activation


@dataclass(frozen=True)
class Student:
    """A student's trunk and its training by Adam.

    Parameters
    ----------
    hidden
        Units of each trunk layer.
    activation
        "relu" or "linear".
    learning_rate
        Adam's step size.
    max_steps
        The largest number of steps.
    patience
        Training stops after this many steps without an improvement of the validation loss by `tol`.
    tol
        The smallest improvement that counts, in nats.
    dtype
        Precision of the training: "float32" or "float64".
    """

    hidden: tuple[int, ...] = (100,)
    activation: Activation = "relu"
    learning_rate: float = 0.003
    max_steps: int = 1000
    patience: int = 30
    tol: float = 0.003
    dtype: str = "float32"


STUDENT = Student()
"""The usual student: one ReLU layer of 100 units."""


@dataclass(frozen=True)
class LinearStudent:
    """Logistic regression with weight decay, averaged over decays (`_linear_student`): convex, without a start or a stop.

    Parameters
    ----------
    folds
        Folds of the training rows that decide what share each weight decay has.
    """

    folds: int = 5


LINEAR_STUDENT = LinearStudent()
"""The linear student with the usual folds."""

CANDIDATES = (LINEAR_STUDENT, STUDENT)
"""Students of which the one that is better on the main task alone is advised about."""

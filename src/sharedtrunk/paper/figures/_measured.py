"""The variables that the lanes of a figure return, with the units and meanings that datasets carry.

*Students* return losses, accuracies, stopping times and result codes; linear students also return the weights at the stop and
the slope of the loss there, from which the bounds are computed. *Theory* returns the loss at its own minimum.
"""

from collections.abc import Mapping

from sharedtrunk.paper.figures._standard import RESULT_FLAGS
from sharedtrunk.sweeps import Variable

ARMS = {"single": "single-task student", "joint": "multitask student"}
THEORIES = {"closure": "Gaussian closure of the sample", "population": "population flow (infinite data)"}

LOSSES = {
    "loss": ("nats", "generalization loss of the {arm} at the minimum over time (oracle stopping)"),
    "loss_error": ("nats", "estimated numerical error of the loss of the {arm}, oracle stopping"),
    "loss_honest": ("nats", "generalization loss of the {arm}, stopped by its validation loss"),
    "loss_honest_error": ("nats", "estimated numerical error of the loss of the {arm}, validation stopping"),
    "accuracy": ("1", "share of inputs on which the {arm} agrees with the clean teacher, oracle stopping"),
    "accuracy_honest": ("1", "share of inputs on which the {arm} agrees with the clean teacher, validation stopping"),
    "stop": ("training time", "time at which the generalization loss of the {arm} is smallest"),
    "stop_honest": ("training time", "time at which the validation loss of the {arm} is smallest"),
}
"""Variables of either arm with (units, meaning); "{arm}" stands for the arm's words."""

OF_THE_LABELS = {
    "label_flips": ("1", "share of the main task's training labels that the teacher's noise flipped"),
    "smallest_class": ("1", "share of the main task's training labels in their rarest class"),
    "largest_class": ("1", "share of the main task's training labels in their commonest class"),
}
"""Variables that are the same for both arms, so that the dataset has them once."""

OF_THE_ERROR = {
    "loss_scrambles": ("nats", "loss of the {arm} by every scramble of the quadrature rule, oracle stopping"),
    "loss_refinement": ("nats", "error of the loss of the {arm} from the saved times, oracle stopping"),
    "loss_honest_scrambles": (
        "nats",
        "loss of the {arm} by every scramble of the quadrature rule, validation stopping",
    ),
    "loss_honest_refinement": ("nats", "error of the loss of the {arm} from the saved times, validation stopping"),
}
"""Variables that are stored with the lanes only: the error of the benefit is computed scramble by scramble from them."""

OF_THE_BOUNDS = {
    "weights": ("1", "composite weights of the main task of the {arm}, oracle stopping"),
    "slope": ("1", "label moment less softmax moment at the weights of the {arm}: minus the gradient of its loss"),
    "slope_error": ("1", "numerical error of the slope of the {arm}, in the Frobenius norm"),
}
"""Variables that are stored with the lanes of linear students only: the bounds are computed from them."""

OF_THEORY = {
    "loss": ("nats", "generalization loss of the {arm} at its minimum over time, by the {theory}"),
    "stop": ("training time", "time at which the generalization loss of the {arm} is smallest, by the {theory}"),
}

_DIMS = {
    "loss_scrambles": ("scramble",),
    "loss_honest_scrambles": ("scramble",),
    "weights": ("class", "feature"),
    "slope": ("class", "feature"),
}


def of_students(arm: str, *, linear: bool) -> dict[str, Variable]:
    """The variables that a sweep of students returns."""
    tables = [LOSSES, OF_THE_LABELS, OF_THE_ERROR] + [OF_THE_BOUNDS] * linear
    return _variables({name: words for table in tables for name, words in table.items()}, arm=ARMS[arm])


def of_theory(arm: str, theory: str) -> dict[str, Variable]:
    """The variables that a sweep of theory returns."""
    return _variables(OF_THEORY, arm=ARMS[arm], theory=THEORIES[theory])


def _variables(table: Mapping[str, tuple[str, str]], **words: str) -> dict[str, Variable]:
    variables = {
        name: Variable(_DIMS.get(name, ()), units, meaning.format(**words)) for name, (units, meaning) in table.items()
    }
    return variables | {
        "result": Variable(units="code", long_name=f"how the {words['arm']} ended; 0 is success", flags=RESULT_FLAGS)
    }

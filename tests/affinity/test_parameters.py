"""Parameters of the classifier that are nothing of the kind are refused in one line, by `fit`."""

import numpy as np
import pytest

from sharedtrunk.affinity._classifier import SharedTrunkClassifier
from sharedtrunk.affinity._parameters import recipe_of
from sharedtrunk.errors import InputError

TASKS = ("digit", "parity", "loop")

STRANGE = [
    ("task_weights", "abc", "got 'abc'"),
    ("task_weights", b"abc", "got b'abc'"),
    ("task_weights", 2, "got 2"),
    ("task_weights", np.array(2.0), "got array"),
    ("task_weights", [1, None, 2], "got .1, None, 2."),
    ("task_weights", [1, "2", 2], "got .1, '2', 2."),
    ("task_weights", [1, 10**400, 2], "got .1, 1000"),
    ("task_weights", {"parity": None}, "got {'parity': None}"),
    ("task_weights", np.ones((3, 2)), "got array"),
    ("task_weights", [0, 0, 0], "got .0, 0, 0."),
    ("standardize", np.array([True, False]), "standardize is True or False; got array"),
    ("standardize", np.zeros((99, 99)), "standardize is True or False; got array"),
    ("standardize", None, "standardize is True or False; got None"),
    ("activation", ["relu"], "activation is 'relu' or 'linear'"),
    ("dtype", np.array(["float32"] * 2), "dtype is 'float32' or 'float64'"),
    ("batch_size", np.array([1, 2]), "batch_size is a whole number"),
    ("hidden", np.array([[1, 2], [3, 4]]), "a width in hidden is a whole number"),
    ("stop_on", np.full(50, 7.5), "stop_on names tasks"),
]


def _recipe(**parameters):
    classifier = SharedTrunkClassifier(**parameters)
    classifier._validate_params()
    return recipe_of(classifier, TASKS)


@pytest.mark.parametrize(("name", "value", "says"), STRANGE)
def test_a_strange_parameter_is_one_line(name, value, says):
    with pytest.raises(InputError, match=says) as caught:
        _recipe(**{name: value})
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("given", [[1, 0.5, 0], (1, 0.5, 0), np.array([1, 0.5, 0]), {"parity": 0.5, 2: np.float32(0)}])
def test_weights_in_any_container(given):
    recipe = _recipe(task_weights=given, standardize=np.bool_(False))
    assert recipe.task_weights == (1.0, 0.5, 0.0)
    assert recipe.standardize is False

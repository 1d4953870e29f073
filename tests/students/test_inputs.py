"""Bad input: the rule, what was received, the way out."""

import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import students
from sharedtrunk.errors import InputError

X = jnp.zeros((4, 3)) + jnp.arange(4.0)[:, None]
Y = jnp.asarray([0, 1, 1, 0])


def network(classes=(2,), features=3, scale=0.3):
    import jax

    return students.random_start(jax.random.key(0), features=features, hidden=(5,), classes=classes, scale=scale)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((X[:0], [Y[:0]]), {"classes": 2}, "none of them empty"),
        ((X.at[1, 1].set(jnp.nan), [Y]), {"classes": 2}, "Inputs must be finite"),
        ((X, [Y[:3]]), {"classes": 2}, "one label per sample"),
        ((X, [Y]), {}, "number of classes must be given"),
        ((X, [Y + 1]), {"classes": 2}, r"class indices 0 … 1"),
        ((X, [jnp.full((2, 4), 0.6)]), {}, "sum to 1"),
        ((X, [Y]), {"classes": 2, "task_weights": [-1.0]}, "finite and ≥ 0"),
        ((X, [Y]), {"classes": 2, "masks": [jnp.zeros(4)]}, "at least one labelled sample"),
        ((X, []), {}, "there must be a task"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_problem(arguments, options, message):
    with pytest.raises(InputError, match=message):
        students.make_problem(*arguments, **options)


@pytest.mark.parametrize(
    ("start", "times", "method", "message"),
    [
        (network(features=2), [0, 1], None, "must agree in features"),
        (network(classes=(2, 2)), [0, 1], None, "must agree in features"),
        (network(), [0, 1, 1], None, "increasing"),
        (network(), [0], None, "increasing"),
        (network(), [0, 1], students.Flow(rtol=0.0), "rtol"),
        (network(), [0, 0.25], students.Descent(step=0.1), "multiples of its step"),
        (network(), [0, 1], students.Descent(step=-1.0), "step > 0"),
        (network(), [0, 1], students.Descent(step=0.5, batch_size=9), "batch size"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_train(start, times, method, message):
    problem = students.make_problem(X, [Y], classes=2)
    with pytest.raises(InputError, match=message):
        students.train(start, problem, jnp.asarray(times, X.dtype), method)


@pytest.mark.parametrize("seen_tasks", [0, 2, -1])
def test_tasks_to_be_seen(seen_tasks):
    problem = students.make_problem(X, [Y], classes=2)
    with pytest.raises(InputError, match=f"seen_tasks must be from 1 to .*got {seen_tasks}"):
        students.train(network(), problem, jnp.asarray([0.0, 1.0], X.dtype), seen_tasks=seen_tasks)


def test_weights_that_are_not_finite():
    start = network()
    broken = students.SharedTrunk((start.trunk[0].at[0, 0].set(np.nan),), start.heads)
    with pytest.raises(InputError, match="Initial weights must be finite"):
        students.train(broken, students.make_problem(X, [Y], classes=2), jnp.asarray([0.0, 1.0]))


def test_a_nonlinear_student_needs_an_evaluation():
    start = network()
    relu = students.SharedTrunk(start.trunk, start.heads, "relu")
    with pytest.raises(InputError, match="no composite weights"):
        students.train(relu, students.make_problem(X, [Y], classes=2), jnp.asarray([0.0, 1.0]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden": ()}, "at least one hidden layer"),
        ({"classes": (0,)}, "size ≥ 1"),
        ({"scale": -1.0}, "scale must be"),
        ({"scale": (1.0, 1.0, 1.0)}, "scale must be"),
    ],
)
def test_start(options, message, key):
    with pytest.raises(InputError, match=message):
        students.random_start(key, **{"features": 3, "hidden": (5,), "classes": (2,), **options})


def test_masks_of_different_lengths_are_a_list():
    """Auxiliary tasks may have more points than the main one, so their masks are no array."""
    masks = [np.ones(6, bool), np.ones(9, bool)]
    with pytest.raises(InputError) as refused:
        students.make_problem(np.zeros((9, 3)), [np.zeros(9, int)] * 2, classes=2, masks=masks)
    assert "are a list with an entry per task" not in str(refused.value)


def test_numbers_of_classes_may_be_numpys():
    inputs, labels = np.eye(3), [np.array([0, 1, 2])]
    expected = students.make_problem(inputs, labels, classes=3).targets[0]
    for classes in (np.int64(3), [np.int64(3)]):
        np.testing.assert_array_equal(students.make_problem(inputs, labels, classes=classes).targets[0], expected)

"""The drive against autodiff of the loss and against a textbook NumPy backpropagation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import references
from sharedtrunk import students
from small_problems import small_problem

CASES = [
    {},
    {"tasks": 1},
    {"hidden": (7, 5)},
    {"hidden": (7, 5, 8), "soft": True},
    {"masked": True},
    {"activation": "relu", "masked": True},
    {"activation": "relu", "hidden": (7, 5, 8), "soft": True},
]


def tolerance():
    return 1e-12 if jax.config.jax_enable_x64 else 3e-6


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=str)
def test_drive_is_minus_the_gradient(key, case):
    start, problem, _ = small_problem(key, **case)
    slope = jax.grad(students.training_loss)(start, problem)
    for ours, theirs in zip(jax.tree.leaves(students.drive(start, problem)), jax.tree.leaves(slope), strict=True):
        np.testing.assert_allclose(ours, -theirs, atol=tolerance())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_drive_is_textbook_backpropagation(key, case):
    start, problem, plain = small_problem(key, **case)
    trunk, heads = references.gradient(
        [np.asarray(w) for w in start.trunk],
        [np.asarray(w) for w in start.heads],
        *plain,
        relu=case.get("activation") == "relu",
    )
    for ours, theirs in zip(jax.tree.leaves(students.drive(start, problem)), [*trunk, *heads], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=tolerance())


def test_labels_outside_the_mask_are_not_seen(key):
    start, problem, (inputs, one_hot, masks, alphas) = small_problem(key, masked=True)
    labels = [np.argmax(y, axis=0) for y in one_hot]
    labels[1] = np.where(masks[1] > 0, labels[1], (labels[1] + 1) % 3)
    changed = students.make_problem(
        jnp.asarray(inputs), [jnp.asarray(y) for y in labels], classes=(4, 3), masks=masks, task_weights=alphas
    )
    missing = students.make_problem(
        jnp.asarray(inputs),
        [jnp.asarray(np.where(m > 0, y, -1)) for y, m in zip(labels, masks, strict=True)],
        classes=(4, 3),
        task_weights=alphas,
    )
    for other in (changed, missing):
        for ours, theirs in zip(
            jax.tree.leaves(students.drive(start, problem)), jax.tree.leaves(students.drive(start, other)), strict=True
        ):
            np.testing.assert_array_equal(ours, theirs)

"""The batched drive of ReLU students against automatic differentiation of the loss, lane by lane."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import students
from sharedtrunk.students import _relu_drive
from sharedtrunk.students._relu_drive import lanes_together, relu_drive
from small_problems import small_problem

LANES = 4


def batch(key, *, own_inputs, own_labels, **case):
    """Lanes that share a problem, or have one each in what is said."""
    given = [small_problem(lane, activation="relu", **case) for lane in jax.random.split(key, LANES)]
    starts, problems = [g[0] for g in given], [g[1] for g in given]

    def stacked(leaves, own):
        return jnp.stack(leaves) if own else leaves[0]

    inputs = stacked([p.inputs for p in problems], own_inputs)
    targets = tuple(stacked(t, own_labels) for t in zip(*(p.targets for p in problems), strict=True))
    shared = students.Problem(inputs, targets, problems[0].coefficients)
    each = [
        students.Problem(
            problems[lane if own_inputs else 0].inputs,
            problems[lane if own_labels else 0].targets,
            problems[0].coefficients,
        )
        for lane in range(LANES)
    ]
    return jax.tree.map(lambda *w: jnp.stack(w), *starts), shared, starts, each


ONE_LANE, ALL_LANES = 1, 2**19
"""Bytes of cache with which so many lanes go together."""


@pytest.mark.long
@pytest.mark.parametrize(
    ("case", "own", "cache"),
    [
        ({}, (False, False), ONE_LANE),
        ({}, (False, True), ALL_LANES),
        ({"tasks": 1}, (True, True), ONE_LANE),
        ({"hidden": (7, 5), "masked": True}, (False, True), ONE_LANE),
        ({"hidden": (7, 5, 8), "soft": True}, (True, True), ALL_LANES),
        ({"hidden": (5,) * 4}, (False, True), ONE_LANE),
    ],
    ids=str,
)
def test_it_is_minus_the_gradient(key, monkeypatch, case, own, cache):
    monkeypatch.setattr(_relu_drive, "CACHE_BYTES", cache)
    lanes, problem, starts, each = batch(key, own_inputs=own[0], own_labels=own[1], **case)
    found = jax.jit(relu_drive)(lanes, problem)
    atol = 1e-12 if jax.config.jax_enable_x64 else 3e-6
    slope_of = jax.jit(jax.grad(students.training_loss))
    for lane in range(LANES):
        slope = slope_of(starts[lane], each[lane])
        for ours, theirs in zip(jax.tree.leaves(found), jax.tree.leaves(slope), strict=True):
            np.testing.assert_allclose(ours[lane], -theirs, atol=atol)


def test_coefficients_may_differ_between_lanes(key):
    """Labels missing in one lane only."""
    lanes, problem, starts, _ = batch(key, own_inputs=False, own_labels=True)
    kept = jnp.ones((LANES, 1, 12)).at[1, :, 3:].set(0)
    own = students.Problem(
        problem.inputs,
        tuple(t * kept for t in problem.targets),
        tuple(jnp.broadcast_to(c, (LANES, 12)) * kept[:, 0] for c in problem.coefficients),
    )
    found = jax.jit(relu_drive)(lanes, own)
    for lane in range(LANES):
        one = students.Problem(
            own.inputs, tuple(t[lane] for t in own.targets), tuple(c[lane] for c in own.coefficients)
        )
        for ours, theirs in zip(
            jax.tree.leaves(found), jax.tree.leaves(jax.grad(students.training_loss)(starts[lane], one)), strict=True
        ):
            np.testing.assert_allclose(ours[lane], -theirs, atol=3e-6)


@pytest.mark.parametrize(
    ("lanes", "samples", "expected"), [(8, 100, 8), (8, 400, 2), (8, 1600, 1), (7, 400, 1), (6, 400, 3)]
)
def test_as_many_lanes_as_fit_the_cache_and_divide_the_batch(lanes, samples, expected):
    """Activations of 100 float32 units: 40 kB of 512 a lane at 100 samples, 160 kB at 400."""
    start = students.SharedTrunk(
        (jnp.zeros((lanes, 100, 20), "float32"),), (jnp.zeros((lanes, 3, 100), "float32"),), "relu"
    )
    assert lanes_together(start, samples) == expected

"""The drive of a batch against that of its lanes one by one, and samples in blocks against all at once."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import students
from sharedtrunk.students import _batch
from sharedtrunk.students._problem import carries_lanes, lane_axes

LANES, SAMPLES, FEATURES = 3, 14, 5


def tolerance():
    return 1e-13 if jax.config.jax_enable_x64 else 1e-6


def problem_of(key, classes, *, own_inputs=False, masked=False):
    keys = jax.random.split(key, 4)
    shape = (LANES, SAMPLES, FEATURES) if own_inputs else (SAMPLES, FEATURES)
    labels = [jax.random.randint(k, (LANES, SAMPLES), 0, c) for k, c in zip(keys[1:], classes, strict=False)]
    if masked:
        labels[-1] = labels[-1].at[1, ::3].set(-1)
    weights = [1.0, 0.3][: len(classes)]
    return students.make_problem(jax.random.normal(keys[0], shape), labels, classes=classes, task_weights=weights)


def starts(key, classes, activation="linear", hidden=(7,)):
    one = [
        students.random_start(
            jax.random.fold_in(key, n),
            features=FEATURES,
            hidden=hidden,
            classes=classes,
            scale=1.5,
            activation=activation,
        )
        for n in range(LANES)
    ]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *one)


CASES = [
    {"classes": (4, 4)},
    {"classes": (4, 3)},
    {"classes": (4,)},
    {"classes": (4, 4), "own_inputs": True},
    {"classes": (4, 3), "masked": True},
    {"classes": (4, 4), "masked": True, "own_inputs": True},
]


def own_part(problem, lane):
    """The problem of one lane, without lane axis."""
    leaves = [
        leaf[lane] if carries else leaf
        for leaf, carries in zip(jax.tree.leaves(problem), carries_lanes(problem), strict=True)
    ]
    return jax.tree.unflatten(jax.tree.structure(problem), leaves)


def assert_lane_by_lane(lanes, problem):
    axes = lane_axes(problem)
    together = _batch.batch_drive(lanes, _batch.prepare(lanes, problem, axes), axes)
    for n in range(LANES):
        lane = jax.tree.map(lambda w, n=n: w[n], lanes)
        alone = students.drive(lane, own_part(problem, n))
        for ours, theirs in zip(jax.tree.leaves(together), jax.tree.leaves(alone), strict=True):
            np.testing.assert_allclose(ours[n], theirs, atol=tolerance())


@pytest.mark.long
@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("block_bytes", [2**25, 600])
def test_a_batch_is_its_lanes(key, monkeypatch, case, block_bytes):
    """With 600 bytes a block the samples go through in several blocks, the last of them filled up."""
    monkeypatch.setattr(_batch, "BLOCK_BYTES", block_bytes)
    assert_lane_by_lane(starts(key, case["classes"]), problem_of(key, **case))


@pytest.mark.long
@pytest.mark.parametrize(("activation", "hidden"), [("relu", (7,)), ("linear", (7, 6))])
def test_other_students_go_lane_by_lane(key, activation, hidden):
    assert_lane_by_lane(starts(key, (4, 3), activation, hidden), problem_of(key, (4, 3), masked=True))


def test_samples_are_cut_into_blocks_that_fit(key, monkeypatch):
    monkeypatch.setattr(_batch, "BLOCK_BYTES", 600)
    lanes, problem = starts(key, (4, 3)), problem_of(key, (4, 3))
    passes = _batch.prepare(lanes, problem, lane_axes(problem))
    blocks, _, part = passes.inputs.shape
    logits = LANES * 7 * part * passes.inputs.dtype.itemsize
    assert blocks * part >= SAMPLES > (blocks - 1) * part
    assert logits <= 600 or part == 1


def test_the_rest_of_a_problem_stays_shared(key):
    some = students.of_lanes(problem_of(key, (4, 3)), np.array([2, 0]))
    assert some.inputs.shape == (FEATURES, SAMPLES)
    assert [target.shape[0] for target in some.targets] == [2, 2]
    assert [coefficient.ndim for coefficient in some.coefficients] == [1, 1]

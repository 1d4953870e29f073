"""Flow and descent: against slow references, against each other, lane by lane, and when they fail."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

import references
from sharedtrunk import students
from sharedtrunk.flows.trajectory import Result
from sharedtrunk.students._train import _finish
from small_problems import small_problem

float64 = pytest.mark.float64


def plain_layers(start):
    return [np.asarray(w) for w in start.trunk], [np.asarray(w) for w in start.heads]


@pytest.mark.long
@float64
@pytest.mark.parametrize("case", [{}, {"tasks": 1}, {"hidden": (7, 5)}, {"masked": True, "soft": True}], ids=str)
def test_descent_is_the_plain_loop(key, case):
    start, problem, plain = small_problem(key, **case)
    times = jnp.asarray([0.0, 0.2, 0.3, 4.0])
    seen = students.train(start, problem, times, students.Descent(step=0.1))
    slow, trunk, heads = references.descend(*plain_layers(start), *plain, step=0.1, steps=40)
    for ours, theirs in zip(seen.composites, slow, strict=True):
        np.testing.assert_allclose(ours, theirs[[0, 2, 3, 40]], atol=1e-11)
    for ours, theirs in zip(jax.tree.leaves(seen.final), [*trunk, *heads], strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-11)


@pytest.mark.long
@float64
@pytest.mark.parametrize("case", [{}, {"hidden": (7, 5)}, {"masked": True}], ids=str)
def test_flow_is_the_slow_integration(key, case):
    start, problem, plain = small_problem(key, **case)
    times = np.linspace(0, 20, 11)
    seen = students.train(start, problem, jnp.asarray(times), students.Flow(rtol=1e-9, atol=1e-10))
    slow = references.flow_by_runge_kutta(*plain_layers(start), *plain, times, substeps=100)
    for ours, theirs in zip(seen.composites, slow, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert int(seen.result) == Result.SUCCESS


@pytest.mark.long
@float64
def test_descent_approaches_flow_with_first_order(key):
    start, problem, _ = small_problem(key)
    times = jnp.asarray([0.0, 8.0])
    limit = students.train(start, problem, times, students.Flow(rtol=1e-10, atol=1e-12)).composites[0][-1]
    steps = 0.4 / 2 ** np.arange(5)
    errors = [
        float(jnp.abs(students.train(start, problem, times, students.Descent(step=h)).composites[0][-1] - limit).max())
        for h in steps
    ]
    orders = np.log2(np.asarray(errors[:-1]) / np.asarray(errors[1:]))
    assert orders[-1] == pytest.approx(1.0, abs=0.05)
    assert (np.diff(np.abs(orders - 1)) < 0).all()


@pytest.mark.long
@float64
@pytest.mark.parametrize("order", [3, 5])
@pytest.mark.parametrize(("rtol", "bound"), [(1e-4, 1e-3), (1e-6, 1e-5), (1e-8, 1e-7)])
def test_flow_error_follows_its_tolerance(key, rtol, bound, order):
    start, problem, _ = small_problem(key)
    times = jnp.linspace(0, 30, 31)
    exact = students.train(start, problem, times, students.Flow(rtol=1e-12, atol=1e-13)).composites[0]
    ours = students.train(start, problem, times, students.Flow(rtol=rtol, atol=rtol / 100, order=order)).composites[0]
    assert float(jnp.abs(ours - exact).max()) < bound


def batched(key, lanes=5):
    """Lanes that share inputs and start and differ in labels."""
    start, problem, _ = small_problem(key)
    targets = []
    for task, target in enumerate(problem.targets):
        rolled = jnp.stack([jnp.roll(target, lane, axis=1) for lane in range(lanes)])
        targets.append(rolled if task == 0 else rolled[0])
    many = dataclasses.replace(problem, targets=tuple(targets))
    starts = jax.tree.map(lambda w: jnp.broadcast_to(w[None], (lanes, *w.shape)), start)
    return start, problem, starts, many


@pytest.mark.long
@pytest.mark.parametrize("method", [students.Flow(), students.Descent(step=0.25)], ids=["flow", "descent"])
def test_a_lane_of_a_batch_is_the_lane_alone(key, method):
    start, problem, starts, many = batched(key)
    times = jnp.linspace(0, 10, 11)
    together = students.train(starts, many, times, method)
    for lane in range(5):
        targets = (many.targets[0][lane], many.targets[1])
        alone = students.train(start, dataclasses.replace(problem, targets=targets), times, method)
        # A flow's lanes share one step: they agree to its tolerance, not to rounding.
        bound = 5e-4 if isinstance(method, students.Flow) else 1e-5
        np.testing.assert_allclose(together.composites[0][lane], alone.composites[0], atol=bound)


def test_a_task_of_weight_zero_leaves_the_main_task_alone(key):
    start, _problem, (inputs, one_hot, *_) = small_problem(key)
    labels = [jnp.argmax(jnp.asarray(y), axis=0) for y in one_hot]
    joint = students.make_problem(jnp.asarray(inputs), labels, classes=(4, 3), task_weights=(1.0, 0.0))
    single = students.make_problem(jnp.asarray(inputs), labels[:1], classes=4)
    one_head = students.SharedTrunk(start.trunk, start.heads[:1])
    times = jnp.linspace(0, 10, 11)
    for method, bound in ((students.Descent(step=0.25), 1e-6), (students.Flow(), 1e-3)):
        a = students.train(start, joint, times, method).composites[0]
        b = students.train(one_head, single, times, method).composites[0]
        np.testing.assert_allclose(a, b, atol=bound)


def test_training_can_be_resumed(key):
    start, problem, _ = small_problem(key)
    method = students.Descent(step=0.25)
    whole = students.train(start, problem, jnp.asarray([0.0, 2.0, 5.0]), method)
    first = students.train(start, problem, jnp.asarray([0.0, 2.0]), method)
    second = students.train(first.final, problem, jnp.asarray([2.0, 5.0]), method)
    np.testing.assert_array_equal(whole.composites[0][1:], second.composites[0])


@pytest.mark.long
def test_the_training_loss_never_rises_along_a_flow(key):
    """(10)."""
    start, problem, _ = small_problem(key, hidden=(7, 5))
    network, losses = start, []
    for t in range(12):
        losses.append(float(students.training_loss(network, problem)))
        network = students.train(network, problem, jnp.asarray([float(t), t + 1.0])).final
    assert (np.diff(losses) < 0).all()


@float64
def test_flow_conserves_the_balance_of_the_layers(key):
    """W⁽¹⁾W⁽¹⁾ᵀ − Σ_t head_tᵀ head_t, the corrected (9) for a trunk with several heads."""
    start, problem, _ = small_problem(key)
    final = students.train(start, problem, jnp.asarray([0.0, 20.0]), students.Flow(rtol=1e-10, atol=1e-12)).final

    def balance(network):
        return network.trunk[0] @ network.trunk[0].T - sum(head.T @ head for head in network.heads)

    np.testing.assert_allclose(balance(final), balance(start), atol=1e-8)
    assert float(jnp.abs(final.trunk[0] - start.trunk[0]).max()) > 0.1


def test_mini_batches_see_every_point_once_an_epoch_and_are_unbiased(key):
    """One epoch of four mini-batches is four full-batch steps, up to a share of the move that falls with the step."""
    start, problem, _ = small_problem(key, masked=True)

    def share(step):
        times = jnp.asarray([0.0, 4 * step])
        full = students.train(start, problem, times, students.Descent(step=step)).composites[0]
        mini = students.train(start, problem, times, students.Descent(step=step, batch_size=3, key=key)).composites[0]
        return float(jnp.abs(mini[-1] - full[-1]).max() / jnp.abs(full[-1] - full[0]).max())

    large, small = share(0.2), share(0.025)
    assert 0 < small < large / 4


def test_mini_batches_come_in_the_order_of_their_key(key):
    start, problem, _ = small_problem(key, masked=True)
    times = jnp.asarray([0.0, 1.0])
    one, two, other = (
        students.train(start, problem, times, students.Descent(step=0.25, batch_size=3, key=k)).composites[0]
        for k in (key, key, jax.random.key(1))
    )
    np.testing.assert_array_equal(one, two)
    assert float(jnp.abs(one - other).max()) > 1e-4


@pytest.mark.long
def test_a_diverged_lane_is_not_a_lost_batch(key):
    _, _, starts, many = batched(key)
    huge = jax.tree.map(lambda w: w.at[2].multiply(1e200 if w.dtype == jnp.float64 else 1e30), starts)
    times = jnp.linspace(0, 2, 3)
    for method in (students.Flow(), students.Descent(step=0.5)):
        seen = students.train(huge, many, times, method)
        fine = students.train(starts, many, times, method)
        assert seen.result.tolist() == [0, 0, Result.DIVERGED, 0, 0]
        for lane in (0, 1, 3, 4):
            np.testing.assert_allclose(seen.composites[0][lane], fine.composites[0][lane], atol=1e-3)
    assert "finite" in Result.DIVERGED.message


def test_a_lane_that_overflows_where_nobody_looks_is_no_success():
    """Its network would be refused as the next leg's start, and the lanes beside it with it."""
    seen = {"composites": (jnp.ones((4, 2, 3, 5)),)}
    final = {"main": jnp.ones((2, 3)), "auxiliary": jnp.asarray([[1.0, 1.0], [1.0, jnp.inf]])}
    _, _, result = _finish(seen, final, jnp.asarray(Result.DIVERGED))
    assert result.tolist() == [Result.SUCCESS, Result.DIVERGED]


def test_running_out_of_steps_is_a_result(key):
    start, problem, _ = small_problem(key)
    seen = students.train(start, problem, jnp.asarray([0.0, 400.0]), students.Flow(max_steps=3))
    assert int(seen.result) == Result.STEP_LIMIT


def test_relu_students_are_evaluated_on_fresh_inputs(key):
    start, problem, (inputs, one_hot, *_) = small_problem(key, activation="relu", hidden=(7, 5))
    fresh_inputs = np.random.default_rng(0).normal(size=(500, 6))
    labels = np.random.default_rng(1).integers(0, 4, 500)
    train_labels = np.argmax(one_hot[0], axis=0)
    dtype = problem.inputs.dtype
    fresh = students.FreshInputs(
        jnp.asarray(fresh_inputs.T, dtype), jnp.asarray(labels), jnp.asarray(inputs.T), jnp.asarray(train_labels)
    )
    times = jnp.linspace(0, 5, 6)
    seen = students.train(start, problem, times, students.Descent(step=0.25), evaluation=fresh)
    trunk, heads = plain_layers(seen.final)
    _, z = references.forward(trunk, heads[0], fresh_inputs.T, relu=True)
    losses = -np.log(references.softmax(z)[labels, np.arange(500)])
    bound = 1e-9 if jax.config.jax_enable_x64 else 1e-4
    np.testing.assert_allclose(seen.generalization_loss[-1], losses.mean(), rtol=bound)
    half_width = stats.t.ppf(0.995, 499) * losses.std(ddof=1) / 500**0.5
    np.testing.assert_allclose(seen.error[-1], half_width, rtol=max(bound, 1e-8))
    np.testing.assert_allclose(seen.accuracy[-1], (z.argmax(0) == labels).mean(), rtol=1e-6)
    assert (np.diff(seen.validation_loss) < 0).all()  # the validation points here are the training points
    assert seen.composites == ()


@pytest.mark.long
@pytest.mark.parametrize(("hidden", "scale", "size"), [((7,) * 4, 3.0, 1.0), ((7,) * 3, 1.0, 30.0)])
def test_a_first_step_that_is_far_too_long_is_tried_again(key, hidden, scale, size):
    """A healthy lane that overflows on a trial step must not be taken for a diverged one."""
    inputs = (size * jax.random.normal(key, (30, 6))).astype(jnp.float32)
    labels = jnp.arange(30) % 3
    problem = students.make_problem(inputs, [labels], classes=3)
    start = students.random_start(key, features=6, hidden=hidden, classes=(3,), scale=scale, dtype=jnp.float32)
    times = jnp.asarray([0.0, 1.0], jnp.float32)
    long, short = (students.train(start, problem, times, first_step=step) for step in (10.0, 1e-6))
    assert int(long.result) == int(short.result) == Result.SUCCESS
    scale_found = float(jnp.abs(short.composites[0]).max())
    np.testing.assert_allclose(long.composites[0], short.composites[0], atol=1e-2 * scale_found)

"""The batched trainings against the same written out in NumPy, and what must leave a training unchanged."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import engine_problems as problems
from sharedtrunk.affinity._engine import Lanes, _training_loss, _visited, train_lanes

RATE = 0.02
gradient = jax.jit(jax.grad(_training_loss))


def tolerance():
    return 1e-9 if jax.config.jax_enable_x64 else 2e-4


def trained(batch, inputs, targets, plan, rate=RATE):
    return train_lanes(batch, inputs, targets, jnp.asarray(rate, inputs.dtype), schedule=plan, keep_networks=True)


def assert_same(one, other, **tolerances):
    for ours, theirs in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_allclose(ours, theirs, **tolerances)


@pytest.mark.long
@pytest.mark.parametrize("activation", ["relu", "linear"])
def test_gradient_is_textbook_backpropagation(activation):
    batch, inputs, targets, codes = problems.lane_problem(activation=activation)
    start, coefficients = jax.tree.map(lambda leaf: leaf[1], (batch.start, batch.coefficients))
    ours = gradient(start, coefficients, inputs, targets)
    theirs = problems.naive_gradient(
        problems.plain(batch.start, 1), np.asarray(inputs), codes, np.asarray(coefficients), activation == "relu"
    )
    for part, naive in zip((ours.trunk, ours.trunk_biases, ours.heads, ours.head_biases), theirs, strict=True):
        for leaf, slope in zip(part, naive, strict=True):
            np.testing.assert_allclose(leaf, slope, atol=1e-13 if jax.config.jax_enable_x64 else 1e-6)


@pytest.mark.float64
def test_gradient_is_the_slope_of_the_loss():
    batch, inputs, _, codes = problems.lane_problem(activation="linear")
    layers, coefficients = problems.plain(batch.start), np.asarray(batch.coefficients[0])
    slopes = problems.naive_gradient(layers, np.asarray(inputs), codes, coefficients, relu=False)
    random, h = np.random.default_rng(1), 1e-5
    direction = [[random.normal(size=leaf.shape) for leaf in part] for part in layers]

    def loss(t):
        moved = [[leaf + t * d for leaf, d in zip(*pair, strict=True)] for pair in zip(layers, direction, strict=True)]
        return (coefficients * problems.naive_row_losses(moved, np.asarray(inputs), codes, relu=False)[0]).sum()

    along = sum((s * d).sum() for pair in zip(slopes, direction, strict=True) for s, d in zip(*pair, strict=True))
    np.testing.assert_allclose((loss(h) - loss(-h)) / (2 * h), along, rtol=1e-8)


@pytest.mark.long
@pytest.mark.parametrize(
    ("activation", "changes"),
    [
        ("relu", {}),
        ("linear", {"check_every": 1, "patience": 12, "tol": 0.001}),
        ("relu", {"max_steps": 10, "tol": 0.5}),
    ],
)
def test_stops_are_those_of_the_written_out_training(activation, changes):
    batch, inputs, targets, codes = problems.lane_problem(activation=activation)
    plan = problems.schedule(**changes)
    stops = trained(batch, inputs, targets, plan)
    labelled = (codes[:, : problems.JUDGED] >= 0).all(axis=0)
    assert stops.network is not None
    for lane in range(3):
        parts = (batch.coefficients, batch.validation, batch.criteria)
        naive = problems.naive_training(
            problems.plain(batch.start, lane),
            np.asarray(inputs),
            codes,
            [np.asarray(part[lane], float) for part in parts],
            plan,
            RATE,
            activation == "relu",
        )
        for criterion, best in enumerate(naive):
            for name in ("step", "reference_step"):
                assert int(getattr(stops, name)[lane, criterion]) == best[name]
            for name in ("validation", "row_loss"):
                np.testing.assert_allclose(getattr(stops, name)[lane, criterion], best[name], atol=tolerance())
            right = np.asarray(stops.row_right[lane, criterion])  # means nothing where a label is missing
            np.testing.assert_allclose(right[labelled], best["row_right"][labelled], atol=tolerance())
        for part, leaves in zip(problems.plain(stops.network, lane), naive[0]["network"], strict=True):
            assert_same(part, leaves, atol=tolerance())


def test_some_stop_early_and_some_go_on():
    """The written-out training is a test of stopping only where stops differ."""
    batch, inputs, targets, _ = problems.lane_problem()
    stops = trained(batch, inputs, targets, problems.schedule())
    last = problems.schedule().max_steps - problems.schedule().patience
    assert (np.asarray(stops.reference_step) < last).any()
    assert len(np.unique(stops.step)) > 2


def test_a_lane_is_the_same_alone_and_in_a_batch():
    batch, inputs, targets, _ = problems.lane_problem()
    together = trained(batch, inputs, targets, problems.schedule())
    for lane in range(3):
        alone = trained(problems.lane_of(batch, lane), inputs, targets, problems.schedule())
        assert_same(alone, problems.lane_of(together, lane), atol=tolerance())


def test_a_criterion_is_the_same_alone_and_beside_another():
    batch, inputs, targets, _ = problems.lane_problem()
    together = trained(batch, inputs, targets, problems.schedule())
    closed = Lanes(**{**vars(batch), "open": jnp.asarray([[False, True]] * 3)})
    alone = trained(closed, inputs, targets, problems.schedule())
    assert_same(alone.validation[:, 1], together.validation[:, 1], atol=tolerance())
    np.testing.assert_array_equal(alone.step[:, 1], together.step[:, 1])
    np.testing.assert_array_equal(alone.step[:, 0], 0)


def test_a_task_without_labels_changes_nothing():
    batch, inputs, targets, _ = problems.lane_problem()
    plan = problems.schedule()
    blank = Lanes(**{**vars(batch), "coefficients": batch.coefficients.at[:, 1].set(0), "criteria": main_only(batch)})
    two = trained(blank, inputs, (targets[0], jnp.zeros_like(targets[1])), plan)
    one = trained(first_task(blank), inputs, targets[:1], plan)
    assert_same(two.network.trunk, one.network.trunk, atol=tolerance())
    np.testing.assert_array_equal(two.step, one.step)
    assert_same(two.row_loss, one.row_loss, atol=tolerance())
    assert_same(two.network.heads[1], blank.start.heads[1], rtol=0)


def test_a_task_of_weight_zero_leaves_the_other_alone():
    batch, inputs, targets, _ = problems.lane_problem()
    plan = problems.schedule()
    silent = Lanes(**{**vars(batch), "coefficients": batch.coefficients.at[:, 1].set(0), "criteria": main_only(batch)})
    heard = Lanes(**{**vars(batch), "criteria": main_only(batch)})
    two = trained(silent, inputs, targets, plan)
    one = trained(first_task(silent), inputs, targets[:1], plan)
    assert_same(two.row_loss, one.row_loss, atol=tolerance())
    beside = trained(heard, inputs, targets, plan)
    assert np.abs(beside.row_loss - one.row_loss).max() > 1e-3  # where it has a weight it does matter


def test_blank_rows_change_nothing():
    batch, inputs, targets, _ = problems.lane_problem()
    plan = problems.schedule()
    padded = Lanes(**{**vars(batch), "coefficients": jnp.pad(batch.coefficients, ((0, 0), (0, 0), (0, 8)))})
    more = [jnp.pad(rows, ((0, 8), (0, 0))) for rows in (inputs, *targets)]
    filled = trained(padded, more[0], tuple(more[1:]), plan._replace(rest_batch=problems.ROWS + 8))
    assert_same(filled, trained(batch, inputs, targets, plan), atol=tolerance())


def test_the_batches_of_an_epoch_add_up():
    """Where they share no rows, the mean of an epoch's gradients is the gradient with all rows."""
    batch, inputs, targets, _ = problems.lane_problem()
    coefficients = batch.coefficients[0]
    plan = problems.schedule(judged_batch=8, rest_batch=2)
    batches = 12  # four turns of the three batches of judged rows, three turns of the four batches of the rest
    network = jax.tree.map(lambda leaf: leaf[0], batch.start)
    slopes = []
    for step in range(batches):
        seen = [_visited(each, jnp.asarray(step), plan) for each in (inputs, *targets)]
        weights = _visited(coefficients, jnp.asarray(step), plan, axis=1, scaled=True)
        assert len(seen[0]) == 8 + 2
        slopes.append(gradient(network, weights, seen[0], tuple(seen[1:])))
    mean = jax.tree.map(lambda *leaves: sum(leaves) / batches, *slopes)
    assert_same(
        mean, gradient(network, coefficients, inputs, targets), atol=1e-12 if jax.config.jax_enable_x64 else 1e-6
    )


def test_every_row_is_visited_where_batches_do_not_divide_the_rows():
    plan = problems.schedule(judged_batch=10, rest_batch=3)
    seen = np.concatenate([_visited(jnp.arange(31), jnp.asarray(step), plan) for step in range(9)])
    assert set(seen.tolist()) == set(range(31))


def test_rows_that_are_only_judged_enter_no_step():
    seen = _visited(jnp.arange(31), jnp.asarray(2), problems.schedule(judged_batch=0, rest_batch=3))
    assert (np.asarray(seen) >= problems.JUDGED).all()


def test_the_rest_does_not_change_a_lane_that_gives_it_no_weight():
    """Also where judged rows are visited in batches."""
    batch, inputs, targets, _ = problems.lane_problem()
    plan = problems.schedule(judged_batch=10, rest_batch=3)
    judged = problems.JUDGED
    own = Lanes(**{**vars(batch), "coefficients": batch.coefficients.at[:, :, judged:].set(0)})
    few = Lanes(**{**vars(batch), "coefficients": batch.coefficients[:, :, :judged]})
    beside = trained(own, inputs, targets, plan)
    assert_same(beside, trained(few, inputs[:judged], tuple(each[:judged] for each in targets), plan), atol=tolerance())


def test_a_lane_that_diverges_keeps_its_start_and_one_without_finite_losses_keeps_nan():
    batch, inputs, targets, _ = problems.lane_problem()
    broken = jax.tree.map(lambda leaf: leaf.at[2].set(jnp.nan), batch.start)
    stops = trained(Lanes(**{**vars(batch), "start": broken}), inputs, targets, problems.schedule(), rate=1e30)
    np.testing.assert_array_equal(stops.step[:2], 0)
    assert np.isfinite(stops.row_loss[:2]).all()
    assert np.isnan(stops.row_loss[2]).all()


def main_only(batch):
    return jnp.broadcast_to(jnp.asarray([[1, 0]], batch.criteria.dtype), batch.criteria.shape)


def first_task(batch):
    """The same lanes without their second task; common trunk and first head."""
    start = batch.start
    alone = type(start)(start.trunk, start.trunk_biases, start.heads[:1], start.head_biases[:1], start.activation)
    return Lanes(
        alone,
        batch.coefficients[:, :1],
        batch.validation[:, :1],
        batch.criteria[:, :, :1],
        batch.open,
    )

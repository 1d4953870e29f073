"""ReLU lanes: against a plain layered descent on the same arrays, and what their losses and errors mean."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest

import references
from sharedtrunk import students
from sharedtrunk.experiments import RELU_START_SCALE, StandardSettings, _relu_lanes, draw_lanes, standard_lanes
from sharedtrunk.experiments._follow import method_from
from sharedtrunk.experiments._relu_lanes import draw_evaluation_data

SMALL = {
    "activation": "relu",
    "classes": 4,
    "rank": 4,
    "features": 20,
    "hidden": 15,
    "hidden_layers": 2,
    "start_scale": list(RELU_START_SCALE),
    "rtol": 3e-3,
    "scrambles": 8,
    "fresh_points": 8192,
    "time_limit": 30.0,
}
LANES = [{"n_samples": 60, "seed": 3, "s_main": 10.0, "s_aux": 10.0, "relatedness": r} for r in (0.0, 1.0)]


@pytest.fixture(scope="module")
def joint():
    return standard_lanes({**SMALL, "tasks": 2}, LANES)


def test_all_that_was_promised_is_there(joint):
    assert not {"weights", "slope", "slope_error"} & set(joint)
    assert joint["loss_scrambles"].shape == (2, 8)
    np.testing.assert_allclose(joint["loss_scrambles"].mean(axis=1), joint["loss"])
    assert all(np.isfinite(value).all() for value in joint.values())
    assert joint["result"].tolist() == [0, 0]
    # better than chance, and the related task helps more
    assert joint["loss"][1] < joint["loss"][0] < np.log(4) - 0.05


@pytest.mark.long
def test_lanes_are_those_of_a_plain_descent():
    """NumPy's backpropagation on the very arrays, stopped and valued on the very inputs."""
    given = {**SMALL, "training": "descent", "step": 0.25, "time_limit": 10.0, "tasks": 2}
    lane = standard_lanes(given, LANES[1:])
    settings = StandardSettings.parse(given)
    draw = draw_lanes(settings, LANES[1:])
    fresh = draw_evaluation_data(settings, draw, 3)
    trunk, heads = ([np.asarray(w[0], float) for w in part] for part in (draw.start.trunk, draw.start.heads))
    one_hot = [np.eye(4)[np.asarray(labels[0])].T for labels in draw.labels]
    masks, inputs = [np.ones(60)] * 2, np.asarray(draw.inputs, float)

    def loss(x, labels):
        _, z = references.forward(trunk, heads[0], np.asarray(x, float), relu=True)
        return -np.log(references.softmax(z)[np.asarray(labels), np.arange(len(labels))]).mean()

    curve, values = [], []
    for _ in range(41):
        curve.append(loss(fresh.watched.inputs, fresh.watched.clean_labels[0]))
        values.append([loss(x, y[0]) for x, y in zip(fresh.inputs, fresh.labels, strict=True)])
        trunk, heads, _ = stepped(trunk, heads, inputs, one_hot, masks)
    stop = int(np.argmin(curve))
    assert lane["stop"][0] == pytest.approx(0.25 * stop)
    refined = np.asarray(values[stop]) - 2 * lane["loss_refinement"][0]
    np.testing.assert_allclose(lane["loss_scrambles"][0], refined, atol=1e-4)


def stepped(trunk, heads, inputs, one_hot, masks):
    _, trunk, heads = references.descend(trunk, heads, inputs, one_hot, masks, (1.0, 1.0), 0.25, 1, relu=True)
    return trunk, heads, None


@pytest.mark.long
def test_a_stabilized_flow_is_the_flow(key):
    """Against Tsit5 at a tight tolerance, loss by loss."""
    settings = StandardSettings.parse({**SMALL, "tasks": 2})
    draw = draw_lanes(settings, LANES)
    fresh = draw_evaluation_data(settings, draw, 3)
    times = jnp.linspace(0, 10, 11, dtype=draw.inputs.dtype)
    fast, exact = (
        students.train(draw.start, draw.problem(settings), times, method, evaluation=fresh.watched)
        for method in (method_from(settings, 0.0), students.Flow(rtol=1e-5, atol=1e-7))
    )
    np.testing.assert_allclose(fast.generalization_loss, exact.generalization_loss, atol=2e-3)
    assert int(fast.gradient_evaluations) < int(exact.gradient_evaluations) / 4


def test_fresh_inputs_are_shared_and_were_not_trained_on():
    settings = StandardSettings.parse({**SMALL, "tasks": 2})
    draw = draw_lanes(settings, LANES)
    fresh = draw_evaluation_data(settings, draw, 3)
    assert fresh.inputs.shape == (8, 20, 1024)
    both = np.concatenate([fresh.watched.inputs.T, *np.swapaxes(fresh.inputs, 1, 2), draw.inputs])
    assert len(np.unique(both, axis=0)) == len(both)
    labels = np.argmax(np.einsum("cf,bfn->bcn", draw.clean_weights[0], fresh.inputs), axis=1)
    # rounding may decide a tie otherwise
    assert np.mean(labels == fresh.labels[:, 0]) > 0.999


@pytest.mark.long
def test_the_error_covers_a_far_larger_sample(joint):
    """Benefits from few points, each with the interval of its paired blocks, against one from 16 times as many."""
    single = standard_lanes({**SMALL, "tasks": 1}, LANES[:1])
    large = [
        standard_lanes({**SMALL, "tasks": tasks, "fresh_points": 131072}, LANES[: 1 + (tasks == 2)]) for tasks in (2, 1)
    ]
    paired = single["loss_scrambles"] - joint["loss_scrambles"]
    error = 3.5 * paired.std(axis=1, ddof=1) / 8**0.5
    exact = large[1]["loss"] - large[0]["loss"]
    assert (np.abs(paired.mean(axis=1) - exact) <= error).all()
    # blocks share their inputs, so the paired error is the smaller one
    assert (error < 3.5 * joint["loss_scrambles"].std(axis=1, ddof=1) / 8**0.5).all()


def test_a_closer_look_does_not_unsettle(monkeypatch):
    """A lane is followed until its watched minimum is bracketed; that a later saved time is lower does not change that."""
    look = _relu_lanes._filled_in

    def lower_in_the_end(followed, *parts):
        trajectory, networks = look(followed, *parts)
        curve = np.array(trajectory.generalization_loss)
        curve[:, -1] = 0.0
        return dataclasses.replace(trajectory, generalization_loss=curve), networks

    monkeypatch.setattr(_relu_lanes, "_filled_in", lower_in_the_end)
    found = standard_lanes({**SMALL, "tasks": 2}, LANES)
    assert found["result"].tolist() == [0, 0]


@pytest.mark.slow
@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_up_to_four_layers_learn_from_the_one_start(depth):
    """At least a seventh of a nat below chance, minimum bracketed, for the standard sizes."""
    given = {"tasks": 1, "activation": "relu", "hidden_layers": depth, "start_scale": RELU_START_SCALE, "rtol": 3e-3}
    found = standard_lanes(given, [{"n_samples": 800, "seed": 0, "s_main": 10.0}])
    assert found["result"][0] == 0
    assert found["loss"][0] + found["loss_error"][0] < np.log(10) - 1 / 7

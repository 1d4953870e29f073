"""Lanes of students with weight decay: each is the minimum at its λ, on the draws of the standard lanes; λ is the best."""

import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import gaussian, students
from sharedtrunk.errors import InputError
from sharedtrunk.experiments import StandardSettings, decay_lanes, draw_lanes
from sharedtrunk.experiments._decay_lanes import BEYOND, bracketed_on_path

SMALL = {"classes": 3, "rank": 3, "features": 20, "fine_points": 1024, "scrambles": 8, "tasks": 2}
LANES = [
    {"n_samples": 80, "seed": 3, "s_main": 10.0, "s_aux": s, "relatedness": r} for s in (1.0, 10.0) for r in (0.0, 1.0)
]
TOLERANCE = 5e-4
"""Nats: what a benefit may be off."""


@pytest.fixture(scope="module")
def joint():
    return decay_lanes(SMALL, LANES)


def losses(settings, lanes, decays):
    """The generalization loss (lane, λ), directly: at minima within a tight tolerance, without path or interpolation."""
    parsed = StandardSettings.parse(settings)
    draw = draw_lanes(parsed, lanes)
    problem = students.make_problem(draw.inputs, draw.labels[: parsed.tasks], classes=3)
    found = students.minimize(problem, jnp.asarray(decays, jnp.float32), tolerance=5e-5)
    rule = gaussian.Sobol(points=1024, scrambles=8)
    return np.asarray(gaussian.population_loss(found.composites[0], draw.moments[:, None], rule=rule))


def test_a_lane_is_the_minimum_at_its_decay_and_the_best(joint):
    assert (joint["result"] == 0).all()
    for lane in range(len(LANES)):
        best = joint["weight_decay"][lane]
        below, there, above = losses(SMALL, LANES, best * np.array([1.25, 1.0, 0.8]))[lane]
        assert joint["loss"][lane] == pytest.approx(there, abs=TOLERANCE)
        assert there < min(below, above)
    np.testing.assert_allclose(joint["loss_scrambles"].mean(axis=1), joint["loss"])
    assert (joint["loss"] <= joint["loss_honest"] + TOLERANCE).all()


def test_the_validations_decay_is_where_held_out_points_are_best(joint):
    draw = draw_lanes(StandardSettings.parse(SMALL), LANES)
    at = joint["weight_decay_honest"][1] * np.array([1.25, 1.0, 0.8])
    problem = students.make_problem(draw.inputs, [labels[1] for labels in draw.labels], classes=3)
    W = students.minimize(problem, jnp.asarray(at, jnp.float32), tolerance=5e-5).composites[0]
    logits = jnp.einsum("dcf,nf->dnc", W, draw.validation_inputs)
    chosen = jnp.take_along_axis(logits, draw.validation_labels[1][None, :, None], axis=-1)[..., 0]
    below, there, above = np.asarray((jnp.log(jnp.exp(logits).sum(-1)) - chosen).mean(-1))
    assert there < min(below, above)


@pytest.mark.long
def test_a_baseline_never_met_the_auxiliary_task():
    alone = decay_lanes({**SMALL, "tasks": 1}, LANES)
    np.testing.assert_allclose(alone["loss"], alone["loss"][0], rtol=1e-6)
    (there,) = losses({**SMALL, "tasks": 1}, LANES[:1], alone["weight_decay"][:1])[0]
    assert alone["loss"][0] == pytest.approx(there, abs=TOLERANCE)


@pytest.mark.long
def test_a_given_decay_is_kept(joint):
    given = decay_lanes(SMALL, [{**lane, "weight_decay": 0.04} for lane in LANES])
    np.testing.assert_allclose(given["weight_decay"], 0.04)
    np.testing.assert_allclose(given["loss"], losses(SMALL, LANES, [0.04])[:, 0], atol=TOLERANCE)
    assert (given["loss"] > joint["loss"] - TOLERANCE).all()
    assert (given["result"] == 0).all()


def test_a_main_task_of_noise_is_left_without_weights():
    found = decay_lanes(SMALL, [{**LANES[0], "s_main": 1e-3, "seed": 2}])
    assert found["loss"][0] == pytest.approx(np.log(3), abs=TOLERANCE)
    assert found["weight_decay"][0] > 1
    assert found["result"][0] == 0


def test_bracketed_means_risen_for_as_many_points_as_the_polynomial_needs():
    times = np.arange(6.0)
    curve = np.array([[3.0, 2, 1, 2, 3, 4], [6, 5, 4, 3, 2, 3], [6, 5, 4, 3, 2, 1], [1, 1, 1, 1, 1, 1]])
    assert BEYOND == 2
    assert bracketed_on_path(times, curve).tolist() == [True, False, False, False]


@pytest.mark.parametrize(
    ("settings", "lanes", "message"),
    [
        ({"activation": "relu"}, LANES, "linear, with one hidden layer; got relu"),
        ({"hidden_layers": 2}, LANES, "got linear, 2 layers"),
        ({}, [LANES[0], {**LANES[1], "weight_decay": 0.1}], "share weight_decay"),
        ({}, [{**LANES[0], "weight_decay": -0.1}], "weight_decay of a lane must be"),
    ],
)
def test_bad_settings_are_refused(settings, lanes, message):
    with pytest.raises(InputError, match=message):
        decay_lanes({**SMALL, **settings}, lanes)

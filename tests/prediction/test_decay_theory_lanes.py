"""Lanes of the theory of weight decay: the theory at the best λ, for the teachers that the simulated lanes have."""

import jax
import numpy as np
import pytest

from sharedtrunk import asymptotics, prediction, teachers
from sharedtrunk.errors import InputError
from sharedtrunk.experiments import StandardSettings, draw_lanes

pytestmark = pytest.mark.float64

SMALL = {"classes": 2, "rank": 2, "features": 20, "tasks": 2}
LANES = [
    {"n_samples": 40, "seed": seed, "s_main": 3.0, "s_aux": 10.0, "relatedness": r}
    for r in (0.0, 1.0)
    for seed in (0, 1)
]


def pair(lane, settings):
    return teachers.related_pair(
        jax.random.key(lane["seed"]),
        relatedness=lane["relatedness"],
        classes=2,
        features=20,
        singular_values=(lane["s_main"], lane["s_aux"]),
        dtype=settings.dtype,
    )


def test_the_teachers_are_those_of_the_simulated_lanes():
    settings = StandardSettings.parse(SMALL)
    draw = draw_lanes(settings, [LANES[2]])
    for drawn, teacher in zip(draw.noisy_weights, pair(LANES[2], settings), strict=True):
        np.testing.assert_allclose(drawn[0], teacher.noisy_weights, atol=1e-5)


@pytest.mark.long
def test_seeds_share_the_best_decay_of_the_first():
    settings = StandardSettings.parse(SMALL)
    found = prediction.decay_limit_lanes(SMALL, LANES)
    assert (found["result"] == 0).all()
    assert len(set(found["weight_decay_single"])) == 1
    assert found["weight_decay_joint"][0] == found["weight_decay_joint"][1] != found["weight_decay_joint"][2]
    fields = asymptotics.fields_of_teachers(pair(LANES[2], settings), noise=1.0)
    best = asymptotics.best_weight_decay(fields, 2.0, task_weights=settings.alpha)
    assert found["weight_decay_joint"][2] == pytest.approx(float(best.weight_decay), rel=0.2)
    assert found["loss_joint"][2] == pytest.approx(float(best.generalization_loss), abs=2e-3)
    benefit = found["loss_single"] - found["loss_joint"]
    assert (np.abs(benefit[:2]) < found["benefit_error"][:2] + 1e-3).all()
    # with two classes a seed may have orthogonal logits even at r = 1
    assert (benefit[2:] > -found["benefit_error"][2:]).all()
    assert benefit[2:].max() > 3 * found["benefit_error"].max()


@pytest.mark.long
def test_drawn_teachers_have_their_own_noise():
    settings = StandardSettings.parse(SMALL)
    (loss,) = prediction.decay_drawn_lanes(SMALL, [{**LANES[2], "weight_decay": 0.1}])["loss_joint"]
    fields = asymptotics.fields_of_teachers(pair(LANES[2], settings))
    assert loss == pytest.approx(float(asymptotics.of_fields(fields, 2.0, 0.1).generalization_loss), abs=1e-6)


def test_theory_is_for_linear_students():
    for function in (prediction.decay_limit_lanes, prediction.decay_drawn_lanes):
        with pytest.raises(InputError, match="Theory is for linear students; got relu"):
            function({**SMALL, "activation": "relu"}, LANES)

"""The point functions of theory: the numbers of `predict`, lane by lane."""

import numpy as np
import pytest

from sharedtrunk import prediction
from sharedtrunk.errors import InputError
from sharedtrunk.experiments import StandardSettings, draw_lanes

SMALL = {"classes": 4, "rank": 4, "features": 20, "hidden": 10, "time_limit": 80.0}
# three lanes everywhere, as a group of `predict_grid` has: one program for all
LANES = [{"n_samples": 200, "seed": 1, "s_main": 3.0, "s_aux": 10.0, "relatedness": r} for r in (0.0, 1.0, 1.0)]
WITHOUT = [{name: value for name, value in lane.items() if name != "n_samples"} for lane in LANES]


@pytest.mark.long
def test_they_are_those_of_predict():
    problem = {name: value for name, value in SMALL.items() if name != "rank"}
    known = prediction.predict_grid([(200, 3.0, 10.0, 0.0), (200, 3.0, 10.0, 1.0)], seeds=[1], workers=1, **problem)
    for name, function, lanes in (
        ("closure", prediction.closure_lanes, LANES),
        ("population", prediction.population_lanes, WITHOUT),
    ):
        joint, single = (function({**SMALL, "tasks": tasks}, lanes) for tasks in (2, 1))
        assert set(joint) == {"loss", "loss_error", "stop", "result"}
        assert (joint["loss_error"] < 2e-3).all()
        for lane, each in enumerate(known):
            way = each.ways[name]
            assert joint["loss"][lane] == pytest.approx(way.loss_joint[0], abs=2e-4)
            assert single["loss"][lane] == pytest.approx(way.loss_single[0], abs=2e-4)
            assert joint["stop"][lane] == pytest.approx(way.stop_joint[0], abs=0.5)


def test_more_auxiliary_points_are_more_information():
    """The closure of a related, clean task with four times the points; and as many points change nothing."""
    few, same, more = (
        prediction.closure_lanes({**SMALL, "tasks": 2}, [{**lane, **given} for lane in LANES])
        for given in ({}, {"n_aux": 200}, {"n_aux": 800})
    )
    np.testing.assert_array_equal(few["loss"], same["loss"])
    assert more["loss"][1] < few["loss"][1] - 0.005


def test_the_closure_of_an_auxiliary_sample_has_its_own_covariance():
    settings = StandardSettings.parse({**SMALL, "tasks": 2})
    draw = draw_lanes(settings, [{**lane, "n_aux": 300} for lane in LANES])
    assert [draw.inputs_of(task).shape for task in range(2)] == [(200, 20), (300, 20)]


def test_weak_and_strong_teachers_are_nothing_special():
    """s̄ = 0.01 is noise: stopped at once. s̄ = 100 is a clean teacher: its sample's minimum is bracketed."""
    lanes = [
        {"n_samples": 200, "seed": 1, "s_main": s, "s_aux": 100.0, "relatedness": 1.0} for s in (0.01, 100.0, 100.0)
    ]
    found = prediction.closure_lanes({**SMALL, "tasks": 2}, lanes)
    assert found["result"].tolist() == [0, 0, 0]
    assert found["loss"][1] < found["loss"][0] <= np.log(4) + 1e-2


def test_theory_is_for_linear_students():
    with pytest.raises(InputError, match="linear students"):
        prediction.closure_lanes({**SMALL, "tasks": 2, "activation": "relu"}, LANES)

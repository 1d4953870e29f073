"""More points for the auxiliary task: the main one keeps its own, and as many as before change nothing."""

import numpy as np
import pytest

from sharedtrunk.errors import InputError
from sharedtrunk.experiments import StandardSettings, draw_lanes, standard_lanes

SMALL = {"classes": 4, "rank": 4, "features": 20, "hidden": 15, "fine_points": 256, "scrambles": 4, "time_limit": 20.0}
LANES = [{"n_samples": 60, "seed": 3, "s_main": 1.0, "s_aux": 10.0, "relatedness": r} for r in (0.0, 1.0)]


def lanes(**more):
    return [{**lane, **more} for lane in LANES]


@pytest.fixture(scope="module")
def as_before():
    return standard_lanes({**SMALL, "tasks": 2}, LANES)


@pytest.mark.long
def test_as_many_points_give_the_same_numbers(as_before):
    same = standard_lanes({**SMALL, "tasks": 2}, lanes(n_aux=60))
    assert all(same[name].tobytes() == value.tobytes() for name, value in as_before.items())


def test_the_main_tasks_points_are_the_first():
    settings = StandardSettings.parse({**SMALL, "tasks": 2})
    few, many = draw_lanes(settings, LANES), draw_lanes(settings, lanes(n_aux=150))
    assert many.inputs.shape[0] == many.labels[1].shape[1] == 150
    for task in range(2):
        np.testing.assert_array_equal(many.inputs_of(task)[:60], few.inputs)
        np.testing.assert_array_equal(many.labels[task][:, :60], few.labels[task])
    np.testing.assert_array_equal(many.validation_labels, few.validation_labels)
    problem = many.problem(settings)
    np.testing.assert_allclose(problem.coefficients[0], np.r_[np.full(60, 1 / 60), np.zeros(90)], rtol=1e-6)
    np.testing.assert_allclose(problem.targets[0][..., :60], few.problem(settings).targets[0], rtol=1e-6)
    assert not np.any(problem.targets[0][..., 60:])


@pytest.mark.long
def test_a_baseline_never_sees_them():
    few, many = (standard_lanes({**SMALL, "tasks": 1}, given) for given in (LANES[:1], lanes(n_aux=150)[:1]))
    assert all(many[name].tobytes() == value.tobytes() for name, value in few.items())


def test_more_points_of_a_clean_related_task_help_more(as_before):
    more = standard_lanes({**SMALL, "tasks": 2}, lanes(n_aux=480))
    assert more["loss"][1] < as_before["loss"][1] - 0.01
    assert more["label_flips"][0] == as_before["label_flips"][0]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lanes(n_aux=59), "n_aux ≥ n_samples"),
        ([*LANES[:1], *lanes(n_aux=100)[1:]], "must share n_aux"),
        (lanes(n_aux=100.5), "whole number"),
    ],
    ids=["fewer", "mixed", "half a point"],
)
def test_numbers_of_points_that_cannot_be(given, message):
    with pytest.raises(InputError, match=message):
        standard_lanes({**SMALL, "tasks": 2}, given)

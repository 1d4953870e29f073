import pytest

from sharedtrunk import figures
from sharedtrunk._errors import InputError
from sharedtrunk.figures import _standard as standard
from sharedtrunk.sweeps import plan


def chunks(name, *, quick=False):
    figure = figures.get(name)
    made = figure.sweeps(name, figure.axes(quick=quick, seeds=None), figure.problem.settings(), figure.function)
    return {arm: plan(sweep) for arm, sweep in made.items()}


def test_unknown_figure_names_the_close_ones():
    with pytest.raises(InputError, match=r"one of fig2-left, fig2-right; got 'fig2-rigth'. Did you mean fig2-right"):
        figures.get("fig2-rigth")
    with pytest.raises(InputError, match=r"got 'zebra'\. See sharedtrunk list"):
        figures.get("zebra")


def test_lanes_of_the_standard_grid_and_shared_baselines():
    left, right = chunks("fig2-left"), chunks("fig2-right")
    count = {arm: sum(len(chunk.lanes) for chunk in made) for arm, made in left.items()}
    assert count == {"single": 35, "joint": 1225}
    count = {arm: sum(len(chunk.lanes) for chunk in made) for arm, made in right.items()}
    assert count == {"single": 175, "joint": 6125}
    for arm in ("single", "joint"):
        assert {chunk.key for chunk in left[arm]} < {chunk.key for chunk in right[arm]}


def test_chunks_keep_to_their_limits_and_groups():
    for arm, made in chunks("fig2-right").items():
        for chunk in made:
            assert chunk.size <= standard.CHUNK_LIMIT
            assert len({(lane["n_samples"], lane["seed"]) for lane in chunk.lanes}) == 1
            assert arm == "single" or len({lane["s_main"] for lane in chunk.lanes}) == 1
            assert chunk.settings["tasks"] == {"single": 1, "joint": 2}[arm]


def test_every_figure_says_what_it_claims_and_quick_is_a_part_of_it():
    for name, figure in figures.FIGURES.items():
        assert figure.name == name
        assert all((figure.title, figure.claim, figure.paper, figure.minutes > 0))
        assert all(set(figure.quick_grid[axis]) <= set(figure.grid[axis]) for axis in figure.grid)
        ids = [(check.id, check.stopping) for check in figure.judge(_empty(figure))]
        assert len(ids) == len(set(ids))
        assert {stopping for _, stopping in ids} == {"oracle", "honest"}


def _empty(figure):
    import numpy as np
    import xarray as xr

    shape = tuple(len(values) for values in figure.grid.values())
    array = xr.DataArray(np.zeros(shape), coords={a: list(v) for a, v in figure.grid.items()}, dims=list(figure.grid))
    return xr.Dataset({"benefit": array, "benefit_honest": array})


def test_result_codes_mean_what_the_trajectory_says():
    trajectory = pytest.importorskip("sharedtrunk.trajectory")
    assert {int(result): result.message for result in trajectory.Result} == standard.RESULT_FLAGS


def test_settings_are_those_that_the_point_function_takes():
    import dataclasses

    experiments = pytest.importorskip("sharedtrunk.experiments")
    known = {field.name: field.default for field in dataclasses.fields(experiments.StandardSettings)}
    ours = vars(standard.StandardProblem())
    # A name that the point function does not know would be lost in silence.
    assert set(ours) <= set(known)
    assert {name: known[name] for name in ours} == ours


@pytest.mark.parametrize(
    ("axis", "value", "rule"),
    [
        ("n_samples", -5, "n_samples must be a whole number of training points, at least 1; got -5"),
        ("n_samples", 0, "n_samples must be a whole number of training points, at least 1; got 0"),
        ("n_samples", 10.5, "n_samples must be a whole number of training points, at least 1; got 10.5"),
        ("n_samples", True, "n_samples must be a whole number of training points, at least 1; got True"),
        ("relatedness", 1.5, "relatedness must be a number from -1 to 1; got 1.5"),
        ("relatedness", float("nan"), "relatedness must be a number from -1 to 1; got nan"),
        ("s_main", -1.0, "s_main must be a finite number above 0; got -1.0"),
        ("s_main", 0.0, "s_main must be a finite number above 0; got 0.0"),
        ("s_aux", float("inf"), "s_aux must be a finite number, at least 0; got inf"),
        ("seed", 1.5, "seed must be a whole number, at least 0; got 1.5"),
        ("seed", -1, "seed must be a whole number, at least 0; got -1"),
    ],
)
def test_values_that_no_lane_can_have_are_told_by_their_axis(axis, value, rule):
    figure = figures.get("fig2-left")
    axes = {**figure.quick_grid, axis: (*figure.quick_grid[axis], value)}
    with pytest.raises(InputError) as caught:
        figure.sweeps("mine", axes, figure.problem.settings(), figure.function)
    assert str(caught.value).startswith(rule)


def test_any_number_of_samples_and_the_ends_of_the_axes_make_a_plan():
    figure = figures.get("fig2-left")
    axes = {"n_samples": (1, 37), "s_main": (1e-3,), "s_aux": (0.0,), "relatedness": (-1.0, 1.0), "seed": (0,)}
    made = figure.sweeps("mine", axes, figure.problem.settings(), figure.function)
    assert sum(len(chunk.lanes) for chunk in plan(made["joint"])) == 4


def test_training_must_be_known():
    with pytest.raises(InputError, match="training is one of flow, descent; got 'sgd'"):
        standard.StandardProblem(training="sgd")

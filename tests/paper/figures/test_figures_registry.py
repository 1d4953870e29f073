import pytest

from sharedtrunk.errors import InputError
from sharedtrunk.paper import figures
from sharedtrunk.paper.figures import _standard as standard
from sharedtrunk.paper.figures._benefit_sweeps import widened
from sharedtrunk.sweeps import plan


def chunks(name, size="standard"):
    figure = figures.get(name)
    made = figure.sweeps(name, figure.axes(size), figure.problem.settings(), figure.functions)
    return {arm: plan(sweep) for arm, sweep in made.items()}


def test_unknown_figure_names_the_close_ones():
    with pytest.raises(
        InputError, match=r"one of .*fig2-left, fig2-right, .*, or all; got 'fig2-rigth'. Did you mean fig2-right"
    ):
        figures.get("fig2-rigth")
    with pytest.raises(InputError, match=r"got 'zebra'\. See sharedtrunk list"):
        figures.get("zebra")


def test_lanes_of_the_standard_grid_and_shared_baselines():
    left, right = chunks("fig2-left"), chunks("fig2-right")
    count = {arm: sum(len(chunk.lanes) for chunk in made) for arm, made in left.items()}
    assert count == {"single": 35, "joint": 1225, "closure_single": 35, "closure_joint": 1225}
    count = {arm: sum(len(chunk.lanes) for chunk in made) for arm, made in right.items()}
    assert count == {"single": 175, "joint": 6125, "closure_single": 175, "closure_joint": 6125}
    for arm in count:
        assert {chunk.key for chunk in left[arm]} < {chunk.key for chunk in right[arm]}


@pytest.mark.parametrize(("part", "whole"), [("fig2-right", "a1"), ("fig3-left", "a3"), ("fig3-right", "a4")])
def test_summaries_share_the_joint_lanes_of_their_cubes(part, whole):
    for arm, mine in chunks(part).items():
        if arm.endswith("joint"):
            assert {chunk.key for chunk in mine} <= {chunk.key for chunk in chunks(whole)[arm]}


def test_grids_of_auxiliary_data_and_of_depth():
    count = {arm: sum(len(chunk.lanes) for chunk in parts) for arm, parts in chunks("a3").items()}
    assert (count["single"], count["joint"]) == (35, 4900)
    assert {lane["n_aux"] for chunk in chunks("a3")["joint"] for lane in chunk.lanes} == {100, 200, 400, 800}
    assert all("n_aux" not in lane for chunk in chunks("a3")["single"] for lane in chunk.lanes)
    deep = chunks("a4")
    assert sum(len(chunk.lanes) for arm, parts in deep.items() if arm.endswith(" / joint") for chunk in parts) == 900
    assert {chunk.settings["hidden_layers"] for chunk in deep["ReLU, 4 layers / joint"]} == {4}
    assert {arm.split(" / ")[0] for arm in deep if "closure" in arm} == {"linear, 1 layer", "linear, ReLU's start"}


def test_all_stands_for_the_papers_figures_in_its_order():
    assert list(figures.FIGURES)[: len(figures.PAPER)] == list(figures.PAPER)
    assert {"fig2-left", "fig2-right", "fig3-left", "fig3-right", "a1", "a2", "a3", "a4"} <= set(figures.PAPER)


def test_full_is_refused_where_there_is_no_full_grid(tmp_path):
    with pytest.raises(InputError, match="the full grid is for figures that have one; got fig2-left"):
        figures.reproduce(["fig2-left", "a4"], tmp_path / "never", full=True)
    with pytest.raises(InputError, match="a grid is quick or full; got both"):
        figures.reproduce(["a4"], tmp_path / "never", full=True, quick=True)
    assert not (tmp_path / "never").exists()
    assert len(figures.get("a4").axes("full")["s_main"]) == 7


def test_an_accelerator_gets_all_lanes_that_share_inputs_in_one_chunk():
    """Students' lanes only: 7 × 7 × 5 of every seed and number of samples, trained together whatever their s_main."""
    figure = figures.get("a1")
    axes = figure.axes("standard", seeds=2)
    sweeps_of = figure.sweeps("a1", axes, figure.problem.settings(), figure.functions)
    wide, narrow = (
        {arm: plan(made) for arm, made in each.items()}
        for each in ({arm: widened(sweep) for arm, sweep in sweeps_of.items()}, sweeps_of)
    )
    assert [len(chunk.lanes) for chunk in wide["joint"]] == [245] * (5 * 2)
    assert [len(chunk.lanes) for chunk in wide["single"]] == [7] * (5 * 2)
    assert all(len({(lane["n_samples"], lane["seed"]) for lane in chunk.lanes}) == 1 for chunk in wide["joint"])
    assert wide["closure_joint"] == narrow["closure_joint"]
    lanes = [sorted(str(lane) for chunk in made["joint"] for lane in chunk.lanes) for made in (wide, narrow)]
    assert lanes[0] == lanes[1]


def test_chunks_keep_to_their_limits_and_groups():
    for arm, made in chunks("fig2-right").items():
        for chunk in made:
            assert chunk.size <= (standard.THEORY_CHUNK_LIMIT if "closure" in arm else standard.CHUNK_LIMITS["linear"])
            assert len({(lane["n_samples"], lane["seed"]) for lane in chunk.lanes}) == 1
            assert arm.endswith("single") or len({lane["s_main"] for lane in chunk.lanes}) == 1
            assert chunk.settings["tasks"] == (1 if arm.endswith("single") else 2)


def test_every_figure_says_what_it_claims_and_quick_is_a_part_of_it():
    for name, figure in figures.FIGURES.items():
        assert figure.name == name
        assert all((figure.title, figure.claim, figure.paper, figure.minutes > 0))
        assert all(set(figure.quick_grid[axis]) <= set(figure.grid[axis]) for axis in figure.grid)


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name, figure in figures.FIGURES.items() if figure.value == "benefit"])
def test_benefits_are_judged_with_both_stoppings(name):
    checks = figures.get(name).judge(_empty(figures.get(name)))
    assert len({(check.id, check.stopping) for check in checks}) == len(checks)
    assert {"oracle", "honest"} <= {check.stopping for check in checks}


def _empty(figure):
    import numpy as np
    import xarray as xr

    shape = tuple(len(values) for values in figure.grid.values())
    array = xr.DataArray(np.zeros(shape), coords={a: list(v) for a, v in figure.grid.items()}, dims=list(figure.grid))
    names = ("benefit", "benefit_honest", "benefit_closure", "benefit_population")
    dataset = xr.Dataset(dict.fromkeys(names, array))
    dataset["benefit_population"] = dataset["benefit_population"].isel(n_samples=0, drop=True)
    return dataset


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
        figure.sweeps("mine", axes, figure.problem.settings(), figure.functions)
    assert str(caught.value).startswith(rule)


@pytest.mark.parametrize("name", ["fig2-left", "sensitivity"])
def test_an_axis_without_units_is_refused_before_training(name):
    figure = figures.get(name)
    axes = {**figure.quick_grid, "momentum": (0.9,)}
    with pytest.raises(InputError, match=r"axes of a grid of benefits are among .* got momentum"):
        figure.sweeps("mine", axes, figure.problem.settings(), figure.functions)


def test_any_number_of_samples_and_the_ends_of_the_axes_make_a_plan():
    figure = figures.get("fig2-left")
    axes = {"n_samples": (1, 37), "s_main": (1e-3,), "s_aux": (0.0,), "relatedness": (-1.0, 1.0), "seed": (0,)}
    made = figure.sweeps("mine", axes, figure.problem.settings(), figure.functions)
    assert sum(len(chunk.lanes) for chunk in plan(made["joint"])) == 4


def test_the_auxiliary_task_has_no_fewer_points_than_the_main_one():
    figure = figures.get("a3")
    with pytest.raises(
        InputError, match=r"at least as many points as the main task.*got n_aux 50 beside n_samples 100"
    ):
        figure.sweeps("mine", {**figure.quick_grid, "n_aux": (50,)}, figure.problem.settings(), figure.functions)


def test_training_must_be_known():
    with pytest.raises(InputError, match="training must be 'flow' or 'descent'; got 'sgd'"):
        figures.StandardProblem(training="sgd")

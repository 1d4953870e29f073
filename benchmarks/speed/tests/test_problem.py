"""The lanes that all paths are given."""

import numpy as np
from benchmarks.speed.problem import Case, Lanes, draw

from sharedtrunk import experiments


def test_a_lane_is_the_same_however_many_there_are():
    few, many = draw(Case(30), 2), draw(Case(30), 37)
    np.testing.assert_array_equal(few.labels, many.labels[:, :2])
    np.testing.assert_array_equal(many.labels[:, 0], many.labels[:, 35])  # the grid has 35
    assert (many.labels[1, 0] != many.labels[1, 6]).any()
    np.testing.assert_array_equal(many.first(2).labels, few.labels)


def test_what_is_saved_is_read_again(tmp_path):
    case = Case(20, "relu", 3, "float64")
    lanes = draw(case, 2)
    lanes.save(tmp_path / "lanes.npz")
    again = Lanes.load(case, tmp_path / "lanes.npz")
    for a, b in zip(
        (lanes.inputs, lanes.labels, *lanes.trunk, *lanes.heads),
        (again.inputs, again.labels, *again.trunk, *again.heads),
        strict=True,
    ):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype


def test_the_grid_is_that_of_the_standard_problem():
    from benchmarks.speed import problem, whole_figure

    from sharedtrunk.experiments.problems import StandardProblem
    from sharedtrunk.paper.figures._standard import STANDARD_CUBE

    assert STANDARD_CUBE["s_aux"] == problem.SINGULAR_VALUES
    assert STANDARD_CUBE["relatedness"] == problem.RELATEDNESS
    cube = STANDARD_CUBE
    joint = len(cube["s_main"]) * len(cube["s_aux"]) * len(cube["relatedness"]) * len(cube["seed"])
    assert joint + len(cube["s_main"]) * len(cube["seed"]) == whole_figure.LANES_A_SAMPLE_COUNT
    usual = StandardProblem().settings() | {"tasks": 2}
    assert experiments.StandardSettings.parse(usual) == experiments.StandardSettings(tasks=2)

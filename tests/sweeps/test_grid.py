import numpy as np
import pytest

from sharedtrunk.errors import InputError
from sharedtrunk.sweeps import Grid


def test_points_are_nested_loops_last_axis_fastest():
    grid = Grid({"n": (10, 20), "s": (0.1, 1), "name": ("a", "b", "c")})
    expected = [{"n": n, "s": s, "name": name} for n in (10, 20) for s in (0.1, 1.0) for name in "abc"]
    assert list(grid.points()) == expected
    assert (grid.dims, grid.shape, grid.size) == (("n", "s", "name"), (2, 2, 3), 12)


def test_values_have_one_type_and_are_pythons():
    grid = Grid({"s": (1, 0.5), "n": tuple(np.array([3, 4])), "flag": (True, False)})
    assert [type(value) for value in grid.axes["s"]] == [float, float]
    assert [type(value) for value in grid.axes["n"]] == [int, int]
    assert [type(value) for value in grid.axes["flag"]] == [bool, bool]


@pytest.mark.parametrize(
    ("axes", "text"),
    [
        ({}, "a grid must have an axis; got none"),
        ({"x": ()}, "axis 'x' must have values; got none"),
        ({"x": (1.0, float("nan"))}, "values of axis 'x' must be finite; got nan"),
        ({"x": (1.0, float("inf"))}, "must be finite; got inf"),
        ({"x": (1, 2, 1)}, "must be distinct; got 1 twice"),
        ({"x": (1, 1.0)}, "must be distinct; got 1.0 twice"),
        ({"x": (0.0, -0.0)}, "must be distinct; got -0.0 twice"),
        ({"x": (1, "a")}, "must be all numbers, all strings or all booleans; got int and str"),
        ({"x": (True, 2)}, "got bool and int"),
        ({"": (1,)}, "an axis needs a name; got ''"),
        ({"x": "abc"}, "axis 'x' must list its values; got the string 'abc'"),
    ],
)
def test_bad_axes(axes, text):
    with pytest.raises(InputError) as caught:
        Grid(axes)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)

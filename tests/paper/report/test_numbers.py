"""Numbers in words."""

import math

import pytest

from report_problems import make_check, make_cube
from sharedtrunk.paper.report import _numbers as numbers
from sharedtrunk.paper.report._explorer import controls, explorer_data


@pytest.mark.parametrize(
    ("number", "error", "unit", "words"),
    [
        (0.25, 0.0123, "nats", "+0.250 ± 0.012"),
        (-0.04, 0.00211, "nats", "−0.0400 ± 0.0021"),
        (0.25, 0.0123, "1", "0.250 ± 0.012"),
        (1234.5, 45.6, "lanes", "1234 ± 46"),
        (3.0, 0.0, "lanes beyond a bound", "3"),
        (0.25, math.nan, "nats", "+0.25"),
        (math.nan, math.nan, "nats", "–"),
    ],
)
def test_a_number_shows_two_digits_of_its_error(number, error, unit, words):
    check = make_check(number=number, standard_error=error, unit=unit)
    assert numbers.plus_minus(check) == words
    named = numbers.plus_minus(check, unit=True)
    assert named == words if unit == "1" or words == "–" else named == f"{words} {unit}"


def test_an_interval_needs_a_width():
    assert numbers.interval(make_check(low=0.2, high=0.3, standard_error=0.01)) == "+0.200 … +0.300"
    assert numbers.interval(make_check(low=0.0, high=0.0)) == "–"
    assert numbers.interval(make_check(low=math.nan, high=math.nan)) == "–"


def test_the_cube_leaves_gaps_where_there_is_no_value():
    cube = make_cube()
    cube["benefit"] = cube["benefit"].where((cube["relatedness"] > 0) | (cube["seed"] == 0))
    data = explorer_data(cube)["values"]["benefit"]
    assert data["mean"][0] is not None
    assert data["error"][0] is None  # one seed has no error
    assert data["seeds"][0] == 1
    cube["benefit"] = cube["benefit"].where(cube["relatedness"] > 0)
    data = explorer_data(cube)["values"]["benefit"]
    assert data["mean"][0] is None
    assert data["seeds"][0] == 0


def test_the_order_of_dims_does_not_matter():
    cube = make_cube()
    turned = cube.transpose("seed", "relatedness", "s_aux", "s_main", "n_samples")
    assert explorer_data(turned) == explorer_data(cube)


def test_the_scale_holds_every_mean():
    data = explorer_data(make_cube())
    assert max(abs(mean) for mean in data["values"]["benefit"]["mean"]) <= data["scale"]
    assert data["colours"][0] == "#0d0887"  # plasma's dark end, as in the pictures


def test_sliders_start_at_clean_related_tasks():
    sliders = controls(explorer_data(make_cube())["axes"])
    stops = {slider["name"]: slider["stops"][slider["start"]] for slider in sliders}
    assert stops == {"n_samples": "800", "s_main": "10", "s_aux": "10", "relatedness": "1"}

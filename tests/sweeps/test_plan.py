import json
import pickle

import numpy as np
import pytest
from sweeps_toy import toy_sweep

from sharedtrunk.errors import InputError
from sharedtrunk.sweeps import Variable, plan
from sharedtrunk.sweeps._canonical import canonical, plain


@pytest.mark.parametrize(("count", "limit"), [(1, 1), (5, 2), (9, 4), (10, 4), (16, 3), (35, 16), (7, 100)])
def test_chunks_are_few_equal_and_cover_the_group_once(count, limit):
    chunks = plan(toy_sweep(x=tuple(range(count)), seed=(0,), chunk_limit=limit))
    fewest = -(-count // limit)
    assert len(chunks) == fewest
    assert {chunk.size for chunk in chunks} == {-(-count // fewest)}
    assert all(0 < len(chunk.lanes) <= chunk.size <= limit for chunk in chunks)
    assert [lane["x"] for chunk in chunks for lane in chunk.lanes] == list(range(count))


def test_lanes_of_a_chunk_agree_on_the_group():
    chunks = plan(toy_sweep(x=tuple(range(6)), seed=(0, 1, 2), chunk_limit=4))
    assert [{lane["seed"] for lane in chunk.lanes} for chunk in chunks] == [{0}, {0}, {1}, {1}, {2}, {2}]


def test_limit_may_depend_on_a_group_axis():
    chunks = plan(toy_sweep(x=tuple(range(6)), seed=(0, 1), chunk_limit={"seed": {0: 6, 1: 2}}))
    assert [chunk.size for chunk in chunks] == [6, 2, 2, 2]


def test_a_groups_chunks_depend_on_its_own_points_only():
    keys = [chunk.key for chunk in plan(toy_sweep(seed=(0, 1)))]
    assert [chunk.key for chunk in plan(toy_sweep(seed=(1, 0)))] == keys[3:] + keys[:3]
    assert [chunk.key for chunk in plan(toy_sweep(seed=(1, 7)))][:3] == keys[3:]
    assert [chunk.key for chunk in plan(toy_sweep(x=(5, 1, 4, 2, 3)))] == keys
    assert [chunk.key for chunk in plan(toy_sweep(name="another", work="x"))] == keys


@pytest.mark.parametrize(
    "change",
    [
        {"function": "slow"},
        {"settings": {"frequency": 0.4}},
        {"x": (1, 2, 3, 4, 6)},
        {"x": (1.0, 2.0, 3.0, 4.0, 5.0)},
        {"chunk_limit": 5},
    ],
)
def test_what_determines_the_numbers_is_in_the_key(change):
    assert plan(toy_sweep())[-1].key != plan(toy_sweep(**change))[-1].key


def test_key_is_stable():
    # Written down on purpose: a change of this number makes everybody's stored results unreadable. It is the sha256 of
    # the text below, made by `printf ... | sha256sum`.
    chunk = plan(toy_sweep(x=(0.1, 1), seed=(3,)))[0]
    assert canonical(chunk.specification) == (
        b'{"format":1,"function":"sweeps_toy:wave","lanes":[{"seed":3,"x":0.1},{"seed":3,"x":1.0}],'
        b'"settings":{"frequency":0.3},"size":2}'
    )
    assert chunk.key == "1777085c21cf70207183a0a53dd0a7d38461089bca842aba2a436af62a43ce06"
    assert pickle.loads(pickle.dumps(chunk)).key == chunk.key


def test_settings_are_what_json_can_hold():
    value = {"b": (1, 2.5, None), "a": {"deep": [True, "ä"]}, "n": np.int64(3), "f": np.float64(0.1)}
    sweep = toy_sweep(settings=value)
    assert sweep.settings == {"b": [1, 2.5, None], "a": {"deep": [True, "ä"]}, "n": 3, "f": 0.1}
    assert json.loads(canonical(sweep.settings)) == sweep.settings
    with pytest.raises(InputError, match=r"settings of sweep 'toy'\['a'\]\[1\] must be made of what JSON can hold"):
        toy_sweep(settings={"a": [1, object()]})
    with pytest.raises(InputError, match=r"\['a'\] must be finite; got nan"):
        toy_sweep(settings={"a": float("nan")})
    with pytest.raises(InputError, match="must be made of"):
        plain({1: "a"}, "settings")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"group_by": ("sed",)}, "group_by of sweep 'toy' must name distinct axes of the grid; got ['sed']"),
        ({"group_by": ("seed", "seed")}, "must name distinct axes"),
        ({"chunk_limit": 0}, "chunk_limit of sweep 'toy' must be at least 1 lane everywhere; got 0"),
        ({"chunk_limit": {"x": {1: 2}}}, "must be a number or a table for one axis in group_by; got ['x']"),
        ({"chunk_limit": {"seed": {0: 2}}}, "must be at least 1 lane everywhere; got None for 1"),
        ({"function": "no-module"}, "must be importable"),
        ({"work": "size"}, "work of sweep 'toy' must name an axis of positive numbers; got 'size'"),
        ({"work": "seed"}, "must name an axis of positive numbers; got 'seed' with values [0, 1]"),
        ({"variables": {}}, "must have variables"),
        ({"variables": {"x": Variable()}}, "must not have the names of grid axes; got ['x']"),
        ({"variables": {"y": Variable(dims=("seed",))}}, "must not have the names of grid axes; got ['seed']"),
        ({"variables": {"y": Variable(dims=("t", "t"))}}, "dims of variable 'y' must be distinct"),
    ],
)
def test_bad_sweeps(change, text):
    with pytest.raises(InputError) as caught:
        toy_sweep(**change)
    assert text in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_function_of_the_script_itself_is_refused():
    sweep = toy_sweep()
    with pytest.raises(InputError, match="Put the function at the top level of a module, not in the script"):
        type(sweep)("toy", "__main__:wave", sweep.grid, sweep.variables)

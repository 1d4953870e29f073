"""The figure of weight decay: its sweeps, its dataset, verdicts on numbers that are known, and its picture."""

import json

import numpy as np
import pytest
import xarray as xr

from sharedtrunk import plots, sweeps
from sharedtrunk.paper import figures
from sharedtrunk.paper.figures import _decay_claims as decay_claims
from sharedtrunk.paper.figures import _decay_settings as settings
from sharedtrunk.paper.figures._decay_dataset import SIZES, decay_sweeps
from sharedtrunk.sweeps import plan

FIGURE = figures.get("weight-decay")
DIMS = ("classes", "setting", "relatedness", "seed")


def quiver(seed):
    return 1e-3 * np.cos(2.0 * seed)


def dataset(grid=settings.GRID, **functions):
    """A dataset of the real shape: every variable is a function of classes, r, seed, and the values of the setting."""
    coords = {dim: list(grid[dim]) for dim in DIMS}
    place = dict(zip(DIMS, np.meshgrid(*(np.arange(len(grid[dim])) for dim in DIMS), indexing="ij"), strict=True))
    known = {dim: np.asarray(coords[dim], object if dim == "setting" else float)[place[dim]] for dim in DIMS}
    places = {
        axis: np.array([settings.SETTINGS[name][axis] for name in coords["setting"]], float) for axis in settings.PANELS
    }
    known |= {axis: values[place["setting"]] for axis, values in places.items()}
    variables = {
        name: (DIMS, np.asarray(function(**known), float) + 0 * known["seed"]) for name, function in functions.items()
    }
    return xr.Dataset(variables, coords={**coords, **{axis: ("setting", values) for axis, values in places.items()}})


def as_table_1(harm=0.0):
    """A benefit as Table 1 has it, and a harm of unrelated tasks that falls with the number of features."""

    def benefit(relatedness, samples_per_feature, s_aux, alpha_aux, features, seed, **_):
        strength = s_aux * alpha_aux
        signal, data = strength / (1 + strength), 0.3 * np.exp(-samples_per_feature / 4)
        return relatedness * signal * data - harm * (relatedness == 0) / features + quiver(seed)

    return benefit


def known_numbers(**other):
    """Numbers in which every statement holds."""

    def alone(seed, **_):
        return 0.5 + quiver(seed)

    functions = {"benefit": as_table_1(harm=0.2), "benefit_theory": as_table_1()}
    functions["benefit_stopping"] = lambda **place: functions["benefit"](**place) - 0.004 * (place["relatedness"] < 1)
    functions |= {"loss_single": alone, "loss_single_stopping": lambda **place: alone(**place) + 0.05}
    functions["loss_joint"] = lambda **place: alone(**place) - functions["benefit"](**place)
    functions["loss_joint_stopping"] = lambda **place: functions["loss_joint"](**place) + 0.054
    for name in (
        "benefit",
        "benefit_stopping",
        "loss_single",
        "loss_single_stopping",
        "loss_joint",
        "loss_joint_stopping",
    ):
        functions[f"{name}_honest"] = functions[name]
    for name in ("loss_single", "loss_joint", "benefit"):
        functions[f"{name}_drawn"] = functions[name]
        functions[f"{name}_fixed"] = lambda name=name, **place: functions[name](**place) * (1 + 1 / place["features"])
    return {**functions, **other}


def test_all_kinds_of_a_setting_have_the_same_draws_and_share_what_is_alike():
    made = decay_sweeps("wd", settings.GRID, FIGURE.problem.settings(), FIGURE.functions)
    for classes in (3, 10):
        for name in settings.SETTINGS:
            of = {role: made[f"{classes} / {name} / {role}"] for role in ("decay joint", "stopping joint")}
            lanes, given = zip(
                *(([chunk.lanes for chunk in plan(each)], each.settings) for each in of.values()), strict=True
            )
            assert lanes[0] == lanes[1]
            assert given[0] == given[1]
            assert (given[0]["classes"], given[0]["rank"]) == (classes, classes)
            assert (f"{classes} / {name} / drawn" in made) == (name in SIZES)

    def keys(role):
        return {chunk.key for chunk in plan(made[f"3 / {role}"])}

    assert keys("base / decay single") == keys("s_aux = 1 / decay single")
    assert keys("base / limit") == keys("N_f = 800 / limit") != keys("N/N_f = 2 / limit")
    assert {chunk.lanes[0]["n_samples"] for chunk in plan(made["3 / N_f = 800 / fixed joint"])} == {3200}


@pytest.mark.long
def test_made_with_toys_and_redrawn(tmp_path, toy_registry, blank_pictures):
    (outcome,) = figures.reproduce(["weight-decay"], tmp_path, quick=True, processes=1).outcomes
    data = sweeps.read_dataset(outcome.files["nc"])
    assert data["benefit"].dims == DIMS
    assert tuple(data["setting"].values.tolist()) == settings.QUICK_GRID["setting"]
    np.testing.assert_allclose(data["benefit"], data["loss_single"] - data["loss_joint"], atol=1e-12)
    np.testing.assert_allclose(
        data["benefit_theory"], data["loss_single_theory"] - data["loss_joint_theory"], atol=1e-12
    )
    assert data["loss_joint_drawn"].isnull().any("seed").sel(setting=settings.name_of("s_aux", 1.0)).all()
    assert data["loss_joint_drawn"].sel(setting=settings.BASE_NAME).notnull().all()
    assert data["features"].values.tolist() == [100, 100, 200]
    assert (data["benefit_error"] > 0).all()
    assert all("long_name" in data[name].attrs for name in data.variables)
    record = json.loads(outcome.files["json"].read_text())
    assert record["paper"] == "Weight decay (not in the paper)"
    assert record["lanes"]["without_value"] == 0
    again = figures.redraw(["weight-decay"], tmp_path, quick=True)[0]
    assert [check.record() for check in again.checks] == record["checks"]
    assert {"png", "png-honest", "pdf"} <= set(again.files)
    # the toy's unrelated tasks do 0.005 nats of harm at 100 features with decay, and 0.02 with early stopping
    found = {(check.id, check.stopping): check.verdict for check in again.checks}
    assert found["a-few-features-best-decay", "oracle"] == "holds"
    assert found["a-few-features-early-stopping", "oracle"] == "fails"
    assert found["d-small-with-abundant-data-best-decay", "oracle"] == "not measured"


def test_every_statement_can_hold():
    checks = FIGURE.judge(dataset(**known_numbers()))
    assert {(check.id, check.stopping): check.verdict for check in checks if check.verdict != "holds"} == {}
    assert len(checks) == sum(len(statement.sources) for statement in decay_claims.STATEMENTS)


def constant(value):
    return lambda seed, **_: value + quiver(seed)


def linear(axis, slope, intercept=0.0):
    return lambda seed, **place: intercept + slope * place[axis] + quiver(seed)


FAILURES = {
    "a-in-theory-best-decay": {"benefit_theory": linear("relatedness", 1.0, -0.03)},
    "a-many-features-best-decay": {"benefit": linear("relatedness", 0.25, -0.05)},
    "a-harm-shrinks-best-decay": {"benefit": as_table_1(harm=-5.0)},
    "a-few-features-early-stopping": {"benefit_stopping": as_table_1(harm=5.0)},
    "related-help-best-decay": {"benefit": constant(-0.05)},
    "b-grows-with-aux-snr-best-decay": {"benefit": linear("s_aux", -0.01)},
    "b-at-each-step-best-decay": {"benefit": lambda s_aux, seed, **_: 0.1 * np.sin(s_aux) + quiver(seed)},
    "weight-of-related-tasks-best-decay": {"benefit": linear("alpha_aux", -0.1)},
    "weight-at-each-step-best-decay": {"benefit": lambda alpha_aux, seed, **_: 0.1 * np.sin(alpha_aux) + quiver(seed)},
    "weight-of-unrelated-tasks-best-decay": {"benefit": linear("alpha_aux", 0.1)},
    "c-grows-with-relatedness-early-stopping": {"benefit_stopping": linear("relatedness", -1.0)},
    "d-small-with-abundant-data-best-decay": {"benefit": constant(0.1)},
    "d-shrinks-with-data-best-decay": {"benefit": linear("samples_per_feature", 1.0)},
    "single-loss-below-stopping": {"loss_single": constant(0.7)},
    "joint-loss-below-stopping": {"loss_joint": constant(0.7)},
    "joint-loss-below-stopping-related": {"loss_joint": constant(0.7)},
    "benefit-above-stopping": {"benefit_stopping": constant(0.7)},
    "benefit-above-stopping-on-average": {"benefit_stopping": constant(0.7)},
    "benefit-as-stopping-related": {"benefit_stopping": constant(0.7)},
    "theory-of-losses": {"loss_single_fixed": constant(0.6)},
    "theory-of-losses-with-many-features": {"loss_single_fixed": constant(0.6)},
    "theory-of-benefits": {"benefit_drawn": constant(0.6)},
    "theory-of-the-best-decay": {"benefit_theory": constant(0.6)},
}
"""For each statement numbers in which it fails."""


@pytest.mark.parametrize("key", FAILURES)
def test_every_statement_can_fail(key):
    (statement,) = (each for each in decay_claims.STATEMENTS if each.key == key)
    first, *_ = statement.checks(dataset(**known_numbers(**FAILURES[key])))
    assert first.verdict == "fails"


def test_every_statement_is_made_to_fail():
    def stem(key):
        return key.removesuffix("-early-stopping").removesuffix("-best-decay")

    assert {stem(key) for key in FAILURES} == {stem(statement.key) for statement in decay_claims.STATEMENTS}


def test_fixed_points_that_were_not_reached_are_left_out_and_counted(toy_registry):
    made = FIGURE.sweeps("wd", settings.QUICK_GRID, FIGURE.problem.settings(), FIGURE.functions)
    limit = made[f"3 / {settings.BASE_NAME} / limit"]
    assert limit.function == "sharedtrunk.prediction:decay_limit_lanes"
    data = dataset(**known_numbers())
    data["benefit_theory"][{"seed": 0}] = np.nan
    checks = {check.id: check for check in FIGURE.judge(data) if check.stopping == "theory"}
    assert checks["a-in-theory-best-decay"].seeds_left_out == 1


@pytest.mark.parametrize("size", ["quick", "standard"])
def test_the_picture_has_a_panel_for_every_axis_and_a_row_for_every_number_of_classes(size):
    grid = FIGURE.axes(size, seeds=1 if size == "quick" else None)
    data = dataset(grid, **known_numbers()).assign_attrs(size=size)
    picture = FIGURE.draw(data)
    titles = [axes.get_title(loc="left") for axes in picture.axes]
    panels = 6 if size == "standard" else 3
    assert len(titles) == panels * len(grid["classes"])
    assert titles[-1] == f"K = {grid['classes'][-1]}: losses at λ = 1/32"
    assert "ours, not the paper's" in picture.get_suptitle()
    assert ("(quick grid)" in picture.get_suptitle()) == (size == "quick")
    points = picture.axes[panels - 2].lines
    assert any(line.get_xdata()[0] == 0 for line in points if len(line.get_xdata()) == 1)  # theory, at 1/N_f = 0
    assert plots.render(FIGURE.draw_validation(data), "png").startswith(b"\x89PNG")

"""One setting, three answers: against the flows and lanes they come from, and the sentence against made-up numbers."""

import dataclasses
import json

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import dynamics, experiments, prediction, teachers
from sharedtrunk._errors import InputError
from sharedtrunk.trajectory import Result

SMALL = {"classes": 4, "features": 20, "hidden": 10, "workers": 2, "time_limit": 80.0}
SETTING = prediction.Setting(samples=200, s_main=3.0, s_aux=10.0, relatedness=1.0)


@pytest.fixture(scope="module")
def made():
    """A setting, the same with unrelated tasks, and the first again: one grid, so one set of programs."""
    other = dataclasses.replace(SETTING, relatedness=0.0)
    return prediction.predict_grid([SETTING, other, SETTING], seeds=3, simulate=True, **SMALL)


def test_the_same_setting_has_the_same_answer(made):
    for name, way in made[0].ways.items():
        for field, value in vars(way).items():
            np.testing.assert_array_equal(value, getattr(made[2].ways[name], field))
    assert made[0].sentence == made[2].sentence
    assert not np.array_equal(made[0].ways["closure"].benefit, made[1].ways["closure"].benefit)


def lane(seed, relatedness):
    return {"n_samples": 200, "seed": seed, "s_main": 3.0, "s_aux": 10.0, "relatedness": relatedness}


def test_simulation_is_that_of_the_standard_lanes(made, monkeypatch):
    """The lanes of the figures, trained in their own chunks: same teachers, inputs, labels and start."""
    monkeypatch.setattr("sharedtrunk.experiments._lanes.LANE_MULTIPLE", 1)  # shares the compiled program
    problem = {name: value for name, value in SMALL.items() if name != "workers"} | {"rank": 4}
    joint = experiments.standard_lanes({"tasks": 2, **problem}, [lane(1, 1.0), lane(1, 0.0)])
    single = experiments.standard_lanes({"tasks": 1, **problem}, [lane(1, 1.0)])
    for each, loss, stop in zip(made, joint["loss"], joint["stop"], strict=False):
        way = each.ways["simulation"]
        assert way.benefit[1] == pytest.approx(single["loss"][0] - loss, abs=1e-4)
        assert way.stop_joint[1] == pytest.approx(stop, abs=0.5)


def test_theory_meets_the_draws_of_the_simulation(made):
    """The closure of seed 2, put together by hand from teachers and inputs of that seed."""
    problem = experiments.StandardSettings(tasks=2, classes=4, rank=4, features=20, hidden=10)
    draw = experiments.draw_chunk(problem, 2, 200, [lane(2, 1.0), lane(2, 0.0), lane(2, 0.0)])
    labels = [teachers.hard_labels(weights, draw.inputs) for weights in draw.noisy_weights]
    np.testing.assert_array_equal(labels[0], draw.labels[0])
    flow = dynamics.closure_flow([draw.inputs] * 2, labels, draw.moments, rule=dynamics.FAST_RULE)
    weights = jnp.asarray([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0]], draw.inputs.dtype)
    flow = eqx.tree_at(lambda f: f.task_weights, flow, weights)
    start = dynamics.Layers(trunk=draw.start.trunk, heads=draw.start.heads)
    found = dynamics.solve_until_bracketed(flow, start, time_limit=80.0)
    for each, place in zip(made, range(2), strict=False):
        way = each.ways["closure"]
        assert way.loss_joint[2] == pytest.approx(float(found.loss[place]), abs=1e-4)
        assert way.loss_single[2] == pytest.approx(float(found.loss[2]), abs=1e-4)


def test_all_three_see_a_clean_related_task_help(made):
    helped, unrelated = made[0].ways, made[1].ways
    for name in helped:
        # seed by seed, because settings share their draws
        assert np.all(helped[name].benefit > helped[name].error)
        assert np.all(helped[name].benefit > unrelated[name].benefit)


def test_the_benefit_lies_between_its_bounds(made):
    for way in (way for each in made for way in each.ways.values()):
        slack = way.error + way.bound_error
        assert np.all(way.lower - slack <= way.benefit)
        assert np.all(way.benefit <= way.upper + slack)
        np.testing.assert_allclose(way.benefit, way.loss_single - way.loss_joint, rtol=1e-12)


def test_the_population_knows_no_sample_count(made):
    fewer = [dataclasses.replace(each.setting, samples=100) for each in made]
    again = prediction.predict_grid(fewer, seeds=3, **SMALL)
    for few, many in zip(again, made, strict=True):
        np.testing.assert_array_equal(few.ways["population"].benefit, many.ways["population"].benefit)
        assert np.all(few.ways["closure"].benefit != many.ways["closure"].benefit)
        assert "simulation" not in few.ways


def test_rows_and_json_hold_the_numbers(made, tmp_path):
    rows = prediction.rows(made[0])
    assert [row[0] for row in rows] == ["population", "closure", "simulation", "… honest stop"]
    assert all(len(row) == len(prediction.COLUMNS) for row in rows)
    assert rows[1][1].startswith(f"{made[0].ways['closure'].benefit.mean():+.3f} ± ")
    prediction.write_json(tmp_path / "made.json", made[0])
    read = json.loads((tmp_path / "made.json").read_text())
    assert read["ways"]["closure"]["benefit"] == pytest.approx(made[0].ways["closure"].benefit.tolist())
    assert read["setting"] == dataclasses.asdict(SETTING)
    assert read["sentence"] == made[0].sentence
    assert "s_main 3" in prediction.title(made[0])


def test_a_single_seed_has_no_error_bar(tmp_path):
    ways = {"population": way([0.1]), "closure": way([np.nan], [int(Result.RAN_AWAY)])}
    told = prediction.sentence(SETTING, ways, 20)
    assert "a single seed has no error bar" in told
    made = prediction.Prediction(SETTING, {}, (0,), ways, told)
    assert [row[1] for row in prediction.rows(made)] == ["+0.100, no error", "–, no error"]
    prediction.write_json(tmp_path / "made.json", made)
    assert json.loads((tmp_path / "made.json").read_text())["ways"]["closure"]["benefit"] == [None]


def way(values, result=None):
    values = np.asarray(values, float)
    code = np.zeros(len(values), int) if result is None else np.asarray(result)
    parts = {field.name: values for field in dataclasses.fields(prediction.Way)}
    return prediction.Way(**{**parts, "result": code, "benefit_honest": None})


SIMULATED = np.array([0.10, 0.12, 0.14, 0.11, 0.13])
NOISE = np.array([1.0, -1.0, 0.5, -0.5, 0.0])


@pytest.mark.parametrize(
    ("closure", "population", "words"),
    [
        (
            SIMULATED + 1e-3 * NOISE,
            SIMULATED + 0.1,
            ("Believe the closure and the simulation alike", "misses it (+0.100"),
        ),
        (SIMULATED + 1e-3 * NOISE, SIMULATED - 1e-3 * NOISE, ("Believe any of the three",)),
        (SIMULATED + 0.1, SIMULATED + 1e-3 * NOISE, ("Believe the simulation, or the population flow",)),
        (SIMULATED + 0.1, SIMULATED - 0.1, ("Believe the simulation alone", "misses it (-0.100")),
        (SIMULATED + 0.5 * NOISE, SIMULATED - 0.1, ("Believe the simulation alone", "closure cannot be told from it")),
    ],
)
def test_the_sentence_follows_from_the_numbers(closure, population, words):
    ways = {"population": way(population), "closure": way(closure), "simulation": way(SIMULATED)}
    told = prediction.sentence(SETTING, ways, 20)
    assert all(word in told for word in words), told
    assert "B helps A (+0.120 nats" in told
    assert "N = 200 is 10 times the number of features" in told
    assert told.count(".\n") == 0
    assert told.endswith(".")
    hurt = {name: dataclasses.replace(each, benefit=-each.benefit) for name, each in ways.items()}
    assert "B hurts A (-0.120 nats" in prediction.sentence(SETTING, hurt, 20)


def test_the_sentence_counts_flows_that_ran_away():
    lost = np.where(np.arange(5) < 2, np.nan, SIMULATED)
    codes = np.where(np.arange(5) < 2, int(Result.RAN_AWAY), 0)
    ways = {"population": way(SIMULATED + 0.1), "closure": way(lost, codes), "simulation": way(SIMULATED)}
    told = prediction.sentence(SETTING, ways, 20)
    assert "Believe the simulation alone" in told
    assert "the closure ran away in 2 of 5 seeds" in told
    assert ways["closure"].failures == {Result.RAN_AWAY.message: 2}
    ways.pop("simulation")
    assert "Simulate before you believe: the closure ran away in 2 of 5 seeds" in prediction.sentence(SETTING, ways, 20)


def test_the_sentence_without_a_simulation():
    ways = {"population": way(SIMULATED + 1e-3 * NOISE), "closure": way(SIMULATED)}
    assert "Believe either theory: B helps A" in prediction.sentence(SETTING, ways, 20)
    ways["population"] = way(SIMULATED + 0.1)
    told = prediction.sentence(SETTING, ways, 20)
    assert "Believe the closure, which knows the samples" in told
    assert "would change that by +0.100" in told


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"samples": 0}, "samples must be a whole number"),
        ({"s_main": 0.0}, "s_main must be a finite number above 0; got 0.0"),
        ({"s_aux": -1.0}, "s_aux must be"),
        ({"relatedness": 1.5}, "relatedness must be a number between −1 and 1; got 1.5"),
        ({"s_main": float("nan")}, "s_main must be"),
        ({"seeds": 0}, "seeds must be a whole number"),
        ({"seeds": [-1]}, "Seeds are whole numbers"),
        ({"classes": 1}, "2 classes or more"),
        ({"rank": 20}, "rank ≤ classes"),
        ({"features": 10}, "features ≥ 2 · rank"),
        ({"s_aux": 0.0, "noise": 0.0}, "A task needs a signal or noise"),
        ({"workers": 0}, "workers must be a whole number"),
        ({"task_weights": (1.0, -1.0)}, "alpha is two finite weights"),
    ],
)
def test_wrong_words_are_refused_in_one_line(options, complaint):
    with pytest.raises(InputError) as caught:
        prediction.predict(**options)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_the_closure_tracks_the_simulation_of_the_standard_problem():
    """Small grid of the standard problem: correlation over settings, seed by seed, and a mean error within 0.02 nats."""
    settings = [prediction.Setting(400, s, 10.0, r) for s in (0.3, 3.0) for r in (0.0, 0.5, 1.0)]
    made = prediction.predict_grid(settings, seeds=3, simulate=True)
    closure, simulation = (np.array([each.ways[name].benefit for each in made]) for name in ("closure", "simulation"))
    assert all(np.corrcoef(closure[:, n], simulation[:, n])[0, 1] > 0.98 for n in range(3))
    assert np.abs((closure - simulation).mean(axis=1)).max() < 0.06

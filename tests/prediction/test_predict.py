"""One setting, three answers: against the flows and lanes they come from, and the sentence against made-up numbers."""

import dataclasses
import inspect
import json
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest

from sharedtrunk import dynamics, experiments, prediction, teachers
from sharedtrunk.errors import InputError
from sharedtrunk.flows.trajectory import Result
from sharedtrunk.prediction._arms import CLOSURE_RULE

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


@pytest.mark.long
def test_simulation_is_that_of_the_standard_lanes(made):
    """The lanes of the figures, trained in their own chunks: same teachers, inputs, labels and start."""
    problem = {name: value for name, value in SMALL.items() if name != "workers"} | {"rank": 4}
    joint = experiments.standard_lanes({"tasks": 2, **problem}, [lane(1, 1.0), lane(1, 0.0)])
    single = experiments.standard_lanes({"tasks": 1, **problem}, [lane(1, 1.0)])
    for each, loss, stop in zip(made, joint["loss"], joint["stop"], strict=False):
        way = each.ways["simulation"]
        assert way.benefit[1] == pytest.approx(single["loss"][0] - loss, abs=1e-4)
        assert way.stop_joint[1] == pytest.approx(stop, abs=0.5)


@pytest.mark.long
def test_theory_meets_the_draws_of_the_simulation(made):
    """The closure of seed 2, put together by hand from teachers and inputs of that seed."""
    problem = experiments.StandardSettings(tasks=2, classes=4, rank=4, features=20, hidden=10)
    draw = experiments.draw_chunk(problem, 2, 200, [lane(2, 1.0), lane(2, 0.0), lane(2, 0.0)])
    labels = [teachers.hard_labels(weights, draw.inputs) for weights in draw.noisy_weights]
    np.testing.assert_array_equal(labels[0], draw.labels[0])
    flow = dynamics.closure_flow([draw.inputs] * 2, labels, draw.moments, rule=CLOSURE_RULE)
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


@pytest.mark.long
def test_the_population_knows_no_sample_count(made):
    fewer = [dataclasses.replace(each.setting, samples=100) for each in made]
    again = prediction.predict_grid(fewer, seeds=3, **SMALL)
    for few, many in zip(again, made, strict=True):
        np.testing.assert_array_equal(few.ways["population"].benefit, many.ways["population"].benefit)
        assert np.all(few.ways["closure"].benefit != many.ways["closure"].benefit)
        assert "simulation" not in few.ways


def test_rows_and_json_hold_the_numbers(made, tmp_path):
    rows = prediction.rows(made[0])
    assert [row[0] for row in rows] == ["population", "closure", "simulation", "… validation stop"]
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
    population, closure = prediction.rows(made)
    assert population[1:] == ("+0.100, no error", "[+0.100, +0.100]", "0.100→0.100", "0.1→0.1")
    assert closure[1:] == ("–",) * 4
    prediction.write_json(tmp_path / "made.json", made)
    assert json.loads((tmp_path / "made.json").read_text())["ways"]["closure"]["benefit"] == [None]


def way(values, result=None):
    values = np.asarray(values, float)
    code = np.zeros(len(values), int) if result is None else np.asarray(result)
    parts = {field.name: values for field in dataclasses.fields(prediction.Answer)}
    later = dict.fromkeys(("benefit_honest", "decay_single", "decay_joint"))
    return prediction.Answer(**{**parts, "result": code, **later})


SIMULATED = np.array([0.10, 0.12, 0.14, 0.11, 0.13])
NOISE = np.array([1.0, -1.0, 0.5, -0.5, 0.0])


@pytest.mark.parametrize(
    ("closure", "population", "words"),
    [
        (
            SIMULATED + 1e-3 * NOISE,
            SIMULATED + 0.1,
            ("Believe the closure and the simulation alike", "misses the simulation by more than 0.012 nats (+0.100"),
        ),
        (SIMULATED + 1e-3 * NOISE, SIMULATED - 1e-3 * NOISE, ("Believe any of the three",)),
        (SIMULATED + 0.1, SIMULATED + 1e-3 * NOISE, ("Believe the simulation, or the population flow",)),
        (SIMULATED + 0.1, SIMULATED - 0.1, ("Believe the simulation alone", "nats (-0.100")),
        (
            SIMULATED + 0.5 * NOISE,
            SIMULATED - 0.1,
            (
                "Believe the simulation alone",
                "5 seeds leave open whether the closure agrees with the simulation within 0.012 nats",
            ),
        ),
    ],
)
def test_the_sentence_follows_from_the_numbers(closure, population, words):
    ways = {"population": way(population), "closure": way(closure), "simulation": way(SIMULATED)}
    told = prediction.sentence(SETTING, ways, 20)
    assert all(word in told for word in words), told
    assert "B helps A (+0.120 nats" in told
    assert "at N = 200 for 20 features" in told
    assert told.count(".\n") == 0
    assert told.endswith(".")
    hurt = {name: dataclasses.replace(each, benefit=-each.benefit) for name, each in ways.items()}
    assert "B hurts A (-0.120 nats" in prediction.sentence(SETTING, hurt, 20)


@pytest.mark.parametrize("seeds", [3, 5, 40])
@pytest.mark.parametrize(
    ("off", "word"),
    [(0.005, "closure agrees with the simulation within 0.012"), (0.02, "closure misses the simulation")],
)
def test_agreement_does_not_turn_on_the_number_of_seeds(seeds, off, word):
    """The same small deviation, told with more seeds, is the same answer."""
    rng = np.random.default_rng(seeds)
    spread = rng.standard_normal(seeds)
    simulated = 0.12 + 0.01 * (spread - spread.mean())
    closure = simulated + off + 1e-4 * rng.standard_normal(seeds)
    told = prediction.sentence(SETTING, {name: way(v) for name, v in three(closure, simulated).items()}, 20)
    assert word in told


def three(closure, simulated):
    return {"population": simulated + 1.0, "closure": closure, "simulation": simulated}


UNREACHED = np.where(np.arange(5) < 2, int(Result.NOT_BRACKETED), 0)


@pytest.mark.parametrize("late", ["population", "closure", "simulation"])
def test_a_way_that_did_not_reach_its_minimum_is_not_believed_without_saying_so(late):
    values = {"population": SIMULATED, "closure": SIMULATED, "simulation": SIMULATED}
    ways = {name: way(value, UNREACHED if name == late else None) for name, value in values.items()}
    told = prediction.sentence(SETTING, ways, 20, time_limit=50.0)
    assert "minimum was not reached by t = 50 in 2 of 5 seeds" in told
    leads = {
        "population": "Believe the closure and the simulation alike",
        "closure": "Believe the simulation, or the population flow",
        "simulation": "Believe none without a caveat: the simulation is unfinished",
    }
    assert told.startswith(leads[late])
    ways.pop("simulation")
    told = prediction.sentence(SETTING, ways, 20, time_limit=50.0)
    assert told.startswith(
        "Simulate" if late == "closure" else "Believe the closure" if late == "population" else "Bel"
    )
    assert ("not reached by t = 50" in told) == (late != "simulation")


@pytest.mark.long
def test_short_times_are_told(made):
    """Followed to t = 3, no way reaches its minimum; the words and the table say so."""
    settings = [each.setting for each in made]  # and so the compiled programs of `made`
    short = prediction.predict_grid(settings, seeds=3, simulate=True, **{**SMALL, "time_limit": 3.0})[0]
    deed = "did not reach the minimum of the generalization loss by the time limit"
    assert all(way.failures == {deed: 3} and way.unreached == 3 for way in short.ways.values())
    assert short.sentence.startswith("Believe none without a caveat: the simulation is unfinished")
    assert "by t = 3 in 3 of 3 seeds" in short.sentence
    assert np.isnan(short.ways["simulation"].benefit_honest).all()
    assert all(way.unreached == 0 for way in made[0].ways.values())


@pytest.mark.parametrize("late", ["population", "closure", "simulation"])
def test_an_unfinished_benefit_is_marked_wherever_it_is_shown(late, tmp_path):
    """A flow that has not reached its minimum: its number is not shown as a finished one's is."""
    values = np.array([0.009, 0.011, 0.007, 0.010, 0.008])
    ways = {name: way(values, UNREACHED if name == late else None) for name in ("population", "closure", "simulation")}
    told = prediction.sentence(SETTING, ways, 20, time_limit=50.0)
    made = prediction.Prediction(SETTING, {}, tuple(range(5)), ways, told)
    cells = {row[0]: row[1] for row in prediction.rows(made)}
    assert cells.pop(late) == "so far +0.009 ± 0.002"
    assert set(cells.values()) == {"+0.009 ± 0.002"}
    below = "so far: the lowest losses up to the time limit are not minima yet, so the benefit may still change"
    assert f"{below} (seeds: {late} 2 of 5)." in prediction.caption(made)
    assert "minimum was not reached by t = 50 in 2 of 5 seeds" in told
    prediction.write_json(tmp_path / "made.json", made)
    stored = json.loads((tmp_path / "made.json").read_text())["ways"]
    assert {name: each["finished"] for name, each in stored.items()} == {name: name != late for name in ways}
    assert {name: each["unfinished_seeds"] for name, each in stored.items()} == {n: 2 * (n == late) for n in ways}


def test_a_finished_table_is_not_marked_and_a_mean_of_some_seeds_says_so(made):
    without = dataclasses.replace(made[0], ways={name: made[0].ways[name] for name in ("population", "closure")})
    assert prediction.caption(without) == prediction.CAPTION
    lost = way(np.where(np.arange(5) < 2, np.nan, SIMULATED), np.where(np.arange(5) < 2, int(Result.RAN_AWAY), 0))
    some = prediction.Prediction(SETTING, {}, tuple(range(5)), {"closure": lost}, "")
    assert prediction.rows(some)[0][1] == "+0.127 ± 0.038 (3 of 5 seeds)"


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
    assert "would change the benefit by +0.100" in told


@pytest.fixture
def as_users_have_it(monkeypatch):
    """Annotations are checked in the tests only: without that, wrong kinds reach the checks of the verbs."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"samples": 0}, "samples must be a whole number, at least 1; got 0. Leave it out for 400"),
        ({"samples": 10**8}, "seeds × samples × features must be at most 2e+09"),
        ({"start_scale": 0.0}, "start_scale must be a finite number above 0; got 0.0"),
        ({"noise": -1.0}, "noise must be a finite number, at least 0"),
        ({"noise": "loud"}, "noise must be a finite number, at least 0; got 'loud'"),
        ({"time_limit": 0}, "time_limit must be a finite number above 0"),
        ({"hidden": 2.5}, "hidden must be a whole number, at least 1; got 2.5. Leave it out for 100"),
        ({"seeds": [0, 0]}, "Seeds must differ: a repeated one fakes certainty; got [0, 0]"),
        ({"seeds": 2.0}, "seeds must be a whole number"),
        ({"seeds": [2**32]}, "Seeds must be whole numbers from 0 to 2³² − 1"),
        ({"seeds": []}, "Seeds must be whole numbers"),
        ({"s_main": 0.0}, "s_main must be a finite number above 0; got 0.0"),
        ({"s_aux": -1.0}, "s_aux must be"),
        ({"relatedness": 1.5}, "relatedness must be a number between −1 and 1; got 1.5"),
        ({"s_main": float("nan")}, "s_main must be"),
        ({"seeds": 0}, "seeds must be a whole number"),
        ({"seeds": [-1]}, "Seeds must be whole numbers"),
        ({"classes": 1}, "classes must be at least 2; got 1"),
        ({"rank": 20}, "rank must be at most classes; got 20 for 10"),
        ({"features": 10}, "got 10 features, classes 10. Lower classes or raise features"),
        ({"features": 9, "rank": 5}, "got 9 features, rank 5. Lower rank or raise features"),
        ({"s_aux": 0.0, "noise": 0.0}, "A task needs a signal or noise"),
        ({"workers": 0}, "workers must be a whole number"),
        ({"task_weights": (1.0, -1.0)}, "task_weights[1] must be a finite number, at least 0"),
        ({"task_weights": (0.0, 1.0)}, "task_weights[0] must be a finite number above 0"),
        ({"task_weights": 1.0}, "task_weights must be two numbers; got 1.0"),
    ],
)
def test_wrong_words_are_refused_in_one_line(options, complaint, as_users_have_it):
    with pytest.raises(InputError) as caught:
        prediction.predict(**options)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        (prediction.Setting(), "settings must be a list of Setting"),
        (400, "settings must be a list of Setting"),
        ([(400, 1.0)], "A setting must be a Setting or (samples, s_main, s_aux, relatedness)"),
        ([(400, 1.0, 10.0, np.full((40, 40), 2.0))], "relatedness must be a number between −1 and 1"),
        (["400"], "A setting must be a Setting or"),
    ],
)
def test_wrong_settings_are_refused_in_one_line(settings, complaint, as_users_have_it):
    with pytest.raises(InputError) as caught:
        prediction.predict_grid(settings)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_numbers_of_any_kind_are_as_good_as_pythons(made, tmp_path, as_users_have_it):
    other = [(np.int64(200), np.float32(3.0), np.int32(10), np.float64(each.setting.relatedness)) for each in made]
    kinds: dict[str, Any] = {name: np.int64(value) for name, value in SMALL.items()}
    kinds |= {"noise": np.float32(1.0), "task_weights": np.ones(2), "seeds": np.arange(3)}
    numpy = prediction.predict_grid(other, **kinds)[0]
    prediction.write_json(tmp_path / "made.json", numpy)
    assert numpy.setting == made[0].setting
    assert numpy.problem == made[0].problem
    np.testing.assert_allclose(numpy.ways["closure"].benefit, made[0].ways["closure"].benefit, atol=1e-4)


def test_one_setting_and_many_take_the_same_options():
    one, many = (inspect.signature(verb).parameters for verb in (prediction.predict, prediction.predict_grid))
    named = [name for name, option in many.items() if option.kind is option.KEYWORD_ONLY]
    assert [name for name, option in one.items() if option.kind is option.KEYWORD_ONLY] == named
    differ = [name for name in named if one[name].default != many[name].default]
    assert differ == ["simulate"]


def test_the_caption_says_what_validation_stopping_adds(made):
    simulated = made[0].ways["simulation"]
    added = np.nanmean(simulated.benefit_honest - simulated.benefit)  # a seed may not have stopped
    assert f"that adds {added:+.3f} ± " in prediction.caption(made[0])
    never = dataclasses.replace(simulated, benefit_honest=np.full(3, np.nan))
    words = prediction.caption(dataclasses.replace(made[0], ways={"simulation": never}))
    assert words.endswith("as one must in practice; that changes the benefit by an unknown amount.")


@pytest.mark.slow
def test_the_closure_tracks_the_simulation_of_the_standard_problem():
    """Small grid of the standard problem: correlation over settings, seed by seed, and a mean error within 0.02 nats."""
    settings = [prediction.Setting(400, s, 10.0, r) for s in (0.3, 3.0) for r in (0.0, 0.5, 1.0)]
    made = prediction.predict_grid(settings, seeds=3, simulate=True)
    closure, simulation = (np.array([each.ways[name].benefit for each in made]) for name in ("closure", "simulation"))
    assert all(np.corrcoef(closure[:, n], simulation[:, n])[0, 1] > 0.98 for n in range(3))
    assert np.abs((closure - simulation).mean(axis=1)).max() < 0.06

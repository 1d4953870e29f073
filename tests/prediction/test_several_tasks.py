"""Unequal singular values, a matrix of relatedness and several auxiliary tasks: against plain settings and by hand."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest

from sharedtrunk import experiments, gaussian, prediction, students, teachers
from sharedtrunk.errors import InputError

SIZES = {"classes": 3, "features": 12, "hidden": 6}
OPTIONS = {**SIZES, "workers": 2, "time_limit": 60.0, "seeds": [1, 4], "simulate": True}
PLAIN = prediction.Setting(60, 3.0, 10.0, 0.5)
LISTED = prediction.Setting(60, [3.0] * 3, [[10.0] * 3], [np.diag([0.5] * 3).tolist()])
TWO = prediction.Setting(60, 3.0, [10.0, 1.0], [1.0, 0.0])
TURNED = prediction.Setting(60, 3.0, [1.0, 10.0], [0.0, 1.0])
UNEQUAL = prediction.Setting(60, [3.0, 1.0, 0.3], 10.0, np.diag([1.0, 0.5, 0.0]).tolist())
SETTINGS = (PLAIN, LISTED, TWO, TURNED, UNEQUAL)


@pytest.fixture(scope="module")
def made():
    """One grid of all forms, so that each program is compiled once."""
    return dict(zip(SETTINGS, prediction.predict_grid(SETTINGS, **OPTIONS), strict=True))


def same_numbers(one, other):
    for name, way in one.ways.items():
        for field, value in vars(way).items():
            np.testing.assert_array_equal(value, getattr(other.ways[name], field))


@pytest.mark.long
def test_a_list_of_equal_values_and_a_multiple_of_the_identity_are_the_numbers(made):
    same_numbers(made[PLAIN], made[LISTED])


@pytest.mark.long
def test_the_order_of_auxiliary_tasks_changes_nothing(made):
    same_numbers(made[TWO], made[TURNED])
    assert "B1 s_aux 1, relatedness 0; B2 s_aux 10, relatedness 1" in prediction.title(made[TURNED])


@pytest.mark.long
def test_settings_of_other_forms_change_nothing(made):
    """Their draws are their own; flows of one population share steps, which have a tolerance."""
    (alone,) = prediction.predict_grid([PLAIN], **OPTIONS)
    for name, way in alone.ways.items():
        np.testing.assert_allclose(way.benefit, made[PLAIN].ways[name].benefit, atol=2e-5)


@pytest.mark.long
def test_a_further_auxiliary_task_leaves_the_baseline_as_it_is(made):
    for name, way in made[TWO].ways.items():
        np.testing.assert_allclose(way.loss_single, made[PLAIN].ways[name].loss_single, atol=2e-4)
        assert np.all(np.abs(way.benefit - made[PLAIN].ways[name].benefit) > 1e-3)


@pytest.mark.long
def test_the_benefit_lies_between_its_bounds(made):
    for way in (way for each in made.values() for way in each.ways.values()):
        slack = way.error + way.bound_error + 1e-4
        assert np.all(way.lower - slack <= way.benefit)
        assert np.all(way.benefit <= way.upper + slack)


def drawn(setting, seed):
    """The draw of one setting's joint lane."""
    problem = experiments.StandardSettings(tasks=1 + len(setting.auxiliaries), rank=3, **SIZES)
    lane = {**setting.lane(), "n_samples": setting.samples, "seed": seed}
    return experiments.draw_chunk(problem, seed, setting.samples, [lane])


@pytest.mark.long
@pytest.mark.parametrize("setting", [TWO, UNEQUAL], ids=["two", "unequal"])
def test_simulation_is_a_training_put_together_by_hand(made, setting):
    """Labels, student and loss of seed 4 from the teachers and inputs alone, with both arms' own numbers of tasks."""
    draw = drawn(setting, 4)
    inputs, noisy = np.asarray(draw.inputs), [np.asarray(weights[0]) for weights in draw.noisy_weights]
    labels = [np.argmax(inputs @ weights.T, axis=1) for weights in noisy]
    moment = gaussian.label_moment(draw.clean_weights[0])
    times = jnp.linspace(0.0, 30.0, 121)
    found = {}
    for arm, tasks in (("single", 1), ("joint", len(noisy))):
        start = students.SharedTrunk(draw.start.trunk, draw.start.heads[:tasks])
        problem = students.make_problem(inputs, labels[:tasks], classes=3)
        seen = students.train(jax.tree.map(lambda w: w[0], start), problem, times, students.Flow(rtol=1e-5))
        found[arm] = float(gaussian.population_loss(seen.composites[0], moment).min())
    way = made[setting].ways["simulation"]
    assert way.loss_single[1] == pytest.approx(found["single"], abs=5e-4)
    assert way.loss_joint[1] == pytest.approx(found["joint"], abs=5e-4)


@pytest.mark.long
def test_teachers_have_the_singular_values_and_relatedness_asked_for():
    draw = drawn(UNEQUAL, 1)
    clean = np.asarray(draw.clean_weights[0])
    np.testing.assert_allclose(np.linalg.svd(clean)[1], UNEQUAL.s_main, atol=1e-5)
    moment, error = gaussian.label_moment_with_error(draw.clean_weights[0])
    np.testing.assert_allclose(draw.moments[0], moment, atol=1e-5)
    assert draw.moment_error == pytest.approx(float(error), rel=1e-3)
    equal = drawn(dataclasses.replace(UNEQUAL, s_main=1.0), 1)
    assert np.linalg.norm(equal.moments[0] - draw.moments[0]) > 0.05


@pytest.mark.long
def test_every_lane_is_judged_by_its_own_labels():
    """Lanes that differ in the main task's singular values only, in one chunk and alone."""
    problem = experiments.StandardSettings(tasks=2, rank=3, **SIZES)
    values = ([3.0, 1.0, 0.3], [1.0, 1.0, 0.0], [3.0, 1.0, 0.3])
    lanes = [{"s_main": s, "s_aux": 1.0, "relatedness": 0.0, "n_samples": 20, "seed": 1} for s in values]
    together = experiments.draw_chunk(problem, 1, 20, lanes)
    np.testing.assert_array_equal(together.moments[0], together.moments[2])
    for lane in (0, 1):
        np.testing.assert_allclose(
            together.moments[lane], gaussian.label_moment(together.clean_weights[lane]), atol=1e-6
        )


@pytest.mark.long
def test_lists_of_equal_values_draw_the_teachers_of_numbers():
    problem = experiments.StandardSettings(tasks=3, rank=3, **SIZES)
    known = {"n_samples": 20, "seed": 1, "s_main": 3.0, "s_aux": [10.0, 1.0], "relatedness": [0.6, 1.0]}
    same = {**known, "s_main": [3.0] * 3, "s_aux": [[10.0] * 3, [1.0] * 3], "relatedness": [0.6 * np.eye(3), np.eye(3)]}
    one, other = (experiments.draw_chunk(problem, 1, 20, [lane]) for lane in (known, same))
    for a, b in zip(one.noisy_weights, other.noisy_weights, strict=True):
        np.testing.assert_allclose(a, b, atol=1e-4)
    np.testing.assert_allclose(one.clean_weights, other.clean_weights, atol=1e-6)
    np.testing.assert_allclose(one.moments, other.moments, atol=1e-3)


@pytest.mark.long
def test_with_more_samples_theory_approaches_the_simulation():
    """Unequal singular values and two auxiliary tasks: sixteen times the points divide the largest difference by four
    (population flow) or more (closure); half of that is asked for."""
    values = {"s_main": [3.0, 1.0, 0.3], "s_aux": [10.0, 1.0]}
    settings = [
        prediction.Setting(samples, relatedness=[np.diag([1.0, 0.5, 0.0]).tolist(), 0.0], **values)
        for samples in (5_000, 80_000)
    ]
    both = prediction.predict_grid(settings, **{**OPTIONS, "time_limit": 200.0})
    for name in ("closure", "population"):
        few, many = (largest_difference(each.ways[name], each.ways["simulation"]) for each in both)
        assert many < min(few / 2, 5e-3)


def largest_difference(theory, simulation):
    fields = ("loss_single", "loss_joint", "benefit")
    return max(np.max(np.abs(getattr(theory, field) - getattr(simulation, field))) for field in fields)


@pytest.mark.long
def test_the_setting_is_told_in_full(made, tmp_path):
    unequal, two = made[UNEQUAL], made[TWO]
    assert prediction.title(unequal) == (
        "Benefit of B for A: 60 samples, s_main (3, 1, 0.3), s_aux 10, relatedness diag(1, 0.5, 0), 2 seeds"
    )
    assert prediction.title(two) == (
        "Benefit of B1 and B2 for A: 60 samples, s_main 3; B1 s_aux 10, relatedness 1; B2 s_aux 1, relatedness 0; 2 seeds"
    )
    assert "A alone → with B1 and B2." in prediction.caption(two)
    words = two.sentence
    assert any(
        each in words for each in ("B1 and B2 together h", "the effect of B1 and B2 on A cannot be told from zero")
    )
    prediction.write_json(tmp_path / "made.json", unequal)
    read = json.loads((tmp_path / "made.json").read_text())["setting"]
    assert prediction.Setting(**read) == UNEQUAL
    turned = dataclasses.replace(PLAIN, relatedness=[[0.0, 1.0], [-1.0, 0.0]])
    assert "relatedness [0 1; -1 0]" in prediction.title(dataclasses.replace(two, setting=turned))


@pytest.mark.parametrize(
    ("count", "words"), [(1, "B"), (2, "B1 and B2"), (3, "B1, B2 and B3"), (4, "B1 … B4"), (12, "B1 … B12")]
)
def test_auxiliary_tasks_have_names(count, words):
    setting = prediction.Setting(s_aux=[1.0] * count, relatedness=[0.0] * count)
    assert setting.auxiliaries_in_words == words
    assert setting.auxiliaries == ((1.0, 0.0),) * count


def test_lists_tuples_and_arrays_are_one_setting(monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    lists = prediction.Setting(60, [3.0, 1.0], [[1.0, 0.5]], [[1.0, 0.0], [0.0, 0.5]])
    arrays = prediction.Setting(60, np.array([3, 1]), np.array([[1.0, 0.5]]), jnp.diag(jnp.array([1.0, 0.5])))
    assert lists == arrays
    assert hash(lists) == hash(arrays)
    assert prediction.Setting(s_aux=[10.0], relatedness=[0.5]) == prediction.Setting()


EYE = np.eye(10).tolist()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (
            {"s_main": [1.0, 0.5]},
            "s_main needs one singular value for each of the 10 components of a teacher; got 2 values",
        ),
        ({"s_main": [0.0] * 10}, "s_main must not be zero throughout; got [0.0, 0.0"),
        ({"s_main": []}, "s_main must be a number, or one for each component; got an empty list"),
        ({"s_main": [1.0, -0.5]}, "s_main[1] must be a finite number, at least 0; got -0.5"),
        ({"s_main": [1.0, "x"]}, "s_main[1] must be a finite number, at least 0; got 'x'"),
        ({"s_main": [[1.0]]}, "s_main[0] must be a finite number, at least 0; got [1.0]"),
        ({"s_aux": []}, "s_aux needs at least one auxiliary task; got an empty list"),
        ({"s_aux": [1.0, 0.5]}, "relatedness needs an entry for each of the 2 auxiliary tasks in s_aux; got 0.5"),
        (
            {"s_aux": [1.0, 0.5], "relatedness": [0.5] * 3},
            "for each of the 2 auxiliary tasks in s_aux; got [0.5, 0.5, 0.5]",
        ),
        (
            {"s_aux": [1.0, float("inf")], "relatedness": [0, 0]},
            "s_aux[1] must be a finite number, at least 0; got inf",
        ),
        ({"s_aux": [[1.0, 0.5]]}, "s_aux[0] needs one singular value for each of the 10 components"),
        ({"s_aux": [[0.0] * 10], "noise": 0.0}, "A task needs a signal or noise"),
        ({"relatedness": [0.5, 0.5]}, "relatedness must be a number between −1 and 1, or a matrix; got [0.5, 0.5]"),
        ({"relatedness": [[0.5, 0.0], [0.5]]}, "relatedness must be a number between −1 and 1, or a matrix; got [[0.5"),
        (
            {"relatedness": [[0.5, 0.0], [0.0, 0.5]]},
            "a matrix of 10 rows and columns, one per component of a teacher; got 2",
        ),
        ({"relatedness": [[0.8, 0.0], [0.8, 0.0]]}, "or a matrix of spectral norm at most 1; got norm 1.13137"),
        ({"relatedness": [[float("nan")]]}, "or a matrix of such numbers; got nan"),
        ({"s_aux": [1.0, 1.0], "relatedness": [EYE, 2.0]}, "relatedness[1] must be a number between −1 and 1; got 2.0"),
        (
            {"s_aux": [1.0] * 1001, "relatedness": [0.0] * 1001},
            "s_aux must have at most 1,000 entries, one for each auxiliary",
        ),
        (
            {"s_aux": [1.0] * 1000, "relatedness": [0.0] * 1000, "hidden": 10_000, "seeds": 50},
            "all students together must have at most 2e+09 weights",
        ),
    ],
)
def test_lists_that_do_not_fit_are_refused_in_one_line(options, complaint, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(InputError) as caught:
        prediction.predict(**options)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"relatedness": [0.5]}, "an entry for each of its 2 auxiliary tasks"),
        ({"s_aux": 1.0}, "an entry for each of its 2 auxiliary tasks"),
        ({"s_aux": [1.0, -1.0]}, "s_aux of a lane must be finite and at least 0"),
        ({"relatedness": [0.5, 2 * np.eye(3)]}, "relatedness of a lane must be between −1 and 1"),
        ({"s_main": [0.0, 0.0, 0.0]}, "s_main of a lane must be finite and above 0"),
        ({"s_main": [1.0, 0.0, 0.0]}, "must have s_main of one shape"),
        ({"s_aux": [1.0, [1.0, 0.5]]}, "must have s_aux of one shape"),
    ],
)
def test_lanes_that_do_not_fit(change, complaint):
    problem = experiments.StandardSettings(tasks=3, rank=3, **SIZES)
    lane = {"n_samples": 20, "seed": 1, "s_main": 3.0, "s_aux": [10.0, 1.0], "relatedness": [0.6, 1.0]}
    with pytest.raises(InputError, match=complaint):
        experiments.draw_chunk(problem, 1, 20, [lane, {**lane, **change}])


@pytest.mark.long
def test_auxiliary_teachers_are_related_to_the_main_one_each_in_its_way(key):
    matrix = jnp.asarray(np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0] * [1.0, 0.6, 0.1])
    given = {"classes": (4, 5, 3, 6), "rank": (3, 2, 3, 4), "features": 9, "singular_values": 2.0}
    found = teachers.related_teachers(key, relatedness=(0.3, matrix, 0.0), **given)
    atol = 1e-10 if jax.config.jax_enable_x64 else 1e-5
    asked = (0.3 * np.eye(2, 3), matrix, np.zeros((4, 3)))
    for auxiliary, R in zip(found[1:], asked, strict=True):
        np.testing.assert_allclose(teachers.relatedness(found[0], auxiliary), R, atol=10 * atol)
        np.testing.assert_allclose(
            auxiliary.right.T @ auxiliary.right, np.eye(auxiliary.right.shape[1]), atol=10 * atol
        )
    assert [teacher.left.shape for teacher in found] == [(4, 3), (5, 2), (3, 3), (6, 4)]
    assert len({float(teacher.noise[0, 0]) for teacher in found}) == 4


@pytest.mark.long
def test_further_teachers_change_none_before_them(key):
    pair = teachers.related_pair(key, relatedness=0.3)
    three = teachers.related_teachers(key, relatedness=(0.3, 0.9, 0.9))
    four = teachers.related_teachers(key, relatedness=(0.3, 0.9, 0.9, 0.1))
    for found in (pair, three):
        for one, other in zip(found, four, strict=False):
            assert all(jax.tree.leaves(jax.tree.map(np.array_equal, one, other)))
    assert not np.allclose(three[2].right, three[3].right, atol=0.1)


@pytest.mark.long
@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"relatedness": 0.5}, "list with an entry per auxiliary teacher"),
        ({"relatedness": ()}, "list with an entry per auxiliary teacher"),
        ({"relatedness": (0.5, 1.2)}, "between −1 and 1"),
        ({"relatedness": (0.5, 0.5), "noise": (1.0, 1.0)}, "or 3 of them"),
        ({"relatedness": (0.5, 0.5), "rank": (3, 3, 8), "features": 10}, "10 features for ranks 3 and 8"),
    ],
)
def test_teachers_that_cannot_be(key, given, complaint, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(InputError, match=complaint):
        teachers.related_teachers(key, **given)

"""The row of weight decay: its numbers are those of `asymptotics`, and its failures, refusals and words are told."""

import dataclasses
import json
import types

import jax
import numpy as np
import pytest
from typer.testing import CliRunner

from sharedtrunk import asymptotics, cli, experiments, prediction, teachers
from sharedtrunk.flows.result import Result
from sharedtrunk.prediction import _decay

ROW = "infinite size, best weight decay"
SIZES = {"classes": 3, "features": 12, "hidden": 9}
R = [[0.9, 0.1, 0.0], [0.0, 0.5, 0.0], [0.2, 0.0, -0.3]]
PLAIN = prediction.Setting(24, 3.0, 10.0, 1.0)
TWO = prediction.Setting(24, [3.0, 1.0, 0.5], [[2.0, 1.0, 0.0], 10.0], [R, 0.7])


def drawn(setting, seed):
    """The teachers of a setting, from `teachers` alone."""
    s_aux, related = zip(*setting.auxiliaries, strict=True)
    given = {"classes": 3, "features": 12, "dtype": np.float32}
    values = tuple(np.float32(s) for s in (setting.s_main, *s_aux))
    related = tuple(np.float32(r) for r in related)
    return teachers.related_teachers(jax.random.key(seed), relatedness=related, singular_values=values, **given)


def gram_at_infinite_size(setting, seed):
    """T = W̄ W̄ᵀ + I of all tasks, with V̄_tᵀ V̄_A = R_t and, for other pairs, R_t R_uᵀ."""
    left = [np.asarray(each.left, float) * np.asarray(each.singular_values) for each in drawn(setting, seed)]
    related = [np.eye(3), *(np.eye(3) * r if np.ndim(r) == 0 else np.array(r) for _, r in setting.auxiliaries)]
    inner = [[np.eye(3) if t == u else related[t] @ related[u].T for u in range(len(left))] for t in range(len(left))]
    pairs = [[t @ inner[i][j] @ u.T for j, u in enumerate(left)] for i, t in enumerate(left)]
    return np.block(pairs)


@pytest.mark.long
@pytest.mark.parametrize("setting", [PLAIN, TWO], ids=["plain", "two tasks"])
def test_teachers_have_the_covariances_of_infinite_size(setting):
    problem = experiments.StandardSettings(tasks=1 + len(setting.auxiliaries), rank=3, **SIZES)
    (found,) = experiments.draw_teachers(problem, 4, [{**setting.lane(), "n_samples": 24, "seed": 4}])
    fields = asymptotics.fields_of_teachers(_decay.limit(found), noise=1.0)
    T = gram_at_infinite_size(setting, 4)
    scale = np.abs(T).max()
    np.testing.assert_allclose(fields.noisy @ fields.noisy.T, T + np.eye(len(T)), atol=1e-5 * scale)
    np.testing.assert_allclose(fields.clean @ fields.clean.T, T[:3, :3], atol=1e-5 * scale)


@pytest.mark.long
def test_teachers_are_those_of_the_other_methods():
    problem = experiments.StandardSettings(tasks=2, rank=3, **SIZES)
    lanes = [{**PLAIN.lane(), "relatedness": r, "n_samples": 24, "seed": 4} for r in (1.0, 0.3)]
    draw = experiments.draw_chunk(problem, 4, 24, lanes)
    for lane, each in enumerate(experiments.draw_teachers(problem, 4, lanes)):
        np.testing.assert_allclose(each[0].weights, draw.clean_weights[lane], atol=1e-6)
        for teacher, weights in zip(each, draw.noisy_weights, strict=True):
            np.testing.assert_allclose(teacher.noisy_weights, weights[lane], atol=1e-5)


LATER = ("benefit_honest", "decay_single", "decay_joint")


@pytest.fixture
def early(monkeypatch):
    """Other methods answer at once, and need no draws."""

    def draw(problem, seed, samples, lanes):
        return types.SimpleNamespace(moments=np.zeros((len(lanes), 1, 1)))

    def arms(problem, plan, draws, workers):
        count = sum(len(group.members) for group in plan.groups)
        return count, count

    def compared(count, _, moments):
        parts = {field.name: np.linspace(0.1, 0.2, count) for field in dataclasses.fields(prediction.Answer)}
        return prediction.Answer(**{**parts, "result": np.zeros(count, int), **dict.fromkeys(LATER)})

    monkeypatch.setattr("sharedtrunk.prediction._predict.draw_chunk", draw)
    for method in ("by_population", "by_closure", "by_simulation"):
        monkeypatch.setattr(f"sharedtrunk.prediction._predict.{method}", arms)
    monkeypatch.setattr("sharedtrunk.prediction._predict.compared", compared)


@pytest.mark.long
def test_the_row_is_a_direct_call(early):
    """Unequal singular values, a matrix R, two auxiliary tasks and unequal task weights, for two seeds."""
    options = {**SIZES, "seeds": [4, 7], "task_weights": (1.0, 0.5), "workers": 1}
    made = prediction.predict(24, TWO.s_main, TWO.s_aux, TWO.relatedness, best_decay=True, **options)
    answer = made.ways["decay"]
    for place, seed in enumerate((4, 7)):
        T = gram_at_infinite_size(TWO, seed)
        fields = asymptotics.fields_of_gram(T + np.eye(9), T[:, :3], T[:3, :3], classes=(3, 3, 3))
        known = asymptotics.benefit_at_best_decay(fields, 2.0, task_weights=(1.0, 0.5, 0.5))
        assert known.joint.result == known.single.result == answer.result[place] == Result.SUCCESS
        # teachers are drawn in float32, and directions of equal eigenvalues may be turned: other nodes
        slack = answer.error[place] + float(known.error)
        assert answer.benefit[place] == pytest.approx(float(known.benefit), abs=slack)
        assert answer.loss_joint[place] == pytest.approx(float(known.joint.generalization_loss), abs=0.03)
        assert answer.decay_single[place] == pytest.approx(float(known.single.weight_decay), rel=0.2)
        assert slack < 0.05
    assert not np.isfinite(answer.lower).any()
    assert answer.benefit[0] != answer.benefit[1]


@pytest.mark.long
def test_a_pair_is_a_direct_call_to_the_last_digits(early):
    """One auxiliary task needs no limit of the teachers' directions: the same nodes."""
    made = prediction.predict(24, 3.0, 10.0, 1.0, best_decay=True, **SIZES, seeds=[4], workers=1)
    fields = asymptotics.fields_of_teachers(_decay.limit(drawn(PLAIN, 4)), noise=1.0)
    known = asymptotics.benefit_at_best_decay(fields, 2.0)
    answer = made.ways["decay"]
    assert answer.benefit[0] == pytest.approx(float(known.benefit), abs=1e-4)
    assert answer.error[0] == pytest.approx(float(known.error), abs=1e-4)
    assert answer.loss_single[0] == pytest.approx(float(known.single.generalization_loss), abs=1e-4)
    assert answer.decay_joint[0] == pytest.approx(float(known.joint.weight_decay), rel=1e-3)


class Students:
    """What the row reads of a `StateEvolution`."""

    def __init__(self, loss, result=Result.SUCCESS, weight_decay=0.05):
        self.generalization_loss, self.result, self.weight_decay = loss, int(result), weight_decay


@pytest.fixture
def solver(monkeypatch, early):
    """Replace the solver by one that ends with given codes of (single, joint), seed by seed; return what it was asked."""
    asked = []

    def put(*codes, benefit=0.25, step=0.01):
        def solve(fields, samples_per_feature, **settings):
            single, joint = codes[len(asked) % len(codes)]
            asked.append({"classes": fields.classes, "a": samples_per_feature, **settings})
            gain = benefit + step * len(asked)
            return asymptotics.Benefit(gain, 0.001, Students(0.9, single), Students(0.9 - gain, joint, 0.0625))

        monkeypatch.setattr(asymptotics, "benefit_at_best_decay", solve)
        return asked

    return put


FINE = (Result.SUCCESS, Result.SUCCESS)


def predicted(**options):
    given = {"samples": 24, "s_main": 3.0, "s_aux": 10.0, "relatedness": 1.0, "best_decay": True}
    return prediction.predict(**{**given, **SIZES, "workers": 1, "seeds": 2, **options})


@pytest.mark.long
def test_the_solver_is_asked_about_this_setting(solver):
    asked = solver(FINE)
    predicted(samples=30, task_weights=(1.0, 2.0), s_aux=[10.0, 1.0], relatedness=[1.0, 0.0])
    assert len(asked) == 2
    assert asked[0] == {"classes": (3, 3, 3), "a": 2.5, "task_weights": (1.0, 2.0, 2.0), "layers": 2}


@pytest.mark.long
def test_an_auxiliary_task_without_weight_leaves_the_main_task_alone(solver):
    asked = solver(FINE)
    predicted(task_weights=(2.0, 0.0))
    assert (asked[0]["classes"], asked[0]["task_weights"]) == ((3,), (2.0,))


def test_equal_settings_are_solved_once(solver):
    asked = solver(FINE)
    other = dataclasses.replace(PLAIN, relatedness=0.5)
    made = prediction.predict_grid([PLAIN, other, PLAIN], best_decay=True, seeds=2, workers=1, **SIZES)
    assert len(asked) == 4
    np.testing.assert_array_equal(made[0].ways["decay"].benefit, made[2].ways["decay"].benefit)
    assert not np.array_equal(made[0].ways["decay"].benefit, made[1].ways["decay"].benefit)


def test_the_row_says_which_training_it_speaks_of(solver, tmp_path):
    solver(FINE)
    made = predicted()
    assert prediction.rows(made)[-1] == (ROW, "+0.265 ± 0.064", "–", "0.900→0.635", "λ 0.05→0.062")
    words = prediction.caption(made)
    assert "Training stops early, at the lowest generalization loss" in words
    assert f"{ROW}: training goes on to its minimum" in words
    assert words.endswith("in the limit N, N_f → ∞ at N/N_f = 2.")
    first, second = made.sentence.split(". ", 1)
    assert first.startswith("Believe ")
    assert second == (
        "With training to the minimum instead, each arm with its best weight decay, B helps A (+0.265 nats, 95 % interval "
        "+0.201 … +0.329) at infinite size with N/N_f = 2; no training here checks that."
    )
    prediction.write_json(tmp_path / "made.json", made)
    stored = json.loads((tmp_path / "made.json").read_text())
    assert stored["ways"]["decay"]["decay_joint"] == [0.0625] * 2
    assert stored["ways"]["decay"]["stop_joint"] == [None] * 2
    assert "N_f → ∞" in stored["ways"]["decay"]["training"]
    assert stored["ways"]["closure"]["training"] == "to the lowest generalization loss"
    assert stored["refused"] == {}


def test_without_it_everything_is_as_before(solver):
    asked = solver(FINE)
    made = predicted(best_decay=False)
    assert not asked
    assert ROW not in [row[0] for row in prediction.rows(made)]
    assert prediction.caption(made) == prediction.CAPTION
    assert "weight decay" not in made.sentence


def test_an_effect_below_the_error_of_the_nodes_has_no_sign(solver):
    solver(FINE, benefit=-0.001, step=1e-5)
    assert "the effect of B on A is below 0.01 nats (-0.001 nats" in predicted().sentence


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (Result.STEP_LIMIT, "did not reach the fixed point of the theory"),
        (Result.NOT_BRACKETED, "have their lowest loss at an end of the range of weight decays"),
        (Result.DIVERGED, "left the range of the numbers"),
    ],
)
@pytest.mark.parametrize("arm", ["single", "joint"])
def test_a_failure_is_told_in_place_of_a_number(solver, code, why, arm):
    failed = (code, Result.SUCCESS) if arm == "single" else (Result.SUCCESS, code)
    solver(failed)
    made = predicted()
    assert made.ways["decay"].failures == {why: 2}
    assert np.isnan(made.ways["decay"].benefit).all()
    assert prediction.rows(made)[-1][1] == f"none: 2 of 2 seeds {why}"
    assert made.sentence.endswith("each arm with its best weight decay, theory has no answer here.")
    reached = {"single": "–→0.635", "joint": "0.900→–"}[arm]
    assert prediction.rows(made)[-1][3] == reached


def test_some_seeds_without_an_answer_are_counted(solver):
    solver(FINE, (Result.SUCCESS, Result.STEP_LIMIT), FINE)
    made = predicted(seeds=3)
    assert prediction.rows(made)[-1][1].endswith(" (2 of 3 seeds)")
    assert " in 2 of 3 seeds at infinite size" in made.sentence


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"hidden": 5}, "none: needs a hidden unit for each of 6 classes, got 5"),
        (
            {"s_aux": [1.0] * 33, "relatedness": [0.0] * 33, "hidden": 200},
            "none: at most 100 classes of all tasks, got 102",
        ),
    ],
)
def test_what_the_theory_does_not_cover_is_refused_in_the_row(solver, tmp_path, options, reason):
    asked = solver(FINE)
    made = predicted(**options)
    assert not asked
    assert "decay" not in made.ways
    assert prediction.rows(made)[-1] == (ROW, reason, "–", "–", "–")
    prediction.write_json(tmp_path / "made.json", made)
    assert json.loads((tmp_path / "made.json").read_text())["refused"] == {"decay": reason}
    assert made.sentence.startswith("Believe ")


def test_one_grid_has_settings_with_and_without_an_answer(solver):
    solver(FINE)
    many = dataclasses.replace(PLAIN, s_aux=[1.0, 1.0, 1.0], relatedness=[0.0] * 3)
    made = prediction.predict_grid([many, PLAIN], best_decay=True, seeds=2, workers=1, **SIZES)
    assert [sorted(each.refused) for each in made] == [["decay"], []]
    assert np.isfinite(made[1].ways["decay"].benefit).all()


@pytest.mark.parametrize("codes", [FINE, (Result.SUCCESS, Result.STEP_LIMIT)], ids=["answer", "failure"])
def test_the_command_shows_the_row_and_the_words(solver, monkeypatch, codes):
    monkeypatch.setattr("sharedtrunk._support.environment.worker_environment", dict)
    solver(codes)
    words = ["predict", "--samples", "24", "--classes", "3", "--features", "12", "--hidden", "9", "--seeds", "2"]
    shown = CliRunner().invoke(cli.app, [*words, "--best-decay"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0, shown.output
    assert ROW in shown.output
    assert "training goes on to its minimum" in " ".join(shown.output.split())
    failed = f"{ROW}: 2 of 2 seeds did not reach the fixed point of the theory."
    assert (failed in shown.output) == (codes != FINE)
    assert ROW not in CliRunner().invoke(cli.app, words, env={"COLUMNS": "200"}).output


def test_the_help_tells_of_it():
    shown = " ".join(CliRunner().invoke(cli.app, ["predict", "--help"], env={"COLUMNS": "200"}).output.split())
    assert "--best-decay" in shown
    assert "best weight decay of each arm in place of early stopping" in shown

"""The verb on tables made so that the answer is known, its conditions, and its refusals."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.preprocessing import FunctionTransformer

from sharedtrunk.affinity import AuxiliaryTaskAdvisor, Student, _trials, advise, affinity_matrix
from sharedtrunk.affinity._rows import prepared_rows
from sharedtrunk.affinity._split_inputs import SplitInputs
from sharedtrunk.affinity._splits import TEST, nested_ranks, split_roles, with_rest
from sharedtrunk.affinity._trials import Arm, run_trials
from sharedtrunk.errors import InputError
from sharedtrunk.tables import Table

QUICK = Student(hidden=(16,), activation="linear", learning_rate=0.02, max_steps=150)


def _table(n_main=60, n=300, features=20, seed=0) -> Table:
    """`main` is known in n_main rows; `same` asks the same in all rows, `coin` is chance, `part` is a part of main."""
    generator = np.random.default_rng(seed)
    inputs = generator.normal(size=(n, features))
    directions = generator.normal(size=(features, 3))
    answer = np.argmax(inputs @ directions, axis=1)
    main = np.where(np.arange(n) < n_main, answer, -1)
    labels = {"main": main, "same": answer, "coin": generator.integers(0, 2, n), "part": (answer == 0).astype(int)}
    classes = {"main": (0, 1, 2), "same": ("x", "y", "z"), "coin": (False, True), "part": (0, 1)}
    return Table(inputs, tuple(f"x{j}" for j in range(features)), labels, classes, ("made",))


@pytest.fixture(scope="module")
def advice():
    seen = []
    made = advise(
        _table(), "main", ["coin", "same"], student=QUICK, repeats=2, progress=lambda *done: seen.append(done)
    )
    return made, seen


def test_the_same_question_with_more_labels_helps_and_comes_first(advice):
    made, _ = advice
    assert [each.name for each in made.auxiliaries] == ["same", "coin"]
    same, coin = made.auxiliaries
    assert same.effect.verdict == "helps"
    assert same.labels == 300
    assert coin.effect.verdict != "helps"
    assert same.effect.benefit.low > 0
    assert same.effect.accuracy.mean > 0
    assert same.explanation is not None
    assert same.explanation.relatedness > 0.5


def test_sets_weights_and_curve_are_there(advice):
    made, seen = advice
    assert [effect.auxiliaries for effect in made.sets] == [("same",), ("coin",), ("same", "coin")]
    assert made.best_set is not None
    assert "same" in made.best_set.auxiliaries
    assert [effect.alpha for effect in made.alphas] == [0.1, 0.3, 1.0, 3.0, 10.0]
    assert made.best_alpha in {0.1, 0.3, 1.0, 3.0, 10.0}
    assert [point.labels for point in made.curve] == [30, 60, 120]
    assert made.curve[0].benefit.mean > 0
    assert (made.conditions.trained_on, made.conditions.stopped_by) == (42, 12)
    assert made.conditions.labels == 60
    # nothing was trained twice, and the progress ended at its total
    assert seen[-1] == (made.conditions.trainings, made.conditions.trainings)
    assert made.conditions.trainings == 20 * (1 + 2 + 1 + 4 + 2)


def test_the_same_seed_gives_the_same_advice(advice):
    again = advise(_table(), "main", ["coin", "same"], student=QUICK, repeats=2)
    made = advice[0]
    assert dataclasses.replace(again.conditions, seconds=0.0) == dataclasses.replace(made.conditions, seconds=0.0)
    assert [each.effect for each in again.auxiliaries] == [each.effect for each in made.auxiliaries]


def test_other_auxiliaries_do_not_change_an_effect(advice):
    alone = advise(_table(), "main", ["same"], student=QUICK, repeats=2, choose=False)
    before = advice[0].auxiliaries[0].effect.benefit
    # trained beside one head less: the same to rounding, which early stopping may widen a little
    assert alone.auxiliaries[0].effect.benefit.mean == pytest.approx(before.mean, abs=0.2 * before.standard_error)
    assert alone.curve == ()
    assert alone.best_set is None


def test_test_rows_are_never_trained_on():
    """Labels that are pure chance cannot be told better than chance, whoever is trained beside."""
    table = _table(n_main=200, n=200)
    generator = np.random.default_rng(5)
    labels = {"main": generator.integers(0, 2, 200)}
    labels["same"] = labels["main"]
    classes = {"main": (0, 1), "same": (0, 1)}
    made = advise(
        dataclasses.replace(table, labels=labels, classes=classes),
        "main",
        ["same"],
        student=QUICK,
        repeats=1,
        choose=False,
    )
    assert made.accuracy_alone.low < 50 + 1e-9 + 10
    assert made.loss_alone.mean > np.log(2) - 2 * made.loss_alone.standard_error
    assert made.auxiliaries[0].effect.benefit.mean < 0.05


def _advice_with_a_rare_class(table: Table, labels: int):
    """Class 2 of the main task in the first `labels` rows only."""
    main = np.where(table.labels["main"] == 2, 0, table.labels["main"])
    main[:labels] = 2
    rare = dataclasses.replace(table, labels=table.labels | {"main": main})
    return advise(rare, "main", ["same"], student=QUICK, repeats=1, choose=False)


def test_a_class_that_splits_miss_is_a_doubt():
    made = _advice_with_a_rare_class(_table(), 2)
    effect = made.auxiliaries[0].effect
    assert effect.verdict == "cannot tell yet"
    assert "main = 2 has 2 labels" in effect.reason


@pytest.mark.long
def test_a_task_of_weight_zero_is_as_if_it_were_not_there():
    table = _table(n_main=80, n=80)
    rows = prepared_rows(table, ["main", "coin"], ["main"], seed=0)
    roles = split_roles(rows.codes[0, : rows.judged], folds=10, repeats=1, seed=0)
    ranks = nested_ranks(rows.codes[0, : rows.judged], seed=0)
    found = run_trials(rows, [Arm((1.0, 0.0))], roles, ranks, QUICK, seed=0)
    only = rows._replace(tasks=rows.tasks[:1], codes=rows.codes[:1], classes=rows.classes[:1])
    alone = run_trials(only, [Arm((1.0,))], roles, ranks, QUICK, seed=0)
    np.testing.assert_allclose(found[Arm((1.0, 0.0)), 0].validation, alone[Arm((1.0,)), 0].validation, rtol=1e-4)


@pytest.mark.long
@pytest.mark.parametrize("whole", [1024, 40])
def test_rows_without_a_main_label_leave_the_main_task_alone_as_it_is(monkeypatch, whole):
    """Also where there are more judged rows than are visited in a step."""
    monkeypatch.setattr(_trials, "FULL_BATCH_ROWS", whole)
    monkeypatch.setattr(_trials, "JUDGED_BATCH", 25)
    table = _table(n_main=60)
    labels = {name: codes[:60] for name, codes in table.labels.items()}
    few = dataclasses.replace(table, features=table.features[:60], labels=labels)
    arm, losses = Arm((1.0, 0.0)), []
    for each in (table, few):
        rows = prepared_rows(each, ["main", "coin"], ["main"], seed=0)
        as_they_are = SplitInputs(rows.inputs.features, FunctionTransformer())  # all rows of a table prepare its inputs
        rows = rows._replace(inputs=as_they_are)
        roles = with_rest(split_roles(rows.codes[0, :60], folds=10, repeats=1, seed=0), len(rows.inputs) - 60)
        losses.append(run_trials(rows, [arm], roles, np.zeros(60), QUICK, seed=0)[arm, 0].validation)
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)


def test_a_share_of_the_labels_hides_them_from_training_and_validation():
    table = _table(n_main=80, n=80)
    rows = prepared_rows(table, ["main"], ["main"], seed=0)
    roles = split_roles(rows.codes[0, : rows.judged], folds=10, repeats=1, seed=0)
    ranks = nested_ranks(rows.codes[0, : rows.judged], seed=0)
    half = Arm((1.0,), share=0.5)
    before = run_trials(rows, [half], roles, ranks, QUICK, seed=0)[half, 0]
    changed = rows.codes.copy()
    changed[0, : rows.judged][ranks > 0.5] = (changed[0, : rows.judged][ranks > 0.5] + 1) % 3
    after = run_trials(rows._replace(codes=changed), [half], roles, ranks, QUICK, seed=0)[half, 0]
    np.testing.assert_array_equal(before.validation, after.validation)
    assert (before.loss != after.loss)[np.isfinite(before.loss)].any()  # they are still test rows


@pytest.mark.long
def test_the_matrix_is_directed_and_groups_what_helps():
    table = _table(n_main=60)
    made = affinity_matrix(table, ["main", "same", "coin"], student=QUICK, repeats=3)
    assert set(made.effects) == {(a, b) for a in made.tasks for b in made.tasks if a != b}
    assert made.effects["main", "same"].benefit.mean > 0.05
    assert abs(made.effects["same", "main"].benefit.mean) < made.effects["main", "same"].benefit.mean
    assert made.effects["main", "same"].verdict == "helps"
    assert any({"main", "same"} <= set(group) for group in made.groups)
    assert made.conditions["main"].labels == 60
    assert made.conditions["same"].labels == 300
    assert made.effects["main", "same"].p_adjusted >= made.effects["main", "same"].p_value


@pytest.mark.parametrize(
    ("main", "auxiliaries", "settings", "match"),
    [
        ("main", ["nothing"], {}, "different label columns.*nothing.*It has main"),
        ("main", ["main"], {}, "at least one other task"),
        ("main", [], {}, "at least one other task"),
        ("main", ["same"], {"student": Student(hidden=())}, "a trunk of 1 to 20 layers"),
        ("main", ["same"], {"repeats": 0}, "repeats must be a whole number, at least 1"),
        ("main", ["same"], {"negligible": -1.0}, "negligible"),
        ("main", ["same"], {"seed": -1}, "seed"),
    ],
)
def test_refusals(main, auxiliaries, settings, match):
    with pytest.raises(InputError, match=match):
        advise(_table(), main, auxiliaries, **({"student": QUICK} | settings))


def test_too_few_labels_are_refused():
    with pytest.raises(InputError, match=r"at least 30 labelled rows.*10 labelled rows.*Label more"):
        advise(_table(n_main=10), "main", ["same"], student=QUICK)


def test_the_estimator_takes_arrays_with_missing_labels():
    table = _table(n_main=60)
    Y = np.full((300, 2), np.nan)
    Y[:60, 0] = table.labels["main"][:60]
    Y[:, 1] = table.labels["same"]
    advisor = AuxiliaryTaskAdvisor(
        hidden=(16,), activation="linear", learning_rate_init=0.02, max_iter=150, repeats=2, choose=False
    )
    with pytest.warns(UserWarning, match="it is the same task"):
        frame = advisor.fit(table.features, Y).to_frame()
    assert list(frame["auxiliary"]) == ["task1"]
    assert frame["labels"].item() == 300
    assert frame["benefit"].item() > 0
    with pytest.raises(InputError, match="column of Y"):
        AuxiliaryTaskAdvisor(main="nowhere").fit(table.features, Y)
    for wrong, message in (
        ({"repeats": 1.5}, "repeats is a whole number"),
        ({"auxiliaries": "task1"}, "auxiliaries is a list"),
        ({"random_state": "x"}, "random_state is a seed"),
        ({"negligible": "x"}, "negligible is a number"),
    ):
        with pytest.raises(InputError, match=message):
            AuxiliaryTaskAdvisor(**wrong).fit(table.features, Y)
    with pytest.raises(InputError, match="activation is 'relu' or 'linear'"):
        AuxiliaryTaskAdvisor(activation="tanh").fit(table.features, Y)
    with pytest.raises(InputError, match="whole number ≥ 1"):
        AuxiliaryTaskAdvisor(hidden=(0,)).fit(table.features, Y)


@pytest.mark.long
def test_a_task_is_meant_by_its_name_before_its_place():
    table = _table(n_main=300)
    Y = pd.DataFrame({2: table.labels["coin"], 1: table.labels["part"], 0: table.labels["main"]})
    advisor = AuxiliaryTaskAdvisor(main=0, hidden=(4,), max_iter=10, repeats=1, choose=False).fit(table.features, Y)
    assert advisor.advice_.main == "0"
    assert {each.name for each in advisor.advice_.auxiliaries} == {"1", "2"}


@pytest.mark.long
def test_a_feature_that_equals_the_main_label_is_warned_of():
    table = _table(n_main=300)
    X = np.column_stack([table.features, table.labels["main"]])
    Y = np.column_stack([table.labels["main"], table.labels["coin"]])
    with pytest.warns(UserWarning, match="What was measured is the leak"):
        advisor = AuxiliaryTaskAdvisor(hidden=(4,), max_iter=10, repeats=1, choose=False).fit(X, Y)
    assert advisor.advice_.leaks[0].severe


@pytest.mark.long
def test_a_class_with_fewer_labels_than_folds_is_told():
    made = _advice_with_a_rare_class(_table(n_main=100), 6)
    assert any("main = 2 has 6 labels: some of the 10 folds have no test row of it" in note for note in made.notes)


@pytest.mark.long
def test_many_rare_classes_are_one_note():
    table = _table(n_main=100)
    main = table.labels["main"].copy()
    main[:40] = 2 + np.arange(40) % 8
    many = dataclasses.replace(
        table, labels=table.labels | {"main": main}, classes=table.classes | {"main": tuple(range(10))}
    )
    made = advise(many, "main", ["same"], student=QUICK, repeats=1, choose=False)
    (note,) = [note for note in made.notes if "folds have no test row" in note]
    assert note.count(" has ") == 4
    assert "(3 more classes have fewer than 10)" in note


def _trained(features: np.ndarray, table: Table, dtype: str, categories=()) -> np.ndarray:
    """Validation losses and stops of the first of ten splits of a table with these features."""
    student = dataclasses.replace(QUICK, dtype=dtype)
    levels = {name: tuple("pqrs") for name in categories}
    rows = prepared_rows(
        dataclasses.replace(table, features=features, categories=levels), ["main", "coin"], ["main"], seed=0
    )
    roles = split_roles(rows.codes[0, : rows.judged], folds=10, repeats=1, seed=0)[:1]
    roles = with_rest(roles, len(rows.inputs) - rows.judged)
    arm = Arm((1.0, 1.0))
    found = run_trials(rows, [arm], roles, np.zeros(rows.judged), student, seed=0)[arm, 0]
    return np.append(found.validation, found.step)


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float32", pytest.param("float64", marks=pytest.mark.float64)])
def test_the_features_of_held_out_rows_change_nothing_of_the_student(dtype):
    """Test rows with other numbers, with the only gaps of a column, and with a level that no other row has."""
    table = _table()
    rows = prepared_rows(table, ["main", "coin"], ["main"], seed=0)
    role = split_roles(rows.codes[0, : rows.judged], folds=10, repeats=1, seed=0)[0]
    features = table.features.copy()
    features[:, 1] = np.arange(300) % 3
    place = {tuple(row): index for index, row in enumerate(table.features)}
    tested = [place[tuple(row)] for row in rows.inputs.features[: rows.judged][role == TEST]]
    changed = features.copy()
    changed[tested, 0] = 1e9
    changed[tested, 1] = 3
    changed[tested, 2] = np.nan
    before, after = (_trained(each, table, dtype, ["x1"]) for each in (features, changed))
    np.testing.assert_array_equal(before, after)
    other = np.setdiff1d(np.arange(300), tested)[:20]
    changed[other, 0] = 5.0
    assert (_trained(changed, table, dtype, ["x1"]) != before).any()


@pytest.mark.long
@pytest.mark.parametrize("as_frame", [False, True])
def test_gaps_that_tell_the_label_are_used(as_frame):
    generator = np.random.default_rng(1)
    X = generator.normal(size=(150, 4))
    asked = generator.integers(0, 2, 150)
    X[asked == 1, 2] = np.nan
    Y = np.stack([asked, generator.integers(0, 2, 150)], axis=1)
    advisor = AuxiliaryTaskAdvisor(hidden=(8,), learning_rate_init=0.02, repeats=1, choose=False)
    with pytest.warns(UserWarning, match="Feature '.* is missing' equals the label of"):
        advisor.fit(pd.DataFrame(X).rename(columns=str) if as_frame else X, Y)
    assert advisor.advice_.accuracy_alone.mean == 100
    assert advisor.advice_.loss_alone.mean < 0.1


@pytest.mark.long
def test_a_sentinel_hardly_moves_the_loss():
    """In a few rows one column holds 999999.4; standardized over all rows, it used to drown the column."""
    table = _table(n_main=300)
    features = table.features.copy()
    features[np.random.default_rng(2).permutation(300)[:6], 0] = 999999.4
    losses = []
    for each in (table.features, features):
        with_it = dataclasses.replace(table, features=each)
        losses.append(advise(with_it, "main", ["coin"], student=QUICK, repeats=1, choose=False).loss_alone)
    assert losses[1].mean < losses[0].mean + 0.05

"""Numeric and ordered tasks, mixed kinds on one trunk, weights of rows and classes: splits, trainings, metrics, intervals."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import ndtri
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import mean_absolute_error

from sharedtrunk.affinity import AuxiliaryTaskAdvisor, OwnModel, StackedTasks, Student, advise
from sharedtrunk.affinity._gaussian_benefit import gaussian_benefit
from sharedtrunk.affinity._intervals import clustered
from sharedtrunk.affinity._metrics import Scoring, metric_for
from sharedtrunk.affinity._numeric_targets import binned, bounded, normal_scores
from sharedtrunk.affinity._reference import by_frequencies, by_mean
from sharedtrunk.affinity._resampling import resampling
from sharedtrunk.affinity._rows import prepared_rows
from sharedtrunk.affinity._splits import TEST, TRAIN, VALIDATION
from sharedtrunk.affinity._training_weights import TrainingWeights
from sharedtrunk.affinity._trials import Arm, Outcome, run_trials
from sharedtrunk.errors import InputError
from sharedtrunk.tables import from_arrays, with_weights

LINEAR = Student(hidden=(4,), activation="linear", learning_rate=0.03, max_steps=300)
ROWS = 160


def made(seed=0, rows=ROWS, labelled=None, features=5, **how):
    """A number with labels on the first rows; beside it the same question as a number, classes and levels, and a coin."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, features))
    signal = X[:, :3] @ np.array([1.0, -1.0, 0.5])
    noise = rng.normal(size=(4, rows))
    levels = np.digitize(signal + noise[2], [-1, 0, 1])
    labels = {
        "y": np.where(np.arange(rows) < (labelled or rows), signal + noise[0], np.nan),
        "same": signal + noise[1],
        "half": np.where(signal + noise[3] > 0, "up", "down"),
        "levels": levels,
        "coin": rng.integers(0, 2, rows),
    }
    kinds = {"levels": "ordered"} | how.pop("kinds", {})
    return from_arrays(X, labels, kinds=kinds, **how)


def laid_out(table, tasks, main, **how):
    rows = prepared_rows(table, tasks, [main], seed=0, **how)
    strata = rows.strata()[0, : rows.judged]
    return rows, resampling(table, rows, strata, labels=rows.judged, cv=None, repeats=1, seed=0)


def test_targets_of_a_split_know_no_tested_row():
    rng = np.random.default_rng(0)
    values, learnt = rng.lognormal(size=200), rng.uniform(size=200) < 0.7
    changed = np.where(learnt, values, 1e6 * rng.normal(size=200))
    for targets in (bounded, lambda numbers, known: normal_scores(np.floor(np.clip(numbers, 0, 5)), known)):
        before, after = targets(values, learnt), targets(changed, learnt)
        np.testing.assert_array_equal(before[learnt], after[learnt])
        assert before[learnt].mean() == pytest.approx(0, abs=1e-12)
        assert before[learnt].std() == pytest.approx(1)
    other = bounded(np.where(learnt, 2 * values, values), learnt)
    assert (other[~learnt] != bounded(values, learnt)[~learnt]).all()


def test_numbers_without_extremes_are_standardized_and_outliers_are_bounded():
    values = np.random.default_rng(1).uniform(size=100)
    every = np.ones(100, bool)
    np.testing.assert_allclose(bounded(values, every), (values - values.mean()) / values.std(), atol=1e-12)
    sentinel = bounded(np.append(values, 999999.4), np.ones(101, bool))
    assert sentinel.max() < 10
    assert np.ptp(sentinel[:100]) > 1
    assert np.isnan(bounded(np.ones(5), np.ones(5, bool))).all()


def test_normal_scores_are_those_of_middle_ranks_whatever_the_levels_are_called():
    levels = np.array([0, 0, 1, 1, 1, 2, np.nan])
    every = np.ones(7, bool)
    found = normal_scores(levels, every)
    scores = ndtri(np.array([1, 1, 3.5, 3.5, 3.5, 5.5]) / 6)
    np.testing.assert_allclose(found[:6], (scores - scores.mean()) / scores.std())
    assert np.isnan(found[6])
    np.testing.assert_allclose(normal_scores(3 * levels, every), found)
    repeated = normal_scores(levels, every, np.array([2.0, 0, 1, 1, 1, 1, 1]))
    np.testing.assert_allclose(repeated[2:6], found[2:6])


def test_numbers_are_dealt_by_their_ranges():
    codes = np.append(np.random.default_rng(2).permutation(50), [-1, -1])
    strata = binned(codes)
    np.testing.assert_array_equal(np.bincount(strata[:50]), [10] * 5)
    assert (strata[50:] == -1).all()
    assert (np.diff(strata[:50][np.argsort(codes[:50])]) >= 0).all()


def test_ridge_alone_is_scikit_learns_on_the_same_splits():
    table = made()
    rows, splits = laid_out(table, ["y", "same"], "y")
    found = advise(table, "y", ["same"], estimator=Ridge(3.0), repeats=1, choose=False)
    errors, absolute = [], []
    y = table.numbers["y"][rows.numbers]
    for role in splits.roles:
        learnt, tested = role != TEST, role == TEST
        inputs = rows.inputs.prepared(learnt)
        target = (y - y[learnt].mean()) / y[learnt].std()
        predicted = Ridge(3.0).fit(inputs[learnt], target[learnt]).predict(inputs[tested])
        errors += [*((predicted - target[tested]) ** 2)]
        absolute.append(tested.sum() * mean_absolute_error(target[tested], predicted))
    assert found.loss_alone.mean == pytest.approx(np.mean(errors), rel=1e-9)
    assert 0.9 < found.loss_of_frequencies < 1.2
    assert found.conditions.metric == "mean_squared_error"
    assert found.conditions.model == "StackedTasks(Ridge)"
    assert np.isnan(found.accuracy_alone.mean)
    off = advise(table, "y", ["same"], estimator=Ridge(3.0), repeats=1, choose=False, metric="mean_absolute_error")
    assert off.score_alone is not None
    assert off.score_alone.mean == pytest.approx(np.sum(absolute) / ROWS, rel=1e-9)


@pytest.mark.long
def test_the_student_of_numbers_is_near_ridge_and_a_related_number_helps():
    table = made(rows=500, labelled=50, features=20)
    found = advise(table, "y", ["same", "half", "levels", "coin"], student=LINEAR, repeats=1, choose=False)
    ridge = advise(table, "y", ["coin"], estimator=Ridge(1.0), repeats=1, choose=False)
    assert found.loss_alone.mean == pytest.approx(ridge.loss_alone.mean, rel=0.25)
    by_name = {each.name: each.effect for each in found.auxiliaries}
    assert by_name["same"].benefit.mean > max(by_name["coin"].benefit.mean, 0)
    for effect in by_name.values():
        joint = found.loss_alone.mean - effect.benefit.mean
        assert effect.nats is not None
        assert effect.nats.mean == pytest.approx(
            0.5 * np.log(found.loss_alone.mean / joint), abs=1e-6
        )  # losses are float32
        assert effect.nats.low < effect.nats.mean < effect.nats.high
    why = {each.name: each.explanation for each in found.auxiliaries if each.explanation is not None}
    assert all(why[name].relatedness > 0.7 for name in ("same", "half", "levels"))
    assert any(note.startswith("Numeric: 'y', 'same'.") for note in found.notes)
    assert any("'levels', trained on as normal scores" in note for note in found.notes)


@pytest.mark.long
def test_classes_are_helped_by_numbers_and_levels_on_one_trunk():
    table = made(rows=400)
    labels = np.where(np.arange(400) < 60, table.labels["half"], -1)
    fewer = from_arrays(
        table.features,
        {"half": np.where(labels < 0, np.nan, labels), "same": table.numbers["same"], "levels": table.labels["levels"]},
        kinds={"levels": "ordered"},
    )
    found = advise(fewer, "half", ["same", "levels"], student=LINEAR, repeats=1, choose=False)
    assert found.conditions.metric == "log_loss"
    assert all(each.effect.benefit.mean > 0 for each in found.auxiliaries)
    assert all(each.effect.nats is None for each in found.auxiliaries)


@pytest.mark.long
def test_an_ordered_main_task_has_the_ranked_probability_score():
    table = made()
    found = advise(
        table, "levels", ["same"], student=LINEAR, repeats=1, choose=False, metric="ranked_probability_score"
    )
    assert found.score_alone is not None
    assert 0 < found.score_alone.mean < found.score_of_frequencies < 0.5
    assert any("'levels', trained on as classes" in note for note in found.notes)


def test_the_ranked_probability_score_by_hand():
    rng = np.random.default_rng(0)
    probabilities, codes = rng.dirichlet(np.ones(4), size=(2, 6)), rng.integers(4, size=6)
    nothing = np.zeros((2, 6))
    outcome = Outcome(nothing, nothing, np.zeros(2), np.zeros(2), np.ones(2, bool), probabilities)
    found = metric_for("ranked_probability_score", "ordered", "main").values(outcome, codes, None)
    for split in range(2):
        for row in range(6):
            by_hand = sum((probabilities[split, row, : k + 1].sum() - (codes[row] <= k)) ** 2 for k in range(3))
            assert found[split, row] == pytest.approx(by_hand / 3)


@pytest.mark.parametrize(
    ("main", "how", "message"),
    [
        ("y", {"metric": "log_loss"}, "the metric suits the main task; got log_loss for y, which is numeric"),
        (
            "half",
            {"metric": "mean_squared_error"},
            "got mean_squared_error for half, which is classes without an order",
        ),
        ("half", {"metric": "ranked_probability_score"}, "Choose one of log_loss"),
        ("y", {"estimator": LogisticRegression()}, "a numeric main task is a regressor; got LogisticRegression"),
        ("half", {"estimator": Ridge()}, "one's own model needs predict_proba; got Ridge"),
        ("half", {"class_weight": "even"}, "class_weight is 'balanced' or a dict"),
        ("half", {"class_weight": {"up": 1}}, r"a weight for every class of half; got 'up'"),
        ("half", {"class_weight": {"up": 1, "down": 0}}, "class weights are finite numbers above 0"),
        ("half", {"class_weight": "balanced", "estimator": LogisticRegression()}, "class_weight is for our student"),
        ("half", {"sample_weight": np.ones(3)}, "weights have one number per row"),
    ],
)
def test_contradictions_are_told(main, how, message):
    with pytest.raises(InputError, match=message):
        advise(made(), main, ["same" if main != "same" else "y"], repeats=1, choose=False, **how)


def test_the_gaussian_benefit_is_half_the_logarithm_of_the_ratio():
    rng = np.random.default_rng(0)
    alone = rng.chisquare(1, size=(10, 300))
    ones = np.ones(10)

    def outcome(loss):
        return Outcome(loss, np.full(loss.shape, np.nan), ones, ones, ones.astype(bool))

    scoring = Scoring(metric_for(None, "numeric", "y"), np.arange(300))
    exact = gaussian_benefit(outcome(alone / 2), outcome(alone), scoring)
    assert exact.mean == pytest.approx(0.5 * np.log(2))
    assert exact.standard_error == pytest.approx(0, abs=1e-12)
    # one number a row: the error is that of a logarithm of a ratio of means, found by drawing rows anew
    errors = rng.chisquare(1, size=(2, 400))
    tested = np.zeros((10, 400), bool)
    tested[np.arange(400) % 10, np.arange(400)] = True
    split = [np.where(tested, each[None], np.nan) for each in errors]
    found = gaussian_benefit(outcome(split[1]), outcome(split[0]), scoring._replace(codes=np.arange(400)))
    drawn = [errors[:, rng.integers(400, size=400)].mean(axis=1) for _ in range(2000)]
    spread = np.std([0.5 * np.log(a / b) for a, b in drawn])
    assert found.standard_error == pytest.approx(spread, rel=0.25)


def test_weights_are_repeated_rows_in_means_and_intervals():
    rng = np.random.default_rng(0)
    values = np.where(rng.uniform(size=(6, 40)) < 0.4, rng.normal(size=(6, 40)), np.nan)
    weights = rng.integers(1, 4, 40)
    copies = np.repeat(np.arange(40), weights)
    assert_same(clustered(values, weights=weights.astype(float)), clustered(values[:, copies], copies), degrees=False)
    groups = rng.integers(8, size=40)
    weighted = clustered(values, groups, weights=weights.astype(float))
    assert_same(weighted, clustered(values[:, copies], groups[copies]))


def assert_same(first, second, *, degrees=True):
    assert (first.mean, first.standard_error) == pytest.approx((second.mean, second.standard_error), rel=1e-12)
    if degrees:
        assert (first.low, first.high) == pytest.approx((second.low, second.high), rel=1e-12)


def test_weights_are_repeated_rows_in_references():
    rng = np.random.default_rng(1)
    roles, codes, y = rng.integers(3, size=(4, 50)), rng.integers(3, size=50), rng.normal(size=50)
    weights = rng.integers(1, 4, 50)
    copies = np.repeat(np.arange(50), weights)
    pairs = (
        (
            by_frequencies(codes, roles, roles == TRAIN, 3, weights.astype(float)),
            by_frequencies(codes[copies], roles[:, copies], roles[:, copies] == TRAIN, 3),
        ),
        (
            by_mean(np.tile(y, (4, 1)), roles, roles == TRAIN, weights.astype(float)),
            by_mean(np.tile(y, (4, 1))[:, copies], roles[:, copies], roles[:, copies] == TRAIN),
        ),
    )
    for weighted, repeated in pairs:
        np.testing.assert_allclose(weighted.loss[:, copies], repeated.loss, rtol=1e-12)


@pytest.mark.long
@pytest.mark.float64
def test_a_training_with_weights_is_that_of_repeated_rows():
    """The same roles for a row and its copies: losses of the copies are those of the row."""
    student = Student(hidden=(4,), learning_rate=0.03, max_steps=60, dtype="float64")
    weights = np.random.default_rng(3).integers(1, 4, ROWS)
    table = made()
    tasks = ["y", "half"]
    weighted = prepared_rows(with_weights(table, weights), tasks, ["y"], seed=0)
    plain = prepared_rows(table, tasks, ["y"], seed=0)
    roles = np.random.default_rng(4).choice([TRAIN, TRAIN, VALIDATION, TEST], size=(2, ROWS))
    # Inputs and targets are the weighted rows' own: their preparation counts every row once.
    twice = np.repeat(np.arange(ROWS), weights[plain.numbers])
    inputs = weighted.inputs.prepared(roles[0] == TRAIN)
    arm = Arm((1.0, 0.5))

    class Given:
        def __init__(self, values):
            self.values = values

        def __len__(self):
            return len(self.values)

        def digest(self):
            return None

        def of(self, trained_on, dtype):
            return jnp.asarray(self.values, dtype), self.values.shape[1]

    first = weighted._replace(inputs=Given(inputs))
    assert weighted.targets is not None
    targets = weighted.targets._replace(values=weighted.targets.values[:, twice], weights=None)
    second = plain._replace(
        inputs=Given(inputs[twice]), codes=plain.codes[:, twice], judged=twice.size, numbers=twice, targets=targets
    )
    one = run_trials(first, [arm], roles, np.zeros(ROWS), student, seed=0)[arm, 0]
    two = run_trials(second, [arm], roles[:, twice], np.zeros(twice.size), student, seed=0)[arm, 0]
    np.testing.assert_array_equal(one.step, two.step)
    # Repeated rows have other quartiles, so outliers may be bounded elsewhere: none is here.
    np.testing.assert_allclose(one.loss[:, twice], two.loss, rtol=1e-7)


def test_balanced_classes_have_the_same_weight():
    codes = np.array([[0, 0, 0, 1, -1, 1], [0, 1, 1, 1, 1, -1]])
    rows = np.array([1.0, 2, 1, 1, 1, 5])
    trained = (codes >= 0) & (np.arange(6) < 5)
    found = TrainingWeights(rows, ("balanced", None)).of(codes, trained)
    sums = [(found[0] * trained[0])[codes[0] == code].sum() for code in range(2)]
    assert sums[0] == pytest.approx(sums[1])
    np.testing.assert_array_equal(found[1], rows)
    fixed = TrainingWeights(None, ((1.0, 3.0), None)).of(codes, trained)
    np.testing.assert_array_equal(fixed[0], [1, 1, 1, 3, 1, 3])


def test_rows_of_weight_zero_are_left_out():
    table = made()
    weights = (np.arange(ROWS) % 4 > 0).astype(float)
    rows = prepared_rows(with_weights(table, weights), ["y", "half"], ["y"], seed=0)
    assert rows.judged == ROWS * 3 // 4
    assert (weights[rows.numbers] > 0).all()


def test_two_functions_get_numbers_and_weights():
    seen = []

    def fit(inputs, labels, sample_weight):
        seen.append({task: values.dtype.kind for task, values in labels.items()})
        assert sample_weight.shape == (len(inputs),)
        known = ~np.isnan(labels["y"])
        return np.average(labels["y"][known], weights=sample_weight[known])

    model = OwnModel(fit=fit, predict=lambda mean, inputs: np.full(len(inputs), mean), name="mean")
    weights = np.random.default_rng(0).uniform(0.5, 2, ROWS)
    found = advise(made(), "y", ["half", "levels"], estimator=model, sample_weight=weights, repeats=1, choose=False)
    assert {"y": "f", "half": "i"} in seen
    assert {"y": "f", "levels": "f"} in seen
    assert found.loss_alone.mean == pytest.approx(found.loss_of_frequencies)
    assert all(each.effect.benefit.mean == 0 for each in found.auxiliaries)
    wrong = OwnModel(fit=lambda inputs, labels: None, predict=lambda model, inputs: np.zeros((len(inputs), 2, 2)))
    with pytest.raises(InputError, match="gives one number for every row"):
        advise(made(), "y", ["half"], estimator=wrong, repeats=1, choose=False)


def test_stacked_tasks_of_mixed_kinds():
    table = made(rows=300, labelled=40, features=20)
    y, same = table.numbers["y"], table.numbers["same"]
    half = np.where(np.arange(300) % 5 == 0, np.nan, table.labels["half"])
    Y = np.column_stack([y, half, same])
    stacked = StackedTasks(Ridge(30.0), numeric=(0, 2)).fit(table.features, Y)
    assert not hasattr(stacked, "predict_proba")
    assert len(stacked.auxiliaries_) == 2
    fresh = made(seed=5, rows=2000, features=20)
    alone = Ridge(30.0).fit(table.features[:40], y[:40])
    both = (stacked.score(fresh.features, fresh.numbers["y"]), alone.score(fresh.features, fresh.numbers["y"]))
    assert both[0] > both[1]
    classes = StackedTasks(LogisticRegression(), numeric=(1,)).fit(table.features, np.column_stack([half, same]))
    assert classes.predict_proba(table.features).shape == (300, 2)
    weights = np.where(np.arange(300) < 30, 1.0, 2.0)
    weighted = StackedTasks(Ridge(30.0), numeric=(0, 2)).fit(table.features, Y, sample_weight=weights)
    assert (weighted.predict(table.features) != stacked.predict(table.features)).all()


def test_a_number_in_the_advisor_and_a_cell_with_several_labels():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 3))
    cells = np.where(X[:, 0] > 0, np.where(X[:, 1] > 0, "a|b", "a"), np.where(X[:, 1] > 0, "b", "c|b"))
    Y = {"y": X[:, 0] + rng.normal(size=120), "tags": cells}
    advisor = AuxiliaryTaskAdvisor(main=0, estimator=Ridge(), repeats=1, choose=False, auxiliaries=["tags"])
    names = set(advisor.fit(X, Y).to_frame()["auxiliary"])
    assert names == {"tags=a", "tags=b", "tags=c"}
    with pytest.raises(InputError, match="kinds is a dict"):
        AuxiliaryTaskAdvisor(main=0, kinds="numeric").fit(X, Y)
    with pytest.raises(InputError, match=r"one label of a cell with several; got 'tags'.*'tags=a'"):
        advise(from_arrays(X, Y), "tags", ["y"])

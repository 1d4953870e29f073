"""Advice where rows belong together: random splits read a loss that new persons and later months do not have."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold

from sharedtrunk.affinity import AuxiliaryTaskAdvisor, Student, advise, affinity_matrix
from sharedtrunk.affinity._resampling import resampling
from sharedtrunk.affinity._rows import prepared_rows
from sharedtrunk.affinity._splits import TEST
from sharedtrunk.affinity._trials import Arm, run_trials
from sharedtrunk.tables import Table

QUICK = Student(hidden=(16,), activation="relu", learning_rate=0.02, max_steps=200)
PERSONS, VISITS, FRESH, FEATURES = 40, 8, 100, 10


def _visits(persons: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features that identify the person, a label per person that they hardly tell, and the persons (row,)."""
    generator = np.random.default_rng(seed)
    person = np.repeat(np.arange(persons), VISITS)
    centre = generator.normal(size=(persons, FEATURES))
    label = (0.5 * centre[:, 0] + generator.normal(size=persons) > 0).astype(int)
    return centre[person] + 0.2 * generator.normal(size=(person.size, FEATURES)), label[person], person


def _table(features, labels, **more) -> Table:
    coin = np.random.default_rng(9).integers(0, 2, labels.size)
    names = tuple(f"x{j}" for j in range(features.shape[1]))
    return Table(features, names, {"main": labels, "coin": coin}, {"main": (0, 1), "coin": (0, 1)}, (), **more)


def _loss_alone(table, **how):
    made = advise(table, "main", ["coin"], student=QUICK, choose=False, **how)
    return made.loss_alone, made


def _of_both(first, fresh, split_of):
    """The table of both kinds of rows, and splits that train on most of the first and test all fresh ones."""
    features, labels, groups = (np.concatenate([a, b]) for a, b in zip(first, fresh, strict=True))
    known = np.arange(len(first[1]))
    fresh_rows = np.arange(known.size, labels.size)
    return (
        _table(features, labels),
        groups,
        [(known[split_of != part], fresh_rows) for part in range(split_of.max() + 1)],
    )


@pytest.fixture(scope="module")
def persons():
    return _visits(PERSONS, 1)


@pytest.mark.long
def test_persons_on_both_sides_make_the_loss_too_low(persons):
    features, labels, person = persons
    table = _table(features, labels)
    random, _ = _loss_alone(table, repeats=1)
    grouped, made = _loss_alone(table, groups=[f"P{code}" for code in person], repeats=1)
    fresh_features, fresh_labels, fresh_person = _visits(FRESH, 2)
    both, groups, splits = _of_both(persons, (fresh_features, fresh_labels, PERSONS + fresh_person), person % 10)
    fresh, _ = _loss_alone(both, groups=groups, cv=splits)
    assert random.mean < fresh.mean - 0.25
    assert abs(grouped.mean - fresh.mean) < 2 * np.hypot(grouped.standard_error, fresh.standard_error)
    assert grouped.standard_error > 1.5 * random.standard_error
    assert made.conditions.splits == "10 folds of groups, 1 repeat"
    assert any("in 40 groups, and a split has each on one side only" in note for note in made.notes)


def test_rows_of_tested_persons_are_not_trained_on(persons):
    """One visit of a person has the main label, and the others have auxiliary labels: those of tested persons do nothing."""
    features, labels, person = persons
    first = np.arange(labels.size) % VISITS == 0
    table = _table(features, np.where(first, labels, -1), groups=person)
    table = dataclasses.replace(table, labels=table.labels | {"coin": np.where(first, -1, labels)})
    rows = prepared_rows(table, ["main", "coin"], ["main"], seed=0)
    strata = rows.codes[0, : rows.judged]
    splits = resampling(table, rows, strata, labels=strata.size, cv=None, repeats=1, seed=0)
    role, arm = splits.roles[:1], Arm((1.0, 1.0))
    tested = np.isin(person[rows.numbers], person[rows.numbers[: rows.judged][role[0, : rows.judged] == TEST]])
    other = rows.codes[1] >= 0

    def validation(changed):
        codes = np.stack([rows.codes[0], np.where(changed & other, 1 - rows.codes[1], rows.codes[1])])
        return run_trials(rows._replace(codes=codes), [arm], role, splits.ranks, QUICK, seed=0)[arm, 0].validation

    assert (tested & other).sum() == (VISITS - 1) * (role == TEST).sum() > 0
    np.testing.assert_array_equal(validation(tested), validation(np.zeros_like(tested)))
    assert validation(~tested) != validation(np.zeros_like(tested))


def test_without_groups_the_identifier_is_told_and_with_them_not(persons):
    features, labels, person = persons
    X = pd.DataFrame(features, columns=[f"x{j}" for j in range(FEATURES)])
    Y = pd.DataFrame({"main": labels, "coin": np.arange(labels.size) % 2})
    how = {"hidden": (4,), "max_iter": 10, "choose": False}
    names = [f"P{code}" for code in person]
    with pytest.warns(
        UserWarning, match=r"'person_id' has 40 values, and 320 rows share.*--groups 'person_id', groups= in Py"
    ):
        advisor = AuxiliaryTaskAdvisor(**how, repeats=1).fit(X.assign(person_id=names), Y)
    assert any(leak.kind == "repeated identifier" for leak in advisor.advice_.leaks)
    # with groups a warning would be an error here
    made = AuxiliaryTaskAdvisor(**how, cv=GroupKFold(4)).fit(X, Y, groups=names).advice_
    assert made.leaks == ()
    assert (made.conditions.folds, made.conditions.splits) == (4, "given by cv")


def _months(months, seed):
    """Rows of a month share a mark in their features, and most of them a label that the month has drawn."""
    generator = np.random.default_rng(seed)
    month = np.repeat(np.arange(months), 25)
    mark, label = generator.normal(size=(months, FEATURES)), generator.integers(0, 2, months)
    flipped = generator.random(month.size) < 0.1
    return mark[month] + 0.2 * generator.normal(size=(month.size, FEATURES)), label[month] ^ flipped, month


def test_a_later_month_is_not_told_by_its_own_rows():
    first, fresh = _months(24, 3), _months(80, 4)
    table = _table(*first[:2])
    random, _ = _loss_alone(table, repeats=1)
    dates = pd.to_datetime("2020-01-01") + pd.to_timedelta(30 * first[2], unit="D")
    later, made = _loss_alone(table, times=dates)
    both, groups, splits = _of_both(first, fresh, first[2] % 6)
    fresh, _ = _loss_alone(both, cv=splits, groups=np.concatenate([groups[: first[2].size], 24 + fresh[2]]))
    assert random.mean < 0.5
    assert later.mean > random.mean + 0.15
    assert later.low < fresh.mean < later.high
    assert made.conditions.folds * made.conditions.repeats == len(made.auxiliaries) * 10
    assert made.conditions.splits == "later than the rows trained on"
    assert any("blocks of time is tested by students that know earlier rows only" in note for note in made.notes)


def test_the_matrix_takes_groups_times_and_splits(persons):
    features, labels, person = persons
    table = _table(features, labels)
    tiny = dataclasses.replace(QUICK, hidden=(4,), max_steps=20)
    made = {
        name: affinity_matrix(table, ["main", "coin"], student=tiny, **how)
        for name, how in {
            "rows": {"repeats": 1},
            "groups": {"repeats": 1, "groups": person},
            "times": {"times": np.arange(labels.size)},
            "cv": {"cv": GroupKFold(5), "groups": person},
        }.items()
    }
    conditions = {name: each.conditions["main"] for name, each in made.items()}
    assert [conditions[name].folds for name in made] == [10, 10, 10, 5]
    assert (conditions["rows"].splits, conditions["cv"].splits) == ("", "given by cv")
    assert made["groups"].loss_alone["main"].standard_error > made["rows"].loss_alone["main"].standard_error

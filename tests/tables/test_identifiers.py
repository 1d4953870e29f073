"""Columns that say whose rows they are, and rows that are equal up to rounding, are told; ordinary columns are not."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from sharedtrunk.errors import InputError
from sharedtrunk.tables import BUNDLED, bundled, from_arrays, leaks
from sharedtrunk.tables._repeated_rows import repeated_rows

ROWS, PERSONS = 320, 40
PERSON = np.repeat(np.arange(PERSONS), ROWS // PERSONS)


def _frame(seed=0, **more):
    generator = np.random.default_rng(seed)
    return pd.DataFrame({f"x{j}": generator.normal(size=ROWS) for j in range(5)} | more)


def _table(**more):
    return from_arrays(_frame(**more), {"y": np.random.default_rng(1).integers(0, 2, ROWS)})


@pytest.mark.parametrize(
    "name", ["person_id", "PatientID", "subject", "patientid", "customer no", "molecule_id", "User.Id"]
)
@pytest.mark.parametrize("values", [PERSON, [f"P{code:03d}" for code in PERSON], PERSON.astype(float)])
def test_a_column_with_the_name_of_an_identifier_is_told(name, values):
    (leak,) = leaks(_table(**{name: values}), "y")
    assert leak.kind == "repeated identifier"
    assert leak.column == name
    assert f"Feature {name!r} has 40 values, and 320 rows share theirs with another row" in leak.sentence
    assert f"--groups {name!r}" in leak.sentence


def test_a_column_whose_rows_are_equal_in_most_others_is_told_whatever_its_name_is():
    generator = np.random.default_rng(2)
    fixed = {name: generator.integers(0, 9, PERSONS)[PERSON] for name in ("sex", "height", "town", "born", "school")}
    (leak,) = leaks(_table(**fixed, case=generator.permutation(1000)[PERSON]), "y")
    assert leak.column == "case"


def test_a_column_of_a_balanced_panel_is_told_and_one_that_is_not_sorted_or_not_balanced_is_not():
    (leak,) = leaks(_table(nr=PERSON), "y")
    assert leak.column == "nr"
    assert leaks(_table(nr=np.random.default_rng(4).permutation(PERSON)), "y") == ()
    assert leaks(_table(nr=np.where(np.arange(ROWS) == 8, 0, PERSON)), "y") == ()


def test_with_groups_nothing_is_told():
    table = _table(person_id=PERSON)
    assert leaks(dataclasses.replace(table, groups=PERSON), "y") == ()


@pytest.mark.parametrize(
    ("name", "levels"),
    [
        ("country", 5),
        ("state", 50),
        ("age", 70),
        ("year", 30),
        ("household_income", 40),
        ("customer_age", 60),
        ("student", 2),
        ("stage_id", 4),
        ("paid", 30),
        ("score", 11),
        ("Cholesterol", 150),
    ],
)
@pytest.mark.parametrize("text", [False, True])
def test_ordinary_columns_are_not_identifiers(name, levels, text):
    values = np.random.default_rng(3).integers(0, levels, ROWS)
    assert leaks(_table(**{name: [f"L{value}" for value in values] if text else values}), "y") == ()


def test_an_identifier_of_single_rows_and_a_town_of_a_postal_code_are_not_told():
    generator = np.random.default_rng(4)
    code = generator.integers(0, 60, ROWS)
    assert (
        leaks(_table(patient_id=[f"P{row}x" for row in range(ROWS)], zip=code, town=code // 3, county=code // 9), "y")
        == ()
    )


def test_sparse_counts_are_not_identifiers():
    generator = np.random.default_rng(5)
    for rows in (60, 400):
        counts = generator.poisson(0.02, (rows, 300)) * generator.integers(1, 40, (rows, 300))
        big = generator.integers(0, 25, (rows, 3))
        table = from_arrays(np.hstack([counts, big]), {"y": np.arange(rows) % 2})
        assert table.identifiers == ()


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_tables_have_no_identifiers(name):
    try:
        table, _ = bundled(name)
    except InputError as error:
        pytest.skip(str(error))
    assert table.identifiers == ()


def test_rows_equal_up_to_rounding_are_told():
    frame = _frame()
    frame.iloc[10:20] = frame.iloc[0:10] * (1 + 1e-9)
    frame.iloc[30] = frame.iloc[40] + 1e-3
    (leak,) = leaks(from_arrays(frame, {"y": np.arange(ROWS) // 20 % 2}), "y")
    assert leak.kind == "duplicate rows"
    assert f"Of {ROWS} rows, 20 have the same features as another row (20 have the same labels too)" in leak.sentence
    assert "--groups COLUMN" in leak.sentence


def test_repeated_rows_are_those_of_a_comparison_of_all_pairs():
    generator = np.random.default_rng(6)
    for _ in range(50):
        rows, groups = int(generator.integers(2, 60)), None
        features = generator.integers(0, 3, (rows, int(generator.integers(1, 5)))).astype(float)
        features += 1e-12 * generator.normal(size=features.shape) * (features.shape[1] > 2)
        equal = (np.abs(features[:, None] - features[None]) < 1e-9).all(axis=2)
        if generator.random() < 0.5:
            groups = generator.integers(0, 4, rows)
            equal &= groups[:, None] != groups[None]
        np.fill_diagonal(equal, False)
        np.testing.assert_array_equal(repeated_rows(features, groups), equal.any(axis=1))

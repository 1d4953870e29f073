"""Groups and times of rows: from columns of files and from arrays; they are no features, and messages name the way out."""

import datetime

import numpy as np
import pandas as pd
import pytest

from sharedtrunk.errors import InputError
from sharedtrunk.tables import from_arrays, read, with_related_rows
from tables_problems import columns, write_csv

ROWS = 40
PERSON = [f"p{i // 4}" for i in range(ROWS)]
DAYS = [f"2024-{1 + i % 12:02d}-15" for i in range(ROWS)]


def _same_partition(codes, values) -> bool:
    return (np.equal.outer(codes, codes) == np.equal.outer(np.array(values), np.array(values))).all()


def _read(path):
    return read(path, tasks=["churned", "segment"], groups="person", time="day")


def _check(table):
    assert _same_partition(table.groups, PERSON)
    assert (np.argsort(table.times, kind="stable") == np.argsort(DAYS, kind="stable")).all()
    assert not any("person" in name or "day" in name for name in table.feature_names)
    assert any("'person' says which rows belong together" in note for note in table.notes)
    assert table.identifiers == ()


def test_columns_of_a_csv_file(tmp_path):
    _check(_read(write_csv(tmp_path / "a.csv", columns() | {"person": PERSON, "day": DAYS})))


@pytest.mark.parametrize("dates", [pd.to_datetime(DAYS), [datetime.date.fromisoformat(day) for day in DAYS], DAYS])
def test_columns_of_a_parquet_file(tmp_path, dates):
    pytest.importorskip("pyarrow")
    path = tmp_path / "a.parquet"
    pd.DataFrame(columns() | {"person": PERSON, "day": dates}).to_parquet(path)
    _check(_read(path))


def test_columns_of_an_archive(tmp_path):
    path = tmp_path / "a.npz"
    arrays = {name: np.array(values) for name, values in columns().items()}
    np.savez(path, person=np.array(PERSON), day=np.array(DAYS, "datetime64[D]"), **arrays)
    _check(_read(path))


@pytest.mark.parametrize("day", [DAYS, [day.replace("-", "") for day in DAYS], [float(day[5:7]) for day in DAYS]])
def test_a_sample_of_the_rows_keeps_their_groups_and_times(tmp_path, day):
    squares = [row**2 for row in range(ROWS)]
    path = write_csv(tmp_path / "a.csv", columns() | {"person": PERSON, "day": day, "square": squares})
    table = read(path, tasks=["churned"], groups="person", time="day", rows=31)
    place = np.sqrt(table.features[:, table.feature_names.index("square")]).astype(int)
    assert _same_partition(table.groups, np.array(PERSON)[place])
    assert (np.argsort(table.times, kind="stable") == np.argsort(np.array(DAYS)[place], kind="stable")).all()


@pytest.mark.parametrize(
    ("which", "says"),
    [
        (
            {"groups": "persn"},
            "groups, time and weights are columns of the table.*Did you mean 'person'",
        ),
        ({"groups": "churned"}, "groups, time and weights are neither tasks nor features nor dropped; got 'churned'"),
        (
            {"time": "colour"},
            "a time is a number or a date; got values such as .* in 'colour'. Write dates as 2024-03-31",
        ),
    ],
)
def test_columns_that_cannot_be_used(tmp_path, which, says):
    path = write_csv(tmp_path / "a.csv", columns() | {"person": PERSON})
    with pytest.raises(InputError, match=says):
        read(path, tasks=["churned"], **which)


@pytest.fixture(scope="module")
def table():
    given = columns()
    return from_arrays(np.array([given["age"], given["income"]]).T, given["churned"])


@pytest.mark.parametrize(
    "groups",
    [
        PERSON,
        [int(person[1:]) for person in PERSON],
        [(person, 1) for person in PERSON],
        pd.Series(PERSON, index=range(7, 7 + ROWS)),
        pd.Series(PERSON, dtype="category"),
        np.array(PERSON),
        pd.Series([int(person[1:]) for person in PERSON], dtype="Int64"),
    ],
)
def test_groups_are_any_hashable_values(table, groups):
    assert _same_partition(with_related_rows(table, groups=groups).groups, PERSON)


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA])
def test_a_missing_group_is_a_group_of_its_own_and_counted(table, missing):
    found = with_related_rows(table, groups=[missing, missing, *PERSON[2:]], group_name="person")
    assert _same_partition(found.groups, ["a", "b", *PERSON[2:]])
    assert "2 rows without a value in 'person': each counts as a group of its own." in found.notes


@pytest.mark.parametrize(
    "times",
    [
        [datetime.datetime(2024, 1 + i % 12, 15) for i in range(ROWS)],
        np.array(DAYS, "datetime64[s]"),
        pd.Series(pd.to_datetime(DAYS)),
        pd.Series(pd.to_datetime(DAYS)).dt.tz_localize("UTC"),
        [day[5:7] for day in DAYS],
        [f"15.{day[5:7]}.2024" for day in DAYS],
        [f"{day[5:7]}/15/2024" for day in DAYS],
        [pd.Timestamp(day).strftime("%d %b %Y") for day in DAYS],
    ],
)
def test_times_are_numbers_and_dates_of_all_kinds(table, times):
    found = with_related_rows(table, times=times).times
    assert (np.argsort(found, kind="stable") == np.argsort(DAYS, kind="stable")).all()


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"groups": PERSON[1:]}, r"one value per row; got shape \(39,\) for 40 rows in 'groups'"),
        ({"groups": [[person] for person in PERSON]}, "a group is a hashable value"),
        ({"times": [None, *DAYS[1:]]}, "every row has a time; got 1 missing in 'times'. Fill them in"),
        ({"times": [np.inf, *range(ROWS - 1)]}, "got infinite numbers in 'times'"),
        ({"times": PERSON}, "got values such as 'p0' in 'times'"),
        # is 03/04 before or after 04/03?
        ({"times": ["03/04/2024", "04/03/2024"] * 20}, "day and month cannot be told apart, such as '03/04/2024'"),
    ],
)
def test_what_is_no_group_or_time_is_one_line(table, given, says):
    with pytest.raises(InputError, match=says):
        with_related_rows(table, **given)

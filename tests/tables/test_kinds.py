"""Dates, gaps and sentinels among features: what kind a column is, and what is said of it."""

import datetime

import numpy as np
import pandas as pd
import pytest

from sharedtrunk.tables import bulk, from_arrays, leaks, read_features, read_features_like
from sharedtrunk.tables._dates import day_comes_first
from sharedtrunk.tables._sentinels import sentinels

ROWS = 120
Y = np.arange(ROWS) % 2
DAYS = np.datetime64("2019-12-30") + 3 * np.arange(ROWS)
EXPECTED = DAYS.astype("datetime64[D]").astype(float)


def _written(form: str) -> list[str]:
    return [day.astype(datetime.date).strftime(form) for day in DAYS]


@pytest.mark.parametrize("form", ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%b %d, %Y", "%Y-%m-%dT00:00:00"])
def test_dates_written_as_texts(form):
    table = from_arrays(pd.DataFrame({"day": _written(form)}), Y)
    assert table.dates == ("day",)
    np.testing.assert_array_equal(table.features[:, 0], EXPECTED)
    assert any("Dates, turned into numbers of days" in note and "'day'" in note for note in table.notes)
    assert any("day before the month" in note for note in table.notes) == form.startswith("%d")


def test_dates_of_every_type_are_the_same_days():
    frame = pd.DataFrame(
        {
            "numpy": DAYS.astype("datetime64[ns]"),
            "zoned": pd.Series(DAYS.astype("datetime64[ns]")).dt.tz_localize("UTC"),
            "objects": DAYS.astype(object),
        }
    )
    for name in frame:
        with_gap = frame[[name]].copy()
        with_gap.loc[5, name] = None
        table = from_arrays(with_gap, Y)
        assert table.dates == (name,)
        np.testing.assert_array_equal(table.features[:, 0], np.where(np.arange(ROWS) == 5, np.nan, EXPECTED))
    copies = from_arrays(frame, Y)
    assert copies.feature_names == ("numpy",)


def test_dates_in_arrow_tables():
    arrow = pytest.importorskip("pyarrow")
    table = from_arrays(arrow.table({"day": arrow.array(DAYS.astype("datetime64[D]"))}), Y)
    np.testing.assert_array_equal(table.features[:, 0], EXPECTED)


def test_times_and_durations_are_numbers():
    hours = np.arange(ROWS) % 24
    frame = pd.DataFrame(
        {
            "clock": [datetime.time(int(hour), 30) for hour in hours],
            "took": pd.to_timedelta(12.0 * np.arange(ROWS), "h"),
        }
    )
    table = from_arrays(frame, Y)
    written = from_arrays(pd.DataFrame({"written": [f"{hour}:15" for hour in hours]}), Y)
    assert written.dates == ("written",)
    np.testing.assert_allclose(written.features[:, 0], (hours + 0.25) / 24)
    np.testing.assert_allclose(table.features, np.stack([hours + 0.5, np.arange(ROWS) / 2], axis=1))


def test_a_text_among_dates_is_a_gap():
    texts = _written("%Y-%m-%d")
    texts[7] = "soon"
    table = from_arrays(pd.DataFrame({"day": texts}), Y)
    assert np.isnan(table.features[:, 0]).nonzero()[0].tolist() == [7]
    assert "Texts that are no dates count as gaps: 1 in 'day'." in table.notes


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["3/4/2020", "13/4/2020"], True),
        (["3/4/2020", "4/13/2020"], False),
        (["3/4/2020"], False),
        (["3.4.2020"], True),
        (["2020-12-31"], False),
        (["13/4/2020", "4/13/2020"], False),
    ],
)
def test_whether_the_day_comes_first(texts, expected):
    assert day_comes_first(texts) == expected


def test_one_line_for_a_thousand_columns():
    values = np.random.default_rng(0).standard_normal((ROWS, 1000))
    values[::7] = np.where(np.random.default_rng(1).random((len(values[::7]), 1000)) < 0.5, np.nan, values[::7])
    values[0] = np.nan
    notes = from_arrays(values, Y).notes
    assert len(notes) == 1
    assert notes[0].startswith(
        "Gaps, filled with the median of the training rows and marked by an indicator (1,000 columns): "
    )
    assert len(notes[0]) < 250


def test_columns_without_values_are_left_out():
    frame = pd.DataFrame({"a": np.arange(ROWS), "gone": np.nan, "none": [None] * ROWS})
    table = from_arrays(frame, Y)
    assert table.feature_names == ("a",)
    assert any(note.startswith("Left out, because empty (2 columns): 'gone', 'none'.") for note in table.notes)


def test_copies_among_columns_with_gaps_and_among_categories_are_left_out():
    values = np.where(np.arange(ROWS) % 9 == 0, np.nan, np.arange(ROWS) ** 2)
    level = np.array(["a", "b", "c"])[np.arange(ROWS) % 3]
    renamed = np.array(["z", "y", "x"])[np.arange(ROWS) % 3]
    table = from_arrays(pd.DataFrame({"v": values, "l": level, "again": values, "renamed": renamed}), Y)
    assert table.feature_names == ("v", "l")


def test_a_gap_that_gives_the_label_away_is_a_leak():
    values = np.where(Y == 1, np.nan, np.random.default_rng(0).integers(0, 9, ROWS))
    found = leaks(from_arrays(pd.DataFrame({"v": values, "w": np.arange(ROWS) % 7}), {"y": Y}), "y")
    assert "v is missing" in {leak.column for leak in found if leak.severe}


PERCENT = np.round(np.random.default_rng(2).uniform(0, 100, ROWS), 1)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.where(np.arange(ROWS) % 40 == 0, 999999.4, PERCENT), [(999999.4, 3)]),
        (np.where(np.arange(ROWS) == 4, 9999, PERCENT), [(9999.0, 1)]),
        (np.where(np.arange(ROWS) % 5 == 0, -9999, PERCENT), [(-9999.0, 24)]),
        (
            np.select([np.arange(ROWS) == 3, np.arange(ROWS) % 40 == 0], [99999, 9999], PERCENT),
            [(99999.0, 1), (9999.0, 3)],
        ),
        (PERCENT, []),
        (np.where(np.arange(ROWS) == 4, 81234.5, PERCENT), []),  # once, and not in nines: an honest extreme
        (np.exp(2 * np.random.default_rng(3).standard_normal(ROWS)), []),
        (np.arange(ROWS) % 2, []),
        ((np.arange(ROWS) % 50 == 0) * 5.0, []),
    ],
)
def test_sentinels(values, expected):
    assert [(each.value, each.rows) for each in sentinels(values[:, None].astype(float), ("v",))] == expected


def test_a_sentinel_is_told_with_column_value_and_rows():
    values = np.where(np.arange(ROWS) % 40 == 0, 999999.4, PERCENT)
    table = from_arrays(pd.DataFrame({"term": values}), Y)
    (note,) = table.notes
    assert "999999.4 in 'term' (3 rows)" in note
    assert "--missing 999999.4" in note
    table = from_arrays(pd.DataFrame({"term": values}), Y, missing="999999.4")
    assert np.isnan(table.features[:, 0]).sum() == 3
    assert not any("Far beyond" in note for note in table.notes)


def test_the_bulk_is_that_of_a_slow_reference():
    rng = np.random.default_rng(4)
    columns = [
        rng.standard_normal(101),
        np.where(rng.random(101) < 0.8, 0.0, rng.exponential(size=101)),
        np.where(rng.random(101) < 0.3, np.nan, rng.standard_normal(101)),
        np.full(101, 3.0),
        np.full(101, np.nan),
    ]
    found = bulk(np.stack(columns, axis=1))
    for j, column in enumerate(columns):
        known = np.sort(column[~np.isnan(column)])
        if not known.size:
            assert np.isnan([found.low[j], found.high[j], found.median[j]]).all()
            continue
        median = known[(known.size - 1) // 2]
        others = known[known != median]
        ends = [median, *(others[int(share * others.size)] for share in (0.25, 0.75) if others.size)]
        assert (found.low[j], found.high[j], found.median[j]) == (min(ends), max(ends), median)


def test_other_rows_are_read_alike():
    frame = pd.DataFrame(
        {
            "n": np.arange(ROWS) ** 2,
            "day": _written("%d/%m/%Y"),
            "level": np.array(["a", "b", "c"])[np.arange(ROWS) % 3],
        }
    )
    features = read_features(frame)
    np.testing.assert_array_equal(read_features_like(frame, features), features.values)
    other = pd.DataFrame({"n": ["7", "oops"], "day": ["02/01/1970", "never"], "level": ["new", None]})
    np.testing.assert_array_equal(read_features_like(other, features), [[7, 1, 3], [np.nan, np.nan, np.nan]])

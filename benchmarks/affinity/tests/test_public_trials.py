"""Trials: who has which labels, on made-up rows whose number is their only feature."""

import numpy as np
import pandas as pd
import pytest
from benchmarks.affinity.public import Question, Rows, draw, load, loading, sizes, trials
from benchmarks.affinity.public.question import PublicTable, ask
from benchmarks.affinity.public.recipes import above, bands, initial, largest, logarithm, one_of

from sharedtrunk.errors import InputError

TABLE = PublicTable("made", "nowhere", "nature", "learn", "x", (ask("a", "b", note=""),), numeric="b")
QUESTION = Question(TABLE, "a", ("b",), "")

ROWS, GROUPS = 1500, 300


def made_rows(groups: bool) -> Rows:
    """Class r has 6 % of the main labels and s 1 %; a tenth of the main labels is missing, a fifth of the others."""
    random = np.random.default_rng(5)
    main = random.choice(["p", "q", "r", "s"], ROWS, p=[0.6, 0.33, 0.06, 0.01]).astype(object)
    main[random.random(ROWS) < 0.1] = None
    auxiliary = np.where(random.random(ROWS) < 0.2, np.nan, random.standard_normal(ROWS))
    return Rows(
        pd.DataFrame({"x": np.arange(ROWS)}),
        pd.DataFrame({"a": pd.Series(main, dtype=object), "b": auxiliary}),
        random.integers(0, GROUPS, ROWS) if groups else None,
    )


@pytest.fixture(params=[False, True], ids=["rows", "groups"])
def rows(request, monkeypatch) -> Rows:
    made = made_rows(request.param)
    monkeypatch.setattr(trials, "load", lambda question: made)
    return made


@pytest.mark.parametrize("more", [False, True])
@pytest.mark.parametrize("size", [50, 200, 500])
def test_who_has_which_labels(rows, size, more):
    for seed in range(10):
        trial = draw(QUESTION, size, seed, more_rows=more)
        known = trial.train_labels["a"].notna().to_numpy()
        assert known[:size].all()
        assert known.sum() == size
        assert trial.test_labels["a"].notna().all()
        assert {"p", "q", "r"} <= set(trial.train_labels["a"].dropna())
        assert len(trial.train) > size if more else len(trial.train) == size
        assert trial.train_labels["b"][size:].notna().all()
        assert len(trial.test) >= (500 if more and size < 500 else 200)


def test_labels_are_those_of_the_rows(rows):
    trial = draw(QUESTION, 100, 0, more_rows=True)
    for features, labels in ((trial.train, trial.train_labels), (trial.test, trial.test_labels)):
        source = rows.labels.iloc[features["x"].to_numpy()].reset_index(drop=True)
        np.testing.assert_array_equal(labels["b"], source["b"])
        seen = labels["a"].notna()
        assert (labels["a"][seen] == source["a"][seen]).all()


@pytest.mark.parametrize("more", [False, True])
def test_no_row_and_no_group_is_on_both_sides(rows, more):
    for seed in range(10):
        trial = draw(QUESTION, 100, seed, more_rows=more)
        numbers = np.concatenate([trial.train["x"], trial.test["x"]])
        assert len(set(numbers)) == numbers.size
        if rows.groups is not None:
            assert trial.train_groups is not None
            assert trial.test_groups is not None
            assert not set(trial.train_groups) & set(trial.test_groups)
            np.testing.assert_array_equal(trial.train_groups, rows.groups[trial.train["x"]])


def test_more_rows_keep_the_labelled_ones(rows):
    few, many = draw(QUESTION, 100, 1), draw(QUESTION, 100, 1, more_rows=True)
    pd.testing.assert_frame_equal(few.train, many.train[:100])
    pd.testing.assert_frame_equal(few.train_labels, many.train_labels[:100])


def test_seed_decides(rows):
    first, same, other = (draw(QUESTION, 50, seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.train, same.train)
    pd.testing.assert_frame_equal(first.test, same.test)
    assert not first.train.equals(other.train)


def test_without_groups_the_rest_is_the_test(monkeypatch):
    made = made_rows(groups=False)
    monkeypatch.setattr(trials, "load", lambda question: made)
    assert len(draw(QUESTION, 100, 0).test) == made.labels["a"].notna().sum() - 100


def test_sizes_leave_a_test(rows):
    assert sizes(QUESTION) == (50, 100, 200, 500)
    assert sizes(QUESTION, more_rows=True) == (50, 100, 200, 500)
    with pytest.raises(InputError, match=r"\(50, 100, 200, 500\) main labels"):
        draw(QUESTION, 2000, 0)


def test_common_class_that_no_order_has_is_refused(rows, monkeypatch):
    monkeypatch.setattr(trials, "COMMON", 0.0)  # now the class of 1 % has to be there too
    monkeypatch.setattr(trials, "ATTEMPTS", 2)
    with pytest.raises(InputError, match="none of 2 orders"):
        draw(QUESTION, 50, 0)


@pytest.fixture
def made_table(monkeypatch):
    frame = pd.DataFrame(
        {
            "age": [1.5, np.nan, 3, 4] * 100,
            "site": [1, 2, 3, 3] * 100,
            "when": ["2020-01-31", "2020-02-01", None, "2021-05-06"] * 100,
            "town": ["Oslo ", "  ", "Bergen", "Oslo"] * 100,
            "a": [0, 1, 1, np.nan] * 100,
            "b": np.r_[np.arange(399.0), np.nan],
            "person": np.arange(400) // 2,
        }
    )
    monkeypatch.setattr(loading, "read", lambda source: frame)
    for cached in (loading.load, loading._raw, loading._frame):
        cached.cache_clear()
    yield PublicTable(
        "raw", "nowhere", "nature", "learn", "age site when town", (ask("a", "b", note=""),),
        numeric="b", categories="site", dates="when", group="person",
    )  # fmt: skip
    for cached in (loading.load, loading._raw, loading._frame):
        cached.cache_clear()


def test_frames_are_raw(made_table):
    rows = load(Question(made_table, "a", ("b",), ""))
    first = rows.features.iloc[:4]
    np.testing.assert_array_equal(first["age"], [1.5, np.nan, 3, 4])
    assert list(first["site"]) == ["1", "2", "3", "3"]
    assert first["when"][1] == pd.Timestamp("2020-02-01")
    assert first["when"].isna().tolist() == [False, False, True, False]
    assert first["town"].tolist()[0] == first["town"].tolist()[3] == "Oslo"
    assert first["town"].isna().tolist() == [False, True, False, False]
    assert list(rows.labels["a"][:3]) == ["0", "1", "1"]
    assert rows.groups is not None
    np.testing.assert_array_equal(rows.groups[:4], [0, 0, 1, 1])
    assert len(rows.features) == 399  # the last row has no label of either task


def test_shuffled_task_has_the_same_labels_elsewhere(made_table):
    rows = load(Question(made_table, "a", ("b", "shuffled b"), ""))
    original, shuffled = rows.labels["b"], rows.labels["shuffled b"]
    np.testing.assert_array_equal(np.sort(original), np.sort(shuffled))
    assert abs(np.corrcoef(original, shuffled)[0, 1]) < 0.15
    np.testing.assert_array_equal(original.isna(), shuffled.isna())


def test_feature_without_a_column_is_refused(made_table):
    wrong = PublicTable("wrong", "nowhere", "nature", "learn", "age nothing*", (ask("a", "b", note=""),))
    with pytest.raises(InputError, match=r"nothing\* of wrong"):
        load(Question(wrong, "a", ("b",), ""))


def test_recipes_keep_gaps():
    frame = pd.DataFrame({"x": [1.0, 2, 3, np.nan, 5, 6, 7], "t": ["u", "v", "u", None, "w", "v", "u"]})
    assert above("x", 2)(frame).tolist() == ["no", "no", "yes", None, "yes", "yes", "yes"]
    assert bands("x", "low", "middle", "high")(frame).tolist() == [
        "low",
        "low",
        "middle",
        None,
        "middle",
        "high",
        "high",
    ]
    assert one_of("t", "u", "w")(frame).tolist() == ["yes", "no", "yes", None, "yes", "no", "yes"]
    assert largest("t", 1)(frame).tolist() == ["u", "other", "u", None, "other", "other", "u"]
    assert initial("t")(frame).tolist() == ["u", "v", "u", None, "w", "v", "u"]
    np.testing.assert_allclose(np.expm1(logarithm("x")(frame)), frame["x"])

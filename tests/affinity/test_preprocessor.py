"""The public preprocessor: frames and arrays in, inputs with names out, in pipelines, without a look at other rows."""

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sharedtrunk.affinity import TablePreprocessor
from sharedtrunk.affinity._rows import prepared_rows
from sharedtrunk.errors import InputError
from sharedtrunk.tables import from_arrays

ROWS = 240


def _frame(seed=0) -> pd.DataFrame:
    """Numbers with gaps, dates, a category with gaps, an identifier and a constant."""
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 10, ROWS)
    age[rng.random(ROWS) < 0.2] = np.nan
    return pd.DataFrame(
        {
            "age": age,
            "joined": (np.datetime64("2020-01-01") + rng.integers(0, 1400, ROWS)).astype(str),
            "colour": rng.choice(np.array(["red", "blue", None], object), ROWS, p=[0.5, 0.3, 0.2]),
            "name": [f"person {i}" for i in range(ROWS)],
            "same": 1.0,
        }
    )


NAMES = ["age", "missingindicator_age", "joined", "joined month", "joined weekday", "colour=blue", "colour=missing"]


def test_a_frame_becomes_inputs_with_names():
    frame = _frame()
    prepare = TablePreprocessor()
    found = prepare.fit_transform(frame)
    assert prepare.get_feature_names_out().tolist() == NAMES
    assert found.shape == (ROWS, len(NAMES))
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(found.std(axis=0), 1, atol=1e-9)
    np.testing.assert_array_equal(found[:, 1] > 0, frame["age"].isna())
    assert any("because their texts rarely repeat: 'name'" in note for note in prepare.notes_)
    pandas = clone(prepare).set_output(transform="pandas").fit_transform(frame)
    assert list(pandas.columns) == NAMES


def test_other_rows_do_not_matter_to_the_rows_of_the_fit():
    frame, other = _frame(), _frame(1).iloc[:50]
    prepare = TablePreprocessor().fit(frame)
    alone = prepare.transform(frame)
    np.testing.assert_array_equal(prepare.transform(pd.concat([frame, other]))[:ROWS], alone)
    strange = pd.DataFrame({"age": ["old"], "joined": ["never"], "colour": ["mauve"], "name": [None], "same": [2.0]})
    assert np.isfinite(prepare.transform(strange)).all()


def test_arrays_of_every_kind_are_the_same_columns():
    frame = _frame().drop(columns=["name", "same"])
    expected = TablePreprocessor().fit_transform(frame)
    for given in (frame.to_numpy(), frame.astype({"joined": "datetime64[ns]", "colour": "category"})):
        np.testing.assert_allclose(TablePreprocessor().fit_transform(given), expected)


def test_the_same_is_done_as_for_an_advice():
    """Fitted to all rows, so that both see the same kinds of columns."""
    frame, label = _frame(), np.arange(ROWS) % 2
    rows = prepared_rows(from_arrays(frame, {"y": label}), ["y"], ["y"], seed=0)
    inputs, width = rows.inputs.of(np.ones(ROWS, bool), "float32")
    order = np.random.default_rng([0, 3]).permutation(ROWS)
    np.testing.assert_allclose(inputs[:, :width], TablePreprocessor().fit_transform(frame)[order], atol=1e-5)


def test_in_a_pipeline_a_gap_tells_the_label():
    frame = _frame()
    label = frame["age"].isna().to_numpy()
    model = make_pipeline(TablePreprocessor(), LogisticRegression())
    assert cross_val_score(model, frame, label).min() > 0.99


def test_a_sentinel_is_warned_of_and_may_be_named_as_missing():
    frame = pd.DataFrame({"term": np.where(np.arange(ROWS) % 60 == 0, 999999.4, np.arange(ROWS) % 100)})
    with pytest.warns(UserWarning, match=r"999999\.4 in 'term' \(4 rows\)"):
        TablePreprocessor().fit(frame)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        prepare = TablePreprocessor(missing="999999.4").fit(frame)
    assert prepare.get_feature_names_out().tolist() == ["term", "missingindicator_term"]


def test_what_is_refused_is_told_in_one_line():
    with pytest.raises(InputError, match="features are finite"):
        TablePreprocessor().fit(pd.DataFrame({"a": [1.0, np.inf, 2.0]}))
    prepare = TablePreprocessor().fit(_frame())
    with pytest.raises(ValueError, match="feature names should match"):
        prepare.transform(_frame().rename(columns={"age": "years"}))
    with pytest.raises(ValueError, match="input_features"):
        prepare.get_feature_names_out(["a"])

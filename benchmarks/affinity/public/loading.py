"""A question's rows: features as they come, labels of each task, and groups.

Categories are text, gaps are NaN (in text: None), dates are dates, numbers are numbers. Class labels are text, numeric ones
floats. Blank text counts as a gap, and codes that stand for categories become text.
"""

import functools
import zlib
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
import pandas as pd

from sharedtrunk.errors import invalid

from .packages import read
from .question import SHUFFLED, PublicTable, Question
from .registry import tasks_of

ROWS_AT_MOST = 20_000
"""Larger tables are cut down to that many random rows, always the same; no trial needs more."""


@dataclass(frozen=True)
class Rows:
    """features: (sample) frame. labels: a column a task, the main one first; gaps are missing. groups: codes or None."""

    features: pd.DataFrame
    labels: pd.DataFrame
    groups: np.ndarray | None


@functools.lru_cache(maxsize=4)
def load(question: Question) -> Rows:
    """All rows of the question that have any of its labels. Treat the result as read-only: it is kept."""
    frame, table = _frame(question.table), question.table
    labels = pd.DataFrame({task: _labels(frame, question, task) for task in question.tasks})
    known = labels.notna().any(axis=1).to_numpy()
    features = frame.loc[known, [f"feature {name}" for name in feature_names(table)]]
    features.columns = list(feature_names(table))
    groups = None
    if table.group is not None:
        groups = pd.factorize(frame.loc[known, "group"], use_na_sentinel=False)[0]
    return Rows(features.reset_index(drop=True), labels[known].reset_index(drop=True), groups)


def feature_names(table: PublicTable) -> tuple[str, ...]:
    """The feature columns that the table's patterns choose. Raises `InputError` for a pattern without a column."""
    columns, left_out = _raw(table).columns, set(table.without.split())
    chosen: dict[str, None] = {}
    for pattern in table.features.split():
        found = [each for each in columns if fnmatchcase(each, pattern)]
        if not found:
            raise invalid(
                "every pattern of features has a column",
                received=f"{pattern} of {table.name}",
                hint="Correct the table.",
            )
        chosen.update(dict.fromkeys(each for each in found if each not in left_out))
    return tuple(chosen)


@functools.lru_cache(maxsize=2)
def _raw(table: PublicTable) -> pd.DataFrame:
    frame = read(table.source)
    frame = frame if table.prepare is None else table.prepare(frame)
    if len(frame) > ROWS_AT_MOST:
        frame = frame.sample(ROWS_AT_MOST, random_state=0)
    return frame.reset_index(drop=True)


@functools.lru_cache(maxsize=2)
def _frame(table: PublicTable) -> pd.DataFrame:
    """Features, tasks and the group in one frame; features have a prefix, since a task may have the same name."""
    raw = _raw(table).apply(_tidy)
    columns = {f"feature {name}": _feature(raw[name], table) for name in feature_names(table)}
    columns |= {task: _task(raw, table, task) for task in tasks_of(table)}
    if table.group is not None:
        columns["group"] = raw[table.group]
    return pd.DataFrame(columns)


def _tidy(column: pd.Series) -> pd.Series:
    if pd.api.types.is_bool_dtype(column):
        return column.astype(str).astype(object)
    if pd.api.types.is_numeric_dtype(column):
        return pd.to_numeric(column).astype(float) if column.isna().any() else column
    text = column.astype(object)
    text = text.where(text.isna(), text.astype(str).str.strip())
    return text.where(text.notna() & (text != ""), None)


def _feature(column: pd.Series, table: PublicTable) -> pd.Series:
    if column.name in table.dates.split():
        return pd.to_datetime(column, utc=True, format="mixed").dt.tz_localize(None)
    if column.name in table.categories.split():
        return _as_classes(column)
    return column


def _task(raw: pd.DataFrame, table: PublicTable, task: str) -> pd.Series:
    made = table.recipes[task](raw) if task in table.recipes else raw[task]
    return made.astype(float) if task in table.numeric.split() else _as_classes(made)


def _as_classes(values: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values):
        text = values.map("{:g}".format)
        return text.astype(object).where(values.notna(), None)
    return values.astype(object).where(values.notna(), None)


def _labels(frame: pd.DataFrame, question: Question, task: str) -> pd.Series:
    if not task.startswith(SHUFFLED):
        return frame[task]
    labels = frame[task.removeprefix(SHUFFLED)].copy()
    known = np.flatnonzero(labels.notna())
    random = np.random.default_rng(zlib.crc32(question.name.encode()))
    labels.iloc[known] = labels.iloc[random.permutation(known)].to_numpy()
    return labels

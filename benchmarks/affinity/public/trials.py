"""A trial: who has N labels of the main task, and the auxiliary tasks' labels on the same rows or on many more.

Rows are put into a random order, whole groups together. Training rows come first; with more rows, those that only the
auxiliary tasks' labels reach come next; the rest, with labels of the main task, is the test. Orders are drawn until every
common class of the main task is among the training labels. The order depends on the question and the seed, so the training
rows of a trial are the same with and without more rows, and larger trials of a seed usually contain the smaller ones.
"""

import zlib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sharedtrunk.errors import invalid

from .loading import Rows, load
from .question import Question

SIZES = (50, 100, 200, 500, 2000)
"""Numbers of main labels at which questions are asked."""

TEST_AT_LEAST, TEST_WANTED = 200, 500
"""Test rows without which there is no trial, and that more training rows leave alone where the table allows."""

COMMON = 0.05
"""Share from which on a class of the main task is among the training labels of every trial."""

MORE = 10
"""Rows with labels of the auxiliary tasks alone, for each main label, at most."""

ATTEMPTS = 1000
"""Orders that are tried. With ten classes of a tenth each, 50 labels have all in 19 orders of 20."""


@dataclass(frozen=True)
class Trial:
    """What a user has, and the test that only the truth may see.

    train: features of the training rows; the first N have labels of the main task. train_labels: a column a task, missing
    where there is none. train_groups: group codes, or None. test, test_labels, test_groups: the same of the test
    rows, all of which have labels of the main task.
    """

    train: pd.DataFrame
    train_labels: pd.DataFrame
    train_groups: np.ndarray | None
    test: pd.DataFrame
    test_labels: pd.DataFrame
    test_groups: np.ndarray | None


def sizes(question: Question, *, more_rows: bool = False) -> tuple[int, ...]:
    """The sizes for which the table is large enough; with more rows, for as many more as main labels."""
    rows = load(question)
    labelled = int(rows.labels[question.main].notna().sum())
    # The last group of each part may stick out.
    spare = 0 if rows.groups is None else int(np.bincount(rows.groups).max()) * (2 if more_rows else 1)
    needed = 2 if more_rows else 1
    return tuple(size for size in SIZES if labelled - needed * size - spare >= TEST_AT_LEAST)


def draw(question: Question, size: int, seed: int, *, more_rows: bool = False) -> Trial:
    """Draw a trial of `size` main labels; the same arguments give the same trial.

    Raises `InputError` where the table is too small, or where no order has all common classes of the main task.
    """
    rows = load(question)
    if size not in sizes(question, more_rows=more_rows):
        raise invalid(
            f"{question.name} can be asked with {sizes(question, more_rows=more_rows)} main labels",
            received=str(size),
            hint="Choose one of them.",
        )
    order, first = _order(question, rows, size, seed)
    has_main = rows.labels[question.main].notna().to_numpy()
    chosen, end = order[:first], _end_of_group(rows.groups, order, first)
    train = chosen[has_main[chosen]]
    labels = rows.labels.iloc[train]
    if more_rows:
        stop = _stop(rows.groups, order, end, has_main, size)
        extra = np.concatenate([chosen[~has_main[chosen]], order[first:stop]])
        extra, end = extra[: MORE * size], stop
        hidden = rows.labels.iloc[extra].assign(
            **{question.main: np.nan if question.is_numeric(question.main) else None}
        )
        kept = hidden.notna().any(axis=1).to_numpy()
        train, labels = np.concatenate([train, extra[kept]]), pd.concat([labels, hidden[kept]])
    rest = order[end:]
    return _trial(rows, train, labels, rest[has_main[rest]])


def _trial(rows: Rows, train: np.ndarray, labels: pd.DataFrame, test: np.ndarray) -> Trial:
    groups = (None, None) if rows.groups is None else (rows.groups[train], rows.groups[test])
    return Trial(
        rows.features.iloc[train].reset_index(drop=True),
        labels.reset_index(drop=True),
        groups[0],
        rows.features.iloc[test].reset_index(drop=True),
        rows.labels.iloc[test].reset_index(drop=True),
        groups[1],
    )


def _order(question: Question, rows: Rows, size: int, seed: int) -> tuple[np.ndarray, int]:
    """An order of all rows, and how many of its first ones contain `size` main labels."""
    main = rows.labels[question.main]
    has_main = main.notna().to_numpy()
    shares = None if question.is_numeric(question.main) else main.value_counts(normalize=True)
    random = np.random.default_rng([zlib.crc32(question.name.encode()), seed])
    for _ in range(ATTEMPTS):
        order = _shuffled(rows, random)
        first = int(np.flatnonzero(np.cumsum(has_main[order]) == size)[0]) + 1
        if shares is None or _has_common_classes(main.iloc[order[:first]], shares):
            return order, first
    raise invalid(
        f"some order has all common classes among {size} main labels",
        received=f"none of {ATTEMPTS} orders of {question.name}",
        hint="Ask for more labels.",
    )


def _has_common_classes(labels: pd.Series, shares: pd.Series) -> bool:
    present = set(labels.dropna())
    return len(present) > 1 and present.issuperset(shares.index[shares >= COMMON])


def _shuffled(rows: Rows, random: np.random.Generator) -> np.ndarray:
    order = random.permutation(len(rows.features))
    if rows.groups is None:
        return order
    place = random.permutation(rows.groups.max() + 1)
    return order[np.argsort(place[rows.groups[order]], kind="stable")]


def _end_of_group(groups: np.ndarray | None, order: np.ndarray, end: int) -> int:
    """The first place from `end` on at which another group begins."""
    if groups is None or end >= order.size:
        return end
    same = groups[order[end:]] == groups[order[end - 1]]
    return end + (int(np.argmin(same)) if not same.all() else same.size)


def _stop(groups: np.ndarray | None, order: np.ndarray, end: int, has_main: np.ndarray, size: int) -> int:
    """Where the additional rows stop: after `MORE` times the size, or where the test would become too small."""
    left = np.cumsum(has_main[order][::-1])[::-1]  # main labels from a place on
    floor = TEST_WANTED if left[end] >= TEST_WANTED + size else TEST_AT_LEAST
    stop = min(end + MORE * size, int(np.flatnonzero(left >= floor)[-1]))
    if groups is None:
        return stop
    codes = groups[order]
    starts = np.flatnonzero(np.concatenate([[True], codes[1:] != codes[:-1]]))
    possible = starts[(starts > end) & (starts <= stop)]
    return int(possible[-1]) if possible.size else end

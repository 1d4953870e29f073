"""Validation rows: their number, their share of every class, and the classes that they must not take away."""

import numpy as np
import pytest

from sharedtrunk.affinity import _holdout
from sharedtrunk.affinity._holdout import held_out


def seeded():
    return np.random.RandomState(0)


@pytest.mark.parametrize(("rows", "fraction"), [(100, 0.2), (57, 0.3), (10, 0.1), (1000, 0.5)])
def test_share_of_rows_and_of_every_combination_of_classes(rows, fraction):
    random = np.random.default_rng(1)
    codes = np.stack([random.integers(3, size=rows), random.integers(9, size=rows)])
    held = held_out(codes, fraction, seeded())
    assert held.sum() == np.floor(fraction * rows + 0.5)
    for first in range(3):
        share = fraction * (codes[0] == first).sum()
        assert abs((held & (codes[0] == first)).sum() - share) <= 1
        for second in range(9):
            both = (codes[0] == first) & (codes[1] == second)
            assert abs((held & both).sum() - fraction * both.sum()) <= 1


def test_rows_without_labels_are_never_held_out():
    codes = np.tile(np.array([[0, 1, -1]]), 20)
    held = held_out(codes, 0.25, seeded())
    assert held.sum() == 10
    assert not held[codes[0] < 0].any()


def test_the_last_row_of_a_class_is_trained_on():
    """Wherever it falls: of two neighbouring places in the order of the classes, one would be held out."""
    for before in (20, 21):
        codes = np.zeros((2, 40), int)
        codes[0, before:] = 1
        codes[1, 7] = 1
        held = held_out(codes, 0.5, seeded())
        assert not held[7]
        assert held.sum() >= 19


def test_classes_of_tasks_that_do_not_decide_stay_in_training_too():
    """The same rows as without them, but for the only row of a class; rows that carry only their labels are not held out."""
    codes = np.array([[0, 1] * 10 + [-1] * 20])
    held = held_out(codes, 0.5, seeded())
    taken = np.flatnonzero(held)[3]
    others = np.zeros((1, 40), int)
    others[0, taken] = 1
    without = held_out(codes, 0.5, seeded(), others)
    np.testing.assert_array_equal(without, held & (np.arange(40) != taken))
    others[0, 30] = 1  # now a training row has it as well
    np.testing.assert_array_equal(held_out(codes, 0.5, seeded(), others), held)
    assert not held[20:].any()


def test_rows_are_drawn_at_random():
    codes = np.zeros((1, 30), int)
    draws = np.array([held_out(codes, 0.2, np.random.RandomState(seed)) for seed in range(400)])
    error = np.sqrt(0.2 * 0.8 / 400)
    assert np.abs(draws.mean(axis=0) - 0.2).max() < 4 * error
    assert (draws.sum(axis=1) == 6).all()


def test_large_tables_hold_out_only_so_many(monkeypatch):
    monkeypatch.setattr(_holdout, "MOST_HELD_OUT", 25)
    codes = np.arange(1000)[None] % 5
    held = held_out(codes, 0.2, seeded())
    assert held.sum() == 25
    assert np.bincount(codes[0][held]).tolist() == [5] * 5

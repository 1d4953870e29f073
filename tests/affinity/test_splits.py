"""Splits: every row is tested once a repeat, roles keep their sizes, classes are dealt evenly, shares are nested."""

import numpy as np
import pytest

from sharedtrunk.affinity._splits import FOLDS, TEST, TRAIN, VALIDATION, VALIDATION_FOLDS, nested_ranks, split_roles

STRATA = np.repeat([0, 1, 2], [50, 33, 21])


@pytest.fixture
def roles():
    return split_roles(STRATA, folds=FOLDS, repeats=4, seed=3)


def test_every_row_is_tested_once_and_validates_twice_a_repeat(roles):
    by_repeat = roles.reshape(4, FOLDS, -1)
    assert ((by_repeat == TEST).sum(axis=1) == 1).all()
    assert ((by_repeat == VALIDATION).sum(axis=1) == VALIDATION_FOLDS).all()
    assert set(np.unique(roles)) == {TRAIN, VALIDATION, TEST}


def test_folds_have_their_share_of_every_class(roles):
    for stratum in range(3):
        tested = ((roles == TEST) & (stratum == STRATA)).sum(axis=1)
        assert tested.max() - tested.min() <= 1
    sizes = (roles == TEST).sum(axis=1)
    assert sizes.max() - sizes.min() <= 1


def test_repeats_and_seeds_deal_anew_and_the_same_seed_the_same(roles):
    first, second = roles.reshape(4, FOLDS, -1)[:2]
    assert (first != second).any()
    assert (split_roles(STRATA, folds=FOLDS, repeats=4, seed=3) == roles).all()
    assert (split_roles(STRATA, folds=FOLDS, repeats=4, seed=4) != roles).any()


def test_shares_of_labels_are_stratified_and_nested():
    ranks = nested_ranks(STRATA, seed=0)
    quarter, half = ranks <= 0.25, ranks <= 0.5
    assert (half | ~quarter).all()
    for stratum in range(3):
        mine = stratum == STRATA
        assert abs(half[mine].sum() - mine.sum() / 2) <= 1
        assert abs(quarter[mine].sum() - mine.sum() / 4) <= 1
    assert (ranks <= 1).all()

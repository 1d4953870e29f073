"""Splits by group, in order of time and by `cv`: no group and no later row on both sides, whatever the table is."""

import warnings

import numpy as np
import pytest
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    LeaveOneGroupOut,
    LeaveOneOut,
    LeavePGroupsOut,
    PredefinedSplit,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)

from sharedtrunk.affinity._resampling import resampling
from sharedtrunk.affinity._rows import prepared_rows
from sharedtrunk.affinity._splits import LEFT_OUT, TEST, TRAIN, VALIDATION
from sharedtrunk.errors import InputError
from sharedtrunk.tables import Table


def _table(seed, rows=None, groups=None, times=None) -> Table:
    """A random table: main labels in about half of the rows, auxiliary ones in most, some rows without any."""
    generator = np.random.default_rng(seed)
    rows = int(generator.integers(120, 400)) if rows is None else rows
    main = np.where(generator.random(rows) < 0.5, generator.integers(0, 3, rows), -1)
    aux = np.where(generator.random(rows) < 0.8, generator.integers(0, 2, rows), -1)
    labels, classes = {"main": main, "aux": aux}, {"main": (0, 1, 2), "aux": (0, 1)}
    features = generator.normal(size=(rows, 2))
    return Table(features, ("a", "b"), labels, classes, (), groups=groups, times=times)


def _skewed(generator, rows, groups) -> np.ndarray:
    """Groups of very different sizes."""
    return generator.choice(groups, rows, p=generator.dirichlet(np.full(groups, 0.7)))


def _split(table, cv=None, repeats=None, seed=0):
    rows = prepared_rows(table, ["main", "aux"], ["main"], seed=seed)
    strata = rows.codes[0, : rows.judged]
    return rows, resampling(table, rows, strata, labels=rows.judged, cv=cv, repeats=repeats, seed=seed)


def _check_apart(roles, groups):
    """No group on two sides of any split, among all rows."""
    for role in roles:
        parts = [set(groups[role == part].tolist()) for part in (TRAIN, VALIDATION, TEST)]
        assert not parts[0] & parts[1]
        assert not parts[0] & parts[2]
        assert not parts[1] & parts[2]


def _check_judged(rows, splits):
    """Every split trains on, stops by and tests judged rows; rows that are not judged only train."""
    for role in (TRAIN, VALIDATION, TEST):
        assert (splits.judged_roles == role).any(axis=1).all()
    assert set(np.unique(splits.roles[:, rows.judged :])) <= {TRAIN, LEFT_OUT}


@pytest.mark.parametrize("seed", range(40))
def test_no_group_is_on_two_sides_of_a_split(seed):
    generator = np.random.default_rng([seed, 1])
    table = _table(seed)
    number = int(generator.integers(12, 80))
    groups = _skewed(generator, len(table.features), number)
    table = _table(seed, groups=groups)
    rows, splits = _split(table, seed=seed)
    mine = groups[rows.numbers]
    _check_apart(splits.roles, mine)
    _check_judged(rows, splits)
    by_repeat = splits.judged_roles.reshape(splits.repeats, splits.folds, -1)
    assert ((by_repeat == TEST).sum(axis=1) == 1).all()  # every judged row is tested once a repeat
    # an auxiliary row is left out only where its group is tested or validates
    for role in splits.roles:
        out = set(mine[: rows.judged][np.isin(role[: rows.judged], (TEST, VALIDATION))].tolist())
        np.testing.assert_array_equal(role[rows.judged :] == LEFT_OUT, np.isin(mine[rows.judged :], list(out)))
    # ranks are the groups', so a share of the labels is one of groups
    for group in np.unique(splits.groups):
        assert np.unique(splits.ranks[splits.groups == group]).size == 1


def test_folds_of_groups_have_their_share_of_every_class():
    """Within what greedy dealing leaves: folds of 60 groups of 4 to 8 rows, labels by group or by row."""
    generator = np.random.default_rng(0)
    for _ in range(10):
        sizes = generator.integers(4, 9, 60)
        groups = np.repeat(np.arange(60), sizes)
        main = np.where(groups % 2, groups % 3, generator.integers(0, 3, groups.size))
        table = _table(0, groups.size, groups=groups)
        table.labels["main"][:] = main
        rows, splits = _split(table)
        for code in range(3):
            tested = ((splits.roles == TEST) & (rows.codes[0] == code)).sum(axis=1)
            expected = (main == code).sum() / 10
            assert np.abs(tested - expected).max() <= 8  # one group


def test_shares_of_labels_by_group_are_near_their_size_in_every_class():
    generator = np.random.default_rng(1)
    groups = _skewed(generator, 2000, 300)
    rows, splits = _split(_table(1, 2000, groups=groups))
    largest = np.bincount(splits.groups).max()
    for share in (0.25, 0.5):
        assert abs((splits.ranks <= share).sum() - share * rows.judged) <= 3 * largest


def test_few_groups_make_fewer_folds_and_too_few_are_refused():
    for number in (5, 7, 9):
        groups = np.arange(200) % number
        rows, splits = _split(_table(2, 200, groups=groups), repeats=2)
        assert (splits.folds, len(splits.roles)) == (number, 2 * number)
        _check_judged(rows, splits)
        assert f"there are {number} folds, not 10" in splits.notes[0]
    with pytest.raises(InputError, match=r"at least 5 groups with labels of the main task; got 4 groups. Give a finer"):
        _split(_table(2, 200, groups=np.arange(200) % 4))


@pytest.mark.parametrize("seed", range(20))
def test_test_rows_are_later_than_all_that_is_known(seed):
    generator = np.random.default_rng([seed, 2])
    rows = int(generator.integers(150, 400))
    times = [generator.normal(size=rows), generator.integers(0, 12, rows), _skewed(generator, rows, 30)][seed % 3]
    times = times.astype(float)
    made, splits = _split(_table(seed, rows, times=times), seed=seed)
    _check_judged(made, splits)
    mine = times[made.numbers]
    for role in splits.roles:
        first = mine[role == TEST].min()
        assert mine[role == VALIDATION].max() < first
        assert mine[role == TRAIN].max() < mine[role == VALIDATION].min()
    # later splits test later rows, each row once
    starts = [mine[role == TEST].min() for role in splits.roles]
    assert starts == sorted(set(starts))
    assert ((splits.roles == TEST).sum(axis=0) <= 1).all()
    # the last rows are tested, and early rows with auxiliary labels only are trained on
    assert (splits.roles[-1][mine == mine[: made.judged].max()][0]) == TEST
    assert (splits.roles[-1, made.judged :] == TRAIN).any()


def test_groups_that_end_before_others_begin_go_with_times():
    times = np.arange(300.0)
    rows, splits = _split(_table(3, 300, groups=np.arange(300) // 7, times=times))
    _check_apart(splits.roles, (np.arange(300) // 7)[rows.numbers])
    _check_judged(rows, splits)
    with pytest.raises(
        InputError, match=r"got [01] of 10 splits with earlier rows of other groups. Give the groups or the"
    ):
        _split(_table(3, 300, groups=np.arange(300) % 10, times=times))


def test_too_few_times_are_refused():
    times = np.arange(200) % 3.0
    with pytest.raises(InputError, match="at least 4 blocks of different times; got 3 different times in 3 blocks"):
        _split(_table(4, 200, times=times))


GROUPS = np.arange(240) // 12

SPLITTERS = [
    KFold(4),
    StratifiedKFold(5, shuffle=True, random_state=0),
    RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0),
    ShuffleSplit(7, random_state=0),
    TimeSeriesSplit(5),
    GroupKFold(5),
    StratifiedGroupKFold(4, shuffle=True, random_state=0),
    GroupShuffleSplit(6, random_state=0),
    LeaveOneGroupOut(),
    PredefinedSplit(GROUPS % 4),
]


def _pairs(cv, table):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The groups parameter is ignored")
        return list(cv.split(table.features, table.labels["main"], GROUPS))


@pytest.mark.parametrize("cv", SPLITTERS, ids=lambda cv: type(cv).__name__)
def test_any_splitter_tests_the_rows_that_it_says(cv):
    grouped = "Group" in type(cv).__name__
    table = _table(5, 240, groups=GROUPS if grouped else None)
    rows, splits = _split(table, cv=cv)
    _check_judged(rows, splits)
    pairs = _pairs(cv, table)
    assert (splits.folds, splits.repeats, len(splits.roles)) == (len(pairs), 1, len(pairs))
    for role, (train, test) in zip(splits.roles, pairs, strict=True):
        assert set(rows.numbers[role == TEST]) == set(test[table.labels["main"][test] >= 0])
        known = set(rows.numbers[np.isin(role, (TRAIN, VALIDATION))])
        # rows with auxiliary labels only are left out where their group decides when to stop
        assert known <= set(train) if grouped else known == set(rows.numbers) & set(train)
        judged = np.isin(train, rows.numbers[: rows.judged]).sum()
        assert abs((role[: rows.judged] == VALIDATION).sum() / judged - 2 / 9) < (0.15 if grouped else 0.08)
    if grouped:
        _check_apart(splits.roles, GROUPS[rows.numbers])


OF_MIXED_ROWS = (StratifiedKFold, RepeatedStratifiedKFold)
"""Splitters whose test rows come from most groups."""


@pytest.mark.parametrize("cv", SPLITTERS, ids=lambda cv: type(cv).__name__)
def test_groups_are_kept_apart_also_where_the_splitter_does_not(cv):
    table = _table(5, 240, groups=GROUPS)
    if isinstance(cv, OF_MIXED_ROWS):
        with pytest.raises(
            InputError, match=r"got \d+% of the training rows in groups that are tested too.*GroupKFold"
        ):
            _split(table, cv=cv)
        return
    rows, splits = _split(table, cv=cv)
    assert len(splits.notes) == (1 if "Group" in type(cv).__name__ or isinstance(cv, KFold | PredefinedSplit) else 2)
    _check_apart(splits.roles, GROUPS[rows.numbers])
    for role, (_, test) in zip(splits.roles, _pairs(cv, table), strict=True):
        assert set(rows.numbers[role == TEST]) == set(test[table.labels["main"][test] >= 0])


def test_a_splitter_that_lacks_its_groups_is_one_line():
    with pytest.raises(
        InputError, match="cv splits the rows of the table; got 'The 'groups' parameter should not be None"
    ):
        _split(_table(5, 240), cv=GroupKFold(5))


def test_pairs_of_index_arrays_and_masks_are_splits_too():
    table = _table(6, 200)
    pairs = list(KFold(4).split(table.features))
    masks = [tuple(np.isin(np.arange(200), part) for part in pair) for pair in pairs]
    rows, first = _split(table, cv=pairs)
    for cv in (masks, iter(pairs), [(list(train), list(test)) for train, test in pairs]):
        np.testing.assert_array_equal(_split(table, cv=cv)[1].roles, first.roles)
    _check_judged(rows, first)


ALL = np.arange(200)


@pytest.mark.parametrize(
    ("cv", "says"),
    [
        (LeaveOneGroupOut(), "cv makes 2 to 100 splits; got more than 100. Give for example cv=GroupKFold"),
        (LeaveOneOut(), "got more than 100"),
        (LeavePGroupsOut(3), "got more than 100"),
        (ShuffleSplit(1), "cv makes 2 to 100 splits; got 1"),
        ([], "got 0"),
        (5, "cv is a splitter of scikit-learn or pairs of index arrays; got 5"),
        ("groups", "cv is a splitter"),
        ([(ALL, ALL[:9]), (ALL, ALL[:9])], "a row is trained on or tested; got 9 rows in both, in split 0"),
        ([(ALL[:100], [200])] * 2, "numbers of rows, from 0 to 199"),
        ([(ALL[:100], [0.5])] * 2, "numbers of rows, from 0 to 199"),
        ([(ALL[:100], [])] * 2, "got none tested in split 0"),
        ([([], ALL[:100])] * 2, "got none left to train on in split 0"),
        ([1, 2], "a split of cv is a pair; got 1 as split 0"),
        (KFold(500), "cv splits the rows of the table; got 'Cannot have number of splits"),
    ],
)
def test_splits_that_cannot_be_made_are_one_line(cv, says):
    with pytest.raises(InputError, match=says):
        _split(_table(7, 200, groups=ALL // 1), cv=cv)


def test_options_that_exclude_each_other():
    with pytest.raises(InputError, match="by cv or by time; got both"):
        _split(_table(8, 200, times=np.arange(200.0)), cv=KFold(3))
    for given in ({"cv": KFold(3)}, {}):
        with pytest.raises(InputError, match=r"Repeats are of random folds; got repeats together with (cv|times)"):
            _split(_table(8, 200, times=None if given else np.arange(200.0)), repeats=2, **given)

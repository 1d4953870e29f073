"""What users have and what remains for the truth: disjoint rows, labels where the family says, dials that turn."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("statsmodels")

from benchmarks.affinity import pairs, plan, truth
from benchmarks.affinity.pairs import Auxiliary, Family

from sharedtrunk.errors import InputError

FULL = plan.full()


def family(*auxiliaries: Auxiliary, **settings) -> Family:
    return Family(
        **{"table": "digits", "main": "loop", "name": "t", "auxiliaries": auxiliaries, "labels": 60, **settings}
    )


def test_no_user_shares_a_row_with_another_or_with_the_truth():
    asked = family(Auxiliary("parity", "parity", "part", "both"), new=40, users=3)
    groups = [*(np.concatenate(pairs.rows_of_user(asked, user)) for user in range(3)), pairs.remainder(asked)]
    assert [group.size for group in groups] == [100, 100, 100, 1797 - 300]
    assert np.unique(np.concatenate(groups)).size == 1797


def test_users_beyond_the_table_are_refused():
    with pytest.raises(InputError, match=r"users 0 … 29 .* have 60 rows each; got user 0, 1797 rows"):
        pairs.rows_of_user(family(Auxiliary("parity", "parity", "part"), users=30), 0)


@pytest.mark.parametrize(("rows", "expected"), [("same", (60, 0)), ("new", (0, 40)), ("both", (60, 40))])
def test_auxiliary_labels_sit_where_the_family_says(rows, expected):
    asked = family(Auxiliary("parity", "parity", "part", rows), new=40)
    table = pairs.user_table(asked, 0)
    assert ((table.labels["parity"][:60] >= 0).sum(), (table.labels["parity"][60:] >= 0).sum()) == expected
    assert (table.labels["loop"][:60] >= 0).all()
    assert (table.labels["loop"][60:] == -1).all()
    source, mine = asked.source(), np.concatenate(pairs.rows_of_user(asked, 0))
    np.testing.assert_array_equal(table.features, source.features[mine])
    known = table.labels["parity"] >= 0
    np.testing.assert_array_equal(table.labels["parity"][known], source.labels["parity"][mine][known])


@pytest.mark.parametrize(("kind", "dial", "changed"), [("null", 0, 1.0), ("noisy", 0.25, 0.25), ("noisy", 0.0, 0.0)])
def test_labels_are_permuted_not_invented(kind, dial, changed):
    asked = family(Auxiliary("b", "digit", kind, "same", dial), labels=1000)
    rows, _ = pairs.rows_of_user(asked, 0)
    clean, found = asked.source().labels["digit"][rows], pairs.user_table(asked, 0).labels["b"]
    np.testing.assert_array_equal(np.bincount(found), np.bincount(clean))
    # A permuted label differs in 9 of 10 rows; the tolerance is 4 standard errors.
    expected = 0.9 * changed
    assert (found != clean).mean() == pytest.approx(expected, abs=4 * np.sqrt(0.09 * changed / 1000))


@pytest.mark.parametrize("features", [6, 7])
@pytest.mark.parametrize("degrees", [0, 30, 90])
def test_rotation_turns_every_vector_by_the_angle(features, degrees, random):
    turn = pairs.rotation(features, degrees, seed=3)
    np.testing.assert_allclose(turn @ turn.T, np.eye(features), atol=1e-12)
    vector = random.standard_normal(features)
    if features % 2 == 0:
        cosine = vector @ turn @ vector / (vector @ vector)
        assert cosine == pytest.approx(np.cos(np.radians(degrees)), abs=1e-12)


def test_rotated_inputs_are_those_of_new_rows_alone():
    plain = family(Auxiliary("b", "loop", "rotated", "new", 0.0), new=40)
    turned = family(Auxiliary("b", "loop", "rotated", "new", 60.0), new=40)
    before, after = (pairs.user_table(each, 0).features for each in (plain, turned))
    np.testing.assert_array_equal(before[:60], after[:60])
    assert not np.allclose(before[60:], after[60:])
    with pytest.raises(InputError, match="rotated inputs stand alone"):
        pairs.user_table(dataclasses.replace(turned, auxiliaries=turned.auxiliaries * 2), 0)


def test_upper_pixels_that_are_asked_about_are_not_features():
    source = pairs.source_table("digits_lower", ("top_side", "digit"))
    assert source.features.shape[1] <= 48
    assert np.bincount(source.labels["top_side"]).min() > 500


def test_the_plan_keeps_what_the_evaluation_promises():
    counted = [(each, auxiliary) for each in FULL.families if pairs.counts(each) for auxiliary in each.auxiliaries]
    directed = {(each.table, each.main, a.task, a.kind, a.rows, a.dial) for each, a in counted}
    different = {key for key in directed if key[3] == "different"}
    assert len(directed) >= 60
    assert len(different) >= 24
    assert all(main != task for _, main, task, *_ in different)
    assert sum(len(each.auxiliaries) == 1 for each in FULL.nulls) >= 200
    assert {a.kind for _, a in counted} >= {"different", "part", "same", "rotated", "noisy"}
    assert all(
        len({each.labels for each, _ in counted if each.table == table}) > 1 for table in ("digits_lower", "anes96")
    )
    assert len({each.identity for each in (*FULL.families, *FULL.nulls, *FULL.curves)}) == sum(
        len(part) for part in (FULL.families, FULL.nulls, FULL.curves)
    )


@pytest.mark.parametrize("asked", FULL.families, ids=lambda each: each.identity)
def test_every_family_of_the_plan_has_its_users_and_its_truth(asked):
    assert pairs.counts(asked) == (asked.table not in ("wine", "iris"))
    for user in range(asked.users):
        rows, new = pairs.rows_of_user(asked, user)
        assert (rows.size, new.size) == (asked.labels, asked.new)


@pytest.mark.parametrize("labels", [60, 700])
def test_draws_in_pairs_share_no_row_where_the_pool_has_enough(labels):
    asked = family(Auxiliary("parity", "parity", "part", "both"), new=40, labels=labels)
    pool = pairs.remainder(asked)
    first, second, third = (truth.draw_rows(asked, pool, draw) for draw in range(3))
    for drawn in (first, second, third):
        rows = np.concatenate(drawn)
        assert np.unique(rows).size == rows.size
        assert [part.size for part in drawn[:2]] == [labels, 40]
        assert drawn[2].size >= truth.LEAST_TEST_ROWS
        assert np.isin(rows, pool).all()
    shared = np.intersect1d(np.concatenate(first), np.concatenate(second)).size
    assert (shared == 0) == (labels == 60)
    assert np.intersect1d(np.concatenate(first), np.concatenate(third)).size > 0


def test_truth_of_a_curve_is_apart_from_all_its_users():
    for asked in FULL.curves:
        rows = np.concatenate([np.concatenate(pairs.rows_of_user(asked, user)) for user in range(asked.users)])
        twice = plan.doubled(asked)
        assert twice.labels == 2 * asked.labels
        assert not np.isin(pairs.remainder(twice), rows).any()
        assert pairs.counts(twice)


def test_different_questions_have_new_rows_too():
    mains = {
        (each.table, each.main, each.labels)
        for each in FULL.families
        if each.new == plan.NEW and any(a.kind == "different" and a.rows == "both" for a in each.auxiliaries)
    }
    assert {("anes96", main, labels) for main in plan.ANES_GROUPS for labels in (50, 100)} <= mains
    assert {table for table, _, _ in mains} == {"anes96", "digits_lower"}


def test_shuffled_labels_are_the_reference_at_every_table_and_size_that_is_compared():
    asked = {(each.table, each.labels, each.new) for each in FULL.compared if each.name[:4] not in ("turn", "nois")}
    null = {
        (each.table, each.labels, each.new)
        for each in FULL.families
        if any(auxiliary.kind == "null" for auxiliary in each.auxiliaries)
    }
    assert asked <= null
    assert len(FULL.chosen) >= 10
    assert {len(each.auxiliaries) for each in FULL.chosen_nulls} == {1, 3}

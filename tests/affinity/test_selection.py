"""Sets and weights: the one-standard-error rule on effects made by hand, and the curve's line."""

import numpy as np
import pytest

from sharedtrunk._support.statistics import Estimate
from sharedtrunk.affinity._groups import suggested_groups
from sharedtrunk.affinity._label_curve import benefit_curve, shares_for
from sharedtrunk.affinity._records import Effect
from sharedtrunk.affinity._selection import best_alpha, best_set, further_sets
from sharedtrunk.affinity._trials import Outcome


def _effect(names, mean, error=0.01, alpha=1.0, verdict=None):
    benefit = Estimate(mean, error, mean - 2 * error, mean + 2 * error, 30, 0)
    told = "helps" if mean > 2 * error else "hurts" if mean < -2 * error else "cannot tell yet"
    return Effect(tuple(names), alpha, benefit, benefit, 0.5, 0.5, verdict or told)


def test_few_auxiliaries_are_tried_in_all_sets_and_many_by_rank():
    assert further_sets("abc") == [("a", "b"), ("a", "c"), ("b", "c"), ("a", "b", "c")]
    assert further_sets("abcd") == [("a", "b"), ("a", "b", "c"), ("a", "b", "c", "d")]
    assert further_sets("a") == []


def test_the_smallest_set_within_one_standard_error_of_the_best_is_taken():
    tried = [_effect("a", 0.050), _effect("b", 0.02), _effect("ab", 0.055)]
    assert best_set(tried) is tried[0]
    tried[2] = _effect("ab", 0.07)
    assert best_set(tried) is tried[2]


def test_training_alone_is_taken_where_nothing_surely_helps():
    assert best_set([_effect("a", 0.009), _effect("b", -0.02)]) is None
    assert best_set([_effect("a", 0.05, verdict="cannot tell yet"), _effect("b", 0.01)]) is None
    assert best_set([_effect("a", np.nan, np.nan)]) is None


def test_alpha_nearest_to_one_within_one_standard_error():
    means = {0.1: 0.01, 0.3: 0.03, 1.0: 0.035, 3.0: 0.042, 10.0: 0.02}
    assert best_alpha([_effect("a", mean, alpha=alpha) for alpha, mean in means.items()]) == 1.0
    means[3.0] = 0.06
    assert best_alpha([_effect("a", mean, alpha=alpha) for alpha, mean in means.items()]) == 3.0
    assert best_alpha([]) == 1.0


def _outcome(loss):
    return Outcome(loss, np.zeros_like(loss), np.zeros(len(loss)), np.zeros(len(loss)), np.ones(len(loss), bool))


def test_the_curve_goes_on_along_a_line_in_the_logarithm_of_the_labels():
    generator = np.random.default_rng(0)
    noise = np.where(np.eye(20, dtype=bool), generator.normal(size=20), np.nan)
    measured = {
        share: (_outcome(noise - (0.1 - 0.02 * np.log2(share / 0.25))), _outcome(noise)) for share in (0.25, 0.5, 1.0)
    }
    points = benefit_curve(measured, 180)
    assert [point.labels for point in points] == [45, 90, 180, 360]
    assert [point.measured for point in points] == [True, True, True, False]
    assert [point.benefit.mean for point in points] == pytest.approx([0.1, 0.08, 0.06, 0.04])


def test_shares_leave_enough_labels():
    assert shares_for(180) == [0.25, 0.5, 1.0]
    assert shares_for(50) == [0.5, 1.0]
    assert shares_for(27) == [1.0]
    single = {1.0: (_outcome(np.eye(3)), _outcome(np.eye(3)))}
    assert len(benefit_curve(single, 27)) == 1


@pytest.mark.parametrize("count", [4, 10])
def test_tasks_that_help_each_other_form_a_group(count):
    tasks = [f"t{place}" for place in range(count)]
    friends = {("t0", "t1"), ("t1", "t0"), ("t2", "t3"), ("t3", "t2")}
    pairs = [(a, b) for a in tasks for b in tasks if a != b]
    found = suggested_groups(tasks, {pair: _effect(pair[1:], 0.05 if pair in friends else -0.02) for pair in pairs})
    assert {frozenset(group) for group in found} >= {frozenset({"t0", "t1"}), frozenset({"t2", "t3"})}
    assert sorted(task for group in found for task in group) == sorted(tasks)


def test_help_in_doubt_groups_nothing():
    pairs = [("a", "b"), ("b", "a")]
    assert suggested_groups("ab", {pair: _effect(pair[1:], 0.01, 0.02) for pair in pairs}) == (("a",), ("b",))
    unsure = {pair: _effect(pair[1:], 0.05, 0.01, verdict="cannot tell yet") for pair in pairs}
    assert suggested_groups("ab", unsure) == (("a",), ("b",))
    one_sided = {("a", "b"): _effect("b", 0.08, 0.01), ("b", "a"): _effect("a", -0.02, 0.01)}
    assert suggested_groups("ab", one_sided) == (("a", "b"),)  # A gains more than B loses

"""A budget that does not suffice: screening on few splits, estimates on later ones, and an end in time."""

import math
import time

import pytest

from affinity_problems import NOWHERE, effect
from patience_problems import QUICK, table
from sharedtrunk.affinity import advise, affinity_matrix
from sharedtrunk.affinity._patience import Patience, rounds, survivors
from sharedtrunk.errors import InputError

NAMES = ("same", *(f"coin{j}" for j in range(7)))


def test_rounds_cover_every_split_once():
    for splits, folds in ((30, 10), (10, 10), (6, 6), (20, 5), (100, 100)):
        found = rounds(splits, folds, limited=True)
        assert [split for part in found for split in part] == list(range(splits))
        assert min(map(len, found)) >= min(5, splits)
        assert rounds(splits, folds, limited=False) == [range(splits)]
    assert rounds(30, 10, limited=True) == [range(5), range(5, 10), range(10, 20), range(20, 30)]


def test_high_and_unknown_effects_survive():
    found = [
        effect("low", mean=-0.2),
        effect("high", mean=0.3),
        effect("unknown", benefit=NOWHERE),
        effect("mid", mean=0.0),
    ]
    assert survivors(found, affordable=0.0) == [("high",), ("unknown",)]
    assert survivors(found, affordable=3.5) == [("high",), ("unknown",), ("mid",)]
    assert survivors(found[:2], affordable=9.0) == [("high",)]


def test_screening_estimates_the_survivors_on_later_splits(monkeypatch):
    monkeypatch.setattr(Patience, "affordable", lambda self: 55.0)
    made = advise(table(names=NAMES), "main", NAMES, student=QUICK, repeats=3, budget=10)
    splits = {each.name: each.effect.benefit.n for each in made.auxiliaries}
    out = [each for each in made.auxiliaries if each.effect.reason.startswith("not settled: screened out after")]
    assert {splits[each.name] for each in made.auxiliaries[: -len(out)]} == {20}
    assert all(math.isfinite(each.effect.benefit.low) and each.effect.verdict == "cannot tell yet" for each in out)
    assert {splits[each.name] for each in out} == {5}
    assert [each.name for each in made.auxiliaries[-len(out) :]] == [each.name for each in out]
    assert any("screened out" in sentence for sentence in made.unfinished)
    assert made.best_set is None or set(made.best_set.auxiliaries).isdisjoint(each.name for each in out)


@pytest.mark.parametrize("budget", [0.0001, 0.05])
def test_a_budget_ends_in_time_without_an_error(budget):
    started = time.perf_counter()
    made = advise(table(names=NAMES), "main", NAMES, student=QUICK, repeats=50, budget=budget)
    assert time.perf_counter() - started < 60 * budget + 20
    assert made.unfinished
    assert {each.name for each in made.auxiliaries} == set(NAMES)
    assert made.conditions.trainings < 50 * 10 * 9


def test_a_stop_gives_what_is_there():
    seen = []
    how = {"student": QUICK, "repeats": 3, "progress": lambda done, total: seen.append(done)}
    made = affinity_matrix(table(), ["main", "same", "coin"], stop=lambda: bool(seen) and seen[-1] > 60, **how)
    (effect, *_) = made.effects.values()
    assert 5 <= effect.benefit.n < 30
    assert math.isfinite(effect.benefit.low)
    assert len(made.unfinished) == 1
    seen.clear()
    made = advise(table(), "main", ["same", "coin"], stop=lambda: True, **how)
    assert made.auxiliaries[0].effect.reason == "not settled: 0 of 30 splits are trained"
    assert made.best_set is None


@pytest.mark.parametrize("budget", [0, -1.0, math.nan, math.inf])
def test_a_budget_is_positive(budget):
    with pytest.raises(InputError, match="a budget is a positive number of minutes"):
        advise(table(), "main", ["same"], budget=budget)

"""Policies see estimates alone; what their decisions bring is what came true; the prior is found again."""

import numpy as np
import pytest
from benchmarks.affinity.decisions.comparisons import comparisons
from benchmarks.affinity.decisions.evaluate import decided, evaluated, mean_over_tables
from benchmarks.affinity.decisions.learn import fitted
from benchmarks.affinity.decisions.policies import always, cross_validation, expected, never

from sharedtrunk.affinity._outlook import Prior, Situation

WAYS = ("beside", "feature", "average")


def record(chosen, way, known, true):
    errors = {"known_error": 0.005, "true_error": 0.002}
    return {"set": chosen, "way": way, "more": 0, "known": known, "true": true, **errors}


def drawn(prior=None, tables=30, seeds=8):
    """Draws of which estimates and truths come from a prior; without one they are what their places say."""
    generator, found = np.random.default_rng(0), []
    for table in range(tables):
        for seed in range(seeds):
            alone = {"set": (), "labels": 100, "known": 0.5, "known_frequencies": 0.6}
            uses = []
            for place, way in enumerate(WAYS):
                known, true = 0.01 * (place - 1), 0.001 * (place + 1)
                if prior is not None:
                    width = np.exp(prior.scale[0]) * generator.choice(prior.widths, p=prior.shares)
                    true = width * (prior.mean[0] + generator.normal())
                    known = true + prior.inflation * 0.005 * generator.normal()
                    true += 0.002 * generator.normal()
                uses.append(record((1,), way, known, true))
            case = (f"question {table}", 100, False, seed)
            found.append(
                {"case": case, "table": f"t{table}", "split": "judge", "tasks": ("a", "b"), "records": [alone, *uses]}
            )
    return found


def test_decisions_bring_what_came_true():
    draws = comparisons(drawn(tables=2, seeds=1)).by_draw()
    for policy, brings in (
        (never, 0.0),
        (always("feature"), 0.002),
        (cross_validation(), 0.003),
        (cross_validation("beside"), 0.0),
        (cross_validation("average", margin=3), 0.0),
    ):
        np.testing.assert_allclose(decided(draws, policy), brings)


def test_a_mean_over_tables_weighs_tables_alike():
    found = mean_over_tables(np.array([0.0, 0.0, 0.0, 1.0]), np.array(["a", "a", "a", "b"]))
    assert found.value == 0.5
    assert found.low == 0
    assert found.high == 1


@pytest.fixture(scope="module")
def known():
    size = Situation(100, 0, "beside").features().size
    first = np.eye(size)[0]
    shares, widths = np.array([0.01, 0.01, 0.58, 0.3, 0.1]), np.array([0.1, 0.3, 1.0, 3.0, 10.0])
    return Prior(np.log(0.003) * first, 0.4 * first, shares, widths, 1.5, 0.01)


def test_the_prior_of_draws_is_found_again(known):
    """Not its parameters, of which several say the same, but the expected benefits that it gives."""
    found = fitted(comparisons(drawn(known)))
    for estimate in (-0.02, 0.0, 0.02, 0.06):
        mine, theirs = (
            each.posterior(estimate, 0.005, Situation(100, 0, "beside")).expected for each in (found, known)
        )
        assert mine == pytest.approx(theirs, abs=0.002 + 0.1 * abs(theirs))


def test_advice_by_the_true_prior_covers_and_beats_simple_policies(known):
    found = comparisons(drawn(known))
    result = evaluated(found, known)
    assert 0.93 < result["cover"]["truth's error added"] <= 1
    draws, tables = found.by_draw(), np.repeat(np.arange(30), 8)
    brings = {name: mean_over_tables(decided(draws, policy), tables).value for name, policy in (
        ("never", never), ("always", always("average")), ("cross-validation", cross_validation()),
        ("advice", expected(known, None)),
    )}  # fmt: skip
    assert brings["advice"] >= max(brings["never"], brings["always"], brings["cross-validation"])

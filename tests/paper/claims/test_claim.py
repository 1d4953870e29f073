"""The verdict follows from readings alone."""

import json

import numpy as np
import pytest

from sharedtrunk._support.statistics import estimate
from sharedtrunk.errors import InputError
from sharedtrunk.paper import claims
from sharedtrunk.paper.claims import Claim, Evidence, Row, at_least, at_most, deciding, verdict

IN = at_most("inside", 0.5, 1.0, error=0.1)
OUT = at_most("outside", 1.5, 1.0, error=0.1)
EDGE = at_most("edge", 1.05, 1.0, error=0.1)
NONE = at_most("no number", float("nan"), 1.0, error=0.1)


@pytest.mark.parametrize(
    ("reading", "outcome"),
    [
        (IN, "holds"),
        (OUT, "fails"),
        (EDGE, "undecided"),
        (NONE, "undecided"),
        (at_most("no error bar", 0.5, 1.0, error=float("nan")), "undecided"),
        (at_least("inside", 1.5, 1.0, error=0.1), "holds"),
        (at_least("outside", 0.5, 1.0, error=0.1), "fails"),
        (at_most("exactly at the limit", 1.0, 1.0), "holds"),
    ],
)
def test_outcome_by_number_and_error(reading, outcome):
    assert reading.outcome == outcome


@pytest.mark.parametrize(
    ("within", "beyond", "said"),
    [
        ((IN,), (), "holds"),
        ((IN, OUT), (), "fails"),
        ((IN, EDGE), (), "undecided"),
        ((EDGE, OUT), (), "fails"),
        ((IN,), (OUT, IN), "holds only if"),
        ((IN,), (IN,), "holds"),  # the condition is not needed
        ((IN,), (EDGE,), "undecided"),
        ((OUT,), (OUT,), "fails"),
        ((EDGE,), (OUT,), "undecided"),
    ],
)
def test_verdict(within, beyond, said):
    assert verdict(Evidence(within, beyond)) == said


def test_the_deciding_reading():
    assert deciding(Evidence((IN, OUT))) is OUT
    assert deciding(Evidence((IN,), (OUT,))) is OUT
    assert deciding(Evidence((IN, at_most("nearer", 0.8, 1.0)))).case == "nearer"
    assert deciding(Evidence((OUT, at_most("worse", 3.0, 1.0)))).case == "worse"


def test_the_condition_is_said_only_where_readings_call_for_it():
    claim = Claim("eq-0", "(0)", "s", "", "m", condition="x > 0")
    assert Row(claim, Evidence((IN,), (OUT,)), 0.1).words == "holds only if x > 0"
    assert Row(claim, Evidence((IN,), (IN,)), 0.1).words == "holds"


def test_rows_are_json_without_nan():
    claim = Claim("eq-0", "(0)", "s", "", "m")
    row = Row(claim, Evidence((NONE,)), 0.1).as_json()
    assert json.loads(json.dumps(row, allow_nan=False))["within"][0]["number"] is None
    assert row["verdict"] == "undecided"


def test_evidence_needs_readings_and_readings_need_errors():
    with pytest.raises(InputError, match="within the claim's condition"):
        Evidence(())
    with pytest.raises(InputError, match="error ≥ 0"):
        at_most("negative", 1.0, 1.0, error=-1.0)


def test_words_of_a_row():
    """A condition shows both sides, a failure its simplest counterexample and the truth."""
    claim = Claim("eq-0", "(0)", "s", "h", "m", condition="x > 0", truth="t")
    both = Row(claim, Evidence((IN,), (OUT, IN)), 0.1)
    assert claims.statement_lines(both) == ["s.", "(h)", "Only if x > 0."]
    assert claims.number_lines(both) == [
        "Within: inside: 0.5 ± 0.1 (limit: ≤ 1)",
        "Beyond: outside: 1.5 ± 0.1 (limit: ≤ 1)",
    ]
    worse = at_most("worse", 3.0, 1.0)
    failed = Row(claim, Evidence((IN, OUT, worse), instead=(IN,)), 0.1)
    assert claims.number_lines(failed) == [
        "Counterexample: outside: 1.5 ± 0.1 (limit: ≤ 1)",
        "Instead: t. inside: 0.5 ± 0.1 (limit: ≤ 1)",
    ]
    unproved = Row(claim, Evidence((OUT,), instead=(EDGE,)), 0.1)
    assert claims.number_lines(unproved)[1] == "Instead: edge: 1.05 ± 0.1 (limit: ≤ 1)"
    assert claims.tally([both, failed]) == "2 claims: 1 hold only under a condition, 1 fail."


def test_one_case_of_many_fails_only_where_chance_among_so_many_would_not():
    """The rule for several cases: 95 % each to hold, 95 % for all together to fail; a bound on an error is not widened."""
    quiver = np.array([-0.02, 0.01, 0.0, 0.02, -0.01])
    beyond = quiver - estimate(quiver).high - 0.005
    fine = [claims.above(f"fine {i}", quiver + 0.1) for i in range(19)]
    assert verdict(Evidence((claims.above("alone", beyond),))) == "fails"
    many = Evidence((claims.above("among 20", beyond), *fine))
    assert (verdict(many), many.within[0].cases, deciding(many).case) == ("undecided", 20, "among 20")
    assert verdict(Evidence((claims.above("far", quiver - 1.0), *fine))) == "fails"
    exact = Evidence((at_least("an exact number among 20", -0.005, 0.0, error=0.001), *fine))
    assert verdict(exact) == "fails"
    only_if = Evidence((IN,), (claims.above("beyond, among 20", beyond), *fine))
    assert verdict(only_if) == "undecided"


def test_within_is_judged_on_both_sides():
    for number in (0.02, -0.02):
        reading = claims.negligible("size", number + np.array([0.001, 0.0, -0.001]))
        assert (reading.outcome, np.sign(reading.number)) == ("fails", np.sign(number))
    assert claims.negligible("size", np.array([0.001, 0.0, -0.001])).outcome == "holds"
    assert claims.Limit("within", 0.01).region == (-0.01, 0.01)
    assert claims.in_words(reading) == "size: -0.02 ± 0.002 nats (limit: within ±0.01)"


def test_seeds_that_all_lie_on_the_limit_are_on_neither_side():
    assert claims.above("all on it", np.zeros(5)).outcome == "undecided"
    assert at_least("an exact number", 0.0, 0.0).outcome == "holds"

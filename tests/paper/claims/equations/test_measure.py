"""The measured half of the ledger: which claims there are, and the order in which they are measured."""

import pytest

from sharedtrunk.errors import InputError
from sharedtrunk.paper.claims import Claim, Evidence, at_most, equations

IN = at_most("inside", 0.5, 1.0, error=0.1)
OUT = at_most("outside", 1.5, 1.0, error=0.1)


def test_every_claim_of_the_paper_has_a_row():
    """(2)–(37), Table 1 (a)–(d), the three observations of section 4.5, errata 1 to 14."""
    wanted = [f"eq-{n}" for n in range(2, 38)] + [f"table-1{letter}" for letter in "abcd"]
    wanted += [f"observation-{n}" for n in (1, 2, 3)] + [f"erratum-{n}" for n in range(1, 15)]
    assert list(equations.CLAIMS) == wanted
    for claim in equations.CLAIMS.values():
        assert all((claim.source, claim.statement, claim.method))


def test_unknown_claims_and_seeds_are_refused():
    with pytest.raises(InputError, match=r"Unknown claim.*eq-99.*Known are eq-2"):
        equations.measure(["eq-99"])
    with pytest.raises(InputError, match="whole number ≥ 0"):
        equations.measure(["eq-4"], seed=-1)


def test_rows_come_in_the_ledgers_order_whatever_is_asked(monkeypatch):
    def planted(key, bundle=""):
        return Claim(key, key, "s", "", "m", lambda seed, thorough: Evidence((at_most(key, seed, 5),)), bundle=bundle)

    toys = {key: planted(key, bundle) for key, bundle in (("a", "x"), ("b", ""), ("c", "x"))}
    monkeypatch.setattr("sharedtrunk.paper.claims.equations._measure.CLAIMS", toys)
    seen = []
    rows = equations.measure(["c", "a", "b"], seed=7, progress=lambda done, total, row: seen.append((done, total)))
    assert [row.claim.key for row in rows] == ["a", "b", "c"]
    assert [row.verdict for row in rows] == ["fails"] * 3
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_readings_beyond_a_condition_need_the_condition(monkeypatch):
    claim = Claim("a", "a", "s", "", "m", lambda seed, thorough: Evidence((IN,), (OUT,)))
    monkeypatch.setattr("sharedtrunk.paper.claims.equations._measure.CLAIMS", {"a": claim})
    with pytest.raises(InputError, match="must have one"):
        equations.measure(["a"])

"""What is written is read back, and a verdict that does not follow from its readings is refused."""

import json

import pytest

from sharedtrunk._support import checksum as _checksum
from sharedtrunk._support.json_files import write_json
from sharedtrunk.errors import InputError
from sharedtrunk.paper import claims
from sharedtrunk.paper.claims import Claim, Evidence, Row, at_least, at_most

IN = at_most("inside", 0.5, 1.0, error=0.1, unit="nats")
OUT = at_least("outside", 0.5, 1.0, error=0.1)
NONE = at_most("no number", float("nan"), 1.0, error=float("nan"))

ROWS = [
    Row(Claim("a", "(1)", "s", "h", "m", condition="x > 0", truth="t"), Evidence((IN,), (OUT,), (IN,)), 1.25),
    Row(Claim("b", "(2)", "s", "", "m", figures=("a1", "a2")), Evidence((NONE,))),
    Row(Claim("c", "(3)", "s", "", "m", figures=("a3",)), None, reason="needs relatedness = 1"),
]


def written(tmp_path, change=None):
    path = tmp_path / "ledger.json"
    claims.write_json(path, ROWS, seed=3, thorough=False, datasets={"a1": {"created": "today"}})
    if change is not None:
        plain = claims.read_record(path)
        change(plain)
        write_json(path, plain, checksum=True)
    return path


def test_rows_come_back_as_they_were(tmp_path):
    path = written(tmp_path)
    again = claims.read_json(path)
    assert [row.as_json() for row in again] == [row.as_json() for row in ROWS]
    assert [row.verdict for row in again] == ["holds only if", "undecided", "not measured"]
    assert [claims.number_lines(row) for row in again] == [claims.number_lines(row) for row in ROWS]
    assert claims.number_lines(again[2]) == ["Needs relatedness = 1."]
    assert claims.tally(again) == "3 claims: 1 hold only under a condition, 1 undecided, 1 not measured."
    assert json.loads(path.read_text())["datasets"] == {"a1": {"created": "today"}}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda plain: plain["claims"][0].update(verdict="holds"),
            "the verdict on a is 'holds', but its readings give",
        ),
        (lambda plain: plain["claims"][0]["within"][0].update(number=7.0), "the verdict on a is 'holds only if'"),
        (lambda plain: plain["claims"][0].pop("statement"), "KeyError"),
        (lambda plain: plain["claims"][0]["within"][0].update(error=-1.0), "InputError: A reading has an error ≥ 0"),
        (lambda plain: plain["claims"][0]["within"][0].update(side="beside"), "at most, at least or within"),
        (lambda plain: plain.pop("claims"), "KeyError"),
    ],
)
def test_a_changed_ledger_is_refused(tmp_path, change, told):
    with pytest.raises(InputError, match=told) as refused:
        claims.read_json(written(tmp_path, change))
    assert "\n" not in str(refused.value)


def test_what_is_no_ledger_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"no file at .*Make it first: sharedtrunk claims --json"):
        claims.read_json(tmp_path / "ledger.json")
    for content in ("[1,", "[1]", "[" * 100_000, "", '{"checksum": "none"}'):
        (tmp_path / "ledger.json").write_text(content)
        with pytest.raises(InputError, match=r"ledger\.json \(it has no checksum .*Make it again: sharedtrunk claims"):
            claims.read_json(tmp_path / "ledger.json")


def test_one_changed_byte_is_refused(tmp_path):
    path = written(tmp_path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(bytes(changed))
        with pytest.raises(InputError, match=r"unchanged since; got .*ledger\.json .*Make it again"):
            claims.read_json(path)
    path.write_bytes(whole)
    assert len(claims.read_json(path)) == len(ROWS)


def test_a_checksum_that_fits_around_what_is_no_ledger(tmp_path):
    path = tmp_path / "ledger.json"
    for content in (_checksum.BLANK + "[" * 100_000, f'["{_checksum.BLANK}"]', f'{{"note": "{_checksum.BLANK}"}}'):
        path.write_bytes(_checksum.sealed(content.encode()))
        with pytest.raises(InputError, match=r"(JSONDecodeError|RecursionError|TypeError|KeyError).*Make it again"):
            claims.read_json(path)


def test_a_row_has_evidence_or_a_reason():
    claim = Claim("a", "(1)", "s", "", "m")
    with pytest.raises(InputError, match="a with neither"):
        Row(claim, None)
    with pytest.raises(InputError, match="a with both"):
        Row(claim, Evidence((IN,)), reason="because")
    with pytest.raises(InputError, match="beyond its condition must have one"):
        Row(claim, Evidence((IN,), (OUT,)))

"""Names, lines and numbers as text."""

import math

import pytest

from sharedtrunk.plots import decimals, name_lines, signed, with_interval, wrapped

LONG = "benefit grows with relatedness: slope on r (N = 800, s_aux = 10, mean over s_main ≥ 1)"


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("short", ["short"]),
        ("a_long_column_name", ["a_long_", "column_", "name"]),
        ("x" * 20, ["x" * 8, "x" * 8, "x" * 4]),
        ("about +0.123 nats", ["about", "+0.123", "nats"]),
        ("two\nlines\x1b[31m", ["two", "lines�[3", "1m"]),
        (" ", ["(no name)"]),
    ],
)
def test_names_break_where_they_may(name, lines):
    assert name_lines(name, 8) == lines


def test_more_lines_than_asked_for_end_in_an_ellipsis():
    lines = name_lines("a_very_long_name_of_a_column", 8, most=2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert max(map(len, lines)) <= 8


def test_lines_break_nowhere_at_a_relation():
    for characters in range(9, 60):
        lines = wrapped(LONG, characters)
        assert " ".join(lines).replace("\u00a0", " ") == LONG
        assert not any(line.startswith(("=", "≥")) or line.endswith(("=", "≥")) for line in lines)
        assert len(lines) == 1 or max(map(len, lines)) <= max(characters, len("relatedness:"))
    assert wrapped("one\ntwo", 40) == ["one", "two"]


def test_numbers_have_signs_and_intervals():
    assert (signed(-0.5, 2), signed(0.125, 3), signed(-0.0004, 3)) == ("−0.50", "+0.125", "+0.000")
    assert with_interval(0.1, -0.05, 0.25, 2) == "+0.10 [−0.05, +0.25]"
    assert with_interval(0.1, math.nan, math.nan, 2) == "+0.10"
    assert with_interval(math.nan, 0.0, 0.0, 2) == "–"


def test_decimals_show_two_digits_of_an_error():
    assert [decimals(error) for error in (45.6, 0.0123, 2e-5, 1e-12, 0.0, math.nan)] == [0, 3, 6, 8, 3, 3]

"""The ledger in words: what stands in a row, for whoever draws the table."""

from collections.abc import Sequence

from sharedtrunk.claims._claim import Reading, worst
from sharedtrunk.claims._ledger import Row

COLUMNS = ("source", "claim", "numbers")


def said(row: Row) -> list[str]:
    """The statement, its hypotheses, and the condition where the readings call for one."""
    lines = [row.claim.statement]
    if row.claim.hypotheses:
        lines.append(f"({row.claim.hypotheses.rstrip('.')})")
    if row.verdict == "holds only if":
        lines.append(f"Only if {row.claim.condition}.")
    return lines


def numbers(row: Row) -> list[str]:
    """The numbers that decide: both sides of a condition; of a failure the counterexample and what is true instead.

    Claims list their simplest case first, so the first failing reading is the smallest counterexample.
    """
    if row.verdict == "holds only if":
        return [f"within: {in_words(worst(row.evidence.within))}", f"beyond: {in_words(row.deciding)}"]
    if row.verdict != "fails":
        return [in_words(row.deciding)]
    first = next(reading for reading in row.evidence.within if reading.outcome == "fails")
    lines = [f"counterexample: {in_words(first)}"]
    if row.evidence.instead:
        lines.append(f"True instead: {row.claim.truth.rstrip('.')}: {in_words(worst(row.evidence.instead))}")
    return lines


def in_words(reading: Reading) -> str:
    """A reading in one line: case, number ± error, what was asked of it."""
    sign = "≤" if reading.side == "at most" else "≥"
    error = f" ± {reading.error:.1g}" if reading.error else ""
    unit = f" {reading.unit}" if reading.unit not in ("", "1") else ""
    return f"{reading.case}: {reading.number:.3g}{error}{unit} (asked: {sign} {reading.limit:.3g})"


def tally(rows: Sequence[Row]) -> str:
    """How many claims hold, hold only under a condition, fail, or are undecided."""
    words = {"holds": "hold", "holds only if": "hold only under a condition", "fails": "fail", "undecided": "undecided"}
    counts = {said: sum(row.verdict == name for row in rows) for name, said in words.items()}
    return f"{len(rows)} claims: {', '.join(f'{count} {said}' for said, count in counts.items() if count)}."

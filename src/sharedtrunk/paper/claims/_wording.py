"""The ledger in words: what stands in a row, for whoever draws the table."""

from collections.abc import Sequence

from sharedtrunk.paper.ledger._claim import Reading, deciding, worst
from sharedtrunk.paper.ledger._row import Row

COLUMNS = ("source", "claim", "numbers")


def said(row: Row) -> list[str]:
    """The statement, its hypotheses, and the condition where the readings call for one."""
    lines = [sentence(row.claim.statement)]
    if row.claim.hypotheses:
        lines.append(f"({sentence(row.claim.hypotheses)[:-1]})")
    if row.verdict == "holds only if":
        lines.append(f"Only if {row.claim.condition.rstrip('.')}.")
    return lines


def numbers(row: Row) -> list[str]:
    """The numbers that decide: both sides of a condition, of a failure the counterexample; and what is true beside it.

    Where nothing was measured, the reason.
    Claims list their simplest case first, so the first failing reading is the smallest counterexample. The words of the
    truth appear only where all its readings hold.
    """
    evidence = row.evidence
    if evidence is None:
        return [sentence(row.reason)]
    if row.verdict == "holds only if":
        lines = [f"Within: {in_words(worst(evidence.within))}", f"Beyond: {in_words(deciding(evidence))}"]
    elif row.verdict == "fails":
        first = next(reading for reading in evidence.within if reading.outcome == "fails")
        lines = [f"Counterexample: {in_words(first)}"]
    else:
        lines = [in_words(deciding(evidence))]
    if evidence.instead:
        proved = all(reading.outcome == "holds" for reading in evidence.instead)
        truth = f"{sentence(row.claim.truth)} " if proved else ""
        lines.append(f"Instead: {truth}{in_words(worst(evidence.instead))}")
    return lines


def sentence(text: str) -> str:
    """With a capital, unless it begins with a symbol, and a period."""
    word = text.split(" ", 1)[0]
    begun = text[:1].upper() + text[1:] if word.isalpha() and word.islower() and len(word) > 1 else text
    return begun.rstrip(".") + "."


def in_words(reading: Reading) -> str:
    """A reading in one line: case, number ± error, what was asked of it."""
    sign = "≤" if reading.side == "at most" else "≥"
    error = f" ± {reading.error:.1g}" if reading.error else ""
    unit = f" {reading.unit}" if reading.unit not in ("", "1") else ""
    return f"{reading.case}: {reading.number:.3g}{error}{unit} (asked: {sign} {reading.limit:.3g})"


def tally(rows: Sequence[Row]) -> str:
    """How many claims hold, hold only under a condition, fail, are undecided, or are not measured."""
    words = {
        "holds": "hold",
        "holds only if": "hold only under a condition",
        "fails": "fail",
        "undecided": "undecided",
        "not measured": "not measured",
    }
    counts = {said: sum(row.verdict == name for row in rows) for name, said in words.items()}
    return f"{len(rows)} claims: {', '.join(f'{count} {said}' for said, count in counts.items() if count)}."

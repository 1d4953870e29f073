"""The rows of the ledger in words, for every table and page that shows them."""

from collections.abc import Sequence

from sharedtrunk.paper.claims._reading import Reading
from sharedtrunk.paper.claims._verdict import Row, deciding, worst

COLUMNS = ("source", "claim", "numbers")
"""Headings of the ledger's table."""


def statement_lines(row: Row) -> list[str]:
    """The statement, its hypotheses, and the condition of a *holds only if*.

    Parameters
    ----------
    row
        A row of the ledger.

    Returns
    -------
    list of str
        The lines.
    """
    lines = [sentence(row.claim.statement)]
    if row.claim.hypotheses:
        lines.append(f"({sentence(row.claim.hypotheses)[:-1]})")
    if row.verdict == "holds only if":
        lines.append(f"Only if {row.claim.condition.rstrip('.')}.")
    return lines


def number_lines(row: Row) -> list[str]:
    """The numbers that decide, or the reason why nothing was measured.

    For a *holds only if* there is a reading from each side of the condition. For a failure there is the counterexample: the
    first reading that fails, because claims list their simplest cases first. What is true instead comes last; its words
    appear only if all its readings hold.

    Parameters
    ----------
    row
        A row of the ledger.

    Returns
    -------
    list of str
        The lines.
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
    """The text with a period, and with a capital unless it begins with a symbol.

    Parameters
    ----------
    text
        A text.

    Returns
    -------
    str
        The sentence.
    """
    word = text.split(" ", 1)[0]
    ordinary = word.isalpha() and word.islower() and len(word) > 1 and word != "ln"
    return (text[:1].upper() + text[1:] if ordinary else text).rstrip(".") + "."


def in_words(reading: Reading) -> str:
    """A reading in one line: its case, number ± error, and the limit.

    Parameters
    ----------
    reading
        A reading.

    Returns
    -------
    str
        The line.
    """
    sign = {"at most": "≤ ", "at least": "≥ ", "within": "within ±"}[reading.side]
    error = f" ± {reading.error:.1g}" if reading.error else ""
    unit = f" {reading.unit}" if reading.unit not in ("", "1") else ""
    without_number = reading.seeds_left_out
    left_out = (
        f"; {without_number} of {without_number + (reading.seeds or 0)} seeds lack the number" if without_number else ""
    )
    return f"{reading.case}: {reading.number:.3g}{error}{unit} (limit: {sign}{reading.limit:.3g}{left_out})"


def tally(rows: Sequence[Row]) -> str:
    """How many claims hold, hold only under a condition, fail, are undecided, or are not measured.

    Parameters
    ----------
    rows
        Rows of the ledger.

    Returns
    -------
    str
        The sentence.
    """
    words = {
        "holds": "hold",
        "holds only if": "hold only under a condition",
        "fails": "fail",
        "undecided": "undecided",
        "not measured": "not measured",
    }
    counts = {text: sum(row.verdict == name for row in rows) for name, text in words.items()}
    return f"{len(rows)} claims: {', '.join(f'{count} {text}' for text, count in counts.items() if count)}."

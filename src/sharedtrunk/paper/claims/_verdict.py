"""The verdict on a claim: the one rule by which readings decide, for the ledger and for the figures.

Readings *within* the condition: one that fails makes the claim fail, one that is undecided leaves it undecided, otherwise the
claim holds there. If it does, the readings *beyond* the condition decide whether the condition is needed: one that fails
makes the verdict *holds only if*, one that is undecided leaves the claim undecided. Which readings fail depends on how many
are judged together (`sharedtrunk.paper.claims.Reading`).
"""

import dataclasses
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from sharedtrunk._support.json_files import without_nan
from sharedtrunk.errors import invalid
from sharedtrunk.paper.claims._claim import Claim, Evidence
from sharedtrunk.paper.claims._reading import Outcome, Reading
from sharedtrunk.paper.contrasts import NotMeasured

Verdict = Literal["holds", "holds only if", "fails", "undecided", "not measured"]

_ORDER: tuple[Outcome, ...] = ("fails", "undecided", "holds")


def verdict(evidence: Evidence) -> Verdict:
    """The verdict that follows from the readings alone.

    Parameters
    ----------
    evidence
        The readings of a claim.

    Returns
    -------
    Verdict
        The verdict.
    """
    within = worst(evidence.within).outcome
    if within != "holds" or not evidence.beyond:
        return within
    beyond = worst(evidence.beyond).outcome
    return "holds only if" if beyond == "fails" else beyond


def deciding(evidence: Evidence) -> Reading:
    """The reading that decides: the worst within the condition, or beyond it if all within hold and one beyond does not.

    Parameters
    ----------
    evidence
        The readings of a claim.

    Returns
    -------
    Reading
        The reading.
    """
    within = worst(evidence.within)
    if within.outcome != "holds" or not evidence.beyond:
        return within
    beyond = worst(evidence.beyond)
    return within if beyond.outcome == "holds" else beyond


def worst(readings: Iterable[Reading]) -> Reading:
    """The worst reading: failing before undecided before holding, and among equal outcomes the one with the least `room`.

    Parameters
    ----------
    readings
        At least one.

    Returns
    -------
    Reading
        The worst.
    """
    return min(readings, key=lambda reading: (_ORDER.index(reading.outcome), reading.room))


@dataclass(frozen=True)
class Row:
    """A row of the ledger: a judged claim.

    Parameters
    ----------
    claim
        The claim.
    evidence
        Its evidence, or None where nothing was measured.
    seconds
        How long the measurement took.
    reason
        Why there is no evidence, if there is none.

    Raises
    ------
    InputError
        For evidence together with a reason or neither, and for readings beyond a condition that the claim does not have.
    """

    claim: Claim
    evidence: Evidence | None
    seconds: float = 0.0
    reason: str = ""

    def __post_init__(self):
        if (self.evidence is None) != bool(self.reason):
            raise invalid(
                "A row has evidence, or a reason why there is none",
                received=f"{self.claim.key} with {'both' if self.reason else 'neither'}",
                hint="Give Row(claim, None, reason=…) where nothing was measured",
            )
        if self.evidence is not None and self.evidence.beyond and not self.claim.condition:
            raise invalid(
                "A claim with readings beyond its condition must have one",
                received=self.claim.key,
                hint="Give Claim(condition=…)",
            )

    @property
    def verdict(self) -> Verdict:
        """The verdict that follows from the evidence; "not measured" without any."""
        return "not measured" if self.evidence is None else verdict(self.evidence)

    @property
    def deciding(self) -> Reading | None:
        """The reading that decides, if there is one."""
        return None if self.evidence is None else deciding(self.evidence)

    @property
    def words(self) -> str:
        """The verdict in words, with the condition of a *holds only if*, or with the reason why nothing was measured."""
        if self.evidence is None:
            return f"not measured: {self.reason}"
        return f"holds only if {self.claim.condition}" if self.verdict == "holds only if" else self.verdict

    def as_json(self) -> dict[str, Any]:
        """The row as plain data: words, readings with their outcomes, verdict."""
        claim, evidence = self.claim, self.evidence
        words = {
            name: getattr(claim, name) for name in ("key", "source", "statement", "hypotheses", "method", "condition")
        }
        readings = {
            group: [] if evidence is None else [_plain(reading) for reading in getattr(evidence, group)]
            for group in ("within", "beyond", "instead")
        }
        return {
            **words,
            "figures": list(claim.figures),
            "verdict": self.verdict,
            "verdict_words": self.words,
            "reason": self.reason,
            "deciding": None if self.deciding is None else _plain(self.deciding),
            **readings,
            "true_instead": claim.truth,
            "seconds": round(self.seconds, 2),
        }


def judge(claim: Claim, *measured: Any) -> Row:
    """Measure a claim and judge it; `measured` are the arguments of its `measure`.

    If a value is missing (`NotMeasured`), the row has no evidence, and its reason says what is missing.

    Parameters
    ----------
    claim
        The claim.
    *measured
        The arguments of its `measure`.

    Returns
    -------
    Row
        The row of the ledger.
    """
    begin = time.perf_counter()
    if claim.measure is None:
        raise invalid("A claim that was read from a file cannot be measured", received=claim.key, hint="Use its row")
    try:
        evidence = claim.measure(*measured)
    except NotMeasured as reason:
        return Row(claim, None, reason=str(reason))
    return Row(claim, evidence, time.perf_counter() - begin)


def _plain(reading: Reading) -> dict[str, Any]:
    return without_nan(dataclasses.asdict(reading) | {"outcome": reading.outcome})

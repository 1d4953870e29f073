"""What the ledger is made of: a claim, the readings that decide it, and the verdict that follows from them.

A *claim* is a statement with its hypotheses; what measures it belongs to its kind (`claims` takes readings of its own,
a stored claim takes them from the datasets of figures) and yields *evidence*. Evidence is made of *readings*: a number
with its error, and the limit that the statement sets to it. A reading

    holds       where number ± error lies on the allowed side of the limit,
    fails       where it lies wholly beyond it,
    undecided   where the interval contains the limit.

The verdict on the claim follows from its readings alone. Those taken *within* the claim's condition decide between
*holds* and *fails*; those taken *beyond* it, where the statement's own hypotheses still hold, decide between *holds* and
*holds only if …*. Words of the condition appear only when the readings on both sides call for them.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, SupportsFloat

from sharedtrunk.errors import invalid

Outcome = Literal["holds", "fails", "undecided"]
Verdict = Literal["holds", "holds only if", "fails", "undecided", "not measured"]
Side = Literal["at most", "at least"]


@dataclass(frozen=True)
class Reading:
    """One number with its error (half-width of an interval that should cover), and the limit that is set to it.

    `case` says in a few words where it was taken; `unit` is nats, 1 (a pure number), or the field's own.
    """

    case: str
    number: float
    error: float
    side: Side
    limit: float
    unit: str = ""

    def __post_init__(self):
        if not (self.error >= 0 or math.isnan(self.error)) or not math.isfinite(self.limit):
            raise invalid(
                "A reading has an error ≥ 0 and a finite limit",
                received=f"{self.number} ± {self.error}, limit {self.limit}",
                hint="Give the half-width of an interval that covers the number",
            )

    @property
    def slack(self) -> float:
        """How far inside the limit the number lies; negative beyond it."""
        return self.limit - self.number if self.side == "at most" else self.number - self.limit

    @property
    def outcome(self) -> Outcome:
        """By the number and its error; a number that is none decides nothing."""
        if self.slack >= self.error:
            return "holds"
        return "fails" if self.slack < -self.error else "undecided"


def at_most(
    case: str, number: SupportsFloat, limit: SupportsFloat, *, error: SupportsFloat = 0.0, unit: str = ""
) -> Reading:
    """A reading that must not be above `limit`."""
    return Reading(case, float(number), float(error), "at most", float(limit), unit)


def at_least(
    case: str, number: SupportsFloat, limit: SupportsFloat, *, error: SupportsFloat = 0.0, unit: str = ""
) -> Reading:
    """A reading that must not be below `limit`."""
    return Reading(case, float(number), float(error), "at least", float(limit), unit)


@dataclass(frozen=True)
class Evidence:
    """The readings of one claim: within its condition, beyond it, and of what is true instead where it fails."""

    within: tuple[Reading, ...]
    beyond: tuple[Reading, ...] = ()
    instead: tuple[Reading, ...] = ()

    def __post_init__(self):
        if not self.within:
            raise invalid("Evidence needs a reading within the claim's condition", received="none", hint="Take one")


@dataclass(frozen=True)
class Claim:
    """A statement in our words, its hypotheses, and how it is measured.

    `condition` completes *holds only if …* and belongs to every claim with readings beyond it; `truth` says in words what
    the readings `instead` measure. `source` is the paper's number, or the erratum's; `figures` are those whose stored
    datasets decide, none where a claim takes measurements of its own.
    """

    key: str
    source: str
    statement: str
    hypotheses: str
    method: str
    condition: str = field(default="", kw_only=True)
    truth: str = field(default="", kw_only=True)
    figures: tuple[str, ...] = field(default=(), kw_only=True)


def verdict(evidence: Evidence) -> Verdict:
    """What follows from the readings: nothing else enters."""
    within = _jointly(evidence.within)
    if within != "holds" or not evidence.beyond:
        return within
    beyond = [reading.outcome for reading in evidence.beyond]
    if "fails" in beyond:
        return "holds only if"
    return "undecided" if "undecided" in beyond else "holds"


def deciding(evidence: Evidence) -> Reading:
    """The reading that decides: the worst failure, else the undecided one, else the one nearest to its limit."""
    beyond = [reading for reading in evidence.beyond if reading.outcome != "holds"]
    return worst(evidence.within if _jointly(evidence.within) != "holds" or not beyond else beyond)


def worst(readings: Iterable[Reading]) -> Reading:
    """The reading that fails most, else an undecided one, else the one nearest to its limit."""
    order = {"fails": 0, "undecided": 1, "holds": 2}
    return min(readings, key=lambda reading: (order[reading.outcome], _relative_slack(reading)))


def _jointly(readings: Iterable[Reading]) -> Outcome:
    outcomes = {reading.outcome for reading in readings}
    if "fails" in outcomes:
        return "fails"
    return "undecided" if "undecided" in outcomes else "holds"


def _relative_slack(reading: Reading) -> float:
    """Slack in units of the limit's own size, so that readings of different units can be compared."""
    scale = max(abs(reading.limit), reading.error, 1e-300)
    return reading.slack / scale if math.isfinite(reading.slack) else -math.inf

"""A row of the ledger: a claim, the evidence for it, and the verdict computed from the two."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from sharedtrunk._support.json_files import without_nan
from sharedtrunk.errors import invalid
from sharedtrunk.paper.ledger._claim import Claim, Evidence, Reading, Verdict, deciding, verdict


@dataclass(frozen=True)
class Row:
    """A claim with its evidence, or without any and the `reason` why; `seconds` is how long the measurement took."""

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
        """What follows from the evidence; "not measured" where there is none."""
        return "not measured" if self.evidence is None else verdict(self.evidence)

    @property
    def deciding(self) -> Reading | None:
        """The reading that decides, if there is one."""
        return None if self.evidence is None else deciding(self.evidence)

    @property
    def words(self) -> str:
        """The verdict as a person says it, with the condition where the readings call for one, or why there is none."""
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
            side: [] if evidence is None else [_plain(reading) for reading in getattr(evidence, side)]
            for side in ("within", "beyond", "instead")
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


def _plain(reading: Reading) -> dict[str, Any]:
    return without_nan(dataclasses.asdict(reading) | {"outcome": reading.outcome})

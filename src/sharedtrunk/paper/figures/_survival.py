"""Which conclusions survive other choices: every claim under every choice, the weakest choice, and who disagrees.

Two questions are kept apart. Does what the paper says hold *under every choice*? The weakest choice decides. And is
the verdict, whatever it is, *that of the standard choice*? It is not where another choice gives the opposite verdict; it
stays open where one of them gives none.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.figures._checks import Check, Claim, Verdict, judge
from sharedtrunk.paper.figures._sensitivity_choices import DIM, STANDARD

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Survival:
    """One claim: its check `by_choice`, `under_every` choice, and whether the others are `as_standard`."""

    by_choice: Mapping[str, Check]
    under_every: Check
    as_standard: Check

    def differing(self) -> list[str]:
        """The choices whose verdict is not that of the standard choice; none where that one is lacking."""
        if STANDARD not in self.by_choice:
            return []
        standard = self.by_choice[STANDARD].verdict
        return [choice for choice, check in self.by_choice.items() if check.verdict != standard]


def survivals(claims: Sequence[Claim], benefit: "xarray.DataArray", stopping: str) -> list[Survival]:
    """What becomes of every claim; `benefit` has the axis `choice`, with the standard one on it."""
    names = [str(name) for name in benefit[DIM].values]
    parts = {name: contrasts.at(benefit, choice=name) for name in names}
    return [_survival(claim, parts, stopping) for claim in claims]


def _survival(claim: Claim, parts: "Mapping[str, xarray.DataArray]", stopping: str) -> Survival:
    by_choice = {name: replace(judge(_under(claim, name), part, stopping), detail=True) for name, part in parts.items()}
    everywhere = replace(
        claim,
        id=f"{claim.id}-under-every-choice",
        statement=f"under every choice: {claim.statement}",
        measure=lambda each: _cases(claim, each),
    )
    return Survival(by_choice, judge(everywhere, parts, stopping), _as_standard(claim, by_choice, stopping))


def _under(claim: Claim, choice: str) -> Claim:
    return replace(claim, id=f"{claim.id} / {choice}", statement=f"{choice}: {claim.statement}")


def _cases(claim: Claim, parts: "Mapping[str, xarray.DataArray]") -> dict[str, np.ndarray]:
    return {
        f"{choice}{case and ', '}{case}": numbers
        for choice, part in parts.items()
        for case, numbers in claim.measure(part).items()
    }


def _as_standard(claim: Claim, by_choice: Mapping[str, Check], stopping: str) -> Check:
    stated: dict[str, Any] = {
        "id": f"{claim.id}-as-standard",
        "statement": f"same verdict under every choice as under the standard one: {claim.statement}",
        "stopping": stopping,
        "criterion": "no choice gives the opposite verdict (else it fails), and none gives another (else it is undecided)",
        "unit": "choices with another verdict",
    }
    verdicts: dict[str, Verdict] = {choice: check.verdict for choice, check in by_choice.items()}
    lacking = [choice for choice, check in by_choice.items() if check.verdict == "not measured"]
    if STANDARD not in by_choice or lacking:
        lacks = f"not measured under {', '.join(lacking)}" if lacking else f"needs the choice {STANDARD}"
        return Check(**stated, verdict="not measured", reason=lacks)
    others: dict[str, Verdict] = {
        choice: verdict for choice, verdict in verdicts.items() if verdict != verdicts[STANDARD]
    }
    number = float(len(others))
    return Check(
        **stated,
        verdict=_agreement(verdicts),
        case="; ".join([f"{STANDARD}: {verdicts[STANDARD]}", *_listed(others)]),
        cases=len(by_choice) - 1,
        number=number,
        standard_error=0.0,
        low=number,
        high=number,
        n_seeds=by_choice[STANDARD].n_seeds,
    )


def _agreement(verdicts: Mapping[str, Verdict]) -> Verdict:
    given = set(verdicts.values())
    if {"holds", "fails"} <= given:
        return "fails"
    return "undecided" if "undecided" in given else "holds"


def _listed(others: Mapping[str, Verdict]) -> list[str]:
    """The choices with another verdict, by verdict."""
    return [
        f"{verdict} under {', '.join(choice for choice in others if others[choice] == verdict)}"
        for verdict in dict.fromkeys(others.values())
    ]

"""Which conclusions survive other choices: every claim under every choice, the weakest choice, and which choices differ.

There are two separate questions. Does the paper's statement hold *under every choice*? The weakest choice decides. And is the
verdict, whatever it is, *as under the standard choice*? It is not if two choices give opposite verdicts; otherwise, this is
undecided if the verdict under any choice is undecided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.claims import Claim, Evidence, Verdict
from sharedtrunk.paper.claims.captions import STANDARD
from sharedtrunk.paper.figures._checks import Check, counted, judge
from sharedtrunk.paper.figures._sensitivity_choices import DIM

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Survival:
    """One claim: its check for each choice, for all together, and whether the other choices agree with the standard one."""

    by_choice: Mapping[str, Check]
    under_every: Check
    as_standard: Check

    def differing(self) -> list[str]:
        """The choices whose verdict differs from that of the standard choice; none if the standard choice is missing."""
        if STANDARD not in self.by_choice:
            return []
        standard = self.by_choice[STANDARD].verdict
        return [choice for choice, check in self.by_choice.items() if check.verdict != standard]


def survivals(figure_claims: Sequence[Claim], benefit: "xarray.DataArray", stopping: str) -> list[Survival]:
    """How every claim fares under the choices on the benefit's axis `choice`."""
    parts = {str(name): contrasts.at(benefit, choice=str(name)) for name in benefit[DIM].values}
    return [_survival(claim, parts, stopping) for claim in figure_claims]


def _survival(claim: Claim, parts: "Mapping[str, xarray.DataArray]", stopping: str) -> Survival:
    by_choice = {name: replace(judge(_under(claim, name), part, stopping), detail=True) for name, part in parts.items()}
    everywhere = replace(
        claim,
        key=f"{claim.key}-under-every-choice",
        statement=f"under every choice: {claim.statement}",
        measure=lambda all_parts: _together(claim, all_parts),
    )
    return Survival(by_choice, judge(everywhere, parts, stopping), _as_standard(claim, by_choice, stopping))


def _under(claim: Claim, choice: str) -> Claim:
    return replace(claim, key=f"{claim.key} / {choice}", statement=f"{choice}: {claim.statement}")


def _together(claim: Claim, parts: "Mapping[str, xarray.DataArray]") -> Evidence:
    """The readings of all choices, judged together."""
    assert claim.measure is not None
    return Evidence(
        within=tuple(
            replace(reading, case=", ".join(filter(None, (choice, reading.case))))
            for choice, part in parts.items()
            for reading in claim.measure(part).within
        )
    )


def _as_standard(claim: Claim, by_choice: Mapping[str, Check], stopping: str) -> Check:
    stated = (
        f"{claim.key}-as-standard",
        f"same verdict under every choice as under the standard one: {claim.statement}",
        stopping,
        "no two choices give opposite verdicts (else it fails), and no verdict is undecided (else this is too)",
        "choices with another verdict",
    )
    verdicts: dict[str, Verdict] = {choice: check.verdict for choice, check in by_choice.items()}
    not_measured = [choice for choice, verdict in verdicts.items() if verdict == "not measured"]
    if STANDARD not in by_choice or not_measured:
        reason = f"not measured under {', '.join(not_measured)}" if not_measured else f"needs the choice {STANDARD}"
        return Check(*stated, verdict="not measured", reason=reason)
    others: dict[str, Verdict] = {
        choice: verdict for choice, verdict in verdicts.items() if verdict != verdicts[STANDARD]
    }
    return counted(
        *stated,
        _agreement(verdicts),
        len(others),
        "; ".join([f"{STANDARD}: {verdicts[STANDARD]}", *_listed(others)]),
        cases=len(by_choice) - 1,
        n_seeds=by_choice[STANDARD].n_seeds,
    )


def _agreement(verdicts: Mapping[str, Verdict]) -> Verdict:
    distinct = set(verdicts.values())
    if {"holds", "fails"} <= distinct:
        return "fails"
    return "undecided" if "undecided" in distinct else "holds"


def _listed(others: Mapping[str, Verdict]) -> list[str]:
    """The choices with another verdict, grouped by verdict."""
    return [
        f"{verdict} under {', '.join(choice for choice in others if others[choice] == verdict)}"
        for verdict in dict.fromkeys(others.values())
    ]

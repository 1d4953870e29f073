"""All claims that are measured here, in the paper's order: equations, Table 1, section 4.5's observations, the errata."""

import importlib
import itertools
import re

from sharedtrunk.paper.claims._claim import Claim

_GROUPS = (
    "_aligned",
    "_bounds",
    "_components",
    "_convexity",
    "_errata",
    "_errata_benefit",
    "_errata_moments",
    "_gradients",
    "_minimizers",
    "_moments",
    "_regimes",
    "_relatedness",
    "_summary",
    "_training",
    "_trends",
    "_two_tasks",
)
"""The files of claims, named once: each has a tuple CLAIMS."""

_PARTS = ("eq", "table", "observation", "erratum")


def _order(claim: Claim) -> tuple[int, int, str]:
    part, _, number = claim.key.partition("-")
    digits = re.match(r"\d+", number)
    return _PARTS.index(part), int(digits.group()) if digits else 0, number


def _claims_of(group: str) -> tuple[Claim, ...]:
    return importlib.import_module(f"{__package__}.{group}").CLAIMS


CLAIMS: dict[str, Claim] = {
    claim.key: claim for claim in sorted(itertools.chain(*map(_claims_of, _GROUPS)), key=_order)
}

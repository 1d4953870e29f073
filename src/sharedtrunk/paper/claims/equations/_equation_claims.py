"""All claims that are measured by theory and simulation: equations, Table 1, the observations of section 4.5, errata."""

import importlib
import itertools
import re

from sharedtrunk.paper.claims import Claim

_GROUPS = (
    "_aligned",
    "_components",
    "_convexity",
    "_errata",
    "_errata_benefit",
    "_errata_moments",
    "_gaussian_averages",
    "_gradients",
    "_high_and_low_snr",
    "_minimizers",
    "_population_bounds",
    "_relatedness",
    "_signal_and_data",
    "_takeaways",
    "_training_flow",
    "_two_tasks",
)
"""The modules of claims: each has a tuple CLAIMS."""

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

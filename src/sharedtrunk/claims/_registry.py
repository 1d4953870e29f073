"""All claims of the ledger, in the paper's order: equations, Table 1, the observations of section 4.5, the errata."""

import itertools
import re

from sharedtrunk.claims import (
    _aligned,
    _bounds,
    _components,
    _convexity,
    _errata,
    _errata_benefit,
    _errata_moments,
    _gradients,
    _minimizers,
    _moments,
    _regimes,
    _relatedness,
    _summary,
    _training,
    _trends,
    _two_tasks,
)
from sharedtrunk.claims._claim import Claim

_GROUPS = (
    _aligned,
    _bounds,
    _components,
    _convexity,
    _errata,
    _errata_benefit,
    _errata_moments,
    _gradients,
    _minimizers,
    _moments,
    _regimes,
    _relatedness,
    _summary,
    _training,
    _trends,
    _two_tasks,
)

_PARTS = ("eq", "table", "observation", "erratum")


def _order(claim: Claim) -> tuple[int, int, str]:
    part, _, number = claim.key.partition("-")
    digits = re.match(r"\d+", number)
    return _PARTS.index(part), int(digits.group()) if digits else 0, number


CLAIMS: dict[str, Claim] = {
    claim.key: claim for claim in sorted(itertools.chain(*(group.CLAIMS for group in _GROUPS)), key=_order)
}

"""Claims and their checks: a statement, a number with its error over seeds, and a verdict computed from the two.

A *claim* says which numbers it is about (`measure`: benefit → one number per seed, for one or several *cases*) and
what it says of them (a region, such as *positive* or *negligible*). The verdict comes from two-sided t-intervals of each
case over seeds:

    holds       every case's 95% interval lies where the claim says,
    fails       some case's interval lies wholly elsewhere, at 95% for all cases together,
    undecided   neither (always so with one seed, which has no error),
    not measured   the dataset lacks a value that the claim names.

A check reports the case that decides, with its 95% interval. "All cases" is an intersection–union test, so *holds*
needs no correction for the number of cases; *fails* picks the worst of m and is judged at 1 − 0.05/m (Bonferroni).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sharedtrunk._support.json_files import without_nan
from sharedtrunk._support.statistics import CONFIDENCE, Estimate, estimate
from sharedtrunk.paper.contrasts import NEGLIGIBLE, NotMeasured

if TYPE_CHECKING:
    import xarray

STOPPINGS = {"oracle": "benefit", "honest": "benefit_honest"}
"""Way of stopping → the variable of the dataset. "honest" is validation stopping, by the name that files keep."""

STOPPING_WORDS = {"honest": "validation"}
"""How pictures call what files call otherwise."""

Says = Literal["positive", "negative", "negligible", "not positive", "within 5 %"]
Verdict = Literal["holds", "fails", "undecided", "not measured"]

# The region in which a claim says its numbers lie.
_REGIONS: dict[Says, tuple[float, float]] = {
    "positive": (0.0, math.inf),
    "negative": (-math.inf, 0.0),
    "negligible": (-NEGLIGIBLE, NEGLIGIBLE),
    "not positive": (-math.inf, NEGLIGIBLE),
    "within 5 %": (-0.05, 0.05),
}
_REGION_WORDS: dict[Says, str] = {
    "positive": "above 0",
    "negative": "below 0",
    "negligible": f"within ±{NEGLIGIBLE:g} nats",
    "not positive": f"below {NEGLIGIBLE:g} nats",
    "within 5 %": "within ±5 %",
}


def region(says: Says) -> tuple[float, float]:
    """From where to where a claim says that its numbers lie; ±∞ where it draws no line."""
    return _REGIONS[says]


@dataclass(frozen=True)
class Claim:
    """`measure(benefit)` → case → one number per seed; `says` what these numbers are claimed to be."""

    id: str
    statement: str
    says: Says
    # of a benefit (xarray.DataArray), or of whatever else the figure hands to `judge`
    measure: Callable[[Any], Mapping[str, np.ndarray]]
    unit: str = "nats"


@dataclass(frozen=True)
class Check:
    """A claim judged: the number of the deciding `case`, its standard error and interval over seeds, the verdict."""

    id: str
    statement: str
    stopping: str
    criterion: str
    unit: str
    verdict: Verdict
    reason: str = ""
    case: str = ""
    cases: int = 0
    number: float = math.nan
    standard_error: float = math.nan
    low: float = math.nan
    high: float = math.nan
    n_seeds: int = 0
    seeds_left_out: int = 0
    # one of many that another check sums up: in the file and the picture, not in the command's table
    detail: bool = False

    def record(self) -> dict[str, object]:
        """Return the check as JSON data, with None for a number that does not exist."""
        return without_nan(asdict(self))


def judge_claims(claims: Sequence[Claim], dataset: "xarray.Dataset") -> list[Check]:
    """Every claim, first with oracle stopping (as the paper) and then with honest stopping."""
    return [judge(claim, dataset[variable], stopping) for stopping, variable in STOPPINGS.items() for claim in claims]


def judge(claim: Claim, measured: Any, stopping: str) -> Check:
    """One claim about what it measures: a benefit (dims n_samples, s_main, s_aux, relatedness, seed; nats), as a rule."""
    stated: dict[str, Any] = {
        "id": claim.id,
        "statement": claim.statement,
        "stopping": stopping,
        "criterion": f"two-sided {CONFIDENCE:.0%} t-interval over seeds wholly {_REGION_WORDS[claim.says]}; "
        "fails where one is wholly elsewhere, at that confidence for all cases together",
        "unit": claim.unit,
    }
    try:
        cases = claim.measure(measured)
    except NotMeasured as reason:
        return Check(**stated, verdict="not measured", reason=str(reason))
    found = {case: _judged(per_seed, claim.says, len(cases)) for case, per_seed in cases.items()}
    case = min(found, key=lambda name: _weakness(*found[name], claim.says))
    deciding, verdict = found[case]
    return Check(
        **stated,
        verdict=verdict,
        reason=_why_undecided(deciding) if verdict == "undecided" else "",
        case=case,
        cases=len(cases),
        number=deciding.mean,
        standard_error=deciding.standard_error,
        low=deciding.low,
        high=deciding.high,
        n_seeds=deciding.n,
        seeds_left_out=deciding.left_out,
    )


def _judged(per_seed: np.ndarray, says: Says, cases: int) -> tuple[Estimate, Verdict]:
    """One of so many cases: its estimate at the usual confidence, and its verdict."""
    number = estimate(per_seed)
    bottom, top = _REGIONS[says]
    if bottom < number.low and number.high < top:
        return number, "holds"
    strict = estimate(per_seed, confidence=1 - (1 - CONFIDENCE) / cases)
    return number, "fails" if strict.high < bottom or strict.low > top else "undecided"


def _weakness(number: Estimate, verdict: Verdict, says: Says) -> tuple[int, float]:
    """Sorts cases, the one that decides first: failing before undecided before holding, then by the room left."""
    bottom, top = _REGIONS[says]
    room = min(number.low - bottom, top - number.high)
    # A case without an interval supports nothing.
    return ("fails", "undecided", "holds").index(verdict), -math.inf if math.isnan(room) else room


def _why_undecided(number: Estimate) -> str:
    if number.n == 0:
        return "no seed has all the lanes that this number averages"
    if number.n == 1:
        return "one seed has no standard error"
    return "the interval reaches across the line, or would with all cases in view"

"""A check: a claim of a figure judged from its dataset, as a flat record for the figure's JSON file, table and picture.

The verdict is that of `sharedtrunk.paper.claims`; this file only copies the reading that decides. A check is "not measured"
if the dataset lacks a value that the claim needs.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sharedtrunk._support.json_files import without_nan
from sharedtrunk.paper import claims
from sharedtrunk.paper.claims import Claim, Reading, Verdict

if TYPE_CHECKING:
    import xarray

STOPPINGS = {"oracle": "benefit", "honest": "benefit_honest"}
"""The dataset's variable for each way of stopping. "honest" is the old name of validation stopping, which files keep."""

STOPPING_WORDS = {"honest": "validation"}
"""What pictures call a way of stopping that has an old name in files."""


@dataclass(frozen=True)
class Check:
    """A judged claim of a figure, as one record.

    Parameters
    ----------
    id, statement, criterion, unit
        The claim's key, words, method and unit.
    stopping
        How students were stopped, or which theory was judged.
    verdict, reason
        The verdict, and why it is undecided or not measured.
    case, cases
        The case that decides, and the number of cases.
    number, standard_error, low, high
        The number of that case, its standard error over seeds and its 95 % interval, in `unit`.
    n_seeds, seeds_left_out
        How many seeds the number is a mean over, and how many lack it.
    detail
        Whether another check sums this one up. Then it is in the file and the picture, but not in the command's table.
    """

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
    detail: bool = False

    @property
    def source(self) -> str:
        """What tables and pictures call `stopping`."""
        return STOPPING_WORDS.get(self.stopping, self.stopping)

    def record(self) -> dict[str, object]:
        """Return the check as JSON data, with None for a number that does not exist."""
        return without_nan(asdict(self))


def judge_claims(figure_claims: Sequence[Claim], dataset: "xarray.Dataset") -> list[Check]:
    """Every claim with oracle stopping, as in the paper, and then every claim with validation stopping."""
    return [
        judge(claim, dataset[variable], stopping) for stopping, variable in STOPPINGS.items() for claim in figure_claims
    ]


def judge(claim: Claim, measured: Any, stopping: str) -> Check:
    """One claim about `measured`: a benefit (dims n_samples, s_main, s_aux, relatedness, seed; nats), or a whole dataset."""
    row = claims.judge(claim, measured)
    stated = (claim.key, claim.statement, stopping, claim.method, claim.unit)
    if row.evidence is None:
        return Check(*stated, verdict="not measured", reason=row.reason)
    reading = claims.deciding(row.evidence)
    return Check(
        *stated,
        verdict=row.verdict,
        reason=_why_undecided(reading) if row.verdict == "undecided" else "",
        case=reading.case,
        cases=len(row.evidence.within),
        number=reading.number,
        standard_error=reading.standard_error,
        low=reading.number - reading.error,
        high=reading.number + reading.error,
        n_seeds=reading.seeds or 0,
        seeds_left_out=reading.seeds_left_out,
    )


def counted(
    id: str,
    statement: str,
    stopping: str,
    criterion: str,
    unit: str,
    verdict: Verdict,
    count: int,
    case: str,
    *,
    cases: int,
    n_seeds: int,
) -> Check:
    """A check whose number is a count, without an error."""
    stated, number = (id, statement, stopping, criterion, unit), float(count)
    return Check(*stated, verdict, "", case, cases, number, 0.0, number, number, n_seeds)


def _why_undecided(reading: Reading) -> str:
    if reading.seeds == 0:
        return "no seed has all the lanes that this number averages"
    if reading.seeds == 1:
        return "one seed has no standard error"
    return "the interval contains the limit, or would if it were widened for all cases together"

"""Theory beside a figure's simulation: is every benefit within its bounds, and how near does the closure come?"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sharedtrunk.contrasts import NotMeasured
from sharedtrunk.figures._checks import Check, Claim, judge, judge_claims

if TYPE_CHECKING:
    import xarray


def judge_with_theory(claims: Sequence[Claim], dataset: "xarray.Dataset") -> list[Check]:
    """The claims with oracle and with honest stopping, then bounds and closure."""
    return judge_claims(claims, dataset) + judge_theory(dataset)


def judge_theory(dataset: "xarray.Dataset") -> list[Check]:
    """The checks of bounds and closure, oracle stopping; none of a dataset whose students have no theory."""
    checks = [judge(_CLOSE, dataset, "oracle")] if "benefit_closure" in dataset else []
    return [_judge_bounds(dataset), *checks] if "benefit_lower" in dataset else checks


def _error_of_closure(dataset: "xarray.Dataset") -> dict[str, np.ndarray]:
    miss = abs(dataset["benefit_closure"] - dataset["benefit"])
    if not np.isfinite(miss).any():
        raise NotMeasured("no lane has both benefits")
    return {"": miss.mean([dim for dim in miss.dims if dim != "seed"]).values}


_CLOSE = Claim(
    "closure-predicts-benefit",
    "the Gaussian closure of the sample predicts each benefit: mean absolute error over the grid",
    "negligible",
    _error_of_closure,
)


def _judge_bounds(dataset: "xarray.Dataset") -> Check:
    """A theorem's check has no seeds to average: one lane beyond a bound by more than both numerical errors breaks it."""
    slack = dataset["bounds_error"] + dataset["benefit_error"]
    below = dataset["benefit_lower"] - dataset["benefit"] - slack
    above = dataset["benefit"] - dataset["benefit_upper"] - slack
    excess = np.maximum(below.values, above.values)
    known = excess[np.isfinite(excess)]
    broken = int((known > 0).sum())
    stated: dict[str, Any] = {
        "id": "bounds-hold",
        "statement": "the benefit lies between the bounds (22)–(23) with the hard-label moment, lane by lane",
        "stopping": "oracle",
        "criterion": "no lane beyond a bound by more than the numerical errors",
        "unit": "lanes beyond a bound",
    }
    if not known.size:
        return Check(**stated, verdict="not measured", reason="no lane has both bounds")
    return Check(
        **stated,
        verdict="fails" if broken else "holds",
        case=f"of {known.size:,} lanes; largest excess {known.max():+.1e} nats",
        cases=known.size,
        number=float(broken),
        standard_error=0.0,
        low=float(broken),
        high=float(broken),
        n_seeds=dataset.sizes["seed"],
    )

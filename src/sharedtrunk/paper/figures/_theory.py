"""The claims about theory that every figure shows: each benefit is within its bounds, and the closure predicts benefits."""

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.claims import NEGATIVE, NO_EFFECT, Claim, figure_claim
from sharedtrunk.paper.contrasts import NotMeasured
from sharedtrunk.paper.figures._checks import Check, counted, judge, judge_claims
from sharedtrunk.paper.figures._depth import DIM as STUDENT

if TYPE_CHECKING:
    import xarray


def judge_with_theory(claims: Sequence[Claim], dataset: "xarray.Dataset") -> list[Check]:
    """The checks of a figure's claims with oracle and with validation stopping, then those of bounds and closure."""
    return judge_claims(claims, dataset) + judge_theory(dataset)


def judge_theory(dataset: "xarray.Dataset") -> list[Check]:
    """The checks of bounds and closure with oracle stopping; empty for a dataset whose students have no theory."""
    checks = [judge(claim, dataset, "oracle") for claim in _CLOSURE] if "benefit_closure" in dataset else []
    return [_judge_bounds(dataset), *checks] if "benefit_lower" in dataset else checks


def _compared(dataset: "xarray.Dataset") -> "tuple[xarray.DataArray, xarray.DataArray]":
    """The closure's benefit and the simulated one, for the students that have a closure."""
    predicted, simulated = dataset["benefit_closure"], dataset["benefit"]
    if STUDENT in predicted.dims:
        followed = predicted.notnull().any([dim for dim in predicted.dims if dim != STUDENT])
        predicted, simulated = predicted.sel({STUDENT: followed}), simulated.sel({STUDENT: followed})
    if not (predicted.notnull() & simulated.notnull()).any():
        raise NotMeasured("no lane has both benefits")
    return predicted, simulated


def _excess_over_half_the_error_of_zero(dataset: "xarray.Dataset") -> dict[str, np.ndarray]:
    """mean |closure − benefit| − ½ mean |benefit|. Most of a grid has hardly any benefit, so 0 is a good prediction there."""
    predicted, simulated = _compared(dataset)
    return {"": contrasts.per_seed(abs(predicted - simulated) - abs(simulated) / 2)}


def _bias_of_related(dataset: "xarray.Dataset") -> dict[str, np.ndarray]:
    """closure − benefit at the settings with the largest benefit; one case for every value of the remaining axes."""
    predicted, simulated = _compared(dataset)
    bias = contrasts.by_aux_snr(contrasts.at(predicted - simulated, relatedness=1.0))["high"]
    rows = [str(dim) for dim in bias.dims if dim not in ("s_main", "seed")]
    cases = {}
    for values in itertools.product(*(bias[dim].values.tolist() for dim in rows)):
        setting = dict(zip(rows, values, strict=True))
        words = ", ".join(value if isinstance(value, str) else f"{dim} = {value:g}" for dim, value in setting.items())
        cases[words] = contrasts.per_seed(bias.sel(setting))
    return cases


_CLOSURE = (
    figure_claim(
        "closure-predicts-benefit",
        "the Gaussian closure of the sample predicts benefits: its mean absolute error over the linear students' settings is "
        "below half of the error of predicting no benefit (difference)",
        NEGATIVE,
        _excess_over_half_the_error_of_zero,
    ),
    figure_claim(
        "closure-unbiased-where-benefit-is-large",
        "the closure is right where benefits are largest: its error at r = 1 with high-SNR aux, mean over s_main",
        NO_EFFECT,
        _bias_of_related,
    ),
)


def _judge_bounds(dataset: "xarray.Dataset") -> Check:
    """The check of the bounds, lane by lane: one lane beyond a bound by more than both numerical errors refutes them."""
    slack = dataset["bounds_error"] + dataset["benefit_error"]
    below = dataset["benefit_lower"] - dataset["benefit"] - slack
    above = dataset["benefit"] - dataset["benefit_upper"] - slack
    excess = np.maximum(below.values, above.values)
    known = excess[np.isfinite(excess)]
    stated = (
        "bounds-hold",
        "the benefit lies between the bounds (22)–(23) with the hard-label moment, lane by lane",
        "oracle",
        "no lane beyond a bound by more than the numerical errors",
        "lanes beyond a bound",
    )
    if not known.size:
        return Check(*stated, verdict="not measured", reason="no lane has both bounds")
    broken = int((known > 0).sum())
    return counted(
        *stated,
        "fails" if broken else "holds",
        broken,
        f"of {known.size:,} lanes; largest excess {known.max():+.1e} nats",
        cases=known.size,
        n_seeds=dataset.sizes["seed"],
    )

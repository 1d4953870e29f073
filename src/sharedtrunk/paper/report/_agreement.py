"""How well theory agrees with simulation, read off the cube: the closure's correlation with the simulated benefits."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk._support.statistics import Estimate, estimate

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Agreement:
    """Correlation over settings and mean absolute difference (nats), each seed by seed, and the number of settings."""

    correlation: Estimate
    difference: Estimate
    settings: int


def agreement(dataset: "xarray.Dataset") -> Agreement | None:
    """Closure against simulation over all settings that have both; None where the closure is not stored."""
    if "benefit_closure" not in dataset:
        return None
    simulated, predicted = (
        dataset[name].transpose("seed", ...).values.reshape(dataset.sizes["seed"], -1)
        for name in ("benefit", "benefit_closure")
    )
    both = np.isfinite(simulated) & np.isfinite(predicted)
    pairs = [(one[there], other[there]) for one, other, there in zip(simulated, predicted, both, strict=True)]
    return Agreement(
        correlation=estimate([_correlation(one, other) for one, other in pairs]),
        difference=estimate([np.abs(other - one).mean() if len(one) else np.nan for one, other in pairs]),
        settings=int(both.sum(axis=1).max()),
    )


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    if len(one) < 2 or not one.std() or not other.std():
        return float("nan")  # nothing varies, so nothing is correlated
    return float(np.corrcoef(one, other)[0, 1])

"""How well theory agrees with simulation over a cube: the closure's benefits against the simulated ones."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk._support.statistics import Estimate, estimate

if TYPE_CHECKING:
    import xarray


@dataclass(frozen=True)
class Agreement:
    """Correlation over settings, mean absolute difference (nats), both estimated over seeds, and number of settings."""

    correlation: Estimate
    difference: Estimate
    settings: int


def agreement(dataset: "xarray.Dataset") -> Agreement | None:
    """Compare closure and simulation over the settings that have both. Return None where the closure is not stored."""
    if "benefit_closure" not in dataset:
        return None
    simulated, predicted = (
        dataset[name].transpose("seed", ...).values.reshape(dataset.sizes["seed"], -1)
        for name in ("benefit", "benefit_closure")
    )
    both = np.isfinite(simulated) & np.isfinite(predicted)
    pairs = [(one[known], other[known]) for one, other, known in zip(simulated, predicted, both, strict=True)]
    return Agreement(
        correlation=estimate([_correlation(one, other) for one, other in pairs]),
        difference=estimate([np.abs(other - one).mean() if len(one) else np.nan for one, other in pairs]),
        settings=int(both.sum(axis=1).max()),
    )


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    if len(one) < 2 or not one.std() or not other.std():
        return float("nan")  # benefits that do not vary have no correlation
    return float(np.corrcoef(one, other)[0, 1])

"""What a prediction is: one number per seed and way of knowing, with everything that says how far to trust it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from sharedtrunk._support.statistics import Estimate, estimate
from sharedtrunk.flows.result import Result
from sharedtrunk.prediction._setting import Setting

WayName = Literal["population", "closure", "simulation"]

_DEEDS = {
    Result.STEP_LIMIT: "used up the solver's steps before their minimum",
    Result.NOT_BRACKETED: "did not reach the minimum of the generalization loss by the time limit",
}


@dataclass(frozen=True)
class Way:
    """One way of knowing the benefit, seed by seed; losses and bounds in nats, times in training time.

    `error` is the numerical error of `benefit`; `lower` and `upper` are the bounds (24)–(25) at the stopped weights, with
    `bound_error` theirs. `result` is the joint student's `Result` code, or its baseline's where that one failed. A seed
    without a value is NaN; with `Result.NOT_BRACKETED` it has the lowest losses seen by the time limit, which are no minima
    yet. `benefit_honest` is the benefit where each arm stops by its validation loss (simulation only), NaN where that was
    still falling at the time limit.
    """

    benefit: Float[np.ndarray, "seed"]
    error: Float[np.ndarray, "seed"]
    lower: Float[np.ndarray, "seed"]
    upper: Float[np.ndarray, "seed"]
    bound_error: Float[np.ndarray, "seed"]
    loss_single: Float[np.ndarray, "seed"]
    loss_joint: Float[np.ndarray, "seed"]
    stop_single: Float[np.ndarray, "seed"]
    stop_joint: Float[np.ndarray, "seed"]
    result: Int[np.ndarray, "seed"]
    benefit_honest: Float[np.ndarray, "seed"] | None = None

    def estimate(self) -> Estimate:
        """Mean benefit over seeds with its 95 % t-interval; seeds without a value are left out and counted."""
        return estimate(self.benefit)

    @property
    def ran_away(self) -> int:
        """Seeds in which an arm ran away before its minimum."""
        return int((self.result == Result.RAN_AWAY).sum())

    @property
    def lost(self) -> int:
        """Seeds without a value."""
        return int(np.isnan(self.benefit).sum())

    @property
    def unreached(self) -> int:
        """Seeds with a value in which an arm did not reach its minimum: that value may still change."""
        return int(((self.result != Result.SUCCESS) & ~np.isnan(self.benefit)).sum())

    @property
    def finished(self) -> bool:
        """Whether every value there is belongs to minima that were reached."""
        return self.unreached == 0

    @property
    def failures(self) -> dict[str, int]:
        """Seeds that ended otherwise than at a minimum, by what they did: "2 of 5 seeds …" completes the sentence."""
        codes = [Result(int(code)) for code in self.result if code != Result.SUCCESS]
        return {_DEEDS.get(code, code.message): codes.count(code) for code in sorted(set(codes))}


@dataclass(frozen=True)
class Prediction:
    """The answers for one setting and problem: `ways` by name, and the sentence that says which to believe."""

    setting: Setting
    problem: Mapping[str, Any]
    seeds: tuple[int, ...]
    ways: Mapping[WayName, Way]
    sentence: str

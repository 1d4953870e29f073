"""A prediction: the benefit by each method, seed by seed, and what one needs to judge how far to trust it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from sharedtrunk._support.statistics import Estimate, estimate
from sharedtrunk.flows.result import Result
from sharedtrunk.prediction._setting import Setting

Method = Literal["population", "closure", "simulation"]
"""How the benefit is computed. `Prediction.ways` and the JSON data keep an older word for methods."""

_ENDINGS = {
    Result.STEP_LIMIT: "used up the solver's steps before their minimum",
    Result.NOT_BRACKETED: "did not reach the minimum of the generalization loss by the time limit",
}


@dataclass(frozen=True)
class Answer:
    """The benefit by one method, seed by seed.

    A seed without a value is NaN. A seed with `Result.NOT_BRACKETED` has the lowest losses up to the time limit, which are
    not minima yet.

    Parameters
    ----------
    benefit, error
        The multitask benefit with oracle stopping, and its numerical error, in nats.
    lower, upper, bound_error
        The bounds (24)–(25) at the stopped weights, and the numerical error of either, in nats.
    loss_single, loss_joint
        Generalization losses at the stops, in nats.
    stop_single, stop_joint
        Stopping times, in units of training time.
    result
        The joint student's `Result` code, or its baseline's where the joint student succeeded.
    benefit_honest
        The benefit with validation stopping, for simulations only; NaN where a validation loss still fell at the time
        limit. The name is that of the figures' datasets.
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

    def of_seeds(self, index: np.ndarray) -> "Answer":
        """The answer for some of the seeds, by index."""
        columns: dict[str, Any] = {name: None if part is None else part[index] for name, part in vars(self).items()}
        return Answer(**columns)

    def estimate(self) -> Estimate:
        """Mean benefit over seeds with its 95 % t-interval; seeds without a value are left out and counted."""
        return estimate(self.benefit)

    @property
    def ran_away(self) -> int:
        """Number of seeds in which an arm ran away before its minimum."""
        return int((self.result == Result.RAN_AWAY).sum())

    @property
    def lost(self) -> int:
        """Number of seeds without a value."""
        return int(np.isnan(self.benefit).sum())

    @property
    def unreached(self) -> int:
        """Number of seeds with a value that may still change, because an arm did not reach its minimum."""
        return int(((self.result != Result.SUCCESS) & ~np.isnan(self.benefit)).sum())

    @property
    def finished(self) -> bool:
        """Whether both arms reached their minima in every seed that has a value."""
        return self.unreached == 0

    @property
    def failures(self) -> dict[str, int]:
        """How many seeds did not end at a minimum, by reason; the reasons complete the sentence "2 of 5 seeds …"."""
        codes = [Result(int(code)) for code in self.result if code != Result.SUCCESS]
        return {_ENDINGS.get(code, code.message): codes.count(code) for code in sorted(set(codes))}


@dataclass(frozen=True)
class Prediction:
    """The answers for one setting.

    Parameters
    ----------
    setting
        The setting that is predicted.
    problem
        Everything else: sizes, noise, start and training.
    seeds
        The seeds of every answer, in order.
    ways
        The answers by method: "population", "closure" and, where it was asked for, "simulation".
    sentence
        Which method to believe here, and why.
    """

    setting: Setting
    problem: Mapping[str, Any]
    seeds: tuple[int, ...]
    ways: Mapping[Method, Answer]
    sentence: str

"""A prediction: the benefit by each method, seed by seed, and what one needs to judge how far to trust it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from jaxtyping import Float, Int

from sharedtrunk._support.notebook import ShowsItself, SmallTable
from sharedtrunk._support.statistics import Estimate, estimate
from sharedtrunk.flows.result import Result
from sharedtrunk.prediction._setting import Setting

Method = Literal["population", "closure", "simulation", "decay"]
"""How the benefit is computed. `Prediction.ways` and the JSON data keep an older word for methods."""

_ENDINGS = {
    Result.STEP_LIMIT: "used up the solver's steps before their minimum",
    Result.NOT_BRACKETED: "did not reach the minimum of the generalization loss by the time limit",
}
_DECAY_ENDINGS = {
    Result.STEP_LIMIT: "did not reach the fixed point of the theory",
    Result.NOT_BRACKETED: "have their lowest loss at an end of the range of weight decays",
    Result.DIVERGED: "left the range of the numbers",
}


@dataclass(frozen=True)
class Answer:
    """The benefit by one method, seed by seed.

    A seed without a value is NaN. A seed with `Result.NOT_BRACKETED` has the lowest losses up to the time limit, which are
    not minima yet.

    Parameters
    ----------
    benefit, error
        The multitask benefit with oracle stopping (for "decay": with the oracle's weight decays), and its numerical error, in
        nats.
    lower, upper, bound_error
        The bounds (24)–(25) at the stopped weights, and the numerical error of either, in nats; NaN for "decay".
    loss_single, loss_joint
        Generalization losses at the stops (for "decay": at the minima), in nats.
    stop_single, stop_joint
        Stopping times, in units of training time; NaN for "decay".
    result
        The joint student's `Result` code, or its baseline's where the joint student succeeded. For "decay" any other code
        than `Result.SUCCESS` leaves no value.
    benefit_honest
        The benefit with validation stopping, for simulations only; NaN where a validation loss still fell at the time
        limit. The name is that of the figures' datasets.
    decay_single, decay_joint
        The best weight decay λ of each arm, for "decay" only. It is the λ of (λ/2) Σ_l ‖W⁽ˡ⁾‖², with the loss averaged over
        points.
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
    decay_single: Float[np.ndarray, "seed"] | None = None
    decay_joint: Float[np.ndarray, "seed"] | None = None

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
        endings = _ENDINGS if self.decay_joint is None else _DECAY_ENDINGS
        return {endings.get(code, code.message): codes.count(code) for code in sorted(set(codes))}


@dataclass(frozen=True, repr=False)
class Prediction(ShowsItself):
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
        The answers by method: "population", "closure" and, where they were asked for, "simulation" and "decay".
    sentence
        Which method to believe here, and why.
    refused
        Methods that were asked for and have no answer for this setting, with the reason.
    """

    setting: Setting
    problem: Mapping[str, Any]
    seeds: tuple[int, ...]
    ways: Mapping[Method, Answer]
    sentence: str
    refused: Mapping[Method, str] = field(default_factory=dict)

    def _table(self) -> SmallTable:
        from sharedtrunk.prediction._report import COLUMNS, rows, title  # they take a prediction

        made = rows(self)
        return SmallTable(f"{title(self)}\n{self.sentence}", COLUMNS, made, len(made))

    @property
    def samples_per_feature(self) -> float:
        """N/N_f."""
        return self.setting.samples / self.problem["features"]

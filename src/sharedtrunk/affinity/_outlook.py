"""What a benefit is likely to be, given its measured estimate and what benefits were on many other tables.

The true benefit b of using auxiliary tasks in some way has the prior

    b ~ Σ_k π_k N(τ_k m·x, τ_k²),     τ_k = τ ρ_k,     ln τ = a·x                                           (1)

with features x of the situation: numbers of labels, and the way of using the auxiliary tasks. Wide components are shifted by
more, because large benefits are more often above 0 than below. An estimate d with standard error s is N(b, (κ s)² + (ω τ)²):
κ and ω stand for what the error of a mean over the user's rows leaves out, such as the draw of the training rows. The
posterior is a mixture of Gaussians again. Most benefits are small, so estimates shrink, by more where they are uncertain.

The parameters are estimated from public tables (`benchmarks/affinity/decisions`) and kept in `prior.json`.
"""

import functools
import json
from collections.abc import Mapping
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import ndtr

from sharedtrunk._support.statistics import CONFIDENCE
from sharedtrunk.affinity._records import Outlook
from sharedtrunk.affinity._ways import AVERAGE, FEATURE


class Situation(NamedTuple):
    """What is known about a comparison before it is measured.

    Parameters
    ----------
    labels
        Rows with a label of the main task.
    more
        Rows with a label of an auxiliary task but none of the main task.
    way
        How the auxiliary tasks are used.
    """

    labels: int
    more: int
    way: str

    def features(self) -> Float[np.ndarray, "feature"]:
        """x of equation (1)."""
        return np.array(
            [
                1.0,
                np.log(self.labels / 100),
                np.log1p(self.more / self.labels),
                float(self.way == FEATURE),
                float(self.way == AVERAGE),
            ]
        )


class Prior(NamedTuple):
    """The parameters of equation (1): a and m (feature,), π and ρ (component,), κ and ω."""

    scale: Float[np.ndarray, "feature"]
    mean: Float[np.ndarray, "feature"]
    shares: Float[np.ndarray, "component"]
    widths: Float[np.ndarray, "component"]
    inflation: float
    omission: float

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Prior":
        """The prior with these parameters."""
        arrays = {name: np.asarray(values[name], float) for name in ("scale", "mean", "shares", "widths")}
        return cls(**arrays, inflation=float(values["inflation"]), omission=float(values["omission"]))

    def to_json(self) -> dict[str, Any]:
        """The parameters as `from_json` takes them."""
        return {
            name: value.tolist() if isinstance(value, np.ndarray) else value for name, value in self._asdict().items()
        }

    def posterior(self, estimate: float, error: float, situation: Situation) -> "Posterior":
        """What the benefit is likely to be. Without a finite error the prior is the answer."""
        x = situation.features()
        tau = float(np.exp(self.scale @ x))
        widths = tau * self.widths
        means = widths * float(self.mean @ x)
        if not (np.isfinite(estimate) and np.isfinite(error)):
            return Posterior(self.shares, means, widths)
        noise = (self.inflation * error) ** 2 + (self.omission * tau) ** 2
        total = widths**2 + noise
        logarithms = np.log(self.shares) - 0.5 * (np.log(total) + (estimate - means) ** 2 / total)
        shares = np.exp(logarithms - logarithms.max())
        return Posterior(
            shares / shares.sum(), means + widths**2 / total * (estimate - means), np.sqrt(widths**2 * noise / total)
        )


class Posterior(NamedTuple):
    """A posterior of a benefit: a mixture of Gaussians."""

    shares: Float[np.ndarray, "component"]
    means: Float[np.ndarray, "component"]
    deviations: Float[np.ndarray, "component"]

    @property
    def expected(self) -> float:
        """The expected benefit."""
        return float(self.shares @ self.means)

    def chance_below(self, value: float) -> float:
        """The probability that the benefit is below a value."""
        return float(self.shares @ ndtr((value - self.means) / self.deviations))

    def outlook(self, negligible: float, confidence: float = CONFIDENCE) -> Outlook:
        """The record of it; the credible interval leaves the same probability on both sides."""
        low, high = self._quantile(0.5 * (1 - confidence)), self._quantile(0.5 * (1 + confidence))
        helps, harms = 1 - self.chance_below(negligible), self.chance_below(-negligible)
        return Outlook(self.expected, low, high, helps, harms)

    def _quantile(self, probability: float) -> float:
        far = 12 * self.deviations
        low, high = float((self.means - far).min()), float((self.means + far).max())
        found: Any = brentq(lambda value: self.chance_below(value) - probability, low, high)
        return float(found)


@functools.cache
def prior() -> Prior:
    """The prior that comes with the package."""
    file = resources.files("sharedtrunk.affinity").joinpath("prior.json")
    return Prior.from_json(json.loads(file.read_text(encoding="utf-8"))["prior"])

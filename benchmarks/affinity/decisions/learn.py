"""Estimate the prior of benefits from the tables to learn from: `python -m benchmarks.affinity.decisions.learn`.

Writes src/sharedtrunk/affinity/prior.json. Estimate and truth of a draw are, given the benefit, independent; so their joint
density is a mixture of bivariate Gaussians. What is maximized is the logarithm of the truth's density given the estimate,
summed over draws with the same weight for every table: how estimates are spread matters only for what they say about the
truth.
"""

import json
from pathlib import Path

import numpy as np
from benchmarks.affinity.decisions.collect import read
from benchmarks.affinity.decisions.comparisons import Comparisons, comparisons
from benchmarks.affinity.public import LEARN
from scipy.optimize import minimize

from sharedtrunk.affinity._outlook import Prior

FILE = Path("src/sharedtrunk/affinity/prior.json")

RIDGE = 0.005
"""Penalty on squared coefficients, per table: features that tables say little about have small ones."""

WIDTHS = np.array([0.1, 0.3, 1.0, 3.0, 10.0])
"""Widths of the components in units of τ, from hardly any benefit to the rare large ones."""


def fitted(found: Comparisons) -> Prior:
    """The prior of greatest penalized likelihood."""
    found = found.chosen(np.isfinite(found.error))
    x = found.features
    features = x.shape[1]

    def prior(values: np.ndarray) -> Prior:
        scale, mean, rest = values[:features], values[features : 2 * features], values[2 * features :]
        shares = np.exp(rest[: len(WIDTHS)] - rest[: len(WIDTHS)].max())
        return Prior(scale, mean, shares / shares.sum(), WIDTHS, float(np.exp(rest[-2])), float(np.exp(rest[-1])))

    def loss(values: np.ndarray) -> float:
        penalty = RIDGE * (values[1:features] ** 2).sum() + RIDGE * (values[features : 2 * features] ** 2).sum()
        penalty += RIDGE * (values[2 * features :] ** 2).sum()
        return penalty - float(found.weights @ log_density(prior(values), found, x)) / found.weights.sum()

    start = np.zeros(2 * features + len(WIDTHS) + 2)
    start[0], start[-2], start[-1] = np.log(0.01), 0.0, np.log(0.3)
    best = minimize(loss, start, method="L-BFGS-B", options={"maxiter": 500, "maxfun": 100_000})
    return prior(best.x)


def log_density(prior: Prior, found: Comparisons, features: np.ndarray) -> np.ndarray:
    """ln p(truth | estimate) of every comparison."""
    tau = np.exp(features @ prior.scale)
    centre = features @ prior.mean
    parts, known = [], []
    for share, width in zip(prior.shares, prior.widths, strict=True):
        shared = (tau * width) ** 2
        a = shared + (prior.inflation * found.error) ** 2 + (prior.omission * tau) ** 2
        b = shared + found.true_error**2
        determinant = a * b - shared**2
        mean = tau * width * centre
        d, t = found.estimate - mean, found.true - mean
        square = (b * d**2 - 2 * shared * d * t + a * t**2) / determinant
        parts.append(np.log(share) - np.log(2 * np.pi) - 0.5 * np.log(determinant) - 0.5 * square)
        known.append(np.log(share) - 0.5 * np.log(2 * np.pi * a) - 0.5 * d**2 / a)
    return np.logaddexp.reduce(parts, axis=0) - np.logaddexp.reduce(known, axis=0)


def main() -> None:
    found = comparisons(read(), split=LEARN)
    prior = fitted(found)
    tables, draws = len(set(found.table)), len(found.estimate)
    said = f"{draws} comparisons on {tables} public tables; made by benchmarks.affinity.decisions.learn"
    FILE.write_text(json.dumps({"source": said, "prior": prior.to_json()}, indent=1) + "\n")
    print(said, prior)


if __name__ == "__main__":
    main()

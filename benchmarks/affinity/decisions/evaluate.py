"""Is following the advice better than anything simple? `python -m benchmarks.affinity.decisions.evaluate`.

Reads the draws of the judging tables, lets every policy decide, and prints what its decisions bring on fresh rows, beside
what the best decision would have brought. Intervals are of the mean over tables: tables are drawn anew 2,000 times.
"""

import argparse
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from benchmarks.affinity.decisions.collect import FOLDER, read
from benchmarks.affinity.decisions.comparisons import Comparisons, comparisons
from benchmarks.affinity.decisions.policies import Policy, usual
from benchmarks.affinity.public import JUDGE

from sharedtrunk.affinity._outlook import Prior, prior

STAKE = 0.01
"""True effects beyond this many nats are something at stake."""

LARGE = 0.03

NEGLIGIBLE = 0.005
"""Nats that count as negligible where chances are judged."""

BOOTSTRAPS = 2000


class Mean(NamedTuple):
    """A mean over tables, with its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.4f} [{self.low:+.4f}, {self.high:+.4f}]"


def mean_over_tables(values: np.ndarray, tables: np.ndarray) -> Mean:
    """The mean of the tables' means. Tables are drawn with replacement for the interval."""
    names, place = np.unique(tables, return_inverse=True)
    means = np.bincount(place, values) / np.bincount(place)
    drawn = np.random.default_rng(0).integers(0, len(names), (BOOTSTRAPS, len(names)))
    low, high = np.quantile(means[drawn].mean(axis=1), [0.025, 0.975])
    return Mean(float(means.mean()), float(low), float(high))


def truths(found: Comparisons) -> np.ndarray:
    """The true effect of every comparison: its mean over the draws of its question, size and place of labels."""
    keys = np.array([f"{q} {s} {w}" for q, s, w in zip(found.question, found.set, found.way, strict=True)])
    _, place = np.unique(keys, return_inverse=True)
    return (np.bincount(place, found.true) / np.bincount(place))[place]


def decided(draws: Sequence[Comparisons], policy: Policy) -> np.ndarray:
    """What the policy brings on fresh rows, for each draw."""
    places = [policy(each) for each in draws]
    return np.array([0.0 if place is None else each.true[place] for each, place in zip(draws, places, strict=True)])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.affinity.decisions.evaluate", description=__doc__)
    parser.add_argument("--split", default=JUDGE)
    parser.add_argument("--out", type=Path, default=FOLDER)
    arguments = parser.parse_args()
    found = comparisons(read(arguments.out), split=arguments.split)
    result = evaluated(found, prior())
    print(json.dumps(result, indent=1))
    (arguments.out / f"evaluation-{arguments.split}.json").write_text(json.dumps(result, indent=1) + "\n")


def evaluated(found: Comparisons, advice: Prior) -> dict:
    """Policies, calibration and nulls on these comparisons."""
    means = truths(found)
    draws = found.by_draw()
    best_of = {draw: max(0.0, float(means[found.draw == draw].max())) for draw in np.unique(found.draw)}
    worst_of = {draw: float(means[found.draw == draw].min()) for draw in np.unique(found.draw)}
    names = np.array([each.draw[0] for each in draws])
    tables = np.array([each.table[0] for each in draws])
    best = np.array([best_of[name] for name in names])
    at_stake = (best > STAKE) | (np.array([worst_of[name] for name in names]) < -STAKE)
    policies = {}
    gains = {name: decided(draws, policy) for name, policy in usual(advice).items()}
    for name, gain in gains.items():
        difference = gains["this advice"] - gain
        policies[name] = {
            "brings": str(mean_over_tables(gain, tables)),
            "regret": str(mean_over_tables(best - gain, tables)),
            "brings, at stake": str(mean_over_tables(gain[at_stake], tables[at_stake])) if at_stake.any() else "",
            "advice minus it": str(mean_over_tables(difference, tables)),
            "advice minus it, at stake": str(mean_over_tables(difference[at_stake], tables[at_stake])),
            "better, worse by .001 (tables)": _wins(difference, tables),
        }
    return {
        "draws": len(draws),
        "tables": len(np.unique(tables)),
        "at stake": float(at_stake.mean()),
        "policies": policies,
        **calibration(found, means, advice),
    }


def _wins(difference: np.ndarray, tables: np.ndarray) -> str:
    """On how many tables the advice is better and worse by more than .001 nats."""
    names, place = np.unique(tables, return_inverse=True)
    means = np.bincount(place, difference) / np.bincount(place)
    return f"{(means > 0.001).sum()}, {(means < -0.001).sum()} of {len(names)}"


def calibration(found: Comparisons, means: np.ndarray, advice: Prior) -> dict:
    """Coverage of credible intervals, reliability of chances, nulls, and settled large effects."""
    known = zip(found.estimate, found.error, found.situation, strict=True)
    outlooks = [advice.posterior(float(d), float(s), each).outlook(NEGLIGIBLE) for d, s, each in known]
    low, high, helps, harms, mean = (
        np.array([getattr(each, name) for each in outlooks]) for name in ("low", "high", "helps", "harms", "expected")
    )
    covered = (low - 2 * found.true_error < found.true) & (found.true < high + 2 * found.true_error)
    strictly = (low <= found.true) & (found.true <= high)
    sharp = found.true_error < (high - low) / 8
    edges = [0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.0001]
    reliability = [
        {
            "chance": f"{a:.2f} … {min(b, 1):.2f}",
            "comparisons": int((inside := (helps >= a) & (helps < b)).sum()),
            "mean chance": float(helps[inside].mean()) if inside.any() else None,
            "came true": float((found.true[inside] > NEGLIGIBLE).mean()) if inside.any() else None,
        }
        for a, b in itertools.pairwise(edges)
    ]
    large = np.abs(means) > LARGE
    right = np.where(means > 0, helps, harms) > 0.9
    nulls = found.null
    return {
        "cover": {
            "all": float(strictly.mean()),
            "sharp truths": float(strictly[sharp].mean()) if sharp.any() else None,
            "sharp": int(sharp.sum()),
            "truth's error added": float(covered.mean()),
        },
        "reliability": reliability,
        "mean expected, mean true": [float(mean.mean()), float(found.true.mean())],
        "nulls": {
            "comparisons": int(nulls.sum()),
            "expected above negligible": float((mean[nulls] > NEGLIGIBLE).mean()) if nulls.any() else None,
            "chance above 90 %": float((helps[nulls] > 0.9).mean()) if nulls.any() else None,
        },
        "large": {"comparisons": int(large.sum()), "settled": float(right[large].mean()) if large.any() else None},
    }


if __name__ == "__main__":
    main()

"""Does the 95 % t-interval over five seeds cover the benefit that many seeds have?

    python benchmarks/coverage.py [--seeds 60] [--draws 4000]

Benefits on a grid (N, s_main, s_aux, r) by simulation and by both theories, one number per seed. Five seeds are drawn
without replacement, and their interval is compared with the mean of the others. That mean has an error too, so the
interval counts as covering where |x̄₅ − x̄_rest| ≤ t₄ s₅ √(1/5 + 1/rest): for independent normal numbers that happens in
95 % of draws exactly. Seeds are shared by all settings, so the error of the overall coverage is taken over disjoint blocks
of five seeds.
"""

import argparse
import itertools
import time

import numpy as np
from scipy import stats

from sharedtrunk import experiments, prediction
from sharedtrunk._support.statistics import t_factor

SAMPLES = (100, 200, 400)
S_MAIN, S_AUX, RELATEDNESS = (0.3, 1.0, 3.0), (1.0, 3.0, 10.0), (0.0, 0.5, 1.0)
INTERVAL_SEEDS = 5
PROBLEM = {"classes": 10, "rank": 10, "features": 100}
"""The default sizes of `predict`."""
POINT_FUNCTIONS = {
    "simulation": experiments.standard_lanes,
    "closure": prediction.closure_lanes,
    "population": prediction.population_lanes,
}


def benefits(way: str, samples: int, seed: int) -> np.ndarray:
    """The benefit of every (s_main, s_aux, r) for one seed; NaN where an arm did not reach its minimum."""
    shared = {"seed": seed} if way == "population" else {"seed": seed, "n_samples": samples}
    single = [{**shared, "s_main": s} for s in S_MAIN]
    joint = [
        {**shared, "s_main": s, "s_aux": a, "relatedness": r}
        for s, a, r in itertools.product(S_MAIN, S_AUX, RELATEDNESS)
    ]
    follow = POINT_FUNCTIONS[way]
    arms = [follow({**PROBLEM, "tasks": tasks}, lanes) for tasks, lanes in ((1, single), (2, joint))]
    alone, together = (np.where(arm["result"] == 0, arm["loss"], np.nan) for arm in arms)
    return np.repeat(alone, len(joint) // len(single)) - together


def covers(values: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Whether the interval over the chosen seeds covers the mean of the others, by the module's criterion."""
    inside, others = values[chosen], np.delete(values, chosen)
    n, rest = len(inside), len(others)
    half = t_factor(n) * inside.std(ddof=1) * np.sqrt(1 / n + 1 / rest)
    return abs(inside.mean() - others.mean()) <= half


def coverage(values: np.ndarray, draws: int, rng: np.random.Generator) -> float:
    """The share of `draws` of five seeds whose interval covers the mean of the others."""
    return float(np.mean([covers(values, rng.permutation(len(values))[:INTERVAL_SEEDS]) for _ in range(draws)]))


def by_blocks(table: np.ndarray) -> np.ndarray:
    """For each disjoint block of five seeds, the share of settings whose interval covers."""
    blocks = np.arange(table.shape[1] // INTERVAL_SEEDS * INTERVAL_SEEDS).reshape(-1, INTERVAL_SEEDS)
    return np.array([np.mean([covers(values, block) for values in table]) for block in blocks])


def report(table: np.ndarray, settings, draws: int) -> None:
    complete = np.isfinite(table).all(axis=1)
    table, kept = table[complete], [settings[k] for k in np.flatnonzero(complete)]
    shares = np.array([coverage(values, draws, np.random.default_rng(0)) for values in table])
    blocks, skew = by_blocks(table), stats.skew(table, axis=1)
    error = blocks.std(ddof=1) / len(blocks) ** 0.5
    print(
        f"    {len(table)} of {len(settings)} settings complete; coverage {shares.mean():.3f} ± {error:.3f} "
        f"(standard error), settings {shares.min():.3f} … {shares.max():.3f}, below 0.93: {(shares < 0.93).sum()}; "
        f"skewness {np.median(skew):+.2f} (median), {np.percentile(skew, 10):+.2f} … {np.percentile(skew, 90):+.2f}"
    )
    for k in shares.argsort()[:5]:
        print(f"    worst {kept[k]}: {shares[k]:.3f}, skewness {skew[k]:+.2f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Coverage of the interval over five seeds")
    parser.add_argument("--seeds", type=int, default=60)
    parser.add_argument("--draws", type=int, default=4000)
    parser.add_argument("--ways", default=",".join(POINT_FUNCTIONS))
    parser.add_argument("--store", help="where to write the benefits: STORE-WAY.npy, (setting, seed)")
    chosen = parser.parse_args()
    for way in chosen.ways.split(","):
        began = time.perf_counter()
        counts = SAMPLES[-1:] if way == "population" else SAMPLES  # infinite data have no N
        settings = list(itertools.product(counts, S_MAIN, S_AUX, RELATEDNESS))
        of_seeds = [np.concatenate([benefits(way, n, seed) for n in counts]) for seed in range(chosen.seeds)]
        table = np.stack(of_seeds, axis=1)
        if chosen.store:
            np.save(f"{chosen.store}-{way}.npy", table)
        print(f"{way}: {chosen.seeds} seeds, {len(settings)} settings, {time.perf_counter() - began:.0f} s")
        report(table, settings, chosen.draws)


if __name__ == "__main__":
    main()

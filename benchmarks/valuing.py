"""What it costs to value stopped students, and how accurate the resulting benefits are.

    python benchmarks/valuing.py [--seeds 1] [--rounds 7]

Students of the standard problem at the oracle's stop (N = 400 and 1600, s_main = 0.3 … 100, three auxiliary tasks each, and
their baselines) are valued by several rules, float32, one thread. The reference is 2^20 nodes in 64 scrambles, float64. A
benefit is a paired difference of two free energies; its error bar is the 99 % interval over scrambles. *plain* uses the
same nodes without a control variate. Times are medians of interleaved rounds, per student.
"""

import argparse
import functools
import os
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", NPROC="1", JAX_ENABLE_X64="1")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")

import jax
import jax.numpy as jnp
import numpy as np
from scipy.stats import t

from sharedtrunk import gaussian
from sharedtrunk.experiments import standard_lanes
from sharedtrunk.gaussian._factor import factor, whitened
from sharedtrunk.gaussian._sobol import mean_log_partition, over_lanes, over_scrambles

RULES = [gaussian.Sobol(*sizes) for sizes in ((512, 16), (1024, 24), (2048, 24), (4096, 24))]
REFERENCE = gaussian.Sobol(points=16384, scrambles=64, seed=99)
AUXILIARY = ((0.3, 0.5), (10.0, 0.5), (100.0, 1.0))
MAIN = (0.3, 1.0, 3.0, 10.0, 100.0)


def students(seeds: int):
    """Composite weights of joint and single students, pair by pair."""
    pairs = []
    for seed in range(seeds):
        for n in (400, 1600):
            alone = [{"n_samples": n, "seed": seed, "s_main": s} for s in MAIN]
            beside = [lane | {"s_aux": s, "relatedness": r} for lane in alone for s, r in AUXILIARY]
            single = standard_lanes({"tasks": 1}, alone)["weights"]
            joint = standard_lanes({"tasks": 2}, beside)["weights"]
            pairs.append((joint, np.repeat(single, len(AUXILIARY), axis=0)))
    return [np.concatenate(arm) for arm in zip(*pairs, strict=True)]


@functools.partial(jax.jit, static_argnames="rule")
def plain(W, rule):
    def lane(w):
        A, _ = factor(w)
        return over_scrambles(functools.partial(mean_log_partition, A), rule, A.shape[1], w.dtype)

    return over_lanes(lane, whitened(W, None), rule.points)


def controlled(W, rule):
    return gaussian.free_energy_scrambles(W, rule=rule)


def benefit(arms, way, rule, dtype) -> tuple[np.ndarray, np.ndarray]:
    """Paired differences of free energies and their 99 % half-widths."""
    joint, single = (np.asarray(way(jnp.asarray(W, dtype), rule), float) for W in arms)
    paired = single - joint
    count = paired.shape[1]
    return paired.mean(axis=1), t.ppf(0.995, count - 1) * paired.std(axis=1, ddof=1) / count**0.5


def timed(arms, ways, rounds: int) -> dict:
    W = jnp.asarray(arms[0], jnp.float32)
    for way, rule in ways:
        jax.block_until_ready(way(W, rule))
    seen = {key: [] for key in ways}
    for _ in range(rounds):
        for way, rule in ways:
            begin = time.perf_counter()
            jax.block_until_ready(way(W, rule))
            seen[way, rule].append((time.perf_counter() - begin) / len(W))
    return {key: float(np.median(walls)) for key, walls in seen.items()}


def main(seeds: int, rounds: int) -> None:
    arms = students(seeds)
    truth, truth_bar = benefit(arms, controlled, REFERENCE, jnp.float64)
    ways = [(way, rule) for way in (plain, controlled) for rule in RULES]
    walls = timed(arms, ways, rounds)
    print(f"{len(truth)} benefits, reference known to {truth_bar.max():.0e} nats\n")
    print("| nodes | rule | largest error, nats | rms | largest bar | median bar | covered | ms a student |")
    print("|---|---|---|---|---|---|---|---|")
    for way, rule in ways:
        value, bar = benefit(arms, way, rule, jnp.float32)
        error = np.abs(value - truth)
        covered = np.mean(error <= np.hypot(bar, truth_bar))
        print(
            f"| {way.__name__} | {rule.scrambles} × {rule.points:,} | {error.max():.1e} | {np.sqrt(np.mean(error**2)):.1e} |"
            f" {bar.max():.1e} | {np.median(bar):.1e} | {covered:.1%} | {1e3 * walls[way, rule]:.2f} |"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    main(options.seeds, options.rounds)

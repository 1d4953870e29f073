"""When may a lane stop? Curves of the whole standard grid followed to t = 500, and what a stop rule would have missed.

    python -m benchmarks.bracketing [--seeds 5]          five minutes on 4 cores

For every lane and ratio, the rule of `benefit.bracketed` with that ratio is applied after each leg, as in training. Its
*miss* is how far the generalization or validation loss later falls below the minimum that it has found.
"""

import argparse

import numpy as np

from sharedtrunk import sweeps
from sharedtrunk._support.environment import worker_environment
from sharedtrunk.paper.figures._standard import RELATEDNESS, SAMPLE_COUNTS, SEEDS, SINGULAR_VALUES

RATIOS = (1.1, 1.25, 1.5, 2.0)


def missed(ratio: float, ends: list[float], times: np.ndarray, curves: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """When each curve is bracketed (the end of the last leg if it never is), and how far it later falls below its minimum."""
    from sharedtrunk.flows import bracketing

    bracketing.STUDENT_RATIO = ratio
    bracketed_at = np.full(len(curves), ends[-1])
    found = np.nanmin(curves, axis=1)
    open_ = np.ones(len(curves), bool)
    for end in ends:
        seen = times <= end * (1 + 1e-9)
        done = open_ & bracketing.bracketed(times[seen], curves[:, seen])
        bracketed_at[done], found[done] = end, np.nanmin(curves[done][:, seen], axis=1)
        open_ &= ~done
    return bracketed_at, found - np.nanmin(curves, axis=1)


def measure(job: tuple[int, int, float]) -> list[tuple[int, float, np.ndarray, np.ndarray]]:
    """(N, ratio, end of training, worst miss), lane by lane, of one number of samples, seed and main task."""
    from sharedtrunk.experiments import StandardSettings, draw_lanes, follow
    from sharedtrunk.experiments._legs import flow_legs

    samples, seed, s_main = job
    common = {"n_samples": samples, "seed": seed, "s_main": s_main}
    joint = [{**common, "s_aux": s, "relatedness": r} for s in SINGULAR_VALUES for r in RELATEDNESS]
    rows = []
    for tasks, lanes in ((2, joint), (1, [common])):
        settings = StandardSettings(tasks=tasks)
        seen = follow(settings, draw_lanes(settings, lanes), whole=True)
        ends = [float(leg[-1]) for leg in flow_legs(settings.time_limit)]
        for ratio in RATIOS:
            both = [
                missed(ratio, ends, seen.times, curve) for curve in (seen.generalization_loss, seen.validation_loss)
            ]
            rows.append((samples, ratio, np.maximum(both[0][0], both[1][0]), np.maximum(both[0][1], both[1][1])))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=len(SEEDS))
    parser.add_argument("--processes", type=int, default=4)
    given = parser.parse_args()
    jobs = [(n, seed, s) for n in reversed(SAMPLE_COUNTS) for seed in range(given.seeds) for s in SINGULAR_VALUES]
    # by its importable name: workers do not know what runs as __main__
    from benchmarks.bracketing import measure

    found = sweeps.run_in_processes(measure, jobs, processes=given.processes, environment=worker_environment())
    rows = [row for part in found for row in part]
    print("| N | lanes | " + " | ".join(f"ratio {ratio:g}: mean end, worst miss (nats)" for ratio in RATIOS) + " |")
    print("|---|---|" + "---|" * len(RATIOS))
    for samples in SAMPLE_COUNTS:
        cells = []
        for ratio in RATIOS:
            own = [(end, miss) for n, row_ratio, end, miss in rows if (n, row_ratio) == (samples, ratio)]
            ends, misses = (np.concatenate(part) for part in zip(*own, strict=True))
            cells.append(f"{ends.mean():.0f}, {misses.max():.0e}")
        print(f"| {samples} | {len(ends):,} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()

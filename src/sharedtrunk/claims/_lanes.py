"""Simulated benefits that several claims share: small grids of the standard problem, trained once in a worker.

A ledger's seed stands for its own seeds of the standard problem; every number is one per such seed, so contrasts are
paired and their errors are Student's t-intervals over seeds.
"""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sharedtrunk._statistics import estimate
from sharedtrunk.claims._claim import Reading, at_least, at_most
from sharedtrunk.experiments import standard_lanes

BUNDLE = "simulated benefits"
"""Claims with these lanes go to one worker, which trains them once."""

CONFIDENCE = 0.99
NEGLIGIBLE = 0.01
"""Benefits within ± this many nats count as none, as in the figures."""

MANY_SEEDS = 16
"""Seeds of the standard problem that belong to one seed of the ledger; the default mode takes the first ones."""

SETTINGS = {"scrambles": 8}
"""A benefit is good to a thousandth of a nat, far below its spread over seeds."""

WEAK, STRONG, HUGE = 0.01, 10.0, 100.0
"""Singular values of auxiliary teachers: noise only, mostly signal, signal only."""

HOPELESS = 0.01
"""Singular value of a main task whose labels are noise."""

S_MAIN = (HOPELESS, 1.0, 3.0, 10.0)
GRIDS = {
    100: (S_MAIN, (WEAK, STRONG, HUGE), (0.0, 0.1, 1.0), 6),
    800: (S_MAIN, (WEAK, STRONG, HUGE), (0.0, 0.1, 0.25, 0.5, 1.0), 10),
    1600: ((HOPELESS, 1.0, 10.0), (WEAK, STRONG), (0.0, 1.0), 6),
}
"""By number of samples: singular values of main and auxiliary task, relatedness, number of seeds."""

CHUNK = 12


@dataclass(frozen=True)
class Grid:
    """Benefits (seed, s_main, s_aux, relatedness) in nats, oracle and honest, with the baselines' losses (seed, s_main)."""

    s_main: tuple[float, ...]
    s_aux: tuple[float, ...]
    relatedness: tuple[float, ...]
    oracle: np.ndarray
    honest: np.ndarray
    single: np.ndarray
    single_honest: np.ndarray

    def at(self, s_main, s_aux, relatedness: float, *, honest: bool = False) -> np.ndarray:
        """One benefit per seed; the mean over several values of `s_main` or `s_aux` where they are given."""
        mains, auxes = (np.atleast_1d(values).tolist() for values in (s_main, s_aux))
        benefit = self.honest if honest else self.oracle
        index = [
            [axis.index(value) for value in values]
            for axis, values in ((self.s_main, mains), (self.s_aux, auxes), (self.relatedness, [relatedness]))
        ]
        return benefit[:, index[0]][:, :, index[1]][:, :, :, index[2]].mean(axis=(1, 2, 3))


@functools.cache
def simulated(samples: int, seed: int, thorough: bool) -> Grid:
    """The grid of one number of samples, for the seeds that belong to the ledger's seed."""
    s_main, s_aux, relatedness, few = GRIDS[samples]
    count = min(2 * few, MANY_SEEDS) if thorough else few
    points = [{"s_main": a, "s_aux": b, "relatedness": r} for a, b, r in itertools.product(s_main, s_aux, relatedness)]
    joint, single = [], []
    for one in range(MANY_SEEDS * seed, MANY_SEEDS * seed + count):
        joint.append(train(points, samples, one))
        single.append(train([{"s_main": a} for a in s_main], samples, one, tasks=1))
    oracle, honest = (
        _stacked(single, name)[:, :, None, None]
        - _stacked(joint, name).reshape(-1, len(s_main), len(s_aux), len(relatedness))
        for name in ("loss", "loss_honest")
    )
    alone = (_stacked(single, name) for name in ("loss", "loss_honest"))
    return Grid(s_main, s_aux, relatedness, oracle, honest, *alone)


def train(points: Sequence[dict], samples: int, seed: int, **settings) -> dict[str, np.ndarray]:
    """Lanes of one seed of the standard problem, in chunks; joint ones unless `tasks` = 1."""
    lanes = [{"n_samples": samples, "seed": seed, **point} for point in points]
    parts = [
        standard_lanes({"tasks": 2, **SETTINGS, **settings}, lanes[k : k + CHUNK]) for k in range(0, len(lanes), CHUNK)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in ("loss", "loss_honest")}


def _stacked(parts: Sequence[dict], name: str) -> np.ndarray:
    return np.stack([part[name] for part in parts]).astype(float)


def above(case: str, per_seed: np.ndarray, limit: float, unit: str = "nats") -> Reading:
    """A mean over seeds, with its t-interval, that must not be below `limit`."""
    return _reading(at_least, case, per_seed, limit, unit)


def below(case: str, per_seed: np.ndarray, limit: float, unit: str = "nats") -> Reading:
    """A mean over seeds, with its t-interval, that must not be above `limit`."""
    return _reading(at_most, case, per_seed, limit, unit)


def none(case: str, per_seed: np.ndarray, limit: float = NEGLIGIBLE, unit: str = "nats") -> Reading:
    """A mean over seeds whose size must not be above `limit`."""
    found = estimate(per_seed, confidence=CONFIDENCE)
    return at_most(f"{case}, size", abs(found.mean), limit, error=found.high - found.mean, unit=unit)


def _reading(side, case, per_seed, limit, unit) -> Reading:
    found = estimate(per_seed, confidence=CONFIDENCE)
    return side(case, found.mean, limit, error=found.high - found.mean, unit=unit)

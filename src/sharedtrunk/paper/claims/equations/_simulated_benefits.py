"""Simulated benefits that several claims share: small grids of the standard problem, trained once in a worker.

One seed of the ledger stands for several seeds of the standard problem. Each of those gives one benefit per setting, so that
contrasts between settings are paired by seed.
"""

import functools
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sharedtrunk.experiments import standard_lanes
from sharedtrunk.flows.result import Result
from sharedtrunk.paper.claims import PerSeed
from sharedtrunk.paper.contrasts import HOPELESS, LEARNABLE, LOW_SNR

BUNDLE = "simulated benefits"
"""Claims that need these lanes go to one worker, which trains them once."""

MANY_SEEDS = 16
"""Seeds of the standard problem per seed of the ledger; without `thorough`, only the first of them are used."""

SETTINGS = {"scrambles": 8}
"""With eight scrambles the error of a benefit is a thousandth of a nat, far below the spread over seeds."""

WEAK, STRONG, HUGE = 0.01, 10.0, 100.0
"""Singular values of auxiliary teachers: almost only noise, mostly signal, almost only signal."""

NOISE_ONLY = 0.01
"""Singular value of a main task whose labels are noise, so that its student stops at once."""

S_MAIN = (NOISE_ONLY, 1.0, 3.0, 10.0)
LEARNABLE_MAINS = tuple(s for s in S_MAIN if s >= LEARNABLE)
GRIDS = {
    100: (S_MAIN, (WEAK, STRONG, HUGE), (0.0, 0.1, 1.0), 6),
    800: (S_MAIN, (WEAK, STRONG, HUGE), (0.0, 0.1, 0.25, 0.5, 1.0), 10),
    1600: ((HOPELESS, 1.0, 10.0), (WEAK, STRONG), (0.0, 1.0), 10),
}
"""The grids by number of samples: singular values of main and auxiliary task, relatedness, number of seeds."""

LOW_MAINS = (HOPELESS, LOW_SNR)
LOW_MAIN_GRIDS = {
    100: (LOW_MAINS, (WEAK, STRONG), (0.0, 1.0), 10),
    800: (LOW_MAINS, (WEAK, STRONG), (0.0, 1.0), 16),
}
"""The grids of main tasks that can hardly be learned. The effects are small, so there are more seeds."""

CHUNK = 12
"""Lanes that are trained together."""

STOPPINGS = {"oracle": "", "validation": "_honest"}
"""The suffix of a variable's name for each way of stopping."""

MEASURED = (
    "result",
    *(f"loss{suffix}{part}" for suffix in STOPPINGS.values() for part in ("", "_scrambles", "_refinement")),
)
"""The variables of a lane that the claims use."""


@dataclass(frozen=True)
class Grid:
    """Benefits on a grid, and the losses of the baselines.

    `oracle` and `validation` are the benefits under these two ways of stopping, (seed, s_main, s_aux, relatedness); `single`
    and `single_validation` are the losses of the single-task students, (seed, s_main). All are in nats.
    """

    s_main: tuple[float, ...]
    s_aux: tuple[float, ...]
    relatedness: tuple[float, ...]
    oracle: PerSeed
    validation: PerSeed
    single: np.ndarray
    single_validation: np.ndarray

    def at(self, s_main, s_aux, relatedness: float, *, validation: bool = False) -> PerSeed:
        """One benefit per seed; the mean over `s_main` or `s_aux` if several values are given."""
        mains, auxes = (np.atleast_1d(values).tolist() for values in (s_main, s_aux))
        benefit = self.validation if validation else self.oracle
        index = [
            [axis.index(value) for value in values]
            for axis, values in ((self.s_main, mains), (self.s_aux, auxes), (self.relatedness, [relatedness]))
        ]
        return benefit[np.ix_(range(len(benefit)), *index)].averaged()


def standard_seeds(seed: int, count: int) -> range:
    """The first `count` seeds of the standard problem that belong to the ledger's seed."""
    return range(MANY_SEEDS * seed, MANY_SEEDS * seed + count)


@functools.cache
def simulated(samples: int, seed: int, thorough: bool) -> Grid:
    """The grid of one number of samples, for the seeds that belong to the ledger's seed."""
    return _trained(GRIDS[samples], samples, seed, thorough)


@functools.cache
def low_mains(samples: int, seed: int, thorough: bool) -> Grid:
    """The grid of main tasks of low SNR for one number of samples, for the seeds that belong to the ledger's seed."""
    return _trained(LOW_MAIN_GRIDS[samples], samples, seed, thorough)


def _trained(axes: tuple, samples: int, seed: int, thorough: bool) -> Grid:
    s_main, s_aux, relatedness, few = axes
    count = min(2 * few, MANY_SEEDS) if thorough else few
    points = [{"s_main": a, "s_aux": b, "relatedness": r} for a, b, r in itertools.product(s_main, s_aux, relatedness)]
    joint, single = [], []
    for standard_seed in standard_seeds(seed, count):
        joint.append(train(points, samples, standard_seed))
        single.append(train([{"s_main": a} for a in s_main], samples, standard_seed, tasks=1))
    shape = (len(s_main), len(s_aux), len(relatedness))
    oracle, validation = (
        _losses(single, suffix, (len(s_main), 1, 1)) - _losses(joint, suffix, shape) for suffix in STOPPINGS.values()
    )
    alone = (_stacked(single, f"loss{suffix}") for suffix in STOPPINGS.values())
    return Grid(s_main, s_aux, relatedness, oracle, validation, *alone)


def train(points: Sequence[dict], samples: int, seed: int, **settings) -> dict[str, np.ndarray]:
    """Lanes of one seed of the standard problem, joint ones unless `tasks` = 1: losses, their errors, result codes."""
    lanes = [{"n_samples": samples, "seed": seed, **point} for point in points]
    parts = [
        standard_lanes({"tasks": 2, **SETTINGS, **settings}, lanes[k : k + CHUNK]) for k in range(0, len(lanes), CHUNK)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in MEASURED}


def _losses(parts: Sequence[dict], suffix: str, shape: tuple[int, ...]) -> PerSeed:
    """The losses of all seeds in the grid's shape; lanes that did not succeed are counted as missing."""
    values, scrambles, refinement = (
        _stacked(parts, f"loss{suffix}{name}") for name in ("", "_scrambles", "_refinement")
    )
    missing = (_stacked(parts, "result") != Result.SUCCESS).astype(int)
    shape = (len(parts), *shape)
    return PerSeed(
        values.reshape(shape), scrambles.reshape(*shape, -1), refinement.reshape(shape), missing.reshape(shape)
    )


def _stacked(parts: Sequence[dict], name: str) -> np.ndarray:
    return np.stack([part[name] for part in parts]).astype(float)

"""Simulated benefits that several claims share: small grids of the standard problem, trained once in a worker.

A ledger's seed stands for its own seeds of the standard problem; every number is one per such seed, so contrasts are
paired and their errors are Student's t-intervals over seeds.
"""

import functools
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sharedtrunk._support.statistics import estimate, half_width
from sharedtrunk.experiments import standard_lanes
from sharedtrunk.flows.trajectory import Result
from sharedtrunk.paper.contrasts import NEGLIGIBLE
from sharedtrunk.paper.ledger import Reading, at_least, at_most

BUNDLE = "simulated benefits"
"""Claims with these lanes go to one worker, which trains them once."""

CONFIDENCE = 0.99
MANY_SEEDS = 16
"""Seeds of the standard problem that belong to one seed of the ledger; the default mode takes the first ones."""

SETTINGS = {"scrambles": 8}
"""A benefit is good to a thousandth of a nat, far below its spread over seeds."""

WEAK, STRONG, HUGE = 0.01, 10.0, 100.0
"""Singular values of auxiliary teachers: noise only, mostly signal, signal only."""

HOPELESS, NOISY = 0.01, 0.1
"""Singular values of main tasks whose labels are noise, so that a student stops at once, and almost noise."""

S_MAIN = (HOPELESS, 1.0, 3.0, 10.0)
GRIDS = {
    100: (S_MAIN, (WEAK, STRONG, HUGE), (0.0, 0.1, 1.0), 6),
    800: (S_MAIN, (WEAK, STRONG, HUGE), (0.0, 0.1, 0.25, 0.5, 1.0), 10),
    1600: ((NOISY, 1.0, 10.0), (WEAK, STRONG), (0.0, 1.0), 10),
}
"""By number of samples: singular values of main and auxiliary task, relatedness, number of seeds."""

NOISY_MAINS = {100: ((NOISY, 0.3), (WEAK, STRONG), (0.0, 1.0), 10), 800: ((NOISY, 0.3), (WEAK, STRONG), (0.0, 1.0), 16)}
"""The same for main tasks of which little can be learned."""

CHUNK = 12

MEASURED = ("result", *(f"loss{stop}{part}" for stop in ("", "_honest") for part in ("", "_scrambles", "_refinement")))
"""What is kept of a lane."""


STOPS = {"oracle": "", "honest": "_honest"}
"""Ways of stopping, and the ends of the names of what they measure."""


@dataclass(frozen=True)
class PerSeed:
    """Numbers (seed, …) in nats with what is known of their numerical error; sums of them keep it paired.

    `scrambles` are the same numbers by every scramble of the quadrature rule (seed, …, scramble), `refinement` what the
    saved times leave open, `missing` how many of the lanes behind a number failed or have no bracketed minimum,
    of `lanes` lanes.
    """

    values: np.ndarray
    scrambles: np.ndarray
    refinement: np.ndarray
    missing: np.ndarray
    lanes: int = 1

    __array_ufunc__ = None  # so that array − PerSeed comes here

    @classmethod
    def exact(cls, values: np.ndarray) -> "PerSeed":
        """Numbers without numerical error."""
        return cls(values, values[..., None], np.zeros(values.shape), np.zeros(values.shape, int), 0)

    def __sub__(self, other: "PerSeed | np.ndarray") -> "PerSeed":
        other = other if isinstance(other, PerSeed) else PerSeed.exact(other)
        return PerSeed(
            self.values - other.values,
            self.scrambles - other.scrambles,
            self.refinement + other.refinement,
            self.missing + other.missing,
            self.lanes + other.lanes,
        )

    def __rsub__(self, other: np.ndarray) -> "PerSeed":
        return PerSeed.exact(other) - self

    def __truediv__(self, by: float) -> "PerSeed":
        return PerSeed(self.values / by, self.scrambles / by, self.refinement / abs(by), self.missing, self.lanes)

    def __getitem__(self, index) -> "PerSeed":
        """A part of the numbers; the lanes behind each stay the same."""
        values, scrambles = self.values[index], self.scrambles[index]
        return PerSeed(values, scrambles, self.refinement[index], self.missing[index], self.lanes)

    def __len__(self) -> int:
        return len(self.values)

    def averaged(self) -> "PerSeed":
        """The mean over all axes but the seeds'."""
        axes = tuple(range(1, self.values.ndim))
        count = int(np.prod(self.values.shape[1:]))
        return PerSeed(
            self.values.mean(axis=axes),
            self.scrambles.mean(axis=axes),
            self.refinement.mean(axis=axes),
            self.missing.sum(axis=axes),
            self.lanes * count,
        )

    def numerical_error(self) -> float:
        """Of the mean over seeds: half-width over scrambles, whose nodes all seeds share, and the times' part."""
        by_scramble = self.scrambles.mean(axis=0)
        spread = half_width(by_scramble) if len(by_scramble) > 1 else 0.0
        return float(spread + self.refinement.mean())


@dataclass(frozen=True)
class Grid:
    """Benefits (seed, s_main, s_aux, relatedness) in nats, oracle and honest, with the baselines' losses (seed, s_main)."""

    s_main: tuple[float, ...]
    s_aux: tuple[float, ...]
    relatedness: tuple[float, ...]
    oracle: PerSeed
    honest: PerSeed
    single: np.ndarray
    single_honest: np.ndarray

    def at(self, s_main, s_aux, relatedness: float, *, honest: bool = False) -> PerSeed:
        """One benefit per seed; the mean over several values of `s_main` or `s_aux` where they are given."""
        mains, auxes = (np.atleast_1d(values).tolist() for values in (s_main, s_aux))
        benefit = self.honest if honest else self.oracle
        index = [
            [axis.index(value) for value in values]
            for axis, values in ((self.s_main, mains), (self.s_aux, auxes), (self.relatedness, [relatedness]))
        ]
        return benefit[np.ix_(range(len(benefit)), *index)].averaged()


@functools.cache
def simulated(samples: int, seed: int, thorough: bool) -> Grid:
    """The grid of one number of samples, for the seeds that belong to the ledger's seed."""
    return _trained(GRIDS[samples], samples, seed, thorough)


@functools.cache
def noisy_mains(samples: int, seed: int, thorough: bool) -> Grid:
    """The same for main tasks between hopeless and learnable."""
    return _trained(NOISY_MAINS[samples], samples, seed, thorough)


def _trained(axes: tuple, samples: int, seed: int, thorough: bool) -> Grid:
    s_main, s_aux, relatedness, few = axes
    count = min(2 * few, MANY_SEEDS) if thorough else few
    points = [{"s_main": a, "s_aux": b, "relatedness": r} for a, b, r in itertools.product(s_main, s_aux, relatedness)]
    joint, single = [], []
    for one in range(MANY_SEEDS * seed, MANY_SEEDS * seed + count):
        joint.append(train(points, samples, one))
        single.append(train([{"s_main": a} for a in s_main], samples, one, tasks=1))
    shape = (len(s_main), len(s_aux), len(relatedness))
    oracle, honest = (
        _losses(single, suffix, (len(s_main), 1, 1)) - _losses(joint, suffix, shape) for suffix in STOPS.values()
    )
    alone = (_stacked(single, f"loss{suffix}") for suffix in STOPS.values())
    return Grid(s_main, s_aux, relatedness, oracle, honest, *alone)


def train(points: Sequence[dict], samples: int, seed: int, **settings) -> dict[str, np.ndarray]:
    """Lanes of one seed of the standard problem, in chunks; joint ones unless `tasks` = 1: losses, errors, result codes."""
    lanes = [{"n_samples": samples, "seed": seed, **point} for point in points]
    parts = [
        standard_lanes({"tasks": 2, **SETTINGS, **settings}, lanes[k : k + CHUNK]) for k in range(0, len(lanes), CHUNK)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in MEASURED}


def _losses(parts: Sequence[dict], suffix: str, shape: tuple[int, ...]) -> PerSeed:
    """The losses of all seeds in the grid's shape; a failed lane's NaN takes its seed out and is counted as missing."""
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


def above(
    case: str, per_seed: PerSeed | np.ndarray, limit: float, unit: str = "nats", *, numerical: float = 0.0
) -> Reading:
    """A mean over seeds, with its t-interval and numerical error, that must not be below `limit`."""
    return _reading(at_least, case, per_seed, limit, unit, numerical)


def below(
    case: str, per_seed: PerSeed | np.ndarray, limit: float, unit: str = "nats", *, numerical: float = 0.0
) -> Reading:
    """A mean over seeds, with its t-interval and numerical error, that must not be above `limit`."""
    return _reading(at_most, case, per_seed, limit, unit, numerical)


def none(
    case: str,
    per_seed: PerSeed | np.ndarray,
    limit: float = NEGLIGIBLE,
    unit: str = "nats",
    *,
    numerical: float = 0.0,
) -> Reading:
    """A mean over seeds whose size must not be above `limit`."""
    reading = _reading(at_most, case, per_seed, limit, unit, numerical)
    return replace(reading, case=f"{reading.case}, size", number=abs(reading.number))


def _reading(side, case: str, per_seed: PerSeed | np.ndarray, limit: float, unit: str, numerical: float) -> Reading:
    """The mean, with the t-interval over seeds and the numerical error added up.

    What lanes without a minimum would add is unknown: with one of them the error is NaN, so nothing is decided, and the
    case says so.
    """
    seeds = per_seed if isinstance(per_seed, PerSeed) else PerSeed.exact(per_seed)
    found = estimate(seeds.values, confidence=CONFIDENCE)
    error = found.high - found.mean + seeds.numerical_error() + numerical
    missing = int(seeds.missing.sum())
    if missing:
        case, error = (
            f"{case}; {missing} of {seeds.lanes * len(seeds)} losses behind it have no bracketed minimum",
            math.nan,
        )
    return side(case, found.mean, limit, error=error, unit=unit)

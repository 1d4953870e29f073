"""Numbers, one per seed, that carry their numerical error along."""

from dataclasses import dataclass

import numpy as np

from sharedtrunk._support.statistics import half_width


@dataclass(frozen=True)
class PerSeed:
    """Numbers (seed, …) with their numerical error; differences of them stay paired.

    Parameters
    ----------
    values
        The numbers, (seed, …), in nats.
    scrambles
        The same numbers under each scramble of the quadrature rule, (seed, …, scramble).
    refinement
        The error from the spacing of the saved times, (seed, …).
    missing
        How many of the lanes behind each number failed or have no bracketed minimum, (seed, …).
    lanes
        How many lanes are behind each number.
    """

    values: np.ndarray
    scrambles: np.ndarray
    refinement: np.ndarray
    missing: np.ndarray
    lanes: int = 1

    __array_ufunc__ = None  # so that `array - PerSeed` calls __rsub__

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

    def __getitem__(self, index) -> "PerSeed":
        """A part of the numbers; each keeps the lanes behind it."""
        values, scrambles = self.values[index], self.scrambles[index]
        return PerSeed(values, scrambles, self.refinement[index], self.missing[index], self.lanes)

    def __len__(self) -> int:
        return len(self.values)

    def averaged(self) -> "PerSeed":
        """The mean over all axes except `seed`."""
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
        """Numerical error of the mean over seeds: half-width over scrambles, whose nodes all seeds share, plus refinement."""
        return scramble_error(self.scrambles.mean(axis=0)) + float(np.mean(self.refinement)) if len(self) else 0.0


def scramble_error(by_scramble: np.ndarray) -> float:
    """Half-width of the 99 % interval of a mean over scrambles (scramble,); 0 for a single one.

    Parameters
    ----------
    by_scramble
        One number per scramble.

    Returns
    -------
    float
        The half-width.
    """
    return float(half_width(by_scramble)) if len(by_scramble) > 1 else 0.0

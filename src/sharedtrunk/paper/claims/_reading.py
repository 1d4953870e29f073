"""A reading: one measured number with its error, the limit that a claim sets for it, and where it was taken.

The error is the half-width of an interval. There are two kinds of error:

- of a *mean over seeds*: Student's t-interval with 95 % confidence, plus the numerical error of the mean;
- of any other number: a half-width that covers the truth with 99 % or more, such as a numerical error, or 0.

By itself a reading *holds* if the whole interval is allowed, *fails* if the whole interval is forbidden, and is *undecided*
if the limit lies inside. A claim is about several cases, and each group of its readings (`Evidence`) is judged together,
with one rule for chance:

- "every case holds" is an intersection–union test, so each case is tested at 95 % without any correction;
- "some case fails" picks the worst of m cases, so each is tested at 1 − 0.05/m (Bonferroni): the t-interval is widened to
  that confidence. m counts the means over seeds of the group; other errors are not widened.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, SupportsFloat

import numpy as np

from sharedtrunk._support.statistics import CONFIDENCE, estimate, t_factor
from sharedtrunk.errors import invalid
from sharedtrunk.paper.claims._per_seed import PerSeed
from sharedtrunk.paper.contrasts import NEGLIGIBLE

Outcome = Literal["holds", "fails", "undecided"]
Side = Literal["at most", "at least", "within"]


class Limit(NamedTuple):
    """Where a claim says that a number lies: at most `value`, at least `value`, or within ±`value`.

    Parameters
    ----------
    side
        "at most", "at least" or "within".
    value
        The number that is not to be passed.
    """

    side: Side
    value: float

    @property
    def region(self) -> tuple[float, float]:
        """Lower and upper end of the allowed region, ±∞ if it has no end."""
        low = {"at most": -math.inf, "at least": self.value, "within": -self.value}[self.side]
        return low, math.inf if self.side == "at least" else self.value

    def in_words(self, unit: str) -> str:
        """Such as "above 0" or "within ±0.01 nats"; a pure number has no unit."""
        sign = {"at most": "below ", "at least": "above ", "within": "within ±"}[self.side]
        return f"{sign}{self.value:g}{f' {unit}' if self.value and not unit.startswith('1') else ''}"


POSITIVE = Limit("at least", 0.0)
NEGATIVE = Limit("at most", 0.0)
NOT_POSITIVE = Limit("at most", NEGLIGIBLE)
NO_EFFECT = Limit("within", NEGLIGIBLE)


@dataclass(frozen=True)
class Reading:
    """One number with its error, and the limit that the claim sets for it.

    Parameters
    ----------
    case
        Where the number was taken, in a few words.
    number, error
        The number and the half-width of its interval, both in `unit`. A NaN in either leaves the reading undecided.
    side, limit
        The number must be "at most" or "at least" the limit, or "within" ± the limit.
    unit
        Such as "nats"; "1" or "" for a pure number.
    standard_error, seeds, seeds_left_out
        For a mean over seeds: its standard error, the number of seeds used, and the number of seeds that lack a number.
        `seeds` is None for any other number.
    cases
        The number of means over seeds that are judged together; `Evidence` sets it.

    Raises
    ------
    InputError
        For a negative error, and for a limit that is not finite.
    """

    case: str
    number: float
    error: float
    side: Side
    limit: float
    unit: str = ""
    standard_error: float = 0.0
    seeds: int | None = None
    seeds_left_out: int = 0
    cases: int = 1

    def __post_init__(self):
        if not (self.error >= 0 or math.isnan(self.error)) or not math.isfinite(self.limit):
            raise invalid(
                "A reading has an error ≥ 0 and a finite limit",
                received=f"{self.number} ± {self.error}, limit {self.limit}",
                hint="Give the half-width of an interval that covers the number",
            )

    @property
    def slack(self) -> float:
        """Distance of the number from the limit, positive on the allowed side."""
        if self.side == "at least":
            return self.number - self.limit
        return self.limit - (abs(self.number) if self.side == "within" else self.number)

    @property
    def room(self) -> float:
        """Slack of the interval's worst end, in units of the limit unless that is 0; −∞ if it is NaN."""
        room = (self.slack - self.error) / (abs(self.limit) or 1.0)
        return -math.inf if math.isnan(room) else room

    @property
    def outcome(self) -> Outcome:
        """The outcome among all `cases`, by the module's rule. Undecided if all seeds lie exactly on the limit."""
        if self.seeds is not None and self.error == self.slack == 0:
            return "undecided"
        if self.slack >= self.error:
            return "holds"
        return "fails" if -self.slack > self.error and -self.slack > self._error_among_all() else "undecided"

    def _error_among_all(self) -> float:
        if not self.seeds or self.cases == 1:
            return self.error
        wider = t_factor(self.seeds, 1 - (1 - CONFIDENCE) / self.cases) - t_factor(self.seeds)
        return self.error + wider * self.standard_error


def at_most(
    case: str, number: SupportsFloat, limit: SupportsFloat, *, error: SupportsFloat = 0.0, unit: str = ""
) -> Reading:
    """The reading of a number that is not a mean over seeds and must not be above `limit`.

    Parameters
    ----------
    case
        Where the number was taken.
    number
        The number.
    limit
        The largest or smallest number that the claim allows.
    error
        Half of an interval that covers the true number.
    unit
        Unit of the number.

    Returns
    -------
    Reading
        The reading.
    """
    return Reading(case, float(number), float(error), "at most", float(limit), unit)


def at_least(
    case: str, number: SupportsFloat, limit: SupportsFloat, *, error: SupportsFloat = 0.0, unit: str = ""
) -> Reading:
    """The reading of a number that is not a mean over seeds and must not be below `limit`.

    Parameters
    ----------
    case
        Where the number was taken.
    number
        The number.
    limit
        The largest or smallest number that the claim allows.
    error
        Half of an interval that covers the true number.
    unit
        Unit of the number.

    Returns
    -------
    Reading
        The reading.
    """
    return Reading(case, float(number), float(error), "at least", float(limit), unit)


def over_seeds(
    case: str, per_seed: np.ndarray | PerSeed, limit: Limit, unit: str = "nats", *, numerical: float = 0.0
) -> Reading:
    """The reading of a mean over seeds.

    Parameters
    ----------
    case
        Where the number was taken, in a few words.
    per_seed
        One number per seed, (seed,), in `unit`; a seed whose number is NaN is left out and counted. A `PerSeed` adds its own
        numerical error. If one of its lanes has no bracketed minimum, the error is NaN and the case says so, because that
        lane's contribution is unknown.
    limit, unit
        The limit that the claim sets, and the unit of both.
    numerical
        Further numerical error of the mean, in `unit`.
    """
    seeds = per_seed if isinstance(per_seed, PerSeed) else PerSeed.exact(np.asarray(per_seed, dtype=float))
    found = estimate(seeds.values)
    error = t_factor(found.n) * found.standard_error + seeds.numerical_error() + numerical
    if missing := int(seeds.missing.sum()):
        case = f"{case}; {missing} of {seeds.lanes * len(seeds)} losses behind it have no bracketed minimum"
        error = math.nan
    return Reading(
        case, found.mean, error, limit.side, limit.value, unit, found.standard_error, found.n, found.left_out
    )


def above(
    case: str, per_seed: np.ndarray | PerSeed, limit: float = 0.0, unit: str = "nats", *, numerical: float = 0.0
) -> Reading:
    """A mean over seeds that must not be below `limit`.

    Parameters
    ----------
    case
        Where the numbers were taken.
    per_seed
        One number per seed.
    limit
        The limit of the mean.
    unit
        Unit of the numbers.
    numerical
        Numerical error that all seeds share.

    Returns
    -------
    Reading
        The reading.
    """
    return over_seeds(case, per_seed, Limit("at least", limit), unit, numerical=numerical)


def below(
    case: str, per_seed: np.ndarray | PerSeed, limit: float = 0.0, unit: str = "nats", *, numerical: float = 0.0
) -> Reading:
    """A mean over seeds that must not be above `limit`.

    Parameters
    ----------
    case
        Where the numbers were taken.
    per_seed
        One number per seed.
    limit
        The limit of the mean.
    unit
        Unit of the numbers.
    numerical
        Numerical error that all seeds share.

    Returns
    -------
    Reading
        The reading.
    """
    return over_seeds(case, per_seed, Limit("at most", limit), unit, numerical=numerical)


def negligible(
    case: str, per_seed: np.ndarray | PerSeed, limit: float = NEGLIGIBLE, unit: str = "nats", *, numerical: float = 0.0
) -> Reading:
    """A mean over seeds that must lie within ±`limit`.

    Parameters
    ----------
    case
        Where the numbers were taken.
    per_seed
        One number per seed.
    limit
        The limit of the mean.
    unit
        Unit of the numbers.
    numerical
        Numerical error that all seeds share.

    Returns
    -------
    Reading
        The reading.
    """
    return over_seeds(case, per_seed, Limit("within", limit), unit, numerical=numerical)


def each(limit: Limit, by_name: Mapping[str, np.ndarray], unit: str = "nats", *, case: str = "") -> tuple[Reading, ...]:
    """One reading per entry of `by_name`, whose key says where it was taken.

    Parameters
    ----------
    limit
        Where the claim says that the numbers lie.
    by_name
        Numbers per seed, by where they were taken.
    unit
        Unit of the numbers.
    case
        Words that precede every name.

    Returns
    -------
    tuple of Reading
        The readings.
    """
    return tuple(
        over_seeds(", ".join(filter(None, (case, name))), per_seed, limit, unit) for name, per_seed in by_name.items()
    )

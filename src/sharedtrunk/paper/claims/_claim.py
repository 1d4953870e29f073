"""A claim that takes its own measurements: with a function from a seed to evidence."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sharedtrunk.paper import ledger


@dataclass(frozen=True)
class Claim(ledger.Claim):
    """A claim of the ledger and the function (seed, thorough) → evidence that measures it.

    `seconds` is about what the measurement takes: the longest start first. Claims of one `bundle` share trainings, so one
    worker measures them one after the other.
    """

    measure: Callable[[int, bool], ledger.Evidence] = field(repr=False, compare=False)
    seconds: float = field(default=1.0, kw_only=True)
    bundle: str = field(default="", kw_only=True)

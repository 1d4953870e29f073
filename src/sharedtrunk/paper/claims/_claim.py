"""A claim of the paper, and the evidence that decides it.

A *claim* is a statement with its hypotheses and a measurement. The measurement returns *evidence*: readings taken *within*
the claim's condition, readings *beyond* it where the statement's own hypotheses still hold, and readings of what is true
*instead*. The verdict follows from the evidence alone (`sharedtrunk.paper.claims.verdict`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from sharedtrunk._support.statistics import CONFIDENCE
from sharedtrunk.errors import invalid
from sharedtrunk.paper.claims._reading import Limit, Reading, each


@dataclass(frozen=True)
class Evidence:
    """The readings of one claim; each of the three groups is judged together.

    Parameters
    ----------
    within
        Readings within the claim's condition: they decide between *holds* and *fails*.
    beyond
        Readings beyond the condition, where the hypotheses still hold: they decide between *holds* and *holds only if*.
    instead
        Readings of what is true where the claim fails.

    Raises
    ------
    InputError
        Where there is no reading within the condition.
    """

    within: tuple[Reading, ...]
    beyond: tuple[Reading, ...] = ()
    instead: tuple[Reading, ...] = ()

    def __post_init__(self):
        if not self.within:
            raise invalid("Evidence needs a reading within the claim's condition", received="none", hint="Take one")
        for group in ("within", "beyond", "instead"):
            object.__setattr__(self, group, _judged_together(getattr(self, group)))


def _judged_together(readings: tuple[Reading, ...]) -> tuple[Reading, ...]:
    """The readings; each mean over seeds among them has as `cases` the number of such means."""
    cases = sum(reading.seeds is not None for reading in readings)
    return tuple(reading if reading.seeds is None else replace(reading, cases=cases) for reading in readings)


@dataclass(frozen=True)
class Claim:
    """A statement in our words, its hypotheses, and how it is measured.

    Parameters
    ----------
    key
        The name that commands and files use.
    source
        The number of the equation, the section, the figure or the erratum.
    statement, hypotheses, method
        What the claim says, under which assumptions, and how it is measured.
    measure
        Measures and returns evidence. Its arguments are (seed, thorough) for a claim about an equation, the benefits of its
        figures by name for a claim about a caption, and the dataset or benefit that a figure hands over for a claim of that
        figure. Raises `NotMeasured` where something is missing. None where the claim was read from a file.
    condition
        Completes *holds only if …*; every claim with readings beyond its condition has one.
    truth
        What the readings `instead` show, in words.
    figures
        The figures whose stored datasets decide; empty for a claim that takes its own measurements.
    limit, unit
        Where all readings lie if the claim is true, for the claims of a figure.
    seconds, bundle
        About how long the measurement takes, and a name shared by claims that use the same trainings: one worker measures
        all claims of a bundle.
    """

    key: str
    source: str
    statement: str
    hypotheses: str
    method: str
    measure: Callable[..., Evidence] | None = field(default=None, repr=False, compare=False)
    condition: str = field(default="", kw_only=True)
    truth: str = field(default="", kw_only=True)
    figures: tuple[str, ...] = field(default=(), kw_only=True)
    limit: Limit | None = field(default=None, kw_only=True)
    unit: str = field(default="", kw_only=True)
    seconds: float = field(default=1.0, kw_only=True)
    bundle: str = field(default="", kw_only=True)


def figure_claim(
    key: str,
    statement: str,
    limit: Limit,
    cases: Callable[[Any], Mapping[str, np.ndarray]],
    unit: str = "nats",
    *,
    source: str = "",
) -> Claim:
    """A claim of a figure: every case, a mean over seeds, lies where `limit` says.

    Parameters
    ----------
    key, statement, source
        See `Claim`.
    limit
        Where the claim says that its numbers lie.
    cases
        From a benefit (or whatever else the figure hands over) to one number per seed for every case, in `unit`. It raises
        `NotMeasured` where a value is missing.
    unit
        Unit of the numbers.
    """
    method = (
        f"two-sided {CONFIDENCE:.0%} t-interval over seeds wholly {limit.in_words(unit)}; "
        "fails if one lies wholly outside, at that confidence for all cases together"
    )

    def measure(measured: Any) -> Evidence:
        return Evidence(within=each(limit, cases(measured), unit))

    return Claim(key, source, statement, "", method, measure, limit=limit, unit=unit)

"""The texts that stand for a missing value, in files, arrays and data frames alike.

An empty text always stands for one. So do the usual texts below, unless the user names other texts instead. Where only
numbers such as -999 are named, the usual texts still count. Some of these can also be a class (severity None, Mild or
Severe), so the table's notes count a task's texts that were taken for missing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from sharedtrunk._support.words import counted, shown
from sharedtrunk.errors import invalid

USUAL_TEXTS = (
    "NA", "na", "N/A", "n/a", "#N/A", "<NA>", "<na>", "NaN", "nan", "NAN", "null", "NULL", "None", "none", "NONE", "?", ".",
)  # fmt: skip
"""How R, pandas, NumPy, SQL, JSON, Python, spreadsheets, the UCI repository, SAS and Stata spell a missing value."""

HINT = "name the texts that do mean missing: --missing TEXT (in Python missing=[TEXT])"


@dataclass(frozen=True)
class MissingTexts:
    """The texts that stand for a missing value, in exactly this spelling; blanks around a text do not count."""

    texts: frozenset[str]

    def __contains__(self, text: str) -> bool:
        stripped = text.strip()
        return not stripped or stripped in self.texts

    @cached_property
    def numbers(self) -> dict[str, int | float]:
        """The texts that are finite numbers, such as −999; in columns of numbers these numbers are missing values too."""
        found: dict[str, int | float] = {}
        for text in sorted(self.texts):
            try:
                value = float(text)
            except ValueError:
                continue
            if np.isfinite(value) and "_" not in text:  # Python reads 1_000 as a number, the user may not
                found[text] = int(text) if abs(value) <= 2**64 and text.lstrip("+-").isdecimal() else value
        return found


def missing_texts(given: Any) -> MissingTexts:
    """The text or texts that the user names; None, and numbers alone: the usual ones too.

    Raises `InputError` for anything but texts.
    """
    given = USUAL_TEXTS if given is None else given
    several = isinstance(given, Iterable) and not isinstance(given, str)
    texts = set()
    for text in given if several else (given,):
        if not isinstance(text, str):
            hint = "Put it in quotes; None, NaN and empty texts are missing anyway."
            raise invalid("only texts can be named as missing values", received=shown(text), hint=hint)
        texts.add(text.strip())
    named = MissingTexts(frozenset(texts))
    return MissingTexts(named.texts.union(USUAL_TEXTS)) if texts and len(named.numbers) == len(texts) else named


USUAL = missing_texts(None)


def without_missing_numbers(
    values: np.ndarray, missing: np.ndarray, texts: MissingTexts
) -> tuple[np.ndarray, dict[str, int]]:
    """The mask (sample,) of numbers that are missing or named in `texts`, and how often each of the named ones occurs."""
    times = {}
    for text, number in texts.numbers.items() if values.dtype.kind in "iuf" else ():
        named = (values == number) & ~missing
        if named.any():
            times[text] = int(named.sum())
            missing = missing | named
    return missing, times


def missing_note(name: str, times: Mapping[str, int]) -> str:
    """The note on texts of a task that were taken for missing labels."""
    cells = " and ".join(f"{counted(number, 'cell')} {shown(text)}" for text, number in times.items())
    return f"{shown(name)}: {cells} were taken for missing; if that is a class, {HINT}."

"""From the texts of a CSV file to columns, in pieces, so that a large file never stands in memory as texts.

A piece whose texts are all numbers (or missing) is kept as numbers. The words for missing are the empty text, NA, N/A,
NaN, null, None and ?, in any case. A column of numbers only is numeric; true and false only, Boolean; anything else is text.
"""

import numpy as np

from sharedtrunk.tables._column import Column
from sharedtrunk.tables._limits import MOST_DISTINCT_TEXTS

_MISSING = frozenset({"", "na", "n/a", "#n/a", "<na>", "nan", "null", "none", "?"})
_BOOLEAN = {"true": True, "false": False}
_LATER = "(later texts)"


class Gatherer:
    """Collects one column's texts piece by piece; `keep` (labels) keeps each text as it is written."""

    def __init__(self, name: str, *, keep: bool = False) -> None:
        self._name = name
        self._keep = keep
        self._pieces: list[np.ndarray] = []
        self._texts: dict[str, str] = {}

    def add(self, texts: list[str]) -> None:
        numbers = None if self._keep else parsed(texts)
        self._pieces.append(np.array([self._shared(text) for text in texts], object) if numbers is None else numbers)

    def finish(self) -> Column:
        """The column of all pieces."""
        if all(piece.dtype.kind == "f" for piece in self._pieces):
            return _numeric(self._name, np.concatenate([np.zeros(0), *self._pieces]))
        texts = np.concatenate([piece if piece.dtype.kind == "O" else _written(piece) for piece in self._pieces])
        missing = np.array([text is None for text in texts])
        return _narrowed(self._name, texts, missing)

    def _shared(self, text: str) -> str | None:
        # One object for equal texts: a category of a million rows costs a pointer each.
        text = text.strip()
        if text.lower() in _MISSING:
            return None
        if self._keep or len(self._texts) < MOST_DISTINCT_TEXTS:
            return self._texts.setdefault(text, text)
        return self._texts.get(text, _LATER)


def parsed(texts: list[str]) -> np.ndarray | None:
    """The texts as numbers, NaN where missing; None where one of them is neither."""
    if "_" in "".join(texts):  # Python reads 1_000 as a number, the user may not
        return None
    try:
        return np.array([float(text) for text in texts])
    except ValueError:
        pass
    try:
        return np.array([np.nan if text.strip().lower() in _MISSING else float(text) for text in texts])
    except ValueError:
        return None


def _numeric(name: str, values: np.ndarray) -> Column:
    return Column(name, values, np.isnan(values))


def _written(numbers: np.ndarray) -> np.ndarray:
    """Numbers of a column that turned out to hold words: as short texts."""
    return np.array([None if np.isnan(value) else f"{value:.17g}" for value in numbers], object)


def _narrowed(name: str, texts: np.ndarray, missing: np.ndarray) -> Column:
    present = texts[~missing].tolist()
    numbers = parsed(present)
    if numbers is not None:
        values = np.full(len(texts), np.nan)
        values[~missing] = numbers
        return _numeric(name, values)
    if all(text.lower() in _BOOLEAN for text in set(present)):
        values = np.array([False if text is None else _BOOLEAN[text.lower()] for text in texts])
        return Column(name, values, missing)
    return Column(name, texts, missing)

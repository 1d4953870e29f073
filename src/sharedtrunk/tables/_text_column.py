"""From the texts of a CSV file to columns, in pieces, so that a large file is never in memory as texts.

A piece of a feature whose texts are all numbers or missing is stored as numbers. A column with only numbers is numeric, one
with only true and false is Boolean, and any other is text. Labels that differ as texts stay different: if "01" and "1" both
occur, they are two classes and not one number.
"""

import re
from collections import Counter

import numpy as np

from sharedtrunk._support.words import shown
from sharedtrunk.errors import invalid
from sharedtrunk.tables._column import Column, numeric_column
from sharedtrunk.tables._limits import MOST_DISTINCT_TEXTS
from sharedtrunk.tables._missing import USUAL, MissingTexts
from sharedtrunk.tables._notation import PLAIN, Notation

_BOOLEAN = {"true": True, "false": False}
LATER_TEXTS = "(later texts)"
"""Stands in a feature for every text that is not remembered, because `MOST_DISTINCT_TEXTS` others came before it."""

_WHOLE = re.compile(r"-?[1-9][0-9]{0,299}|0")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_EXACT = 2**53
"""Up to here, different whole numbers are different floats."""


class TextColumn:
    """Collects one column's texts piece by piece; a `label` column stores each text as it is written."""

    def __init__(
        self, name: str, *, label: bool = False, missing: MissingTexts = USUAL, notation: Notation = PLAIN
    ) -> None:
        self._name = name
        self._label = label
        self._missing = missing
        self._notation = notation
        self._missing_may_be_numbers = any(_only_in(notation, text) for text in missing.texts)
        self._pieces: list[np.ndarray] = []
        self._shared_texts: dict[str, str] = {}
        self._missing_counts: Counter[str] = Counter()
        self._forgotten = False

    def add(self, texts: list[str]) -> None:
        numbers = None if self._label else self._numbers(texts)
        self._pieces.append(np.array([self._stored(text) for text in texts], object) if numbers is None else numbers)

    def finish(self) -> Column:
        """The column of all pieces."""
        if all(piece.dtype.kind == "f" for piece in self._pieces):
            values = np.concatenate([np.zeros(0), *self._pieces])
            return self._numeric(values, np.isnan(values))
        texts = np.concatenate([piece if piece.dtype.kind == "O" else _as_texts(piece) for piece in self._pieces])
        missing = np.array([text is None for text in texts])
        present = texts[~missing].tolist()
        spellings = set(present)
        numbers = self._label_numbers(spellings) if self._label else self._notation.parsed(list(spellings))
        if numbers is not None:
            number_of = dict(zip(spellings, numbers.tolist(), strict=True))
            values = np.zeros(len(texts), numbers.dtype)
            values[~missing] = [number_of[text] for text in present]
            return self._numeric(values, missing | (values != values))
        if not self._label and self._notation != PLAIN:
            texts = self._written_plainly(texts, spellings)
            spellings = set(texts[~missing].tolist())
        booleans = {_BOOLEAN.get(text.lower()) for text in spellings}
        if None not in booleans and (len(booleans) == len(spellings) or not self._label):
            texts = np.array([False if text is None else _BOOLEAN[text.lower()] for text in texts])
        return Column(self._name, texts, missing, missing_texts=self._missing_counts, forgotten_texts=self._forgotten)

    def _numeric(self, values: np.ndarray, missing: np.ndarray) -> Column:
        found = numeric_column(self._name, values, missing, self._missing)
        return Column(self._name, values, found.missing, missing_texts={**self._missing_counts, **found.missing_texts})

    def _numbers(self, texts: list[str]) -> np.ndarray | None:
        numbers = None if self._missing_may_be_numbers else self._notation.parsed(texts)
        if numbers is None:
            present = self._notation.parsed([text for text in texts if text not in self._missing])
            if present is None:
                return None
            numbers = np.full(len(texts), np.nan)
            numbers[[text not in self._missing for text in texts]] = present
            self._missing_counts.update(text.strip() for text in texts if text.strip() and text in self._missing)
        return numbers

    def _stored(self, text: str) -> str | None:
        # Equal texts share one object, so a category of a million rows costs one pointer per row.
        text = text.strip()
        if text in self._missing:
            if text:
                self._missing_counts[text] += 1
            return None
        if self._label or len(self._shared_texts) < MOST_DISTINCT_TEXTS:
            return self._shared_texts.setdefault(text, text)
        remembered = self._shared_texts.get(text)
        self._forgotten |= remembered is None
        return LATER_TEXTS if remembered is None else remembered

    def _label_numbers(self, texts: set[str]) -> np.ndarray | None:
        """Labels as numbers in the order of the set, whole ones exactly; None if two texts would become one number."""
        if all(_WHOLE.fullmatch(text) for text in texts):
            whole = [int(text) for text in texts]
            return np.array(whole, np.int64 if all(-(2**63) <= value < 2**63 for value in whole) else object)
        numbers = self._notation.parsed(list(texts))
        if numbers is None or np.isnan(numbers).any() or len(np.unique(numbers)) < len(texts):
            return None
        if any(_LEADING_ZERO.fullmatch(text) or (_WHOLE.fullmatch(text) and abs(int(text)) > _EXACT) for text in texts):
            return None
        return numbers

    def _written_plainly(self, texts: np.ndarray, spellings: set[str]) -> np.ndarray:
        """The texts, in which numbers with a decimal comma are written as in the pieces that held only numbers."""
        strange = [text for text in spellings if self._notation.parsed([text]) is None and text != LATER_TEXTS]
        if strange and parsed(strange) is not None:
            received = f"{shown(min(strange))} in column {shown(self._name)}, where numbers have {self._notation.words}"
            hint = "Name the decimal mark (--decimal . or --decimal ,), or leave the column out (--drop COLUMN)."
            raise invalid("numbers in a file have one notation", received=received, hint=hint)
        plain = {text: _plain(self._notation, text) for text in spellings if _only_in(self._notation, text)}
        return np.array([plain.get(text, text) for text in texts], object)


def parsed(texts: list[str]) -> np.ndarray | None:
    """The texts as numbers in Python's notation, NaN included; None if one of them is not a number."""
    return PLAIN.parsed(texts)


def _only_in(notation: Notation, text: str) -> bool:
    """Whether a text is a number in this notation, and none in Python's."""
    return notation != PLAIN and PLAIN.parsed([text]) is None and notation.parsed([text]) is not None


def _plain(notation: Notation, text: str) -> str:
    numbers = notation.parsed([text])
    assert numbers is not None
    return f"{numbers[0]:.17g}"


def _as_texts(numbers: np.ndarray) -> np.ndarray:
    """The numbers of a column that turned out to hold words, as short texts."""
    return np.array([None if np.isnan(value) else f"{value:.17g}" for value in numbers], object)

"""How a file writes its numbers: 1.5 and 1,234.5, or with a decimal comma 1,5 and 1.234,5.

Python's own notation (`PLAIN`) has a decimal point and nothing between thousands. `detected_notation` chooses another only
if a column proves it: "0,5" has a decimal comma, "1.234,5" and "1.234.567" have dots between thousands, and "1,234" alone
proves nothing. Blanks and apostrophes between groups of three digits (1 234,5 in French, 1'234.5 in Swiss files) can mean
nothing else, so every notation but the plain one allows them.
"""

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

_BLANKS = " \u00a0\u202f'"
"""What stands between thousands and never before decimals: blank, no-break blank, narrow no-break blank, apostrophe."""


@dataclass(frozen=True)
class Notation:
    """The decimal mark, and the marks that may stand between groups of three digits."""

    decimal: str = "."
    groups: str = ""

    def parsed(self, texts: list[str]) -> np.ndarray | None:
        """The texts as numbers, NaN included; None if one of them is not a number."""
        joined = "".join(texts)
        if "_" in joined:  # Python reads 1_000 as a number, the user may not
            return None
        if any(mark in joined for mark in self.groups):
            texts = [self._without_groups(text) for text in texts]
        if self.decimal == ",":
            if any("." in text for text in texts):
                return None
            texts = [text.replace(",", ".") for text in texts]
        try:
            return np.array([float(text) for text in texts])
        except ValueError:
            return None

    def proven_by(self, texts: Iterable[str]) -> bool:
        """Whether one of these numbers cannot be read with the other decimal mark."""
        thousands = re.compile(rf"[-+]?[1-9][0-9]{{0,2}}(\{self.decimal}[0-9]{{3}})+")
        return any(
            (self.decimal in text and (self._other in text or not thousands.fullmatch(text)))
            or text.count(self._other) > 1
            for text in texts
        )

    @property
    def words(self) -> str:
        """The notation in words, as in "Numbers have a decimal comma"."""
        mark = "a decimal comma" if self.decimal == "," else "a decimal point"
        between = "dots" if self.decimal == "," else "commas"
        return f"{mark} and {between} between thousands" if self._other in self.groups else mark

    @property
    def _other(self) -> str:
        """The mark that the other notation has before decimals."""
        return "." if self.decimal == "," else ","

    @cached_property
    def _grouped(self) -> re.Pattern[str]:
        marks = re.escape(self.groups)
        return re.compile(
            rf"[-+]?[1-9][0-9]{{0,2}}([{marks}])[0-9]{{3}}(?:\1[0-9]{{3}})*(?:\{self.decimal}[0-9]*)?(?:[eE][-+]?[0-9]+)?"
        )

    def _without_groups(self, text: str) -> str:
        found = self._grouped.fullmatch(text.strip())
        return text.replace(found[1], "") if found else text


PLAIN = Notation()


def given_notation(decimal: str) -> Notation:
    """The notation of a user who names the decimal mark: the other mark can only stand between thousands."""
    return Notation(decimal, _BLANKS + ("." if decimal == "," else ","))


def detected_notation(columns: Iterable[list[str]], missing: Container[str], *, comma: bool) -> Notation:
    """The notation that the first texts of the columns prove; plain where nothing or both decimal marks are proven.

    `comma`: whether a decimal comma is possible, which it is not where a comma separates the fields.
    """
    odd, commas_can_win = [], comma
    for texts in columns:
        if not comma and "," not in "".join(texts):  # an ordinary column of an ordinary file takes no time
            continue
        present = [text.strip() for text in texts if text not in missing]
        if PLAIN.parsed(present) is None:
            odd.append(present)
        elif commas_can_win:
            commas_can_win = not PLAIN.proven_by(present)
    points, commas = (_numbers_proving(given_notation(mark), odd) for mark in ".,")
    if points:
        return PLAIN if commas and comma else _least_marks(given_notation("."), points)
    return _least_marks(given_notation(","), commas) if commas and commas_can_win else PLAIN


def _numbers_proving(notation: Notation, columns: list[list[str]]) -> list[list[str]]:
    return [texts for texts in columns if notation.parsed(texts) is not None and notation.proven_by(texts)]


def _least_marks(notation: Notation, columns: list[list[str]]) -> Notation:
    """The notation, in which "1.234" is a thousand only if some number proves that the mark stands between thousands."""
    blanks = Notation(notation.decimal, _BLANKS)
    return blanks if all(blanks.parsed(texts) is not None for texts in columns) else notation

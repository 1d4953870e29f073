"""Columns by name or by pattern: in `bit*` and `*_id` the star stands for any text. Brackets and question marks are plain
characters, because they occur in the names of columns.
"""

import fnmatch
import re
from collections.abc import Collection, Sequence

from sharedtrunk._support.words import closest, shown
from sharedtrunk.errors import InputError, invalid


def matching(what: str, patterns: Sequence[str], names: Sequence[str], tasks: Sequence[str]) -> set[str]:
    """The names, tasks not among them, that one of the patterns matches.

    `what` says in the plural what the patterns choose. Raises `InputError` for a pattern without a match.
    """
    found, others = set(), [name for name in names if name not in tasks]
    for pattern in patterns:
        matched = chosen(pattern, others)
        if not matched:
            raise _no_match(what, pattern, names, tasks)
        found |= matched
    return found


def chosen(pattern: str, names: Collection[str]) -> set[str]:
    """The names that a pattern matches; one that is itself a name means only that."""
    return {pattern} & set(names) or {name for name in names if _matches(pattern, name)}


def _matches(pattern: str, name: str) -> bool:
    return fnmatch.fnmatchcase(name, re.sub(r"[?[]", r"[\g<0>]", pattern))


def _no_match(what: str, pattern: str, names: Sequence[str], tasks: Sequence[str]) -> InputError:
    reason = "is not one"
    if "*" in pattern:
        reason = "matches tasks only" if any(_matches(pattern, name) for name in tasks) else "matches none"
    hint = closest(pattern.replace("*", ""), names)
    return invalid(f"{what} are columns of the table", received=f"{shown(pattern)}, which {reason}", hint=hint)

"""A suggested grouping of tasks, one trunk per group, from their directed pairwise benefits.

A task's benefit in a group is the mean over its partners, as in Fifty et al. (2021) for groups beyond pairs; the grouping
with the largest total is suggested. A pair's gain is its mean benefit minus one standard error, but at most 0 unless its
verdict, corrected for all pairs, is "helps": otherwise chance would group tasks that do not help each other.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from sharedtrunk.affinity._records import Effect
from sharedtrunk.affinity._verdicts import HELPS

Groups = tuple[tuple[str, ...], ...]

MOST_TASKS_EXACT = 8
"""Up to this many tasks every partition is tried (4,140); with more, groups are merged one by one."""


def suggested_groups(tasks: Sequence[str], effects: Mapping[tuple[str, str], Effect]) -> Groups:
    """The partition of `tasks` with the largest total benefit. A task that is part of no significant gain stays alone."""
    gain = {pair: _cautious(effect) for pair, effect in effects.items()}
    if len(tasks) <= MOST_TASKS_EXACT:
        return max(_partitions(tuple(tasks)), key=lambda groups: (_total(groups, gain), len(groups)))
    return _merged(tuple((task,) for task in tasks), gain)


def _cautious(effect: Effect) -> float:
    value = float(effect.benefit.mean - effect.benefit.standard_error)
    if not np.isfinite(value):
        return -np.inf
    return value if effect.verdict == HELPS else min(value, 0.0)


def _total(groups: Groups, gain: Mapping[tuple[str, str], float]) -> float:
    return sum(
        (
            float(np.mean([gain[main, other] for other in group if other != main]))
            for group in groups
            if len(group) > 1
            for main in group
        ),
        start=0.0,
    )


def _partitions(tasks: tuple[str, ...]) -> Iterator[Groups]:
    if not tasks:
        yield ()
        return
    first, rest = tasks[0], tasks[1:]
    for smaller in _partitions(rest):
        yield ((first,), *smaller)
        for index, group in enumerate(smaller):
            yield (*smaller[:index], (first, *group), *smaller[index + 1 :])


def _merged(groups: Groups, gain: Mapping[tuple[str, str], float]) -> Groups:
    """Merge the two groups that gain most by merging, as long as any two gain."""
    while len(groups) > 1:
        pairs = [(a, b) for index, a in enumerate(groups) for b in groups[index + 1 :]]
        merged = [(*(group for group in groups if group not in pair), pair[0] + pair[1]) for pair in pairs]
        best = max(merged, key=lambda candidate: _total(candidate, gain))
        if not _total(best, gain) > _total(groups, gain):
            break
        groups = best
    return groups

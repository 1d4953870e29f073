"""What the paper sums up: the four rows of Table 1 and the three observations of section 4.5, by simulated benefits."""

import numpy as np

from sharedtrunk.claims._claim import Claim, Evidence
from sharedtrunk.claims._lanes import BUNDLE, HOPELESS, NEGLIGIBLE, STRONG, WEAK, Grid, above, below, none, simulated

N = 800
LEARNABLE = (1.0, 3.0, 10.0)
"""Main tasks that can be learned to some degree; `HOPELESS` ones cannot."""

_MEAN = f"mean over s̄_A = {', '.join(f'{s:g}' for s in LEARNABLE)}"


def _rise(grid: Grid, s_aux: float, low: float, high: float) -> np.ndarray:
    return grid.at(LEARNABLE, s_aux, high) - grid.at(LEARNABLE, s_aux, low)


def _by_signal(grid: Grid, relatedness: float) -> tuple[str, np.ndarray]:
    """Strong minus weak auxiliary task."""
    change = grid.at(LEARNABLE, STRONG, relatedness) - grid.at(LEARNABLE, WEAK, relatedness)
    return f"benefit at s̄_B = {STRONG:g} minus at {WEAK:g}, r = {relatedness:g}, {_MEAN}, N = {N}", change


def _unrelated(seed: int, thorough: bool) -> Evidence:
    def size(samples: int, s_main: float, s_aux: float):
        benefit = simulated(samples, seed, thorough).at(s_main, s_aux, 0.0)
        return none(f"benefit, s̄_A = {s_main:g}, s̄_B = {s_aux:g}, N = {samples}", benefit)

    return Evidence(
        within=tuple(size(samples, HOPELESS, s_aux) for samples in (100, N) for s_aux in (WEAK, STRONG)),
        beyond=(size(N, 1.0, STRONG), size(N, 10.0, STRONG)),
    )


def _signal(seed: int, thorough: bool) -> Evidence:
    grid = simulated(N, seed, thorough)
    return Evidence(
        within=(above(*_by_signal(grid, 1.0), NEGLIGIBLE),),
        beyond=(above(*_by_signal(grid, 0.1), NEGLIGIBLE),),
        instead=(above(*_by_signal(grid, 0.5), 0.0), below(*_by_signal(grid, 0.0), 0.0)),
    )


def _weak_relation(seed: int, thorough: bool) -> Evidence:
    grid = simulated(N, seed, thorough)

    def slope(s_aux: float):
        case = f"slope on r between 0.1 and 0.25, s̄_B = {s_aux:g}, {_MEAN}, N = {N}"
        return above(case, _rise(grid, s_aux, 0.1, 0.25) / 0.15, NEGLIGIBLE, "nats per unit r")

    return Evidence(within=(slope(STRONG),), beyond=(slope(WEAK),))


def _abundant(seed: int, thorough: bool) -> Evidence:
    grid = simulated(1600, seed, thorough)

    def size(s_main: float, s_aux: float, relatedness: float):
        case = f"benefit, s̄_A = {s_main:g}, s̄_B = {s_aux:g}, r = {relatedness:g}, N = 1600"
        return none(case, grid.at(s_main, s_aux, relatedness))

    return Evidence(
        within=(size(HOPELESS, STRONG, 1.0), size(HOPELESS, STRONG, 0.0), size(HOPELESS, WEAK, 1.0)),
        beyond=(size(1.0, STRONG, 1.0), size(10.0, STRONG, 1.0), size(1.0, STRONG, 0.0)),
    )


def _increases(seed: int, thorough: bool) -> Evidence:
    grid = simulated(N, seed, thorough)

    def rise(s_aux: float):
        case = f"benefit at r = 1 minus at r = 0, s̄_B = {s_aux:g}, {_MEAN}, N = {N}"
        return above(case, _rise(grid, s_aux, 0.0, 1.0), NEGLIGIBLE)

    words, change = _by_signal(grid, 0.1)
    related, more = _by_signal(grid, 1.0)
    return Evidence(
        within=(rise(STRONG), above(related, more, NEGLIGIBLE)), beyond=(rise(WEAK), above(words, change, NEGLIGIBLE))
    )


def _destructive(seed: int, thorough: bool) -> Evidence:
    grid = simulated(N, seed, thorough)

    def at(s_aux: float) -> tuple[str, np.ndarray]:
        return f"benefit, r = 0, s̄_B = {s_aux:g}, {_MEAN}, N = {N}", grid.at(LEARNABLE, s_aux, 0.0)

    return Evidence(
        within=(below(*at(STRONG), 0.0), none(*at(WEAK))),
        instead=(below(*at(WEAK), 0.0), below(*_by_signal(grid, 0.0), 0.0)),
    )


def _base_level(seed: int, thorough: bool) -> Evidence:
    few, some, many = (simulated(samples, seed, thorough) for samples in (100, N, 1600))

    def helped(grid: Grid, s_main: float) -> np.ndarray:
        return grid.at(s_main, STRONG, 1.0)

    def fading(s_main: float):
        later = helped(many, s_main)
        case = f"benefit at N = 1600 minus at N = {N}, s̄_A = {s_main:g}"
        return below(case, later - helped(some, s_main)[: len(later)], 0.0)

    return Evidence(
        within=(
            none(f"benefit, s̄_A = {HOPELESS:g}, N = 100", helped(few, HOPELESS)),
            above(f"benefit, s̄_A = 10, N = {N}", helped(some, 10.0), NEGLIGIBLE),
            fading(10.0),
        ),
        beyond=(fading(1.0),),
        instead=(above("benefit at N = 100 already, s̄_A = 10", helped(few, 10.0), NEGLIGIBLE),),
    )


_STANDARD = "standard problem, oracle stopping"
_BY = f"simulated benefits, mean over seeds of paired differences; none means below {NEGLIGIBLE:g} nats"

CLAIMS = (
    Claim(
        key="table-1a",
        source="Table 1(a)",
        statement="an unrelated auxiliary task (r = 0) brings no benefit and does no harm, whatever its SNR and the data",
        hypotheses=_STANDARD,
        method=_BY,
        measure=_unrelated,
        condition=f"the main task is too noisy to be learned (s̄_A = {HOPELESS:g})",
        seconds=1.0,
        bundle=BUNDLE,
    ),
    Claim(
        key="table-1b",
        source="Table 1(b)",
        statement="for r > 0 the benefit grows with the auxiliary task's SNR",
        hypotheses=_STANDARD,
        method=f"{_BY}; strong minus weak auxiliary task; to grow means by {NEGLIGIBLE:g} nats or more",
        measure=_signal,
        condition="the tasks are closely related (r = 1, not 0.1)",
        truth="the effect changes sign: a strong signal helps from about r = 0.5 on, and does harm at r = 0",
        seconds=25.0,
        bundle=BUNDLE,
    ),
    Claim(
        key="table-1c",
        source="Table 1(c)",
        statement="with limited data and small r the benefit grows with r, whatever the auxiliary task's SNR",
        hypotheses=_STANDARD + f", 0 < r ≪ 1, N = {N}",
        method=f"slope between r = 0.1 and 0.25, mean over seeds; to grow means by {NEGLIGIBLE:g} nats per unit r or more",
        measure=_weak_relation,
        condition=f"the auxiliary task has a signal (s̄_B = {STRONG:g}, not {WEAK:g})",
        seconds=1.0,
        bundle=BUNDLE,
    ),
    Claim(
        key="table-1d",
        source="Table 1(d)",
        statement="with abundant data the benefit is small, whatever relatedness and SNR",
        hypotheses=_STANDARD + ", N = 1,600; infinite data are the row of (37)",
        method=_BY,
        measure=_abundant,
        condition=f"the main task is too noisy to be learned (s̄_A = {HOPELESS:g})",
        seconds=20.0,
        bundle=BUNDLE,
    ),
    Claim(
        key="observation-1",
        source="4.5, observation 1",
        statement="the benefit grows with relatedness and with the auxiliary task's SNR",
        hypotheses=_STANDARD + f", N = {N}",
        method=f"{_BY}; to grow means by {NEGLIGIBLE:g} nats or more",
        measure=_increases,
        condition="the auxiliary task has a signal (for relatedness to matter) and is related (for its signal to help)",
        seconds=1.0,
        bundle=BUNDLE,
    ),
    Claim(
        key="observation-2",
        source="4.5, observation 2",
        statement="unrelated auxiliary tasks of high SNR do harm, noisy ones are ignored",
        hypotheses=_STANDARD + f", r = 0, N = {N}",
        method=_BY,
        measure=_destructive,
        truth="both do harm, the clean one more",
        seconds=1.0,
        bundle=BUNDLE,
    ),
    Claim(
        key="observation-3",
        source="4.5, observation 3",
        statement="the main task needs a certain base performance before multitask learning helps, and the help fades as "
        "data become many",
        hypotheses=_STANDARD + f", identical tasks, s̄_B = {STRONG:g}",
        method=_BY,
        measure=_base_level,
        condition="the main task is clean (s̄_A = 10) for the help to fade; at s̄_A = 1 it still grows at N = 1,600",
        truth="100 points of a clean main task are base performance enough",
        seconds=10.0,
        bundle=BUNDLE,
    ),
)

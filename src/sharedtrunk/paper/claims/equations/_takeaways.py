"""The paper's own summary, tested by simulated benefits: the four rows of Table 1 and the observations of section 4.5."""

from sharedtrunk.paper.claims import Claim, Evidence, PerSeed, above, below, negligible
from sharedtrunk.paper.claims.equations._simulated_benefits import (
    BUNDLE,
    LEARNABLE_MAINS,
    NOISE_ONLY,
    STRONG,
    WEAK,
    Grid,
    low_mains,
    simulated,
)
from sharedtrunk.paper.contrasts import HOPELESS, LOW_SNR, NEGLIGIBLE

N = 800
"""Number of training points of claims that do not name one."""
_MEAN = f"mean over s̄_A = {', '.join(f'{s:g}' for s in LEARNABLE_MAINS)}"


def _rise(grid: Grid, s_aux: float, low: float, high: float) -> tuple[str, PerSeed]:
    """The change of the benefit from one relatedness to a higher one, with its case."""
    change = grid.at(LEARNABLE_MAINS, s_aux, high) - grid.at(LEARNABLE_MAINS, s_aux, low)
    return f"benefit at r = {high:g} minus at r = {low:g}, s̄_B = {s_aux:g}, {_MEAN}, N = {N}", change


def _by_signal(grid: Grid, relatedness: float) -> tuple[str, PerSeed]:
    """The benefit beside a strong auxiliary task minus that beside a weak one, with its case."""
    change = grid.at(LEARNABLE_MAINS, STRONG, relatedness) - grid.at(LEARNABLE_MAINS, WEAK, relatedness)
    return f"benefit at s̄_B = {STRONG:g} minus at {WEAK:g}, r = {relatedness:g}, {_MEAN}, N = {N}", change


def _sizes(seed: int, thorough: bool, samples: int, cells):
    """Readings that the benefit is negligible, at every (s̄_A, s̄_B, r) of `cells`."""

    def reading(s_main: float, s_aux: float, relatedness: float):
        grid = simulated(samples, seed, thorough)
        if s_main not in grid.s_main:
            grid = low_mains(samples, seed, thorough)
        case = f"benefit, s̄_A = {s_main:g}, s̄_B = {s_aux:g}, r = {relatedness:g}, N = {samples}"
        return negligible(case, grid.at(s_main, s_aux, relatedness))

    return tuple(reading(*cell) for cell in cells)


_LOW_MAINS = tuple((s_main, s_aux) for s_main in (HOPELESS, LOW_SNR) for s_aux in (WEAK, STRONG))
UNRELATED = (
    (100, _LOW_MAINS, ((1.0, STRONG), (10.0, STRONG))),
    (N, _LOW_MAINS, ((1.0, STRONG), (10.0, STRONG), (10.0, WEAK))),
    (1600, ((HOPELESS, WEAK), (HOPELESS, STRONG), (10.0, WEAK), (10.0, STRONG)), ((1.0, WEAK), (1.0, STRONG))),
)
"""For each number of samples: the (s̄_A, s̄_B) within the condition of Table 1(a), and those beyond it."""


def _unrelated(seed: int, thorough: bool) -> Evidence:
    def sizes(samples: int, cells):
        return _sizes(seed, thorough, samples, [(*cell, 0.0) for cell in cells])

    return Evidence(
        within=tuple(reading for samples, cells, _ in UNRELATED for reading in sizes(samples, cells)),
        beyond=tuple(reading for samples, _, cells in UNRELATED for reading in sizes(samples, cells)),
    )


def _signal(seed: int, thorough: bool) -> Evidence:
    grid = simulated(N, seed, thorough)
    return Evidence(
        within=tuple(above(*_by_signal(grid, r), NEGLIGIBLE) for r in (1.0, 0.5)),
        beyond=tuple(above(*_by_signal(grid, r), NEGLIGIBLE) for r in (0.1, 0.25)),
        instead=(below(*_by_signal(grid, 0.0), -NEGLIGIBLE),),
    )


def _weak_relation(seed: int, thorough: bool) -> Evidence:
    grid = simulated(N, seed, thorough)
    first, second = (_rise(grid, STRONG, low, low + 0.25)[1] for low in (0.0, 0.25))
    bend = f"change of the benefit from r = 0.25 to 0.5 minus from 0 to 0.25, s̄_B = {STRONG:g}, {_MEAN}, N = {N}"
    return Evidence(
        within=(
            above(*_rise(grid, STRONG, 0.0, 0.1), NEGLIGIBLE),
            above(*_rise(grid, STRONG, 0.1, 0.25), NEGLIGIBLE),
            above(*_rise(grid, WEAK, 0.0, 0.1), NEGLIGIBLE),
            above(*_rise(grid, WEAK, 0.1, 0.25), NEGLIGIBLE),
        ),
        instead=(above(*_rise(grid, STRONG, 0.0, 0.5), NEGLIGIBLE), above(bend, second - first, NEGLIGIBLE)),
    )


def _abundant(seed: int, thorough: bool) -> Evidence:
    useless = ((WEAK, 0.0), (WEAK, 1.0), (STRONG, 0.0))
    within = [(s_main, *cell) for s_main in (HOPELESS, 10.0) for cell in useless]
    beyond = [(s_main, STRONG, 1.0) for s_main in (HOPELESS, 1.0, 10.0)] + [(1.0, *cell) for cell in useless]
    return Evidence(_sizes(seed, thorough, 1600, within), _sizes(seed, thorough, 1600, beyond))


def _increases(seed: int, thorough: bool) -> Evidence:
    grid = simulated(N, seed, thorough)
    return Evidence(
        within=(above(*_rise(grid, STRONG, 0.0, 1.0), NEGLIGIBLE), above(*_by_signal(grid, 1.0), NEGLIGIBLE)),
        beyond=(above(*_rise(grid, WEAK, 0.0, 1.0), NEGLIGIBLE), above(*_by_signal(grid, 0.1), NEGLIGIBLE)),
    )


def _destructive(seed: int, thorough: bool) -> Evidence:
    grid = simulated(N, seed, thorough)

    def at(s_aux: float) -> tuple[str, PerSeed]:
        return f"benefit, r = 0, s̄_B = {s_aux:g}, {_MEAN}, N = {N}", grid.at(LEARNABLE_MAINS, s_aux, 0.0)

    return Evidence(
        within=(below(*at(STRONG), -NEGLIGIBLE), negligible(*at(WEAK))),
        instead=(below(*at(WEAK), -NEGLIGIBLE),),
    )


def _base_level(seed: int, thorough: bool) -> Evidence:
    few, some, many = (simulated(samples, seed, thorough) for samples in (100, N, 1600))
    related = [(s, STRONG, 1.0) for s in (NOISE_ONLY, HOPELESS, LOW_SNR, 1.0, 3.0)]

    def fading(s_main: float):
        later, now = (grid.at(s_main, STRONG, 1.0) for grid in (many, some))
        both = min(len(later), len(now))
        case = f"benefit at N = 1600 minus at N = {N}, s̄_A = {s_main:g}"
        return below(case, later[:both] - now[:both], -NEGLIGIBLE)

    return Evidence(
        within=(
            *_sizes(seed, thorough, 100, related[:2]),
            above(f"benefit, s̄_A = 10, N = {N}", some.at(10.0, STRONG, 1.0), NEGLIGIBLE),
            fading(10.0),
        ),
        beyond=(*_sizes(seed, thorough, 100, related[2:]), fading(1.0)),
        instead=(
            above(
                "benefit at N = 100 already, mean over s̄_A = 1, 3, 10", few.at(LEARNABLE_MAINS, STRONG, 1.0), NEGLIGIBLE
            ),
        ),
    )


_STANDARD = "standard problem, oracle stopping"
_BY = (
    f"simulated benefits, mean over seeds of paired differences; no benefit means within ±{NEGLIGIBLE:g} nats; growth, "
    "fading and harm mean that much or more"
)

CLAIMS = (
    Claim(
        key="table-1a",
        source="Table 1(a)",
        statement="An unrelated auxiliary task (r = 0) brings no benefit and does no harm, whatever its SNR and the data.",
        hypotheses=_STANDARD,
        method=_BY,
        measure=_unrelated,
        condition=f"the main task has little to lose: s̄_A = {HOPELESS:g}, 0.3 with 100 and {N} points, 10 with 1,600 "
        "points (not 1, nor 10 with 100 or 800)",
        seconds=15.0,
        bundle=BUNDLE,
    ),
    Claim(
        key="table-1b",
        source="Table 1(b)",
        statement="For r > 0 the benefit grows with the auxiliary task's SNR.",
        hypotheses=_STANDARD,
        method=f"{_BY}; strong minus weak auxiliary task",
        measure=_signal,
        condition="the tasks are clearly related (r = 0.5 and 1, not 0.1 and 0.25)",
        truth="the effect changes sign: at r = 0 a strong signal does more harm than noise",
        seconds=25.0,
        bundle=BUNDLE,
    ),
    Claim(
        key="table-1c",
        source="Table 1(c)",
        statement="With limited data and small r the benefit grows with r, whatever the auxiliary task's SNR.",
        hypotheses=_STANDARD + f", 0 < r ≪ 1, N = {N}",
        method=f"{_BY}; from r = 0 to 0.1 and from 0.1 to 0.25",
        measure=_weak_relation,
        truth="beside a strong task the benefit bends upwards with r, and has grown noticeably by r = 0.5",
        seconds=1.0,
        bundle=BUNDLE,
    ),
    Claim(
        key="table-1d",
        source="Table 1(d)",
        statement="With abundant data the benefit is small, whatever relatedness and SNR.",
        hypotheses=_STANDARD + ", N = 1,600; infinite data are the row of (37)",
        method=_BY,
        measure=_abundant,
        condition=f"the main task is almost noise or clean (s̄_A = {HOPELESS:g} and 10, not 1) and the auxiliary one is noise "
        f"or unrelated (s̄_B = {WEAK:g} or r = 0; at s̄_A = {HOPELESS:g} the help of a fully related clean task is near the "
        "limit)",
        seconds=25.0,
        bundle=BUNDLE,
    ),
    Claim(
        key="observation-1",
        source="4.5, observation 1",
        statement="The benefit grows with relatedness and with the auxiliary task's SNR.",
        hypotheses=_STANDARD + f", N = {N}",
        method=_BY,
        measure=_increases,
        condition="the auxiliary task has a signal (for relatedness to matter) and is related (for its signal to help)",
        seconds=1.0,
        bundle=BUNDLE,
    ),
    Claim(
        key="observation-2",
        source="4.5, observation 2",
        statement="Unrelated auxiliary tasks of high SNR do harm, noisy ones are ignored.",
        hypotheses=_STANDARD + f", r = 0, N = {N}",
        method=_BY,
        measure=_destructive,
        truth="noise does harm too",
        seconds=1.0,
        bundle=BUNDLE,
    ),
    Claim(
        key="observation-3",
        source="4.5, observation 3",
        statement="The main task needs a certain base performance before multitask learning helps, and the help fades as "
        "data become plentiful.",
        hypotheses=_STANDARD + f", fully related tasks, s̄_B = {STRONG:g}",
        method=_BY,
        measure=_base_level,
        condition=f"at N = 100 the main task is almost noise (s̄_A ≤ {HOPELESS:g}; at 0.3 the help is near the limit, 1 and 3 "
        "are helped), and for the help to fade it is clean (s̄_A = 10; at 1 it still grows at N = 1,600)",
        truth="100 points give enough base performance to main tasks that can be learned",
        seconds=10.0,
        bundle=BUNDLE,
    ),
)

"""What the auxiliary task's signal, the relatedness and the amount of data do to the benefit: (34)–(37)."""

import numpy as np

from sharedtrunk import gaussian
from sharedtrunk.claims import _flows, _lanes
from sharedtrunk.claims._claim import Claim, Evidence, at_least
from sharedtrunk.claims._lanes import HUGE, NEGLIGIBLE, STRONG, WEAK, above, below, none
from sharedtrunk.claims._regimes import HIGH, LOW, values

N = 800


def shortfall(flows: _flows.Flows, *setting: float) -> np.ndarray:
    """Σ_σ [s̃_σ − s_σ(r)] of the stopped students, one number per seed."""
    joint, single = flows.pair(*setting)
    return (values(single) - values(joint)).sum(axis=1)


def _eq34(seed: int, thorough: bool) -> Evidence:
    flows = _flows.noisy(seed, thorough)

    def rise(s_main: float):
        change = shortfall(flows, s_main, STRONG, 1.0) - shortfall(flows, s_main, WEAK, 1.0)
        return above(f"Σ[s̃ − s(r)] at s̄_B = {STRONG:g} minus at {WEAK:g}, s̄_A = {s_main:g}, r = 1", change, 0.0, "1")

    def gain(s_main: float):
        change = flows.benefit(s_main, STRONG, 1.0) - flows.benefit(s_main, WEAK, 1.0)
        return above(f"benefit at s̄_B = {STRONG:g} minus at {WEAK:g}, s̄_A = {s_main:g}, r = 1", change, 0.0)

    return Evidence(within=(rise(HIGH), gain(HIGH)), beyond=(rise(LOW), rise(1.0)), instead=(gain(LOW), gain(1.0)))


def _eq35(seed: int, thorough: bool) -> Evidence:
    readings = []
    for samples in (100, N):
        grid = _lanes.simulated(samples, seed, thorough)
        for s_main in grid.s_main:
            case = f"benefit at s̄_B = {HUGE:g}, r = 0.1, s̄_A = {s_main:g}, N = {samples}"
            readings.append(below(case, grid.at(s_main, HUGE, 0.1), NEGLIGIBLE))
    classes = 10
    far, near = (float(gaussian.random_energy_slope(s, classes)) / (classes - 1) for s in (1000.0, 1.0))
    kept = at_least("g(ŝ)ŝ at ŝ = 1000 over that at ŝ = 1, K = 10", far / near, 1.0, error=1e-6)
    return Evidence(within=tuple(readings), instead=(kept,))


def _eq36(seed: int, thorough: bool) -> Evidence:
    grid = _lanes.simulated(N, seed, thorough)
    mains = (3.0, 10.0)

    def change(s_aux: float, low: float, high: float) -> tuple[str, np.ndarray]:
        words = f"benefit at r = {high:g} minus at r = {low:g}, s̄_B = {s_aux:g}, mean over s̄_A = 3, 10, N = {N}"
        return words, grid.at(mains, s_aux, high) - grid.at(mains, s_aux, low)

    return Evidence(
        within=(
            above(*change(STRONG, 0.0, 0.5), 0.0),
            above(*change(STRONG, 0.5, 1.0), 0.0),
            above(*change(STRONG, 0.0, 1.0), NEGLIGIBLE),
        ),
        beyond=(above(*change(WEAK, 0.0, 1.0), NEGLIGIBLE),),
    )


def _eq37(seed: int, thorough: bool) -> Evidence:
    clean, noisy = _flows.noise_free(seed, thorough), _flows.noisy(seed, thorough)

    def size(flows: _flows.Flows, words: str, *setting: float):
        return none(
            f"benefit, {words}, s̄_A = {setting[0]:g}, s̄_B = {setting[1]:g}, r = {setting[2]:g}", flows.benefit(*setting)
        )

    return Evidence(
        within=(size(clean, "no noise", 1.0, 1.0, 0.0), size(clean, "no noise", 1.0, 1.0, 1.0)),
        beyond=(size(noisy, "unit noise", 1.0, STRONG, 1.0), size(noisy, "unit noise", 1.0, STRONG, 0.0)),
    )


CLAIMS = (
    Claim(
        key="eq-34",
        source="(34)",
        statement="for r > 0 a larger s̄_B makes s̃ − s(r) larger, and thereby the benefit",
        hypotheses="standard problem, infinite data, students at the minimum of their loss, any SNR of the main task",
        method=f"change from s̄_B = {WEAK:g} to {STRONG:g} at r = 1, mean over seeds",
        measure=_eq34,
        condition=f"the main task is almost clean (s̄_A = {HIGH:g}), where the multitask student stops earlier",
        truth=f"at s̄_A = {LOW:g} and 1 the benefit grows too, while s(r) grows past s̃",
        seconds=3.0,
        bundle=_flows.BUNDLE,
    ),
    Claim(
        key="eq-35",
        source="(35)",
        statement="a very strong auxiliary task of small relatedness brings no benefit, whatever the main task's SNR",
        hypotheses="0 < r ≪ 1, s̄_B ≫ 1",
        method=f"simulated benefits of the standard problem, mean over seeds; none means below {NEGLIGIBLE:g} nats",
        measure=_eq35,
        truth="the printed reason does not hold: g(ŝ_B)ŝ_B does not vanish for large ŝ_B but grows to its limit",
        seconds=30.0,
        bundle=_lanes.BUNDLE,
    ),
    Claim(
        key="eq-36",
        source="(36)",
        statement="for a main task of high SNR the benefit grows with relatedness, at any fixed s̄_B > 0",
        hypotheses="standard problem, s̄_A ≥ 3",
        method=f"simulated benefits, mean over seeds; to grow means by {NEGLIGIBLE:g} nats or more from r = 0 to 1, and with "
        "each half",
        measure=_eq36,
        condition=f"the auxiliary task has a signal (s̄_B = {STRONG:g}, not {WEAK:g})",
        seconds=1.0,
        bundle=_lanes.BUNDLE,
    ),
    Claim(
        key="eq-37",
        source="(37)",
        statement="with ever more data the benefit vanishes",
        hypotheses="entries of the teacher's noise below K/N_f in variance (here 0.01 against 0.1)",
        method="population flow of the standard problem, mean over seeds; without noise, whose loss falls for ever, followed "
        f"to t = {_flows.FAR:g}; to vanish means below {NEGLIGIBLE:g} nats",
        measure=_eq37,
        condition="the teachers are free of noise: theirs is quenched, and no amount of data averages it out",
        seconds=8.0,
        bundle=_flows.BUNDLE,
    ),
)

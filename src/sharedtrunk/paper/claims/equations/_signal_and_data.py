"""How the auxiliary task's signal, the relatedness and the amount of data change the benefit: (34)–(37)."""

import numpy as np

from sharedtrunk import gaussian
from sharedtrunk.paper.claims import Claim, Evidence, above, at_least, below, negligible
from sharedtrunk.paper.claims.equations import _population_flows as _flows
from sharedtrunk.paper.claims.equations import _simulated_benefits as _benefits
from sharedtrunk.paper.claims.equations._high_and_low_snr import HIGH, LOW, VANISHING, values
from sharedtrunk.paper.claims.equations._simulated_benefits import HUGE, STRONG, WEAK
from sharedtrunk.paper.contrasts import NEGLIGIBLE

N = 800
"""Number of training points of the simulated benefits."""

MIDDLE = 16.0
"""Time, in the middle of learning, at which both students are compared; one of `EQUAL_TIMES`."""


def shortfall(flows: _flows.Flows, *setting: float) -> np.ndarray:
    """Σ_σ [s̃_σ − s_σ(r)] of the students in `flows`, at their stops or at one time, one number per seed."""
    joint, single = flows.pair(*setting)
    return (values(single) - values(joint)).sum(axis=1)


def _eq34(seed: int, thorough: bool) -> Evidence:
    flows, again = _flows.noisy(seed, thorough), _flows.relabelled(seed)
    middle = _flows.EQUAL_TIMES.index(MIDDLE)
    timed, timed_again = (
        found[middle] for found in (_flows.at_equal_times(seed, thorough), _flows.relabelled_at_equal_times(seed))
    )

    def settings(s_main: float) -> list[tuple]:
        return [(s_main, STRONG, 1.0), (s_main, WEAK, 1.0)]

    def rise(s_main: float, own_stops: bool):
        strong, weak = settings(s_main)
        return _flows.reading(
            above,
            f"Σ[s̃ − s(r)] at s̄_B = {STRONG:g} minus at {WEAK:g}, s̄_A = {s_main:g}, r = 1, "
            + ("own stops" if own_stops else f"t = {MIDDLE:g}"),
            lambda f: shortfall(f, *strong) - shortfall(f, *weak),
            [strong, weak],
            0.0,
            flows=flows if own_stops else timed,
            again=again if own_stops else timed_again,
            unit="1",
            benefits=False,
        )

    def gain(s_main: float):
        strong, weak = settings(s_main)
        case = f"benefit at s̄_B = {STRONG:g} minus at {WEAK:g}, s̄_A = {s_main:g}, r = 1"

        def change(f):
            return f.benefit(*strong) - f.benefit(*weak)

        return _flows.reading(above, case, change, [strong, weak], NEGLIGIBLE, flows=flows, again=again)

    case = f"ln(t̃ / t) of the times at which W̃ and W_A stop, s̄_A = {HIGH:g}"
    earlier = above(case, flows.earlier(HIGH, STRONG, 1.0), 0.0, "1")
    return Evidence(
        within=(
            *(rise(s_main, False) for s_main in (1.0, LOW, HIGH)),
            *(rise(s_main, True) for s_main in (1.0, LOW, HIGH)),
            gain(HIGH),
        ),
        instead=(gain(LOW), gain(1.0), rise(HIGH, True), earlier),
    )


def _eq35(seed: int, thorough: bool) -> Evidence:
    readings = []
    for samples in (100, N):
        grid = _benefits.simulated(samples, seed, thorough)
        for s_main in grid.s_main:
            case = f"benefit at s̄_B = {HUGE:g}, r = 0.1, s̄_A = {s_main:g}, N = {samples}"
            readings.append(below(case, grid.at(s_main, HUGE, 0.1), NEGLIGIBLE))
    classes = 10
    far, near = (float(gaussian.random_energy_slope(s, classes)) / (classes - 1) for s in (1000.0, 1.0))
    ratio = at_least("g(ŝ)ŝ at ŝ = 1000 over that at ŝ = 1, K = 10", far / near, 1.0, error=1e-6)
    return Evidence(within=tuple(readings), instead=(ratio,))


def _eq36(seed: int, thorough: bool) -> Evidence:
    grid = _benefits.simulated(N, seed, thorough)
    mains = (3.0, 10.0)

    def change(s_aux: float, low: float, high: float) -> tuple[str, _benefits.PerSeed]:
        words = f"benefit at r = {high:g} minus at r = {low:g}, s̄_B = {s_aux:g}, mean over s̄_A = 3, 10, N = {N}"
        return words, grid.at(mains, s_aux, high) - grid.at(mains, s_aux, low)

    return Evidence(
        within=(
            above(*change(STRONG, 0.0, 0.5), NEGLIGIBLE),
            above(*change(STRONG, 0.5, 1.0), NEGLIGIBLE),
            above(*change(STRONG, 0.0, 1.0), NEGLIGIBLE),
        ),
        beyond=(above(*change(WEAK, 0.0, 1.0), NEGLIGIBLE),),
    )


def _eq37(seed: int, thorough: bool) -> Evidence:
    clean, noisy, again = _flows.noise_free(seed, thorough), _flows.noisy(seed, thorough), _flows.relabelled(seed)

    def size(*setting: float):
        case = "benefit, unit noise, s̄_A = {:g}, s̄_B = {:g}, r = {:g}".format(*setting)
        return _flows.benefit_reading(negligible, case, setting, NEGLIGIBLE, flows=noisy, again=again)

    def noise_free(r: float):
        case = f"benefit, no noise, r = {r:g}, at t = {_flows.FAR:g}"
        return _flows.benefit_reading(negligible, case, (1.0, 1.0, r), NEGLIGIBLE, flows=clean)

    share = clean.benefit(1.0, 1.0, 1.0) / clean.single.loss[:, 0]
    fall = clean.single.late[:, 0]
    return Evidence(
        within=(
            noise_free(0.0),
            noise_free(1.0),
            *(size(VANISHING, s_aux, r) for s_aux in (WEAK, STRONG) for r in (0.0, 1.0)),
            *(size(HIGH, *auxiliary) for auxiliary in ((WEAK, 0.0), (WEAK, 1.0), (STRONG, 0.0), (STRONG, 0.5))),
        ),
        beyond=(size(1.0, STRONG, 1.0), size(1.0, STRONG, 0.0), size(LOW, STRONG, 1.0), size(HIGH, STRONG, 1.0)),
        instead=(
            above(f"no noise, r = 1: benefit by the loss of W̃ at t = {_flows.FAR:g}", share, 0.01, "1"),
            above(f"no noise: fall of the loss of W̃ up to t = {_flows.FAR:g} in half that time", fall, 0.0),
        ),
    )


CLAIMS = (
    Claim(
        key="eq-34",
        source="(34)",
        statement="For r > 0 a larger s̄_B makes s̃ − s(r) larger, and thereby the benefit.",
        hypotheses="standard problem, infinite data, any SNR of the main task",
        method=f"change from s̄_B = {WEAK:g} to {STRONG:g} at r = 1, mean over seeds, at equal times and at each one's own "
        f"stop; the benefit grows by {NEGLIGIBLE:g} nats or more",
        measure=_eq34,
        truth=f"at s̄_A = {LOW:g} and 1 the benefit grows, while s(r) grows past s̃; s̃ − s(r) grows only at s̄_A = {HIGH:g} "
        "with each at its own stop, because the multitask student stops earlier",
        seconds=3.0,
        bundle=_flows.BUNDLE,
    ),
    Claim(
        key="eq-35",
        source="(35)",
        statement="A very strong auxiliary task of small relatedness brings no benefit, whatever the main task's SNR.",
        hypotheses="0 < r ≪ 1, s̄_B ≫ 1",
        method=f"simulated benefits of the standard problem, mean over seeds; none means below {NEGLIGIBLE:g} nats",
        measure=_eq35,
        truth="the printed reason does not hold: g(ŝ_B)ŝ_B does not vanish for large ŝ_B but grows to its limit",
        seconds=30.0,
        bundle=_benefits.BUNDLE,
    ),
    Claim(
        key="eq-36",
        source="(36)",
        statement="For a main task of high SNR the benefit grows with relatedness, at any fixed s̄_B > 0.",
        hypotheses="standard problem, s̄_A ≥ 3",
        method=f"simulated benefits, mean over seeds; growth means {NEGLIGIBLE:g} nats or more, from r = 0 to 1 and in each "
        "half",
        measure=_eq36,
        condition=f"the auxiliary task has a signal (s̄_B = {STRONG:g}, not {WEAK:g})",
        seconds=1.0,
        bundle=_benefits.BUNDLE,
    ),
    Claim(
        key="eq-37",
        source="(37)",
        statement="With ever more data the benefit vanishes.",
        hypotheses="a noise level of at most K/N_f = 0.1, read as the variance of the entries of the teacher's noise (here "
        "0.01; their standard deviation is 0.1)",
        method="population flow of the standard problem, mean over seeds; without noise, whose loss falls for ever, followed "
        f"to t = {_flows.FAR:g}, which sets the number; a benefit below {NEGLIGIBLE:g} nats has vanished",
        measure=_eq37,
        condition="the teachers are free of noise, which is quenched so that no amount of data averages it out, or the main "
        f"task is too noisy (s̄_A = {VANISHING:g}) or too clean to gain (s̄_A = {HIGH:g} with r ≤ 0.5 or s̄_B = {WEAK:g})",
        truth="without noise the loss is still falling at the time limit; relative to what is left of it the benefit is not "
        "small",
        # This claim is not in the bundle of flows, which already takes the longest, so the noisy flows are solved once more.
        seconds=45.0,
    ),
)

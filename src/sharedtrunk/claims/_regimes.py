"""High and low signal-to-noise ratio of the main task: the bounds (29)–(33).

Closed forms for two classes and no noise, where W = s u vᵀ and the label moment is m₂ = 1/√π along it; the standard
problem's population flows, stopped at their minima, for the rest.
"""

import jax
import numpy as np
from scipy import special

from sharedtrunk import benefit, gaussian
from sharedtrunk._randomness import normal, stream
from sharedtrunk.claims import _flows
from sharedtrunk.claims._claim import Claim, Evidence, at_least, at_most
from sharedtrunk.claims._lanes import NEGLIGIBLE, above, below, none

RULE = gaussian.Sobol(points=1024, scrambles=8)
NUMERICAL = 1e-3
"""Nats that quadrature may take from the distance between a benefit and its bound."""

CLOSE = 0.05
"""What "≈" allows, relative."""

HIGH, LOW, VANISHING = 10.0, 0.3, 0.01


_NODES = np.arange(-9.0, 9.0, 1 / 64)
_WEIGHTS = np.exp(-0.5 * _NODES**2) / np.sqrt(2 * np.pi) / 64
"""Trapezoid rule for a standard normal: exact to rounding for the s used here."""

Numbers = np.ndarray | np.floating | float

M2 = 1 / np.pi**0.5
"""Expected maximum of two standard normals: the label moment of two classes without noise."""


def loss(s: Numbers) -> Numbers:
    """L(s) = E ln 2cosh(sε/√2) − m₂ s of two classes and no noise, in nats: it falls with s for ever."""
    z = np.abs(np.multiply.outer(s, _NODES)) / 2**0.5
    return (z + np.log1p(np.exp(-2 * z))) @ _WEIGHTS - M2 * np.asarray(s)


def response(s: Numbers) -> Numbers:
    """g(s) s = E (ε/√2) tanh(sε/√2) of two classes."""
    return np.tanh(np.multiply.outer(s, _NODES) / 2**0.5) @ (_NODES * _WEIGHTS) / 2**0.5


def printed_lower(clean: Numbers, joint: Numbers, single: Numbers) -> Numbers:
    """(30) for two classes: [g(s̄)s̄ − g(s)s] [s − s̃]."""
    return (response(clean) - response(joint)) * (joint - single)


def true_lower(clean: Numbers, joint: Numbers, single: Numbers) -> Numbers:
    """The same with the moment of the clean hard labels, m₂, for g(s̄)s̄."""
    return (M2 - response(joint)) * (joint - single)


def slack(bound, clean: Numbers, joint: Numbers, single: Numbers) -> Numbers:
    """How far the benefit L(s̃) − L(s) lies above a lower bound, in nats."""
    return loss(single) - loss(joint) - bound(clean, joint, single)


def _random_students(seed: int, count: int) -> np.ndarray:
    """s̄ between 3 and 10, s(r) and s̃ between 0 and 2s̄: (3, count)."""
    uniform = special.ndtr(np.asarray(normal(stream(jax.random.key(seed), "stopped students"), (3, count))))
    clean = 3 + 7 * uniform[0]
    return np.stack([clean, 2 * clean * uniform[1], 2 * clean * uniform[2]])


def values(W) -> np.ndarray:
    """Singular values of J W, the part that softmax sees."""
    return np.linalg.svd(W - W.mean(axis=-2, keepdims=True), compute_uv=False)


def scale(W) -> np.ndarray:
    """g(W) = tr G/(K − 1), as (16) reads it."""
    G = np.asarray(gaussian.softmax_covariance(W, rule=gaussian.Sobol(points=1024, scrambles=1)))
    return np.trace(G, axis1=-2, axis2=-1) / (W.shape[-2] - 1)


def _inner(first, second) -> np.ndarray:
    return np.sum(first * second, axis=(-2, -1))


def trace_sides(flows: _flows.Flows, setting: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Both sides of (29), one number per seed: Tr(G(W̄)W̄ [W_A − W̃]ᵀ) and Σ g(s̄) s̄_σ [s_σ(r) − s̃_σ]."""
    joint, single = flows.pair(*setting)
    clean = flows.clean[:, flows.s_main.index(setting[0])]
    moment = np.asarray(gaussian.softmax_moment(clean, rule=gaussian.Sobol(points=1024, scrambles=1)))
    change = (values(joint) - values(single))[:, :-1]
    return _inner(moment, joint - single), scale(clean) * setting[0] * change.sum(axis=1)


def _eq29(seed: int, thorough: bool) -> Evidence:
    flows = _flows.noisy(seed, thorough)
    setting = (HIGH, 10.0, 1.0)
    left, right = trace_sides(flows, setting)
    case = "s̄_A = {:g}, s̄_B = {:g}, r = {:g}".format(*setting)
    return Evidence(
        within=(
            above(f"the trace, {case}", left, 0.0),
            below(f"relative difference of both sides, {case}", abs(left - right) / abs(left), CLOSE, "1"),
        ),
    )


def _third_direction() -> tuple[float, float]:
    """K = 3, one clean direction, s_1 = s̃_1 = 3 and s_2 = 1 above s̃_2 = 0.5: the benefit and (30), in nats."""
    left = np.array([[1.0, 0.0, -1.0], [1.0, -2.0, 1.0]]) / np.sqrt([[2.0], [6.0]])
    joint, single = (left.T * np.array(s) for s in ((3.0, 1.0), (3.0, 0.5)))
    moment = gaussian.label_moment(3.0 * left.T[:, :1] * np.eye(1, 2))
    losses = [float(gaussian.population_loss(W, moment)) for W in (single, joint)]
    second = float(np.sum(left[1] * np.asarray(gaussian.softmax_moment(joint))[:, 1]))
    return losses[0] - losses[1], second * 0.5  # the first direction adds nothing: s_1 = s̃_1


def _eq30(seed: int, thorough: bool) -> Evidence:
    simple = 1.0, 1.0, 2.0
    students = _random_students(seed, 4000 if thorough else 1000)
    gain, bound = _third_direction()
    violated = float(np.mean(slack(printed_lower, *students) < -1e-9))
    error = 2.6 * (violated * (1 - violated) / students.shape[1]) ** 0.5
    least = float(np.min(slack(true_lower, *students)))
    return Evidence(
        within=(
            at_least("benefit − bound: K = 2, s̄ = 1, s(r) = 1, s̃ = 2", slack(printed_lower, *simple), 0.0, error=1e-9),
            at_least("benefit − bound: K = 3, rank 1, s(r) = (3, 1), s̃ = (3, 0.5)", gain - bound, 0.0, error=1e-5),
            at_most("share of random pairs that violate it, K = 2, s̄ = 3 … 10", violated, 0.0, error=error, unit="1"),
        ),
        instead=(at_least("least benefit − bound with m₂ for g(s̄)s̄, the same pairs", least, -1e-9, error=1e-10),),
    )


def _least_gap(seed: int, thorough: bool, s_main: float):
    """The smallest distance of a benefit from its bounds with the label moment, over seeds and relatedness."""
    flows = _flows.noisy(seed, thorough)
    settings = [(s_main, 10.0, r) for r in flows.relatedness]
    joint, single = (np.concatenate(part) for part in zip(*(flows.pair(*one) for one in settings), strict=True))
    gaps = benefit.benefit_gaps(joint, single, np.tile(flows.moment, (len(settings), 1, 1)), rule=RULE)
    distance, error = np.minimum(gaps.above, gaps.below), np.asarray(gaps.gap_error)
    worst = int(np.argmin(distance - error))
    case = f"least distance of the benefit from (24), (25) with the label moment, s̄_A = {s_main:g}"
    return at_least(case, distance[worst], -NUMERICAL, error=error[worst], unit="nats")


def _eq31(seed: int, thorough: bool) -> Evidence:
    flows = _flows.noisy(seed, thorough)
    setting = (1.0, 10.0, 0.0)
    norm = np.linalg.norm(values(flows.pair(*setting)[0]), axis=-1) - setting[0] * flows.clean.shape[-2] ** 0.5
    gain = float(loss(3.0) - loss(2.0))
    _, s, other = _random_students(seed, 1000)
    least = float(np.min(loss(np.minimum(s, other)) - loss(np.maximum(s, other))))
    return Evidence(
        within=(
            at_least("benefit: K = 2, no noise, s̄ = 1, s(r) = 2, s̃ = 3", gain, 0.0, error=1e-9, unit="nats"),
            above(
                f"benefit: standard problem, s̄_A = {setting[0]:g}, s̄_B = {setting[1]:g}, r = 0",
                flows.benefit(*setting),
                0.0,
            ),
        ),
        instead=(
            above("‖s(r)‖ − ‖s̄‖ there: the premise is met", norm, 0.0, "1"),
            at_least("K = 2, no noise: least benefit where s(r) ≥ s̃", least, 0.0, error=1e-12, unit="nats"),
        ),
    )


def _eq32(seed: int, thorough: bool) -> Evidence:
    flows = _flows.noisy(seed, thorough)

    def trace(*setting: float):
        case = "the trace, s̄_A = {:g}, s̄_B = {:g}, r = {:g}".format(*setting)
        return none(case, trace_sides(flows, setting)[0])

    return Evidence(
        within=(trace(VANISHING, 10.0, 0.0), trace(VANISHING, 10.0, 1.0)),
        beyond=(trace(LOW, 10.0, 0.5), trace(LOW, 10.0, 1.0)),
    )


def _eq33(seed: int, thorough: bool) -> Evidence:
    flows = _flows.noisy(seed, thorough)

    def sides(*setting: float):
        joint, single = flows.pair(*setting)
        s, alone = values(joint), values(single)
        lower, upper = (
            np.sum(scale(W)[:, None] * own * (alone - s), axis=1) for W, own in ((joint, s), (single, alone))
        )
        case = "s̄_A = {:g}, s̄_B = {:g}, r = {:g}".format(*setting)
        gain = flows.benefit(*setting)
        return above(f"benefit − lower bound, {case}", gain - lower, 0.0), below(
            f"benefit − upper bound, {case}", gain - upper, 0.0
        )

    return Evidence(
        within=(*sides(LOW, 10.0, 1.0), *sides(LOW, 10.0, 0.0)),
        instead=(_least_gap(seed, thorough, LOW), _least_gap(seed, thorough, VANISHING)),
    )


_STANDARD = "standard problem, infinite data, students at the minimum of their generalization loss"

CLAIMS = (
    Claim(
        key="eq-29",
        source="(29)",
        statement="for a main task of high SNR Tr(G(W̄)W̄ [W_A − W̃]ᵀ) is Σ g(s̄) s̄_σ [s_σ(r) − s̃_σ], and it is not negative",
        hypotheses=_STANDARD + f"; s̄_A = {HIGH:g}",
        method="mean over seeds of both sides, with g(W) = tr G/(K − 1); ≈ means within 5 %",
        measure=_eq29,
        seconds=30.0,
        bundle=_flows.BUNDLE,
    ),
    Claim(
        key="eq-30",
        source="(30)",
        statement="the benefit is at least Σ [g(s̄)s̄_σ − g(s)s_σ][s_σ − s̃_σ] over the teacher's directions, plus "
        "Σ g(s)s_σ |s_σ − s̃_σ| over the others",
        hypotheses="high SNR: the noisy teacher's singular vectors are the clean one's",
        method="closed forms for two classes, cubature for three; random s(r), s̃ between 0 and 2s̄",
        measure=_eq30,
        truth="with the moment of the clean hard labels for g(s̄)s̄, and without the absolute value, the bound is "
        "never violated",
        seconds=4.0,
        bundle=_flows.BUNDLE,
    ),
    Claim(
        key="eq-31",
        source="(31)",
        statement="a multitask student with ‖s(r)‖ > ‖s̄‖ has a positive benefit",
        hypotheses="high SNR of the main task",
        method="closed form for two classes; " + _STANDARD,
        measure=_eq31,
        truth="without noise what counts is s(r) > s̃, not s(r) > s̄; with noise a large student may know the wrong directions",
        seconds=1.0,
        bundle=_flows.BUNDLE,
    ),
    Claim(
        key="eq-32",
        source="(32)",
        statement="for a main task of low SNR Tr(G(W̄)W̄ [W_A − W̃]ᵀ) vanishes",
        hypotheses=_STANDARD + "; low SNR is s̄_A ≤ 0.3",
        method=f"mean over seeds of the trace, which (33) drops from the bounds; zero means below "
        f"{NEGLIGIBLE:g} nats in size",
        measure=_eq32,
        condition=f"the signal is far below the noise (s̄_A = {VANISHING:g}, not {LOW:g}), where G(W̄)W̄ itself vanishes",
        seconds=2.0,
        bundle=_flows.BUNDLE,
    ),
    Claim(
        key="eq-33",
        source="(33)",
        statement="for a main task of low SNR Σ g(s)s_σ[s̃_σ − s_σ] ≤ benefit ≤ Σ g(s̃)s̃_σ[s̃_σ − s_σ]",
        hypotheses=_STANDARD + "; low SNR is s̄_A ≤ 0.3",
        method="distance of the benefit from either side, mean over seeds, g(W) = tr G/(K − 1)",
        measure=_eq33,
        truth="with the label moment, and with weights in the place of singular values, both bounds hold",
        seconds=2.0,
        bundle=_flows.BUNDLE,
    ),
)

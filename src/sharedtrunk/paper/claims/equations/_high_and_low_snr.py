"""High and low signal-to-noise ratio of the main task: the bounds (29)–(33).

Two classes without noise have closed forms: W = s u vᵀ, and the label moment is m₂ = 1/√π along u vᵀ. One reading of (30) is
by cubature for three classes. All others come from the standard problem's population flows, stopped or at equal times.
"""

import jax
import numpy as np
from scipy import special

from sharedtrunk import benefit, gaussian
from sharedtrunk._support.randomness import normal, stream
from sharedtrunk.paper.claims import Claim, Evidence, above, at_least, at_most, below, negligible
from sharedtrunk.paper.claims.equations import _population_flows as _flows
from sharedtrunk.paper.claims.equations._simulated_benefits import STRONG
from sharedtrunk.paper.contrasts import APPROXIMATELY, LOW_SNR, NEGLIGIBLE

RULE = gaussian.Sobol(points=1024, scrambles=8)
"""The rule for the bounds and for g of the standard problem's students."""

HIGH, LOW, VANISHING = 10.0, LOW_SNR, 0.01
"""Singular values of main tasks: high SNR, low SNR, and almost only noise."""


_NODES = np.arange(-9.0, 9.0, 1 / 64)
_WEIGHTS = np.exp(-0.5 * _NODES**2) / np.sqrt(2 * np.pi) / 64
"""Trapezoid rule for a standard normal: exact to rounding for the s used here."""

Numbers = np.ndarray | np.floating | float

M2 = 1 / np.pi**0.5
"""Expected maximum of two standard normals: the label moment of two classes without noise."""


def loss(s: Numbers) -> Numbers:
    """L(s) = E ln 2cosh(sε/√2) − m₂ s of two classes without noise, in nats; it decreases for all s."""
    z = np.abs(np.multiply.outer(s, _NODES)) / 2**0.5
    return (z + np.log1p(np.exp(-2 * z))) @ _WEIGHTS - M2 * np.asarray(s)


def response(s: Numbers) -> Numbers:
    """g(s) s = E (ε/√2) tanh(sε/√2) of two classes."""
    return np.tanh(np.multiply.outer(s, _NODES) / 2**0.5) @ (_NODES * _WEIGHTS) / 2**0.5


def printed_lower(clean: Numbers, joint: Numbers, single: Numbers) -> Numbers:
    """(30) for two classes: [g(s̄)s̄ − g(s)s] [s − s̃]."""
    return (response(clean) - response(joint)) * (joint - single)


def true_lower(clean: Numbers, joint: Numbers, single: Numbers) -> Numbers:
    """The bound (30) for two classes, with the moment of the clean hard labels, m₂, in place of g(s̄)s̄."""
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
    """Singular values of J W, the part of the weights that softmax sees."""
    return np.linalg.svd(W - W.mean(axis=-2, keepdims=True), compute_uv=False)


def scale(W) -> tuple[np.ndarray, np.ndarray]:
    """g(W) = tr G/(K − 1), as in (16), with its error: |tr E| ≤ √(K − 1) ‖E‖ for the error E of G."""
    G, error = (np.asarray(part) for part in gaussian.softmax_covariance_with_error(W, rule=RULE))
    rank = W.shape[-2] - 1
    return np.trace(G, axis1=-2, axis2=-1) / rank, error / rank**0.5


def _inner(first, second) -> np.ndarray:
    return np.sum(first * second, axis=(-2, -1))


def trace_sides(flows: _flows.Flows, setting: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Both sides of (29), one number per seed: Tr(G(W̄)W̄ [W_A − W̃]ᵀ) and Σ g(s̄) s̄_σ [s_σ(r) − s̃_σ]."""
    joint, single = flows.pair(*setting)
    clean = flows.clean[:, flows.s_main.index(setting[0])]
    moment = np.asarray(gaussian.softmax_moment(clean, rule=gaussian.Sobol(points=1024, scrambles=1)))
    change = (values(joint) - values(single))[:, :-1]
    return _inner(moment, joint - single), scale(clean)[0] * setting[0] * change.sum(axis=1)


def _in_words(setting: tuple) -> str:
    return "s̄_A = {:g}, s̄_B = {:g}, r = {:g}".format(*setting)


def _eq29(seed: int, thorough: bool) -> Evidence:
    timed = dict(zip(_flows.EQUAL_TIMES, _flows.at_equal_times(seed, thorough), strict=True))
    again = dict(zip(_flows.EQUAL_TIMES, _flows.relabelled_at_equal_times(seed), strict=True))
    half, same = (HIGH, STRONG, 0.5), (HIGH, STRONG, 1.0)

    def trace(time: float | None, setting: tuple):
        words = f"the trace, {_in_words(setting)}, " + ("each at its own stop" if time is None else f"t = {time:g}")
        flows = _flows.noisy(seed, thorough) if time is None else timed[time]
        other = _flows.relabelled(seed) if time is None else again[time]
        return _flows.reading(
            above, words, lambda f: trace_sides(f, setting)[0], [setting], 0.0, flows=flows, again=other, benefits=False
        )

    def apart(time: float, setting: tuple):
        def relative(flows: _flows.Flows) -> np.ndarray:
            left, right = trace_sides(flows, setting)
            return abs(left - right) / abs(left)

        words = f"relative difference of both sides, {_in_words(setting)}, t = {time:g}"
        return _flows.reading(
            below,
            words,
            relative,
            [setting],
            APPROXIMATELY,
            flows=timed[time],
            again=again[time],
            unit="1",
            benefits=False,
        )

    first, middle, late = _flows.EQUAL_TIMES
    stopped = _flows.noisy(seed, thorough)
    return Evidence(
        within=(
            *(trace(time, setting) for setting in (same, half) for time in timed),
            *(apart(*case) for case in ((middle, same), (late, same), (late, half))),
        ),
        beyond=(trace(None, same), apart(first, same), apart(middle, half)),
        instead=(
            above(
                f"ln(t̃ / t) of the times at which W̃ and W_A stop, {_in_words(same)}", stopped.earlier(*same), 0.0, "1"
            ),
        ),
    )


def _third_direction() -> tuple[float, float]:
    """Benefit and bound (30), in nats, for K = 3, one clean direction, s_1 = s̃_1 = 3, s_2 = 1 and s̃_2 = 0.5."""
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
            at_most("share of random pairs beyond the bound, K = 2, s̄ = 3 … 10", violated, 0.0, error=error, unit="1"),
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
    return at_least(case, distance[worst], 0.0, error=error[worst], unit="nats")


def _eq31(seed: int, thorough: bool) -> Evidence:
    flows, again = _flows.noisy(seed, thorough), _flows.relabelled(seed)
    clean, s, other = _random_students(seed, 4000)
    smaller, larger = np.minimum(s, other), np.maximum(s, other)
    met = larger > clean
    gains = np.asarray(loss(smaller) - loss(larger))[met]

    def gain(r: float):
        setting = (HIGH, STRONG, r)
        words = f"benefit: standard problem, {_in_words(setting)}, own stops"
        return _flows.benefit_reading(above, words, setting, 0.0, flows=flows, again=again)

    def premise(r: float):
        joint, _ = flows.pair(HIGH, STRONG, r)
        size = [np.linalg.norm(values(W), axis=-1) for W in (joint, flows.clean[:, flows.s_main.index(HIGH)])]
        case = f"‖J W_A‖ − ‖J W̄‖, standard problem, r = {r:g}: the premise is met"
        return above(case, size[0] - size[1], 0.0, "1")

    two = "benefit: K = 2, no noise"
    return Evidence(
        within=(
            at_least(f"{two}, s̄ = 1, s(r) = 2, s̃ = 1.5", loss(1.5) - loss(2.0), 0.0, error=1e-9, unit="nats"),
            at_least(
                f"least {two}, s̄ = 3 … 10, {met.sum()} random s(r) > s̄, s(r) ≥ s̃",
                gains.min(),
                0.0,
                error=1e-12,
                unit="nats",
            ),
        ),
        beyond=(
            at_least(f"{two}, s̄ = 1, s(r) = 2, s̃ = 3", loss(3.0) - loss(2.0), 0.0, error=1e-9, unit="nats"),
            gain(1.0),
            gain(0.0),
        ),
        instead=(premise(1.0), premise(0.0)),
    )


def aligned_share(flows: _flows.Flows, setting: tuple) -> np.ndarray:
    """Cosine between G(W̄)W̄ and W_A − W̃, one per seed. G(W̄)W̄ ∝ J W̄, as W̄'s singular values are equal."""
    joint, single = flows.pair(*setting)
    clean = flows.clean[:, flows.s_main.index(setting[0])]
    clean = clean - clean.mean(axis=-2, keepdims=True)
    step = joint - single
    return _inner(clean, step) / np.linalg.norm(clean, axis=(1, 2)) / np.linalg.norm(step, axis=(1, 2))


def _eq32(seed: int, thorough: bool) -> Evidence:
    flows, again = _flows.noisy(seed, thorough), _flows.relabelled(seed)

    def trace(*setting: float):
        return _flows.reading(
            negligible,
            f"the trace, {_in_words(setting)}",
            lambda f: trace_sides(f, setting)[0],
            [setting],
            NEGLIGIBLE,
            flows=flows,
            again=again,
            benefits=False,
        )

    def cosine(*setting: float):
        return above(
            f"cosine of G(W̄)W̄ and W_A − W̃, {_in_words(setting)}", aligned_share(flows, setting), APPROXIMATELY, "1"
        )

    return Evidence(
        within=(
            trace(VANISHING, STRONG, 0.0),
            trace(VANISHING, STRONG, 1.0),
            trace(LOW, STRONG, 0.0),
            trace(LOW, STRONG, 0.5),
        ),
        beyond=(trace(LOW, STRONG, 1.0),),
        instead=(cosine(LOW, STRONG, 1.0),),
    )


def _eq33(seed: int, thorough: bool) -> Evidence:
    flows, again = _flows.noisy(seed, thorough), _flows.relabelled(seed)

    def sides(*setting: float):
        def bound(flows: _flows.Flows, which: int) -> tuple[np.ndarray, float]:
            """The lower (0) or upper (1) bound for each seed, and the error of its mean that comes from g."""
            pair = flows.pair(*setting)
            own, fall = values(pair[which]), values(pair[1]) - values(pair[0])
            g, error = scale(pair[which])
            return np.sum(g[:, None] * own * fall, axis=1), float(np.mean(error * np.sum(abs(own * fall), axis=1)))

        for which, side, name in ((0, above, "lower"), (1, below, "upper")):
            yield _flows.reading(
                side,
                f"benefit − {name} bound, {_in_words(setting)}",
                lambda f, which=which: f.benefit(*setting) - bound(f, which)[0],
                [setting],
                0.0,
                flows=flows,
                again=again,
                error=bound(flows, which)[1],
            )

    return Evidence(
        within=(*sides(LOW, STRONG, 1.0), *sides(LOW, STRONG, 0.0)), instead=(_least_gap(seed, thorough, LOW),)
    )


_STANDARD = "standard problem, infinite data, students at the minimum of their generalization loss"

CLAIMS = (
    Claim(
        key="eq-29",
        source="(29)",
        statement="For a main task of high SNR Tr(G(W̄)W̄ [W_A − W̃]ᵀ) is Σ g(s̄) s̄_σ [s_σ(r) − s̃_σ], and it is not negative.",
        hypotheses=f"standard problem, infinite data, s̄_A = {HIGH:g}, s̄_B = {STRONG:g}, r > 0; the sign follows from (28), "
        "which is about all times",
        method="mean over seeds of both sides, with g(W) = tr G/(K − 1), at equal times and at each student's own stop; "
        "equal means within 5 %",
        measure=_eq29,
        condition="both students are compared at equal times, not each at its own stop; the equality also needs late times "
        "(r = 1: t = 16 and 64, not 4; r = 0.5: t = 64, not 16)",
        truth="the multitask student stops earlier, with smaller weights",
        seconds=80.0,
        bundle=_flows.BUNDLE,
    ),
    Claim(
        key="eq-30",
        source="(30)",
        statement="The benefit is at least Σ [g(s̄)s̄_σ − g(s)s_σ][s_σ − s̃_σ] over the teacher's directions, plus "
        "Σ g(s)s_σ |s_σ − s̃_σ| over the others.",
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
        statement="A multitask student with ‖s(r)‖ > ‖s̄‖ has a positive benefit.",
        hypotheses=f"high SNR of the main task: no noise, or s̄_A = {HIGH:g}",
        method="closed form for two classes; " + _STANDARD + ", where ‖s‖ is that of J W",
        measure=_eq31,
        condition="also s(r) ≥ s̃, which follows from (28) at equal times; two classes are measured on both sides of "
        f"this, and the standard problem at s̄_A = {HIGH:g} lies beyond it, because its multitask student stops earlier",
        truth="the standard problem meets the premise, with a benefit at r = 1 and next to none at r = 0",
        seconds=1.0,
        bundle=_flows.BUNDLE,
    ),
    Claim(
        key="eq-32",
        source="(32)",
        statement="For a main task of low SNR Tr(G(W̄)W̄ [W_A − W̃]ᵀ) vanishes.",
        hypotheses=_STANDARD + "; low SNR is s̄_A ≤ 0.3",
        method=f"mean over seeds of the trace, which (33) drops from the bounds; zero means below "
        f"{NEGLIGIBLE:g} nats in size",
        measure=_eq32,
        condition=f"the signal is far below the noise (s̄_A = {VANISHING:g}), where G(W̄)W̄ itself vanishes, or the tasks are "
        f"not fully related (s̄_A = {LOW:g}: r = 0 and 0.5, not 1)",
        truth=f"at s̄_A = {LOW:g} and r = 1 the directions are not orthogonal, although the paper's reason for (32) is that "
        "they are",
        seconds=2.0,
        bundle=_flows.BUNDLE,
    ),
    Claim(
        key="eq-33",
        source="(33)",
        statement="For a main task of low SNR Σ g(s)s_σ[s̃_σ − s_σ] ≤ benefit ≤ Σ g(s̃)s̃_σ[s̃_σ − s_σ].",
        hypotheses=_STANDARD + "; low SNR is s̄_A ≤ 0.3",
        method="distance of the benefit from either bound, mean over seeds, g(W) = tr G/(K − 1)",
        measure=_eq33,
        truth="with the label moment, and with weights in place of singular values, both bounds hold",
        seconds=2.0,
        bundle=_flows.BUNDLE,
    ),
)

"""Benefits on infinite data that several claims share: the population flow of the standard problem, stopped at its minimum.

The teachers' noise is quenched: it belongs to the rule that labels the data, however many data there are. The error of every
reading is the interval over seeds plus the numerical error: quadrature, times, label moments, minima that are not bracketed.
"""

import functools
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from sharedtrunk import dynamics, students, teachers
from sharedtrunk._support.randomness import stream
from sharedtrunk.experiments import StandardProblem
from sharedtrunk.flows.result import Result
from sharedtrunk.paper.claims import Reading, scramble_error
from sharedtrunk.paper.claims.equations._simulated_benefits import STRONG, WEAK, standard_seeds
from sharedtrunk.paper.contrasts import LOW_SNR

BUNDLE = "population flows"

S_MAIN = (0.01, 0.3, 1.0, 10.0)
S_AUX = (WEAK, STRONG)
RELATEDNESS = (0.0, 0.5, 1.0)
FEW, FEWER = 8, 3
"""Numbers of seeds: with noise, and without noise, where seeds hardly differ."""

MORE, FIRST_OF_MORE = 48, 1000
"""Number of additional seeds for benefits near the limit (half of them without `thorough`), and the first of them."""

SMALL_EFFECTS = (LOW_SNR, 1.0), (WEAK, STRONG), (0.0, 0.5)
"""The settings with benefits near the limit: s_main, s_aux, relatedness."""

SHORT = 100.0
"""Time limit of students if only one of the two teachers is noisy."""

LONG = 1200.0
"""Time limit at which the minima of almost clean main tasks, at t ≈ 500, are bracketed."""

FAR = 1500.0
"""Time limit of students whose loss never stops falling."""

OTHER_LABELS = replace(dynamics.FAST_LABELS, seed=1)
"""Another estimate of the label moments; the difference that it makes measures their error."""

TOLERANCE = dynamics.Tolerance(rtol=1e-4, atol=1e-6, order=3)
"""Tolerance of the solver at equal times, the same as for the minima."""

CHUNK = 8
"""Number of lanes that are solved together."""

STANDARD = StandardProblem()


class Stop(NamedTuple):
    """Students at the minimum of task 0's loss: loss (lane,) in nats, time, weights (lane, class, feature), result codes.

    `scrambles` (lane, scramble) are the losses by scramble, `refinement` is the error from the spacing of the times, and
    `late` is the fall of the loss in the second half of the time if the minimum is not bracketed, else 0.
    """

    loss: np.ndarray
    time: np.ndarray
    weights: np.ndarray
    result: np.ndarray
    scrambles: np.ndarray
    refinement: np.ndarray
    late: np.ndarray

    def at(self, index) -> "Stop":
        """The lanes at an index."""
        return Stop(*(part[index] for part in self))

    def joined(self, other: "Stop") -> "Stop":
        """These seeds followed by others."""
        return Stop(*(np.concatenate(parts) for parts in zip(self, other, strict=True)))


def weights_only(weights: np.ndarray) -> Stop:
    """Students without losses; one with weights that are not finite has diverged."""
    finite = np.isfinite(weights).all(axis=(-2, -1))
    unknown = np.full(finite.shape, np.nan)
    result = np.where(finite, Result.SUCCESS, Result.DIVERGED)
    return Stop(unknown, unknown, weights, result, unknown[..., None], unknown, unknown)


@dataclass(frozen=True)
class Flows:
    """Students at the minimum of their generalization loss, with the axes (seed, s_main[, s_aux, relatedness]) first.

    `clean` are the main teacher's clean weights (seed, s_main, class, feature), `moment` its label moment (seed, class,
    feature).
    """

    s_main: tuple[float, ...]
    s_aux: tuple[float, ...]
    relatedness: tuple[float, ...]
    single: Stop
    joint: Stop
    clean: np.ndarray
    moment: np.ndarray

    def index(self, s_main: float, s_aux: float, relatedness: float) -> tuple:
        """Index of a setting in the joint students' axes, all seeds."""
        axes = ((self.s_main, s_main), (self.s_aux, s_aux), (self.relatedness, relatedness))
        return (slice(None), *(axis.index(value) for axis, value in axes))

    def arms(self, s_main: float, s_aux: float, relatedness: float) -> tuple[Stop, Stop]:
        """The multitask students and their baselines of one setting, seed by seed."""
        index = self.index(s_main, s_aux, relatedness)
        return self.joint.at(index), self.single.at(index[:2])

    def benefit(self, s_main: float, s_aux: float, relatedness: float) -> np.ndarray:
        """L(W̃) − L(W_A), one number per seed, in nats."""
        joint, single = self.arms(s_main, s_aux, relatedness)
        return single.loss - joint.loss

    def pair(self, s_main: float, s_aux: float, relatedness: float) -> tuple[np.ndarray, np.ndarray]:
        """W_A and W̃ of one setting, (seed, class, feature)."""
        joint, single = self.arms(s_main, s_aux, relatedness)
        return joint.weights, single.weights

    def earlier(self, s_main: float, s_aux: float, relatedness: float) -> np.ndarray:
        """ln(t̃ / t) of the times at which W̃ and W_A stop, one number per seed; a lower bound if t̃ is not bracketed."""
        joint, single = self.arms(s_main, s_aux, relatedness)
        return np.log(single.time / joint.time)

    def numerical(self, s_main: float, s_aux: float, relatedness: float) -> float:
        """Error of the mean benefit in nats: quadrature, whose scrambles all seeds share, times, minima not bracketed."""
        joint, single = self.arms(s_main, s_aux, relatedness)
        scrambles = np.nanmean(single.scrambles - joint.scrambles, axis=0)
        rest = joint.refinement + single.refinement + abs(single.late - joint.late)
        return scramble_error(scrambles) + float(np.nanmean(rest))


def reading(
    side: Callable[..., Reading],
    case: str,
    statistic: Callable[[Flows], np.ndarray],
    settings: Sequence[tuple[float, ...]],
    limit: float,
    *,
    flows: Flows,
    again: Flows | None = None,
    unit: str = "nats",
    benefits: bool = True,
    error: float = 0.0,
) -> Reading:
    """The reading of a statistic's mean over seeds; the case says how many of its students were not bracketed
    or failed.

    `side` is above, below or negligible. With `benefits` the numerical errors of the benefits at `settings` are added.
    `again` are the flows of the first seed with another estimate of the label moments; the whole difference that they make
    is added.
    """
    numbers = statistic(flows)
    if again is not None:
        error += float(abs(numbers[0] - statistic(again)[0]))
    if benefits:
        error += sum(flows.numerical(*setting) for setting in settings)
    results = np.concatenate([arm.result for setting in settings for arm in flows.arms(*setting)])
    lost = {"not bracketed": results == Result.NOT_BRACKETED}
    lost["not followed exactly"] = results == Result.RULE_TOO_COARSE
    lost["failed"] = ~np.isin(results, (Result.SUCCESS, Result.NOT_BRACKETED, Result.RULE_TOO_COARSE))
    lost_words = [f"{mask.sum()} of {mask.size} students {words}" for words, mask in lost.items() if mask.any()]
    return side(", ".join([case, *lost_words]), numbers, limit, unit=unit, numerical=error)


def benefit_reading(
    side: Callable[..., Reading],
    case: str,
    setting: tuple[float, ...],
    limit: float,
    *,
    flows: Flows,
    again: Flows | None = None,
) -> Reading:
    """`reading` of the benefit at one setting."""
    return reading(side, case, lambda f: f.benefit(*setting), [setting], limit, flows=flows, again=again)


@functools.cache
def noisy(seed: int, thorough: bool) -> Flows:
    """The grid with unit noise on both teachers."""
    return _followed(standard_seeds(seed, 2 * FEW if thorough else FEW), (S_MAIN, S_AUX, RELATEDNESS))


@functools.cache
def relabelled(seed: int) -> Flows:
    """The grid of the first seed with another estimate of the label moments."""
    return _followed(standard_seeds(seed, 1), (S_MAIN, S_AUX, RELATEDNESS), label_rule=OTHER_LABELS)


@functools.cache
def small_effects(seed: int, thorough: bool) -> Flows:
    """Noisy main tasks beside unrelated and half-related tasks, over many more seeds, because the benefits are small."""
    first = FIRST_OF_MORE + MORE * seed
    more = _followed(range(first, first + (MORE if thorough else MORE // 2)), SMALL_EFFECTS)
    few = noisy(seed, thorough)
    mains = [few.s_main.index(s) for s in more.s_main]
    overlaps = [few.relatedness.index(r) for r in more.relatedness]
    count = len(few.moment)
    single, joint = few.single.at((slice(None), mains)), few.joint.at(np.ix_(range(count), mains, [0, 1], overlaps))
    s_main, s_aux, relatedness = SMALL_EFFECTS
    return Flows(
        s_main,
        s_aux,
        relatedness,
        single=single.joined(more.single),
        joint=joint.joined(more.joint),
        clean=np.concatenate([few.clean[:, mains], more.clean]),
        moment=np.concatenate([few.moment, more.moment]),
    )


@functools.cache
def one_noisy(seed: int, thorough: bool, auxiliary: bool) -> Flows:
    """Unrelated tasks of which only one has a noisy teacher: the auxiliary or the main one."""
    noise = (0.0, 1.0) if auxiliary else (1.0, 0.0)
    few = FEWER if auxiliary else FEW  # without noise of its own the main task hardly differs between seeds
    return _followed(
        standard_seeds(seed, 2 * few if thorough else few), ((1.0,), (STRONG,), (0.0,)), noise=noise, time_limit=SHORT
    )


@functools.cache
def noise_free(seed: int, thorough: bool) -> Flows:
    """Both teachers without noise, followed far: with clean hard labels the loss falls for ever.

    Hard labels do not depend on the size of noise-free singular values, so one value for each task is enough.
    """
    count = 2 * FEWER if thorough else FEWER
    return _followed(standard_seeds(seed, count), ((1.0,), (1.0,), (0.0, 1.0)), noise=0.0, time_limit=FAR)


def _followed(
    seeds: Sequence[int],
    axes: tuple,
    *,
    noise: float | tuple[float, float] = 1.0,
    time_limit: float = LONG,
    label_rule=dynamics.FAST_LABELS,
) -> Flows:
    """Flows of all settings; `noise` is the scale of both teachers, or of the main and of the auxiliary one."""
    s_main, s_aux, relatedness = axes
    shape = (len(s_main), len(s_aux), len(relatedness))

    def one_seed(seed: int):
        key = jax.random.key(seed)
        drawn = _draw(key, noise, axes)
        arms = (minimum(key, arm, drawn.moment, time_limit, label_rule) for arm in (drawn.joint, drawn.single))
        return *arms, drawn.clean, drawn.moment

    joint, single, clean, moments = zip(*map(one_seed, seeds), strict=True)
    together = Stop(*(np.stack(parts) for parts in zip(*joint, strict=True)))
    return Flows(
        s_main=s_main,
        s_aux=s_aux,
        relatedness=relatedness,
        single=Stop(*(np.stack(parts) for parts in zip(*single, strict=True))),
        joint=Stop(*(part.reshape(len(seeds), *shape, *part.shape[2:]) for part in together)),
        clean=np.stack(clean),
        moment=np.stack(moments),
    )


EQUAL_TIMES = (4.0, 16.0, 64.0)
"""Times at which students are compared: before, while and after main tasks of s̄_A ≤ 1 stop; those of s̄_A = 10 stop later."""


@functools.cache
def at_equal_times(seed: int, thorough: bool) -> tuple[Flows, ...]:
    """The noisy grid at each of `EQUAL_TIMES`, both arms, without stops and losses."""
    return _timed(standard_seeds(seed, 2 * FEW if thorough else FEW), dynamics.FAST_LABELS)


@functools.cache
def relabelled_at_equal_times(seed: int) -> tuple[Flows, ...]:
    """The noisy grid of the first seed at `EQUAL_TIMES`, with another estimate of the label moments."""
    return _timed(standard_seeds(seed, 1), OTHER_LABELS)


def _timed(seeds: Sequence[int], label_rule) -> tuple[Flows, ...]:
    axes = (S_MAIN, S_AUX, RELATEDNESS)
    shape = tuple(len(axis) for axis in axes)

    def one_seed(seed: int):
        key = jax.random.key(seed)
        drawn = _draw(key, 1.0, axes)
        arms = (_at_times(key, arm, label_rule) for arm in (drawn.joint, drawn.single))
        return *arms, drawn.clean, drawn.moment

    joint, single, clean, moments = zip(*map(one_seed, seeds), strict=True)
    arms = (
        np.stack(single),
        np.stack(joint).reshape(len(joint), *shape, len(EQUAL_TIMES), STANDARD.classes, STANDARD.features),
    )
    return tuple(
        Flows(
            *axes,
            single=weights_only(arms[0][..., k, :, :]),
            joint=weights_only(arms[1][..., k, :, :]),
            clean=np.stack(clean),
            moment=np.stack(moments),
        )
        for k in range(len(EQUAL_TIMES))
    )


class _Drawn(NamedTuple):
    """The teachers of one seed: noisy weights of both arms, by task, the main tasks' clean weights and label moment."""

    joint: list[Array]
    single: list[Array]
    clean: np.ndarray
    moment: np.ndarray


def _draw(key, noise: float | tuple[float, float], axes: tuple) -> _Drawn:
    """Draw the teachers of every setting with one key."""
    pairs = [teacher_pair(key, noise, *point) for point in itertools.product(*axes)]
    mains = [pair[0] for pair in pairs[:: len(axes[1]) * len(axes[2])]]
    return _Drawn(
        joint=[jnp.stack([pair[task].noisy_weights for pair in pairs]) for task in (0, 1)],
        single=[jnp.stack([main.noisy_weights for main in mains])],
        clean=np.stack([main.weights for main in mains]),
        moment=np.asarray(teachers.clean_label_moment(mains[-1])[0]),
    )


def teacher_pair(key, noise: float | tuple[float, float], s_main: float, s_aux: float, relatedness: float):
    return teachers.related_pair(
        key,
        relatedness=relatedness,
        classes=STANDARD.classes,
        features=STANDARD.features,
        singular_values=(s_main, s_aux),
        noise=noise,
        dtype=jnp.float32,
    )


def minimum(key, noisy_weights, moment, time_limit: float, label_rule=dynamics.FAST_LABELS) -> Stop:
    """All lanes of one seed at the minima of task 0's loss; they share the start, as in the simulation.

    `noisy_weights` are (lane, class, feature), one per task; `moment` is the label moment that judges task 0.
    """
    lanes = noisy_weights[0].shape[0]
    # Fewer lanes than a chunk would need another program, which takes longer to compile than the lanes to solve.
    filled = [jnp.concatenate([W, jnp.repeat(W[-1:], max(CHUNK - lanes, 0), axis=0)]) for W in noisy_weights]
    flow = dynamics.population_flow(filled, judge=moment, rule=dynamics.FAST_RULE, label_rule=label_rule)
    start = start_of(key, len(filled), filled[0].shape[0])
    found = dynamics.solve_until_bracketed(flow, start, time_limit=time_limit, chunk=CHUNK)
    assert found.trajectory is not None  # flows set it, and everything else that a stop needs
    assert found.weights is not None
    assert found.result is not None
    assert found.scrambles is not None
    assert found.refinement is not None
    times, curve = found.trajectory.times, np.asarray(found.trajectory.generalization_loss)
    fallen = curve[:, np.searchsorted(times, times[-1] / 2)] - curve[:, -1]
    # the curve is NaN once a lane has finished; such a lane's fall counts as 0
    late = np.where(found.result == Result.SUCCESS, 0.0, np.nan_to_num(fallen))
    stop = Stop(found.loss, found.time, found.weights, found.result, found.scrambles, found.refinement, late)
    return stop.at(slice(lanes))


def start_of(key, tasks: int, lanes: int) -> dynamics.Layers:
    """The simulation's random start, the same for every lane."""
    drawn = students.random_start(
        stream(key, "student"),
        features=STANDARD.features,
        hidden=(STANDARD.hidden,),
        classes=(STANDARD.classes,) * tasks,
        scale=STANDARD.start_scale,
        dtype=jnp.float32,
    )
    return jax.tree.map(
        lambda w: jnp.broadcast_to(w[None], (lanes, *w.shape)), dynamics.Layers(tuple(drawn.trunk), tuple(drawn.heads))
    )


def _at_times(key, noisy_weights, label_rule) -> np.ndarray:
    """Weights of task 0 at `EQUAL_TIMES`, (lane, time, class, feature)."""
    flow = dynamics.population_flow(noisy_weights, rule=dynamics.FAST_RULE, label_rule=label_rule)
    start = start_of(key, len(noisy_weights), noisy_weights[0].shape[0])
    found = dynamics.solve(flow, start, np.array([0.0, *EQUAL_TIMES]), TOLERANCE)
    return np.asarray(found.composites[0])[:, 1:]

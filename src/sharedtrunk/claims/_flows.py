"""Benefits on infinite data that several claims share: the population flow of the standard problem, stopped at its minimum.

The teachers' noise is quenched: it is part of the rule that labels the data, however many there are.
"""

import functools
import itertools
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import dynamics, students, teachers
from sharedtrunk._randomness import stream
from sharedtrunk.claims._lanes import MANY_SEEDS, STRONG, WEAK

BUNDLE = "population flows"

S_MAIN = (0.01, 0.3, 1.0, 10.0)
S_AUX = (WEAK, STRONG)
RELATEDNESS = (0.0, 0.5, 1.0)
FEW, FEWER = 8, 3
"""Seeds with noise, which differ, and without, which hardly do."""

FAR = 1000.0
"""Until when students are followed whose loss falls for ever."""

CHUNK = 8
"""Lanes that go through the solver together."""

CLASSES, FEATURES, HIDDEN, START_SCALE = 10, 100, 100, 0.3


@dataclass(frozen=True)
class Flows:
    """Students at the minimum of their generalization loss, axes (seed, s_main[, s_aux, relatedness]), then the weights'.

    Losses in nats; `clean` are the main teacher's clean weights (seed, s_main, class, feature), `moment` its label moment
    (seed, class, feature).
    """

    s_main: tuple[float, ...]
    s_aux: tuple[float, ...]
    relatedness: tuple[float, ...]
    loss_single: np.ndarray
    loss_joint: np.ndarray
    single: np.ndarray
    joint: np.ndarray
    clean: np.ndarray
    moment: np.ndarray

    def place(self, s_main: float, s_aux: float, relatedness: float) -> tuple:
        """Index of a setting in the joint students' axes, all seeds."""
        axes = ((self.s_main, s_main), (self.s_aux, s_aux), (self.relatedness, relatedness))
        return (slice(None), *(axis.index(value) for axis, value in axes))

    def benefit(self, s_main: float, s_aux: float, relatedness: float) -> np.ndarray:
        """L(W̃) − L(W_A), one number per seed, in nats."""
        place = self.place(s_main, s_aux, relatedness)
        return self.loss_single[:, place[1]] - self.loss_joint[place]

    def pair(self, s_main: float, s_aux: float, relatedness: float) -> tuple[np.ndarray, np.ndarray]:
        """W_A and W̃ of one setting, (seed, class, feature)."""
        place = self.place(s_main, s_aux, relatedness)
        return self.joint[place], self.single[:, place[1]]


@functools.cache
def noisy(seed: int, thorough: bool) -> Flows:
    """The grid with unit noise on both teachers."""
    count = 2 * FEW if thorough else FEW
    return _followed(seed, count, (S_MAIN, S_AUX, RELATEDNESS), noise=1.0, time_limit=500.0)


@functools.cache
def noise_free(seed: int, thorough: bool) -> Flows:
    """Both teachers without noise, followed far: with clean hard labels the loss falls for ever.

    Hard labels do not depend on the size of noise-free singular values, so one of each will do.
    """
    count = 2 * FEWER if thorough else FEWER
    return _followed(seed, count, ((1.0,), (1.0,), (0.0, 1.0)), noise=0.0, time_limit=FAR)


def _followed(seed: int, count: int, axes: tuple, *, noise: float, time_limit: float) -> Flows:
    s_main, s_aux, relatedness = axes
    shape = (len(s_main), len(s_aux), len(relatedness))
    joint, single, clean, moments = [], [], [], []
    for one in range(MANY_SEEDS * seed, MANY_SEEDS * seed + count):
        key = jax.random.key(one)
        pairs = [teacher_pair(key, noise, *point) for point in itertools.product(*axes)]
        main = pairs[:: shape[1] * shape[2]]
        moment = np.asarray(teachers.clean_label_moment(main[-1][0])[0])
        tasks = [jnp.stack([both[task].noisy_weights for both in pairs]) for task in (0, 1)]
        alone = [jnp.stack([both[0].noisy_weights for both in main])]
        joint.append(minimum(key, tasks, moment, time_limit))
        single.append(minimum(key, alone, moment, time_limit))
        clean.append(np.stack([both[0].weights for both in main]))
        moments.append(moment)
    losses = [np.stack([found.loss for found in arm]) for arm in (single, joint)]
    weights = [np.stack([found.weights for found in arm]) for arm in (single, joint)]
    return Flows(
        s_main=s_main,
        s_aux=s_aux,
        relatedness=relatedness,
        loss_single=losses[0],
        loss_joint=losses[1].reshape(-1, *shape),
        single=weights[0],
        joint=weights[1].reshape(-1, *shape, CLASSES, FEATURES),
        clean=np.stack(clean),
        moment=np.stack(moments),
    )


def teacher_pair(key, noise: float, s_main: float, s_aux: float, relatedness: float):
    return teachers.related_pair(
        key,
        relatedness=relatedness,
        classes=CLASSES,
        features=FEATURES,
        singular_values=(s_main, s_aux),
        noise=noise,
        dtype=jnp.float32,
    )


class Stop(NamedTuple):
    """Loss (lane,) in nats and weights (lane, class, feature) of task 0 at its minimum."""

    loss: np.ndarray
    weights: np.ndarray


def minimum(key, noisy_weights, moment, time_limit: float) -> Stop:
    """All lanes of one seed at the minima of task 0's loss; they share the start, as in the simulation.

    `noisy_weights` are (lane, class, feature), one per task; `moment` is the label moment that judges task 0.
    """
    lanes = noisy_weights[0].shape[0]
    # fewer lanes than a chunk would be another program to compile, which takes longer than the lanes
    filled = [jnp.concatenate([W, jnp.repeat(W[-1:], max(CHUNK - lanes, 0), axis=0)]) for W in noisy_weights]
    flow = dynamics.population_flow(filled, judge=moment, rule=dynamics.FAST_RULE, label_rule=dynamics.FAST_LABELS)
    drawn = students.random_start(
        stream(key, "student"),
        features=FEATURES,
        hidden=(HIDDEN,),
        classes=(CLASSES,) * len(filled),
        scale=START_SCALE,
        dtype=jnp.float32,
    )
    start = jax.tree.map(
        lambda w: jnp.broadcast_to(w[None], (filled[0].shape[0], *w.shape)),
        dynamics.Layers(tuple(drawn.trunk), tuple(drawn.heads)),
    )
    found = dynamics.solve_until_bracketed(flow, start, time_limit=time_limit, chunk=CHUNK)
    return Stop(found.loss[:lanes], found.weights[:lanes])

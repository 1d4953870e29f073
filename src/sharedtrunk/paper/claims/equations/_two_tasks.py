"""Two aligned tasks on one trunk: equations (26), (27) and the sign rule (28), against the full flow.

With two classes and one singular value per task the aligned equations are exact for a single task, so every difference from
the full flow comes from how (26) joins two tasks. Labels are drawn at β = 1, so ŝ is a fixed point. The full flow starts from
balanced layers with the same composites.
"""

import functools
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import dynamics, gaussian
from sharedtrunk._support.randomness import normal, stream
from sharedtrunk.paper.claims import Claim, Evidence, at_least, at_most

BUNDLE = "two aligned tasks"

RULE = gaussian.Sobol(points=1024, scrambles=1)
LEFT = np.array([[1.0], [-1.0]]) / 2**0.5
RELATEDNESS = (0.0, 0.25, 0.5, 0.75, 1.0)
LATE, EARLY = np.linspace(0.0, 40.0, 81), np.linspace(0.0, 4.0, 81)
"""Times up to the end of learning, and up to its middle."""

EXACT = 1e-4
"""Relative error within which two solutions of the same equations agree: a hundred times the solver's tolerance."""

DRAWS = 4


@dataclass(frozen=True)
class Problems:
    """Noisy singular values ŝ_A, ŝ_B, the value at which both tasks start, and r, one of each per lane."""

    main: np.ndarray
    auxiliary: np.ndarray
    start: np.ndarray
    relatedness: np.ndarray

    def right(self) -> tuple[np.ndarray, np.ndarray]:
        """v_A and v_B in two features, v_A · v_B = r: (lane, feature, 1)."""
        r = self.relatedness
        one, zero = np.ones_like(r), np.zeros_like(r)
        return np.stack([one, zero], axis=-1)[..., None], np.stack([r, np.sqrt(1 - r * r)], axis=-1)[..., None]


def printed(problems: Problems, times) -> np.ndarray:
    """Singular values s_A, s_B (task, lane, time) by (26) as printed."""
    rights = problems.right()
    flows, starts = [], []
    for lane, r in enumerate(problems.relatedness.tolist()):
        teachers = [
            (LEFT, s[lane : lane + 1], right[lane])
            for s, right in zip((problems.main, problems.auxiliary), rights, strict=True)
        ]
        flows.append(dynamics.two_task_flow(teachers[0], teachers[1], r, inverse_temperature=1.0, rule=RULE))
        begin = problems.start[lane : lane + 1]
        starts.append(dynamics.two_task_start(begin, begin, r))
    flow, start = (jax.tree.map(lambda *leaves: jnp.stack(leaves), *parts) for parts in (flows, starts))
    return _values(dynamics.solve(flow, start, times))


def full(problems: Problems, times) -> tuple[np.ndarray, dynamics.Layers]:
    """The population flow: singular values (task, lane, time), and the layers at the last time."""
    sizes = (problems.main, problems.auxiliary)
    noisy, begin = (
        [LEFT @ (s[:, None, None] * np.swapaxes(v, -1, -2)) for s, v in zip(values, problems.right(), strict=True)]
        for values in (sizes, (problems.start,) * 2)
    )
    flow = dynamics.population_flow(noisy, inverse_temperature=1.0, rule=RULE)
    solved = dynamics.solve(flow, dynamics.balanced_start(begin), times)
    return _values(solved), solved.final


def _values(solved) -> np.ndarray:
    return np.stack([np.linalg.norm(np.asarray(W), ord=2, axis=(-2, -1)) for W in solved.composites])


def drawn(seed: int, thorough: bool) -> Problems:
    """Singular values and starts at random, each with every relatedness."""
    count = DRAWS * (1 + 3 * thorough)
    uniform = jax.scipy.special.ndtr(normal(stream(jax.random.key(seed), "two aligned tasks"), (3, count), jnp.float64))
    low, high = np.array([[1.5], [0.5], [0.05]]), np.array([[3.0], [2.0], [0.3]])
    main, auxiliary, start = np.repeat(low + (high - low) * np.asarray(uniform), len(RELATEDNESS), axis=1)
    return Problems(main, auxiliary, start, np.tile(np.array(RELATEDNESS), count))


@functools.cache
def both(seed: int, thorough: bool) -> tuple[Problems, np.ndarray, np.ndarray]:
    """Random problems with their singular values (task, lane, time) by (26) and by the full flow."""
    problems = drawn(seed, thorough)
    return problems, _all_printed(seed, thorough)[:, : len(problems.main)], full(problems, LATE)[0]


@functools.cache
def _all_printed(seed: int, thorough: bool) -> np.ndarray:
    """(26) for the random problems and then the lattice, in one batch so that it is compiled once."""
    first, second = drawn(seed, thorough), lattice()
    fields = vars(first)
    joined = {name: np.concatenate([fields[name], more]) for name, more in vars(second).items()}
    return printed(Problems(**joined), LATE)


@functools.cache
def midway(seed: int, thorough: bool) -> tuple[Problems, dynamics.Layers]:
    """The problems of `both` and the full flow's layers in the middle of learning."""
    problems = drawn(seed, thorough)
    return problems, jax.tree.map(np.asarray, full(problems, EARLY)[1])


def largest(errors: np.ndarray, problems: Problems, relatedness) -> float:
    """The largest of the errors (lane, …) at the values of r that are given."""
    return float(np.max(errors[np.isin(problems.relatedness, relatedness)]))


INSIDE = (0.25, 0.5, 0.75)


def _eq26(seed: int, thorough: bool) -> Evidence:
    problems, by_26, truth = both(seed, thorough)
    errors = np.max(np.abs(by_26 - truth) / truth, axis=-1)

    def error(task: int, relatedness, words: str):
        return at_most(words, largest(errors[task], problems, relatedness), EXACT, error=EXACT / 10)

    return Evidence(
        within=(error(0, 1.0, "task A, r = 1"), error(1, 1.0, "task B, r = 1"), error(0, 0.0, "task A, r = 0")),
        beyond=(error(0, INSIDE, "task A, r = 0.25 … 0.75"), error(1, 0.0, "task B, r = 0: it stands still in (26)")),
    )


def composite_error(heads, trunk, weight) -> np.ndarray:
    """Relative error of s_A² = s_A³² ² [s_A³² ² + weight · s_B³² ²], lane by lane, for given layers."""
    a, b = (np.sum(head**2, axis=(-2, -1)) for head in heads)
    s = np.linalg.norm(heads[0] @ trunk, ord=2, axis=(-2, -1))
    return np.abs(np.sqrt(a * (a + weight * b)) - s) / s


def overlap(heads) -> np.ndarray:
    """cos² of the angle that the two heads make in the hidden layer."""
    inner = np.sum((heads[0] @ np.swapaxes(heads[1], -1, -2)) ** 2, axis=(-2, -1))
    return inner / np.prod([np.sum(head**2, axis=(-2, -1)) for head in heads], axis=0)


def _eq27(seed: int, thorough: bool) -> Evidence:
    problems, layers = midway(seed, thorough)
    heads, trunk = layers.heads, layers.trunk[0]
    errors = composite_error(heads, trunk, problems.relatedness)
    identity = composite_error(heads, trunk, overlap(heads))
    slack = EXACT / 10
    return Evidence(
        within=(
            at_most("r = 1", largest(errors, problems, 1.0), EXACT, error=slack),
            at_most("r = 0", largest(errors, problems, 0.0), EXACT, error=slack),
        ),
        beyond=(at_most("r = 0.25 … 0.75", largest(errors, problems, INSIDE), EXACT, error=slack),),
        instead=(
            at_most("heads' cos² in place of r, every r", largest(identity, problems, RELATEDNESS), EXACT, error=slack),
        ),
    )


LADDER = (0.0, 0.25, 1.0)
"""The values of r for each setting of the lattice: single task, weakly related, identical."""


def lattice() -> Problems:
    """Settings in round numbers that start below ŝ_A or exactly at it, each with every r of the ladder."""
    rows = [(2.0, b, s) for b in (0.5, 0.7, 1.0, 2.0, 3.0) for s in (0.1, 0.3, 0.5)]
    rows += [(1.0, b, 1.0) for b in (0.5, 2.0, 3.0)]
    main, auxiliary, start = np.repeat(np.array(rows).T, len(LADDER), axis=1)
    return Problems(main, auxiliary, start, np.tile(LADDER, len(rows)))


def lead(values: np.ndarray, rungs: int) -> np.ndarray:
    """s(r) − s̃ (setting, r, time) from singular values (lane, time) in which every `rungs`-th lane has r = 0."""
    by_setting = values.reshape(-1, rungs, values.shape[-1])
    return by_setting[:, 1:] - by_setting[:, :1]


def _eq28(seed: int, thorough: bool) -> Evidence:
    problems = lattice()
    ahead = lead(_all_printed(seed, thorough)[0, -len(problems.main) :], len(LADDER))
    settings = np.stack([problems.main, problems.auxiliary, problems.start], axis=-1)[:: len(LADDER)]
    starts_below = settings[:, 2] < settings[:, 0]
    readings = []
    for index, r in enumerate(LADDER[1:]):
        least = np.where(starts_below, ahead[:, index].min(axis=1), np.inf)
        most = np.where(starts_below, -np.inf, ahead[:, index].max(axis=1))
        low, high = int(least.argmin()), int(most.argmax())
        readings += [
            at_least(f"least s(r) − s̃: {_numbers(settings[low], r)}", least[low], -EXACT, error=EXACT / 10),
            at_most(f"largest s(r) − s̃: {_numbers(settings[high], r)}", most[high], EXACT, error=EXACT / 10),
        ]
    return Evidence(within=tuple(readings), instead=(_while_b_grows(seed, thorough),))


def _numbers(setting: np.ndarray, r: float) -> str:
    return "K = 2, r = {:g}, ŝ_A = {:g}, ŝ_B = {:g}, both start at {:g}".format(r, *setting)


def _while_b_grows(seed: int, thorough: bool):
    """The least s(r) − s̃ of random problems until task B's singular value passes ŝ_B."""
    problems, values, _ = both(seed, thorough)
    ahead = lead(values[0], len(RELATEDNESS))
    growing = np.logical_and.accumulate(values[1] <= problems.auxiliary[:, None], axis=-1)
    growing = growing.reshape(-1, len(RELATEDNESS), len(LATE))[:, 1:]
    least = np.min(np.where(growing, ahead, np.inf))
    return at_least("least s(r) − s̃ until s_B passes ŝ_B, random problems, every r", least, -EXACT, error=EXACT / 10)


_SETTING = "two classes, one singular value per task, labels at β = 1, balanced start"

CLAIMS = (
    Claim(
        key="eq-26",
        source="(26)",
        statement="Three coupled equations for the singular values of trunk and heads describe two aligned tasks of "
        "relatedness r, from start to end.",
        hypotheses=_SETTING,
        method="largest relative difference in time between singular values by (26) as printed and by the population flow, "
        "random ŝ_A, ŝ_B and starts",
        measure=_eq26,
        condition="r = 1 (for task A alone also at r = 0)",
        seconds=14.0,
        bundle=BUNDLE,
    ),
    Claim(
        key="eq-27",
        source="(27)",
        statement="The multitask student's singular value on task A is s_A³² √(s_A³² ² + r s_B³² ²).",
        hypotheses=_SETTING,
        method="relative error of the formula for the population flow's own layers in the middle of learning",
        measure=_eq27,
        condition="r is 0 or 1",
        truth="it is exact for balanced layers with cos² of the angle between the two heads in place of r",
        seconds=1.0,
        bundle=BUNDLE,
    ),
    Claim(
        key="eq-28",
        source="(28)",
        statement="At all times s(r) ≥ s̃ if s̃(0) < ŝ_A, and s(r) ≤ s̃ if s̃(0) ≥ ŝ_A.",
        hypotheses="the solutions of (26) themselves; equal starts; " + _SETTING,
        method="difference of the solutions of (26) at r and at 0 over a lattice of round numbers; the worst is shown; at "
        "r = 1 the solutions of (26) are those of the full flow",
        measure=_eq28,
        truth="from a small start s(r) ≥ s̃ as long as task B still grows; once s_B has passed ŝ_B it draws the trunk back",
        seconds=3.0,
        bundle=BUNDLE,
    ),
)

"""The expected benefit at the user's size, from rows that no user has: many fresh draws, trained as the advisor trains.

A draw takes as many main-labelled and new rows from the remainder as the user has, splits the former as the advisor does
(the first of its ten folds, whose test rows are left out), and tests both students on further rows, up to `TEST_ROWS`.
Nothing but the rows differs from the advisor's own trainings.

The mean over J draws from a pool of M rows errs by more than s/√J, because draws share rows:

    s.e.² = s²/J + C,     C = Var E[d | pool] ≤ r/(1 − r) σ_a² + σ_b²/M,     r = n/M,

where n counts the rows that a draw trains on, main-labelled and new ones, and d_jr = μ + a_j + b_r + e_jr is the difference
of row r in draw j. The bound is Hoeffding's (1948, theorem 5.2) for U-statistics of degree n; draws from one pool show σ_a²
less C, hence 1 − r. The bound is reached only if every row adds its own share to the benefit. So draws are made in
pairs that share no row, where the pool is large enough: the difference within a pair has the whole variance, all draws from
the pool together have C less, and

    Ĉ = (J−1)/(J−2) (W − s²),     W = Σ (d − d′)²/J over the J/2 pairs.

One truth tells little about C; from all truths of a table `pool_share` finds the share κ of the bound that is reached.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from sharedtrunk.affinity._rows import prepared_rows
from sharedtrunk.affinity._split_inputs import SplitInputs
from sharedtrunk.affinity._splits import (
    FOLDS,
    LEFT_OUT,
    TEST,
    TRAIN,
    VALIDATION,
    VALIDATION_FOLDS,
    split_roles,
    with_rest,
)
from sharedtrunk.affinity._student import STUDENT, Student
from sharedtrunk.affinity._trials import Arm, Outcome, Rows, run_trials, schedule_for

from .pairs import Family, remainder, with_labels

TEST_ROWS, LEAST_TEST_ROWS = 300, 80


@dataclass(frozen=True)
class Truth:
    """Mean benefit in nats and gain in accuracy, the single draws, and the components of their error.

    `paired`: draws 2k and 2k + 1 share no row. `by_training`, `by_row`: σ_a, σ_b in nats; `bound`: the bound of C in nats².
    """

    mean: float
    accuracy: float
    draws: tuple[float, ...]
    paired: bool
    by_training: float
    by_row: float
    bound: float


def pool_variance(truth: Truth) -> float:
    """Ĉ in nats² from draws in disjoint pairs: unbiased, hence sometimes negative."""
    draws = np.array(truth.draws)
    disjoint = np.mean((draws[0::2] - draws[1::2]) ** 2) / 2
    return float((draws.size - 1) / (draws.size - 2) * (disjoint - draws.var(ddof=1)))


def pool_share(truths: Sequence[Truth]) -> float:
    """κ = Σ Ĉ / Σ bound over the truths whose draws are paired, clipped to 0 … 1; without such truths 1, the bound itself."""
    paired = [truth for truth in truths if truth.paired]
    bound = sum(truth.bound for truth in paired)
    return float(np.clip(sum(map(pool_variance, paired)) / bound, 0, 1)) if bound > 0 else 1.0


def standard_error(truth: Truth, share: float) -> float:
    """√(s²/J + κ bound) in nats."""
    return float(np.sqrt(np.var(truth.draws, ddof=1) / len(truth.draws) + share * truth.bound))


def truths(
    family: Family,
    draws: int,
    *,
    student: Student = STUDENT,
    all_labels: bool = False,
    sets: Sequence[tuple[str, ...]] | None = None,
) -> dict[str, Truth]:
    """The truth for every auxiliary task, or for every set of them in `sets`, by name or by names joined with +.

    `all_labels`: training and validation rows are all of the user's main labels, not nine tenths of them.
    """
    pool = remainder(family)
    asked = [(auxiliary.name,) for auxiliary in family.auxiliaries] if sets is None else list(sets)

    def one(draw: int):
        return _one_draw(family, draw_rows(family, pool, draw), draw, asked, student, all_labels)

    found = [one(0)]  # alone, so that threads do not compile the same program side by side
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as threads:
        found += threads.map(one, range(1, draws))
    degree = round(family.labels * (1 if all_labels else 1 - 1 / FOLDS)) + family.new
    paired = _test_rows(family, pool)[1] and draws % 2 == 0 and draws > 2
    return {name: _truth([draw[name] for draw in found], degree / pool.size, pool.size, paired) for name in found[0]}


def draw_rows(family: Family, pool: np.ndarray, draw: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Main-labelled, new and test rows of a draw; those of draws 2k and 2k + 1 are disjoint where the pool has enough."""
    tested, paired = _test_rows(family, pool)
    order = np.random.default_rng([family.world, 3, draw // 2 if paired else draw]).permutation(pool)
    ends = np.cumsum([family.labels, family.new, tested])
    mine = order[ends[-1] * (draw % 2) :] if paired else order
    return mine[: ends[0]], mine[ends[0] : ends[1]], mine[ends[1] : ends[2]]


def _test_rows(family: Family, pool: np.ndarray) -> tuple[int, bool]:
    """Test rows of a draw, and whether draws come in disjoint pairs."""
    per_draw = family.labels + family.new
    in_pairs = (pool.size - 2 * per_draw) // 2
    if in_pairs >= LEAST_TEST_ROWS:
        return min(TEST_ROWS, in_pairs), True
    return min(TEST_ROWS, pool.size - per_draw), False


def _one_draw(family: Family, drawn, draw: int, asked, student: Student, all_labels: bool):
    """Test rows with their differences of loss and of correctness, by set of auxiliary tasks."""
    main_rows, new_rows, test_rows = drawn
    rows, roles = _laid_out(family, main_rows, new_rows, test_rows, draw, all_labels)
    names = [auxiliary.name for auxiliary in family.auxiliaries]
    arms = [Arm((1.0, *(float(name in chosen) for name in names))) for chosen in ((), *asked)]
    all_roles = with_rest(roles[None], len(rows.inputs) - rows.judged)
    outcomes = run_trials(rows, arms, all_roles, np.zeros(rows.judged), student, seed=draw)
    alone, *beside = (_on(outcomes[arm, 0], roles == TEST) for arm in arms)
    return {
        "+".join(chosen): (test_rows, alone[0] - loss, right - alone[1])
        for chosen, (loss, right) in zip(asked, beside, strict=True)
    }


def _laid_out(family: Family, main_rows, new_rows, test_rows, draw: int, all_labels: bool) -> tuple[Rows, np.ndarray]:
    """The user's rows as the advisor lays them out, with the further test rows last among the judged ones."""
    table = with_labels(family, main_rows, new_rows, seed=[family.world, 4, draw])
    tasks = [family.main, *(auxiliary.name for auxiliary in family.auxiliaries)]
    rows = prepared_rows(table, tasks, [family.main], seed=draw)
    source = family.source()
    mine = rows.inputs.features
    features = np.concatenate([mine[: rows.judged], source.features[test_rows], mine[rows.judged :]])
    codes = np.full((len(tasks), test_rows.size), -1)
    codes[0] = source.labels[family.main][test_rows]
    joined = rows._replace(
        inputs=SplitInputs(features, rows.inputs.preparation),
        codes=np.concatenate([rows.codes[:, : rows.judged], codes, rows.codes[:, rows.judged :]], axis=1),
        judged=rows.judged + test_rows.size,
        numbers=np.concatenate([rows.numbers[: rows.judged], np.full(test_rows.size, -1), rows.numbers[rows.judged :]]),
    )
    # Test rows must not change how the others are visited.
    assert _visits(joined) == _visits(rows), family.identity
    strata = rows.codes[0, : rows.judged]
    folds = FOLDS - 1 if all_labels else FOLDS
    roles = split_roles(strata, folds=folds, repeats=1, seed=draw)[0]
    roles = np.where(roles == TEST, TRAIN if all_labels else LEFT_OUT, roles)
    assert (roles == VALIDATION).sum() <= (VALIDATION_FOLDS + 1) * strata.size / folds
    return joined, np.concatenate([roles, np.full(test_rows.size, TEST)])


def _visits(rows: Rows) -> tuple:
    """The parts of the schedule that affect the training itself."""
    schedule = schedule_for(rows.judged, len(rows.inputs), STUDENT)
    own = (getattr(schedule, name) for name in ("rest_batch", "check_every", "patience", "max_steps"))
    return schedule.judged_batch == rows.judged, *own


def _on(outcome: Outcome, tested: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    assert outcome.made.all()
    return outcome.loss[0, tested], outcome.right[0, tested]


def _truth(draws: list[tuple[np.ndarray, np.ndarray, np.ndarray]], used: float, pool: int, paired: bool) -> Truth:
    """`used`: r, the share of the pool that a draw trains on."""
    means = [float(difference.mean()) for _, difference, _ in draws]
    by_training, by_row = components([(rows, difference) for rows, difference, _ in draws])
    bound = used / (1 - used) * by_training**2 + by_row**2 / pool
    accuracy = float(np.mean([right.mean() for _, _, right in draws]))
    return Truth(float(np.mean(means)), accuracy, tuple(means), paired, by_training, by_row, bound)


def components(draws: list[tuple[np.ndarray, np.ndarray]]) -> tuple[float, float]:
    """Standard deviations σ_a of draws and σ_b of rows in d_jr = μ + a_j + b_r + e_jr, by analysis of variance.

    `draws`: for each, its rows and their differences. Negative estimates of a variance count as 0.
    """
    rows = np.concatenate([row for row, _ in draws])
    centred = np.concatenate([difference - difference.mean() for _, difference in draws])
    _, place, count = np.unique(rows, return_inverse=True, return_counts=True)
    row_means = np.bincount(place, centred) / count
    total, groups = rows.size, count.size
    residual = ((centred - row_means[place]) ** 2).sum() / max(total - groups - len(draws) + 1, 1)
    between = (count * row_means**2).sum() / max(groups - 1, 1)
    typical = (total - (count**2).sum() / total) / max(groups - 1, 1)
    row_variance = max(between - residual, 0.0) / typical if typical > 0 else 0.0
    per_draw = total / len(draws)
    means = np.array([difference.mean() for _, difference in draws])
    draw_variance = max(means.var(ddof=1) - (row_variance + residual) / per_draw, 0.0)
    return float(draw_variance**0.5), float(row_variance**0.5)

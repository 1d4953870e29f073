"""How good answers are, given the truth: ranks, decisions, intervals. Plain functions of arrays over trials.

A benefit is in nats. A trial's truth is `clear` if its size exceeds both two of its standard errors and what is negligible.
"""

from collections.abc import Callable

import numpy as np
from scipy import special, stats

from sharedtrunk.affinity._effects import NEGLIGIBLE

HELPS, HURTS, NEITHER, UNCLEAR = "helps", "hurts", "negligible", "unclear"
TRUE_CLASSES = (HELPS, NEITHER, UNCLEAR, HURTS)
CONFIDENCE = 0.95
RESAMPLED = 1000


def true_class(truth: np.ndarray, error: np.ndarray, negligible: float = NEGLIGIBLE) -> np.ndarray:
    """HELPS or HURTS if |truth| > 2 error and > negligible; NEITHER if |truth| + 2 error < negligible; UNCLEAR otherwise."""
    clear = np.abs(truth) > np.maximum(2 * error, negligible)
    within = np.abs(truth) + 2 * error < negligible
    return np.select([clear & (truth > 0), clear & (truth < 0), within], [HELPS, HURTS, NEITHER], UNCLEAR).astype(
        object
    )


def auc(scores: np.ndarray, positive: np.ndarray) -> float:
    """Probability that a positive trial scores higher than a negative one; ties count half. NaN unless both kinds occur."""
    count = int(positive.sum())
    if not 0 < count < positive.size:
        return float("nan")
    ranks = stats.rankdata(scores)
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (positive.size - count)))


def answered(scores: np.ndarray) -> np.ndarray:
    """Scores, with the median for each missing answer (NaN), so that it ranks in the middle; 0 if all are missing."""
    known = np.isfinite(scores)
    return np.where(known, scores, np.median(scores[known]) if known.any() else 0.0)


def ranks_within(
    scores: np.ndarray, truth: np.ndarray, groups: np.ndarray, least: int = 3
) -> tuple[np.ndarray, np.ndarray]:
    """Spearman's correlation in every group of at least `least` trials (0 if its scores are equal), and one trial of each."""
    found, places = [], []
    for group in np.unique(groups):
        mine = np.flatnonzero(groups == group)
        if mine.size >= least and np.ptp(truth[mine]) > 0:
            flat = np.ptp(scores[mine]) == 0
            found.append(0.0 if flat else float(stats.spearmanr(scores[mine], truth[mine]).statistic))
            places.append(mine[0])
    return np.array(found), np.array(places, int)


def pairs_within(
    scores: np.ndarray, positive: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For every group with positive and negative trials: its pairs of both in the right order, all such pairs, one trial.

    Ties count half. Σ won / Σ pairs is the AUC within groups, in which differences between groups do not count.
    """
    won, pairs, places = [], [], []
    for group in np.unique(groups):
        mine = np.flatnonzero(groups == group)
        area, hits = auc(scores[mine], positive[mine]), int(positive[mine].sum())
        if np.isfinite(area):
            pairs.append(hits * (mine.size - hits))
            won.append(area * pairs[-1])
            places.append(mine[0])
    return np.array(won, float), np.array(pairs, float), np.array(places, int)


def share_of(won: np.ndarray, pairs: np.ndarray) -> float:
    """Σ won / Σ pairs; NaN without pairs."""
    return float(won.sum() / pairs.sum()) if pairs.sum() else float("nan")


def regret(use: np.ndarray, truth: np.ndarray) -> float:
    """Mean benefit in nats lost against an oracle that uses B exactly where its true benefit is above 0."""
    return float(np.mean(np.maximum(truth, 0) - np.where(use, truth, 0)))


def crossed_decisions(scores: np.ndarray, truth: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Whether to use B in each trial: the score exceeds the threshold of least regret on all *other* groups."""
    use = np.zeros(scores.size, bool)
    for group in np.unique(groups):
        mine = groups == group
        use[mine] = scores[mine] > best_threshold(scores[~mine], truth[~mine])
    return use


def best_threshold(scores: np.ndarray, truth: np.ndarray) -> float:
    """The threshold of least regret: halfway between two scores, or beyond all of them; −∞ without trials."""
    if not scores.size:
        return float("-inf")
    values = np.unique(scores)
    cuts = np.concatenate([[-np.inf], (values[1:] + values[:-1]) / 2, [np.inf]])
    gained = [truth[scores > cut].sum() for cut in cuts]
    return float(cuts[int(np.argmax(gained))])


def coverage(mean: np.ndarray, low: np.ndarray, high: np.ndarray, truth: np.ndarray, error: np.ndarray | float = 0.0):
    """Whether each interval covers the truth, and whether there is an interval: (covers, present).

    Both arms of an interval first grow by the truth's 95 % error in quadrature. A missing interval (NaN) gives False, False.
    """
    own = stats.norm.ppf(0.5 + CONFIDENCE / 2) * error
    present = np.isfinite(low) & np.isfinite(high)
    below, above = np.hypot(mean - low, own), np.hypot(high - mean, own)
    return present & (truth >= mean - below) & (truth <= mean + above), present


def expected_coverage(low: np.ndarray, high: np.ndarray, error: np.ndarray, truth_error: np.ndarray):
    """How often a perfect interval would cover a truth that is itself measured: P(|t_ν| ≤ h/√(s² + τ²)) for each trial.

    h is half the interval's length, s its error, τ that of the truth; ν degrees of freedom have the two-sided 95 % point h/s.
    At τ = 0 the answer is 95 %. NaN where there is no interval.
    """
    half = (high - low) / 2
    known = np.isfinite(half) & (error > 0)
    freedom = special.stdtridf(0.5 + CONFIDENCE / 2, np.where(known, half / np.where(known, error, 1), 2))
    within = np.where(known, half / np.where(known, np.hypot(error, truth_error), 1), np.nan)
    return 2 * special.stdtr(freedom, within) - 1


def clopper_pearson(hits: int, trials: int) -> tuple[float, float]:
    """The exact 95 % interval of a probability (Clopper and Pearson 1934)."""
    tail = (1 - CONFIDENCE) / 2
    low = stats.beta.ppf(tail, hits, trials - hits + 1) if hits else 0.0
    high = stats.beta.ppf(1 - tail, hits + 1, trials - hits) if hits < trials else 1.0
    return float(low), float(high)


def by_clusters(
    statistic: Callable[[np.ndarray], float], clusters: np.ndarray, resampled: int = RESAMPLED, seed: int = 0
) -> tuple[float, float, float]:
    """statistic(rows) of all rows, and its 95 % percentile interval when whole clusters are resampled; NaN if undefined."""
    if not clusters.size:
        return float("nan"), float("nan"), float("nan")
    random = np.random.default_rng(seed)
    members = [np.flatnonzero(clusters == name) for name in np.unique(clusters)]
    drawn = []
    for _ in range(resampled):
        chosen = random.integers(len(members), size=len(members))
        drawn.append(statistic(np.concatenate([members[place] for place in chosen])))
    known = np.array(drawn)[np.isfinite(drawn)]
    value = float(statistic(np.arange(clusters.size)))
    if not known.size:
        return value, float("nan"), float("nan")
    low, high = np.quantile(known, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return value, float(low), float(high)

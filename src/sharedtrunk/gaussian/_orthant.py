"""Gaussian probabilities of cones, hard and soft, by separation of variables (Genz 1992; Genz and Kwong 2000).

A hard cone is the set rows · ξ < 0. A soft cone weighs every row by a Gumbel distribution function exp(−e^{y}), where y is
the row's excess. Both are integrated variable by variable: each variable is drawn below the bound that the earlier ones set,
so the integrand is smooth where an indicator would jump, and 10⁴ quasi-random points give errors of 10⁻⁴ … 10⁻⁵. Everything
runs on the host in float64.
"""

import functools

import numpy as np
from scipy import special

from sharedtrunk.gaussian._error import length

TIE = 1e-11  # relative size below which two directions of the logits are the same to rounding
MARGIN = 3.6  # exp(−e^{3.6}) = 1e-16: a soft constraint exceeded by this much has no weight


_BITS = 52


@functools.lru_cache(maxsize=32)
def _sobol_integers(points: int, scrambles: int, seed: int, dimension: int) -> np.ndarray:
    """Scrambled Sobol points as integers below 2^52, (dimension, scramble · node)."""
    from scipy.stats import qmc  # imported here: it takes half a second, which most uses do without

    sets = []
    for scramble in range(scrambles):
        rng = np.random.default_rng([seed, scramble])
        sets.append(qmc.Sobol(dimension, scramble=True, bits=_BITS, rng=rng).random(points).T)
    nodes = np.concatenate(sets, axis=1)
    return np.ldexp(nodes, _BITS).astype(np.uint64)


def uniform_nodes(points: int, scrambles: int, seed: int, dimension: int, stream: int) -> np.ndarray:
    """Points in the open unit cube, (dimension, scramble · node), each stream with a digital shift of its own.

    Shifted points are still a Sobol net. Integrals that are summed use different streams, so that their errors average out
    instead of adding up.
    """
    shift = np.random.default_rng([seed, 1 + stream]).integers(2**_BITS, size=(dimension, scrambles), dtype=np.uint64)
    integers = _sobol_integers(points, scrambles, seed, dimension) ^ np.repeat(shift, points, axis=1)
    # the middle of the cell, so that no point is 0
    return np.ldexp(integers.astype(float) + 0.5, -_BITS)


def plan(rows: np.ndarray) -> tuple[list[list[int]], np.ndarray]:
    """Order the constraints on rows · ξ (unit rows) and triangularize them.

    Returns, for each variable, the rows that depend on it and on earlier variables only, and the coefficients (row,
    variable). If the rows have full rank, there is one row per variable. The rarest event comes first (Gibson, Glasbey and
    Elston 1994), which lowers the variance most.
    """
    residual = rows.copy()
    coefficients = np.zeros((len(rows), 0))
    free = list(range(len(rows)))
    expected: list[float] = []
    ends = []
    while free:
        norms = np.linalg.norm(residual[free], axis=1)
        bounds = -(coefficients[free] @ np.array(expected)) / norms
        pick = int(np.argmin(special.log_ndtr(bounds)))
        b = bounds[pick]
        expected.append(-np.exp(-0.5 * b * b - 0.5 * np.log(2 * np.pi) - special.log_ndtr(b)))
        v = residual[free[pick]] / norms[pick]
        column = residual @ v
        residual = residual - column[:, None] * v
        again = residual @ v
        residual -= again[:, None] * v
        coefficients = np.concatenate([coefficients, (column + again)[:, None]], axis=1)
        done = [k for i, k in enumerate(free) if i == pick or np.linalg.norm(residual[k]) <= TIE]
        ends.append(done)
        free = [k for k in free if k not in done]
    return ends, coefficients


def _draw(low: np.ndarray, high: np.ndarray, uniform: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A normal variable between the levels low and high, and the probability of that interval."""
    width = np.maximum(high - low, 0.0)
    level = low + uniform * width
    # the point in an empty interval does not matter, since it has no weight
    return special.ndtri(np.where((level > 0) & (level < 1), level, 0.5)), width


def hard_cone(rows: np.ndarray, points: int, scrambles: int, seed: int, stream: int) -> np.ndarray:
    """Estimate P(rows · ξ < 0 for every row) by each scramble, for standard normal ξ; no row may be zero."""
    if not len(rows):
        return np.ones(scrambles)
    ends, L = plan(rows / np.linalg.norm(rows, axis=1, keepdims=True))
    depth = len(ends)
    # the last variable is integrated exactly
    uniform = uniform_nodes(points, scrambles, seed, depth - 1, stream) if depth > 1 else np.full((1, scrambles), 0.5)
    count = uniform.shape[1]
    y = np.zeros((depth, count))
    weight = np.ones(count)
    for j, done in enumerate(ends):
        low, high = np.zeros(count), np.ones(count)
        for k in done:
            level = special.ndtr(-(L[k, :j] @ y[:j]) / L[k, j])
            low, high = (low, np.minimum(high, level)) if L[k, j] > 0 else (np.maximum(low, level), high)
        if j < depth - 1:
            y[j], width = _draw(low, high, uniform[j])
        else:
            width = np.maximum(high - low, 0.0)
        weight = weight * width
    return weight.reshape(scrambles, -1).mean(axis=1)


def soft_cone(rows: np.ndarray, excess: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Weights whose mean over nodes is E Π_k exp(−e^{rows_k · ξ + excess_k}), ξ standard normal.

    `excess` is (row, node). If it was computed from random numbers of each node, the mean is over these too. `uniform` is
    (variable, node), with at least as many variables as rows.
    """
    weight = np.ones(uniform.shape[1])
    sizes = length(rows, axis=1)
    flat = sizes <= TIE
    for k in np.flatnonzero(flat):
        weight = weight * np.exp(-np.exp(np.minimum(excess[k], 5.0)))
    proper = np.flatnonzero(~flat)
    if not len(proper):
        return weight
    ends, L = plan(rows[proper] / sizes[proper, None])
    y = np.zeros((len(ends), uniform.shape[1]))
    for j, done in enumerate(ends):
        low, high = np.zeros(uniform.shape[1]), np.ones(uniform.shape[1])
        before = [L[k, :j] @ y[:j] for k in done]
        for k, known in zip(done, before, strict=True):
            level = special.ndtr(((MARGIN - excess[proper[k]]) / sizes[proper[k]] - known) / L[k, j])
            low, high = (low, np.minimum(high, level)) if L[k, j] > 0 else (np.maximum(low, level), high)
        y[j], width = _draw(low, high, uniform[j])
        weight = weight * width
        for k, known in zip(done, before, strict=True):
            total = sizes[proper[k]] * (known + L[k, j] * y[j]) + excess[proper[k]]
            weight = weight * np.exp(-np.exp(np.minimum(total, 5.0)))
    return weight

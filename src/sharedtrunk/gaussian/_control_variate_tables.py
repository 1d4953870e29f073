"""Tables, over the scale s, of the errors that a set of nodes makes at equal variances, where the exact values are known.

`_control_variate` defines e, D, E and L₀.
"""

import functools
import math
from typing import NamedTuple

import numpy as np

from sharedtrunk._support.cache.arrays import stored_arrays
from sharedtrunk.gaussian import _curvature
from sharedtrunk.gaussian._random_energy import free_energy_and_slope
from sharedtrunk.gaussian._rules import Sobol, half_nodes

LOWEST, STEP, COUNT = math.log(0.2), 0.246, 30  # in ln s: s = 0.2 … 250
SCALES = np.exp(LOWEST + STEP * np.arange(COUNT))
_MOST_NODES = 2**17


def simplex_factor(classes: int) -> np.ndarray:
    """L₀: the Cholesky factor of J, (class, class − 1)."""
    K = classes
    below = K - 1 - np.arange(K - 1)  # rows below the diagonal, by column
    diagonal = np.sqrt(below / (below + 1))
    return np.tril(np.broadcast_to(-diagonal / below, (K, K - 1)), -1) + np.eye(K, K - 1) * diagonal


class Tables(NamedTuple):
    """Errors of a rule at s L₀, each (s, scramble, …): e, D, the error of G, and E as a packed form in the entries of δ."""

    energy: np.ndarray
    moment: np.ndarray
    covariance: np.ndarray
    second: np.ndarray | None


@functools.lru_cache(maxsize=16)
def tables(rule: Sobol, classes: int, *, second_order: bool) -> Tables:
    """The errors of a rule, in float64. `second` is None if its table would be too large or take seconds to make."""
    second_order = (
        second_order and 3 <= classes <= _curvature.MOST_CLASSES and rule.points * rule.scrambles <= _MOST_NODES
    )
    make = functools.partial(_table_arrays, rule, classes, second_order)
    parts = stored_arrays(("tables", rule, classes, second_order), make)
    return Tables(*parts, *[None] * (4 - len(parts)))


def _table_arrays(rule: Sobol, classes: int, second_order: bool) -> list[np.ndarray]:
    K, L = classes, simplex_factor(classes)
    exact = _exact(K)
    rows = [_over_nodes(L, u, second_order) for u in half_nodes(rule, K - 1)]
    F, moment, G, means = (np.stack(part, axis=1) for part in zip(*rows, strict=True))
    errors = [F - exact.energy, moment - exact.moment * L, G - exact.covariance * (np.eye(K) - 1 / K)]
    return [*errors, _curvature.packed(_curvature.nodes_form(means, K - 1) - exact.form)] if second_order else errors


class _Exact(NamedTuple):
    """F, the factors of L₀ in E[P uᵀ] and of J in G, and half the second derivative, at every s L₀, each (s, 1, …)."""

    energy: np.ndarray
    moment: np.ndarray
    covariance: np.ndarray
    form: np.ndarray | None


@functools.cache
def _exact(classes: int) -> _Exact:
    K, s = classes, SCALES
    F, slope = free_energy_and_slope(s, K)
    g = slope / (K - 1) / s
    form = None
    if 3 <= K <= _curvature.MOST_CLASSES:
        form = _curvature.exact_form(simplex_factor(K), *_curvature.second_order(s, g, K))[:, None]
    g = g[:, None, None, None]
    return _Exact(F[:, None], g * s[:, None, None, None], g, form)


def _over_nodes(L: np.ndarray, u: np.ndarray, second_order: bool):
    """F̂, Ê[P uᵀ], Ĝ and the means of `_curvature.curvature_means`, over the nodes u and −u, at every s L₀."""
    y, products = L @ u, _curvature.products_of(u)
    rows = []
    for s in SCALES:
        F, H, G, means = 0.0, 0.0, 0.0, np.zeros(())
        for sign in (1, -1):
            z = sign * s * y
            top = z.max(axis=0)
            P = np.exp(z - top)
            total = P.sum(axis=0)
            P /= total
            F = F + 0.5 * np.mean(top + np.log(total))
            H = H + 0.5 * sign * P @ u.T / u.shape[1]
            G = G + 0.5 * (np.diag(P.sum(axis=1)) - P @ P.T) / u.shape[1]
            if second_order:
                means = means + 0.5 * _curvature.curvature_means(P, L, products)
        rows.append((np.asarray(F), H, G, means))
    return [np.stack(part) for part in zip(*rows, strict=True)]

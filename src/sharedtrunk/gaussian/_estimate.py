"""Values with error bars for a batch of weights, by a given rule or by the method chosen for each lane.

Every quantity of this package can be computed in up to four ways for centred, whitened weights J W C^½; `Quantity` holds
them. A quantity in feature space (a moment) is mapped back through the root of C before its error is taken, so the error
bar is that of the returned value. Without a rule, the singular values of a lane decide its method.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk._support.cache.programs import program
from sharedtrunk.errors import invalid
from sharedtrunk.gaussian import _panels
from sharedtrunk.gaussian._error import length, mean_and_error, norm_half_width, rounding_error
from sharedtrunk.gaussian._factor import covariance_root, host_root, whitened
from sharedtrunk.gaussian._pairs import distances, softmax_covariances
from sharedtrunk.gaussian._rules import FINE, NodeRule, Pairs, Panels, Rule, Sobol
from sharedtrunk.gaussian._sobol import over_lanes
from sharedtrunk.gaussian._spectrum import (
    Sensitivity,
    deviation_from_equal,
    host_whitened,
    kept_rank,
    numerical_rank,
    tail,
)
from sharedtrunk.gaussian.checks import are_concrete, check_error_rule, check_rule

FINER_PAIRS = Pairs(points=16384, scrambles=16)

_SMALL = 1e-2
"""Largest entry of the weights below which G W keeps more digits than E[P uᵀ], since all P are close to 1/K."""

_STEEPEST_RANK_3 = 4096.0
"""Largest singular value at which rank 3 is computed by panels; it then takes half a minute at K = 5."""

_LOGIT_ROUNDING = 4.0
"""The largest rounding error, in units of ε, that centring, factoring and multiplying leave in a logit."""


class Quantity(NamedTuple):
    """One quantity and the four ways to compute it. Each is a module constant, so that jit compiles once.

    `sobol(W, rule)` gives one value per scramble. `panels(integrals, V)` reads the value off the host integrals.
    `equal(s, deviation, W)` is the closed form for W Wᵀ = s² J with its error where the singular values deviate from s.
    `pairs(G, W)` computes values from covariances G (scramble, class, class), and bounds the part that they leave out.

    `moderate` is the Sobol rule above rank 3, up to the root-mean-square singular value `crossover`. Where its error bar is
    longer than `promise` times the value, `finer` replaces it, as `FINER_PAIRS` replaces `Pairs()`. `in_features`: the last
    axis is `feature`. `by_covariances`: `pairs` is accurate for weights of any size, so a user may choose `Pairs`.
    """

    sobol: Callable
    panels: Callable
    equal: Callable
    sensitivity: Sensitivity
    pairs: Callable
    moderate: Sobol = FINE
    finer: Sobol = Sobol(points=16384, scrambles=16)
    promise: float = 1e-3
    crossover: float = np.inf
    in_features: bool = False
    by_covariances: bool = True

    @property
    def by_nodes(self) -> tuple[Callable, tuple[float, float]]:
        """What `_by_sobol` needs: the function for the values of a lane, and how much they change with W."""
        return self.sobol, (float(self.sensitivity.slope), float(self.sensitivity.most))


_whitened = program(whitened)


@program
def _by_sobol(W, root, sobol: Callable, sensitivity: tuple[float, float], rule: NodeRule, with_error: bool):
    def lane(w):
        values = sobol(w, rule)
        if not with_error:
            return _mapped(jnp.mean(values, axis=0), root)
        value, error = mean_and_error(_mapped(values, root))
        slope, most = sensitivity
        # equal terms round the same way in every scramble, so the spread over scrambles does not show that error
        error = error + float(jnp.finfo(w.dtype).eps) * rule.points**0.5 * length(value)
        rounding = slope * _LOGIT_ROUNDING * float(jnp.finfo(w.dtype).eps) * length(w)
        # columns of the root are orthogonal, so its norm is that of the longest column
        stretch = 1.0 if root is None else jnp.max(length(root, axis=0))
        return value, error + jnp.minimum(rounding, jnp.asarray(most, w.dtype)) * stretch

    return over_lanes(lane, W, rule.points)


def _mapped(values, root):
    """From whitened inputs back to x = R ξ: E[P xᵀ] = E[P ξᵀ] Rᵀ."""
    if root is None:
        return values
    if isinstance(values, np.ndarray):
        return values @ root.T
    return jnp.matmul(values, jnp.broadcast_to(root.T, values.shape[:-2] + root.T.shape), precision="highest")


class _Host(NamedTuple):
    """What the methods on the host need beside the weights: the quantity, the root of C, and ε of the caller's array."""

    quantity: Quantity
    root: np.ndarray | None
    eps: float

    def cost(self, change: float) -> float:
        """Bound on the change of the returned value when the whitened weights change by `change`."""
        stretch = 1.0 if self.root is None else length(self.root, axis=0).max()
        return self.quantity.sensitivity.cost(change) * float(stretch)

    def left_out(self, A: np.ndarray, value, dropped: float) -> float:
        """Error of the value from dropped directions and from rounding of the centred weights A.

        The size of the change of A bounds the error. Where no two classes are nearly tied, the error is much smaller: apart
        from its scale, the value depends on the directions of the rows' differences, and those keep their digits.
        """
        size = float(length(A))
        change = dropped + _LOGIT_ROUNDING * np.finfo(float).eps * size
        closest = np.min(distances(A)[np.triu_indices(len(A), 1)], initial=np.inf)
        if not 4 * change < closest:
            return self.cost(change)
        return min(self.cost(change), 4 * (change / closest) * (size / closest) * float(length(np.asarray(value))))


def _by_panels(W: np.ndarray, host: _Host, rule: Panels, rank: int | None = None):
    """One lane on the host: value, and error from a second rule of higher order and from dropped directions."""
    U, S, V = np.linalg.svd(W, full_matrices=False)
    rank = numerical_rank(S, W.shape, host.eps) if rank is None else rank
    if rank > 3:
        raise invalid("Panels is for J W of rank 1, 2 or 3", received=f"rank {rank}", hint="Use Sobol.")
    if rank > 1 and S[0] > _panels.STEEPEST:
        raise invalid(
            f"Panels of rank 2 and 3 resolve singular values up to {_panels.STEEPEST:.1g}",
            received=f"{S[0]:.3g}",
            hint="Leave the rule out to choose by the singular values.",
        )
    A, V = U[:, :rank] * S[:rank], V[:rank]
    integrals = (_panels.integrals(A, order) for order in (rule.order, rule.order + 2))
    coarse, value = (_mapped(_of_panels(each, V, W, host.quantity), host.root) for each in integrals)
    return value, length(value - coarse) + host.left_out(A, value, tail(S, rank))


def _of_panels(integrals: _panels.Integrals, V: np.ndarray, W: np.ndarray, quantity: Quantity) -> np.ndarray:
    """A quantity from the integrals of one lane."""
    if quantity.in_features and np.abs(W).max() < _SMALL:
        return integrals.covariance @ W
    return np.asarray(quantity.panels(integrals, V))


def _by_pairs(W: np.ndarray, host: _Host, rule: Pairs):
    """One lane on the host: value, and error from the scrambles and from dropped directions."""
    U, S, _ = np.linalg.svd(W, full_matrices=False)
    rank = numerical_rank(S, W.shape, np.finfo(float).eps)
    A = U[:, :rank] * S[:rank]
    values, beyond = host.quantity.pairs(softmax_covariances(A, rule), W)
    values = _mapped(values, host.root)
    value = values.mean(axis=0)
    return value, norm_half_width(values, value) + beyond + host.left_out(A, value, tail(S, rank))


def _by_choice(W: np.ndarray, host: _Host, dtype: np.dtype):
    """Value and error of every lane, each by the method for its singular values."""
    K, quantity = W.shape[-2], host.quantity
    results: dict[int, tuple] = {}
    for n, w in enumerate(W):
        S = np.linalg.svd(w, compute_uv=False)
        rank = kept_rank(S, w.shape, host.eps, quantity.sensitivity)
        equal = deviation_from_equal(S, K)
        # rank 3 is as accurate as rank 2, but takes minutes where the boundary layers are thin
        steep = 1 < rank <= 3 and S[0] > (_panels.STEEPEST if rank == 2 else _STEEPEST_RANK_3)
        if rank <= 3 and not steep:
            results[n] = _by_panels(w, host, Panels(), rank)
        elif equal is not None:
            value, error = quantity.equal(*equal, w)
            stretch = host.cost(1.0) / quantity.sensitivity.cost(1.0)
            results[n] = _mapped(np.asarray(value), host.root), error * stretch
        elif steep or length(S) > quantity.crossover * np.sqrt(K - 1):
            results[n] = _by_pairs(w, host, Pairs())
            if not _as_promised(quantity, *results[n]):
                results[n] = _by_pairs(w, host, FINER_PAIRS)
    for rule in (quantity.moderate, quantity.finer):
        rest = [n for n in range(len(W)) if n not in results]
        for n, value, error in _lanes_by_sobol(W, rest, host, rule, dtype):
            if rule is quantity.finer or _as_promised(quantity, value, error):
                results[n] = value, error
    return [results[n] for n in range(len(W))]


def _lanes_by_sobol(W: np.ndarray, lanes: list[int], host: _Host, rule: Sobol, dtype: np.dtype):
    """(lane, value, error) of some lanes, as one batch."""
    if not lanes:
        return []
    root = None if host.root is None else jnp.asarray(host.root, dtype)
    found = _by_sobol(jnp.asarray(W[lanes], dtype), root, *host.quantity.by_nodes, rule, True)
    return list(zip(lanes, *map(np.asarray, found), strict=True))


def _as_promised(quantity: Quantity, value, error) -> bool:
    """Whether the error bar is as short as the default promises."""
    return bool(error <= quantity.promise * length(np.asarray(value)))


def _stack(results: list[tuple], lanes: tuple[int, ...], dtype: np.dtype):
    """Results of all lanes as arrays with W's lane axes and precision; the error bars include the rounding of the value."""
    value = np.stack([np.asarray(v, float) for v, _ in results])
    error = np.array([e for _, e in results], float) + rounding_error(length(value, tuple(range(1, value.ndim))), dtype)
    return jnp.asarray(value.reshape(lanes + value.shape[1:]), dtype), jnp.asarray(error.reshape(lanes), dtype)


def estimate(W: jax.Array, C: jax.Array | None, quantity: Quantity, rule: Rule | None) -> jax.Array:
    """Value of a quantity for weights W and inputs of covariance C (None: the identity)."""
    check_rule(rule, W)
    rule = _rule_or_fine(W, C, rule)
    if isinstance(rule, NodeRule):
        return _by_sobol(_whitened(W, C), _root(C, quantity), *quantity.by_nodes, rule, False)
    return _on_host(W, C, quantity, rule)[0]


def estimate_with_error(
    W: jax.Array, C: jax.Array | None, quantity: Quantity, rule: Rule | None
) -> tuple[jax.Array, jax.Array]:
    """Value of a quantity, and an error bar that covers the true error of what is returned."""
    check_rule(rule, W)
    rule = _rule_or_fine(W, C, rule)
    if isinstance(rule, NodeRule):
        check_error_rule(rule)
        return _by_sobol(_whitened(W, C), _root(C, quantity), *quantity.by_nodes, rule, True)
    return _on_host(W, C, quantity, rule)


def _root(C: jax.Array | None, quantity: Quantity) -> jax.Array | None:
    return covariance_root(C) if C is not None and quantity.in_features else None


def _rule_or_fine(W: jax.Array, C: jax.Array | None, rule: Rule | None) -> Rule | None:
    """The rule, or `FINE` if it is None and no singular values are known (inside jit, or without any lane)."""
    known = are_concrete(W) and (C is None or are_concrete(C))
    return FINE if rule is None and (not known or W.size == 0) else rule


def _on_host(W: jax.Array, C: jax.Array | None, quantity: Quantity, rule: Panels | Pairs | None):
    white = host_whitened(np.asarray(W), None if C is None else np.asarray(C))
    lanes, dtype = white.shape[:-2], np.dtype(W.dtype)
    white = white.reshape(-1, *white.shape[-2:])
    root = host_root(np.asarray(C)) if C is not None and quantity.in_features else None
    host = _Host(quantity, root, float(np.finfo(dtype).eps))
    if rule is None:
        results = _by_choice(white, host, dtype)
    elif isinstance(rule, Panels):
        results = [_by_panels(w, host, rule) for w in white]
    elif not quantity.by_covariances:
        raise invalid("Pairs is for moments and covariances", received="the free energy", hint="Use Sobol.")
    else:
        results = [_by_pairs(w, host, rule) for w in white]
    return _stack(results, lanes, dtype)

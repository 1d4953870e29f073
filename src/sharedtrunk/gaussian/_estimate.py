"""From a rule and a batch of weights to values with error bars: the choice of method, and the lanes.

Every quantity of this room is known in up to four ways; `Quantity` holds them. The weights that arrive here
are centred and whitened, J W C^½. Without a rule each lane gets the method that its singular values ask
for.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from .._errors import invalid
from . import _panels
from ._checks import check_error_rule, check_rule, concrete
from ._error import mean_and_error, t_factor
from ._pairs import softmax_covariances
from ._rules import FINE, Pairs, Panels, Rule, Sobol
from ._sobol import over_lanes


class Quantity(NamedTuple):
    """One quantity, four ways. Made once per module, so that jit compiles once.

    `sobol(W, rule)` gives one value per scramble; `panels(integrals, V)` reads the value off the host integrals;
    `equal(s, W)` is the closed form for W Wᵀ = s² J; `pairs(G, W)` makes values of softmax covariances, or is None.
    `moderate` is the Sobol rule above rank 3, up to the root-mean-square singular value `crossover`.
    """

    sobol: Callable
    panels: Callable
    equal: Callable
    pairs: Callable | None = None
    moderate: Sobol = FINE
    crossover: float = np.inf


@functools.partial(jax.jit, static_argnames=("quantity", "rule", "with_error"))
def _by_sobol(W, quantity: Quantity, rule: Sobol, with_error: bool):
    def lane(w):
        values = quantity.sobol(w, rule)
        return mean_and_error(values) if with_error else jnp.mean(values, axis=0)

    return over_lanes(lane, W, rule.points)


def _by_panels(W: np.ndarray, quantity: Quantity, rule: Panels):
    """One lane on the host: value and error, the error from a second rule of higher order."""
    U, S, V = np.linalg.svd(W, full_matrices=False)
    rank = int(_rank(S, W))
    if rank > 3:
        raise invalid("Panels is for J W of rank 1, 2 or 3", received=f"rank {rank}", way_out="Use Sobol.")
    A, V = U[:, :rank] * S[:rank], V[:rank]
    coarse, value = (quantity.panels(_panels.integrals(A.astype(float), n), V) for n in (rule.order, rule.order + 2))
    return np.asarray(value), np.linalg.norm(np.asarray(value - coarse))


def _by_pairs(W: np.ndarray, quantity: Quantity, rule: Pairs):
    """One lane on the host: value and error, the error from the scrambles."""
    if quantity.pairs is None:
        raise invalid("Pairs is for moments and covariances", received="the free energy", way_out="Use Sobol.")
    U, S, _ = np.linalg.svd(W.astype(float), full_matrices=False)
    rank = int(_rank(S, W))
    values = quantity.pairs(softmax_covariances(U[:, :rank] * S[:rank], rule), W)
    value = values.mean(axis=0)
    return value, t_factor(len(values)) * np.sqrt(np.sum((values - value) ** 2) / (len(values) * (len(values) - 1)))


def _rank(S: np.ndarray, W: np.ndarray) -> np.ndarray:
    """Numerical rank from the singular values of weights in W's precision."""
    noise = max(W.shape[-2:]) * np.finfo(W.dtype).eps * S[..., :1]
    return np.asarray(np.sum(noise < S, axis=-1))


def _by_choice(W: np.ndarray, quantity: Quantity):
    """Value and error of every lane, each by the method for its singular values."""
    K = W.shape[-2]
    flat = W.reshape(-1, *W.shape[-2:])
    S = np.linalg.svd(flat, compute_uv=False)
    rank = _rank(S, W)
    mean_square = np.sqrt(np.sum(S.astype(float) ** 2, axis=-1) / (K - 1))
    spread = S[:, 0] - S[:, min(K - 1, S.shape[1]) - 1]
    equal = (rank == K - 1) & (rank > 3) & (spread <= 100 * np.finfo(W.dtype).eps * S[:, 0])
    sobol = (rank > 3) & ~equal & (mean_square <= quantity.crossover)
    results: dict[int, tuple] = {}
    for n, w in enumerate(flat):
        if rank[n] <= 3:
            results[n] = _by_panels(w, quantity, Panels())
        elif equal[n]:
            results[n] = quantity.equal(float(mean_square[n]), w.astype(float)), 0.0
        elif not sobol[n]:
            results[n] = _by_pairs(w, quantity, Pairs())
    if sobol.any():
        values, errors = map(np.asarray, _by_sobol(jnp.asarray(flat[sobol]), quantity, quantity.moderate, True))
        for n, value, error in zip(np.flatnonzero(sobol).tolist(), values, errors, strict=True):
            results[n] = value, error
    return _stack([results[n] for n in range(len(flat))], W)


def _stack(results: list[tuple], W: np.ndarray):
    """Lanes back in shape and in W's precision; the error bars include W's rounding."""
    lanes, dtype = W.shape[:-2], W.dtype
    value = np.stack([v for v, _ in results])
    rounding = 8 * np.finfo(dtype).eps * np.sqrt(np.sum(value**2, axis=tuple(range(1, value.ndim))))
    error = np.array([e for _, e in results]) + rounding
    return jnp.asarray(value.reshape(lanes + value.shape[1:]), dtype), jnp.asarray(error.reshape(lanes), dtype)


def estimate(W: jax.Array, quantity: Quantity, rule: Rule | None) -> jax.Array:
    """Value of a quantity for centred, whitened weights."""
    check_rule(rule, W)
    rule = _traced_rule(W, rule)
    if isinstance(rule, Sobol):
        return _by_sobol(W, quantity, rule, False)
    return _on_host(np.asarray(W), quantity, rule)[0]


def estimate_with_error(W: jax.Array, quantity: Quantity, rule: Rule | None) -> tuple[jax.Array, jax.Array]:
    """Value of a quantity for centred, whitened weights, and an error bar that covers its true error."""
    check_rule(rule, W)
    rule = _traced_rule(W, rule)
    if isinstance(rule, Sobol):
        check_error_rule(rule)
        return _by_sobol(W, quantity, rule, True)
    return _on_host(np.asarray(W), quantity, rule)


def _traced_rule(W: jax.Array, rule: Rule | None) -> Rule | None:
    """Where there are no singular values to choose by (inside jit, or no lane at all) the choice is FINE."""
    return FINE if rule is None and (not concrete(W) or W.size == 0) else rule


def _on_host(W: np.ndarray, quantity: Quantity, rule: Panels | Pairs | None):
    if rule is None:
        return _by_choice(W, quantity)
    lanes = W.reshape(-1, *W.shape[-2:])
    if isinstance(rule, Panels):
        return _stack([_by_panels(w, quantity, rule) for w in lanes], W)
    return _stack([_by_pairs(w, quantity, rule) for w in lanes], W)

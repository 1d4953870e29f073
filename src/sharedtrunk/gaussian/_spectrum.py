"""Which singular values of J W C^½ matter: numerical rank, equality, and the error of dropping the others.

All decisions here are made in float64 on the host, whatever the precision of W. A float32 array has exact singular values
too, and even one that is small beside the others can change the direction of the moments (for example, when it decides
between the classes of a group).

The cost of a change dW of whitened weights is bounded for every W (`Sensitivity`). With P = softmax(z),
Σ = diag P − P Pᵀ, ‖Σ‖₂ ≤ 1/2:

    |F(W + dW) − F(W)| ≤ E max_c |(dW x)_c| ≤ ‖dW‖
    ‖∇F(W + dW) − ∇F(W)‖ ≤ ‖dW‖/2        the Hessian of F is E Var_P(dW x) ≤ E‖dW x‖²/2; never more than √2
    ‖G(W + dW) − G(W)‖ ≤ 3‖dW‖/2         ‖d(diag P − P Pᵀ)‖ ≤ (1 + 2‖P‖) ‖Σ dz‖; never more than 1

all in Frobenius norms.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sharedtrunk.gaussian._error import length
from sharedtrunk.gaussian._factor import host_root

_AFFORDABLE = 1e-4
"""Relative error that dropping directions may cause. It is the error of `Pairs`, the method that keeps all directions."""

_EQUAL = 1e-6
"""Relative spread of singular values below which the closed form for equal ones is more accurate than any quadrature."""


class Sensitivity(NamedTuple):
    """How much a quantity can change with W: at most min(slope · ‖dW‖, most). `size(‖W‖, K)` is about the quantity's norm."""

    slope: float
    most: float
    size: Callable[[float, int], float]

    def cost(self, change: float) -> float:
        """Bound on the change of the quantity when the whitened weights change by `change` (Frobenius norm)."""
        return min(self.slope * change, self.most)


def host_whitened(W: np.ndarray, covariance: np.ndarray | None) -> np.ndarray:
    """J W C^½ in float64; the common shift of the rows may be large, so it is removed in float64 too."""
    W = np.asarray(W, float)
    W = W - W.mean(axis=-2, keepdims=True)
    return W if covariance is None else W @ host_root(covariance)


def numerical_rank(S: np.ndarray, shape: tuple[int, ...], eps: float) -> int:
    """How many singular values exceed rounding of relative size `eps`."""
    return int(np.sum(max(shape[-2:]) * eps * S[0] < S))


def tail(S: np.ndarray, rank: int) -> float:
    """Frobenius norm of the directions after the first `rank`."""
    return float(length(S[rank:]))


def kept_rank(S: np.ndarray, shape: tuple[int, ...], eps: float, sensitivity: Sensitivity) -> int:
    """The rank to compute with, for an array given in precision `eps`.

    Directions that may be rounding errors of the caller's array are dropped if that changes the value little (a float32 array
    of rank two keeps rank two). Otherwise only those that float64 cannot resolve are dropped.
    """
    low, full = numerical_rank(S, shape, eps), numerical_rank(S, shape, np.finfo(float).eps)
    size = sensitivity.size(float(length(S)), shape[-2])
    return low if sensitivity.cost(tail(S, low)) <= _AFFORDABLE * size else full


def deviation_from_equal(S: np.ndarray, classes: int) -> tuple[float, float] | None:
    """Root mean square s of K − 1 singular values and ‖S − s‖; None where they are not equal enough."""
    S = S[: classes - 1]
    if len(S) < classes - 1 or S[0] - S[-1] > _EQUAL * S[0]:
        return None
    s = float(length(S)) / np.sqrt(classes - 1)
    return s, float(length(S - s))

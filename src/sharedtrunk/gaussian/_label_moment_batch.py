"""Label moments of a batch of noisy teachers, in milliseconds each.

The formula is that of `_label_moment`. Here the constraints of all pairs of classes form one array, which needs teachers
whose K − 1 class differences are independent, as noise makes them; `_label_moment` computes every other teacher. Each pair's
constraints are ordered and triangularized on the host; the separation of variables (Genz 1992) is compiled and runs
teacher by teacher.
"""

import functools

import jax.numpy as jnp
import numpy as np
from jax.scipy.special import ndtr, ndtri
from jaxtyping import Array, Float
from scipy import special

from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.cache.programs import program
from sharedtrunk.gaussian._error import norm_half_width
from sharedtrunk.gaussian._factor import host_root, to_unit_scale
from sharedtrunk.gaussian._label_moment import check_label_moment, label_moment_with_error
from sharedtrunk.gaussian._orthant import uniform_nodes
from sharedtrunk.gaussian._rules import Pairs
from sharedtrunk.gaussian.checks import as_covariance, as_weights

FAST_LABELS = Pairs(points=64, scrambles=4)
"""Relative error 2e-3 at K = 10. It moves a benefit by 1e-5 … 5e-4 nats, and by 2e-3 for identical tasks of s = 10."""

_INDEPENDENT = 1e-6
"""A class difference whose new direction is smaller than this, relative to the largest, counts as dependent."""


def label_moments(
    weights: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Pairs = FAST_LABELS,
) -> tuple[Float[Array, "*lane class feature"], Float[Array, "*lane"]]:
    """Label moments of many teachers at once, with their error bars.

    M(Σ̂) = E[onehot(argmax Σ̂x) xᵀ] for x ~ N(0, C), the β → ∞ limit of the softmax moment of βΣ̂. It depends on the
    direction of Σ̂, not on its scale. `label_moment_with_error` has the same value and is slower and more exact.

    Parameters
    ----------
    weights
        Teachers' weights (…, class, feature), known before tracing.
    covariance
        Input covariance C (feature, feature); the identity by default.
    rule
        The `Pairs` rule for every pair of classes.

    Returns
    -------
    moments, errors
        M (…, class, feature), whose rows sum to zero, and the half-width (…) of the 99 % interval of its Frobenius norm,
        from the spread over the rule's scrambles.

    Raises
    ------
    InputError
        Where `label_moment` raises it.

    References
    ----------
    The paper's (2); Genz (1992).
    """
    W = as_weights(weights)
    C = as_covariance(covariance, W)
    check_label_moment(W, C, rule)
    root = None if C is None else host_root(np.asarray(C))
    flat = to_unit_scale(np.asarray(W, float).reshape(-1, *W.shape[-2:]))  # the moment does not depend on the scale
    values, errors = np.empty(flat.shape), np.empty(len(flat))
    fast = _independent(flat if root is None else flat @ root)
    if fast.any():
        values[fast], errors[fast] = _at_once(flat[fast], root, rule, W.dtype)
    for lane in np.flatnonzero(~fast):
        value, error = label_moment_with_error(flat[lane], covariance=C, rule=rule)
        values[lane], errors[lane] = np.asarray(value), np.asarray(error)
    return jnp.asarray(values.reshape(W.shape), W.dtype), jnp.asarray(errors.reshape(W.shape[:-2]), W.dtype)


def _factor(white):
    """A with J W C^½ = A Qᵀ, lower triangular (lane, class, class − 1), by QR: nothing is squared."""
    centred = white - white.mean(axis=-2, keepdims=True)
    triangle = np.linalg.qr(np.swapaxes(centred, -1, -2), mode="r")
    return np.swapaxes(triangle, -1, -2)[..., : white.shape[-2] - 1]


def _independent(white) -> np.ndarray:
    """Lanes with three classes or more whose K − 1 differences are independent."""
    classes = white.shape[-2]
    if classes < 3 or white.shape[-1] < classes - 1:
        return np.zeros(len(white), bool)
    pivots = np.abs(np.diagonal(_factor(white), axis1=-2, axis2=-1))
    return pivots.min(axis=-1) > _INDEPENDENT * pivots.max(axis=-1)


def _at_once(W, root, rule, dtype):
    """Moments and errors of lanes whose class differences are independent."""
    white = W if root is None else W @ root
    lanes, classes, first, second = len(W), W.shape[1], *np.triu_indices(W.shape[1], 1)
    triangles, sigma = _ties(_factor(white), first, second)
    nodes = jnp.asarray(_nodes(rule, classes, np.dtype(dtype)))
    # one teacher at a time, so that one compiled program serves any number of them
    below = np.array([_all_below(L, nodes, rule.scrambles) for L in triangles.astype(nodes.dtype)], float)
    T = np.zeros((lanes, rule.scrambles, classes, classes))
    density = np.swapaxes(-below / (np.sqrt(2 * np.pi) * sigma[..., None]), 1, 2)
    T[:, :, first, second] = T[:, :, second, first] = density
    T[:, :, range(classes), range(classes)] = -T.sum(axis=-1)
    centred = white - white.mean(axis=1, keepdims=True)
    M = T @ (centred if root is None else centred @ root.T)[:, None]
    mean = M.mean(axis=1)
    rounding = 16 * float(jnp.finfo(dtype).eps) * np.linalg.norm(mean, axis=(1, 2))
    return mean, norm_half_width(np.swapaxes(M, 0, 1), mean, axis=(0, 2, 3)) + rounding


def _ties(A, first, second):
    """For every pair of classes that tie: triangular constraints on the other classes, and σ of the pair's difference."""
    classes = A.shape[1]
    others = np.array([[k for k in range(classes) if k not in pair] for pair in zip(first, second, strict=True)])
    difference = A[:, first] - A[:, second]
    sigma = np.linalg.norm(difference, axis=-1)
    along = (difference / sigma[..., None])[:, :, None]
    rows = A[:, others] - 0.5 * (A[:, first] + A[:, second])[:, :, None]
    rows = rows - np.sum(rows * along, axis=-1, keepdims=True) * along
    shape = rows.shape[:2]
    return _triangles(rows.reshape(-1, *rows.shape[2:])).reshape(*shape, classes - 2, classes - 2), sigma


def _triangles(rows):
    """Constraints rows · ξ < 0 of every problem as L y < 0, L lower triangular, the rarest event first.

    The order is that of Gibson, Glasbey and Elston (1994): given the expected values of the earlier variables, the least
    probable constraint comes next.
    """
    residual = rows / np.linalg.norm(rows, axis=-1, keepdims=True)
    problems, count = np.arange(len(rows)), rows.shape[1]
    L = np.zeros((*rows.shape[:2], count))
    expected, order = np.zeros(rows.shape[:2]), np.zeros(rows.shape[:2], int)
    free = np.ones(rows.shape[:2], bool)
    for j in range(count):
        norms = np.where(free, np.linalg.norm(residual, axis=-1), 1.0)
        bounds = -np.einsum("nkj,nj->nk", L[:, :, :j], expected[:, :j]) / norms
        order[:, j] = pick = np.argmin(np.where(free, bounds, np.inf), axis=1)
        bound = bounds[problems, pick]
        expected[:, j] = -np.exp(-0.5 * bound**2 - 0.5 * np.log(2 * np.pi) - special.log_ndtr(bound))
        direction = residual[problems, pick] / norms[problems, pick, None]
        L[:, :, j] = np.einsum("nkd,nd->nk", residual, direction)
        residual = residual - L[:, :, j, None] * direction[:, None]
        free[problems, pick] = False
    return np.take_along_axis(L, order[:, :, None], axis=1)


@functools.lru_cache(maxsize=8)
def _nodes(rule: Pairs, classes: int, dtype: np.dtype) -> np.ndarray:
    """Points in the unit cube, (pair, variable, node): one set, shifted differently for every pair."""
    pairs, variables = classes * (classes - 1) // 2, max(classes - 3, 1)
    sets = [uniform_nodes(rule.points, rule.scrambles, rule.seed, variables, pair) for pair in range(pairs)]
    return np.stack(sets).astype(dtype)


@program
def _all_below(L: Float[Array, "pair other other"], nodes: Float[Array, "pair _ node"], scrambles: int):
    """P(L y < 0) of every pair of one teacher, by every scramble: (pair, scramble)."""
    y, weight = [], jnp.ones((L.shape[0], nodes.shape[-1]), L.dtype)
    for j in range(L.shape[-1]):
        reach = sum((L[:, j, k, None] * y[k] for k in range(j)), jnp.zeros_like(weight))
        level = ndtr(-reach / L[:, j, j, None])
        weight = weight * level
        if j + 1 < L.shape[-1]:  # the last variable is integrated exactly
            below = nodes[:, j] * level
            # the point in an empty interval does not matter, since it has no weight
            y.append(ndtri(jnp.where(below > 0, below, jnp.full_like(below, 0.5))))
    return weight.reshape(L.shape[0], scrambles, -1).mean(axis=-1)

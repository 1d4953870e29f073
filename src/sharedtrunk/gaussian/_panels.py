"""Deterministic integrals for logits of rank 1, 2 and 3: polar coordinates and graded panels.

Write u = r θ. Along a ray every class ties at r = 0 and nowhere else, so radial panels that double in length from the
smallest boundary layer outwards resolve all layers. On the circle (rank 2) classes tie at single angles,
and panels double in length away from each tie. Rank 3 adds an outer angle α around the largest singular
axis, integrated adaptively: half circles from pole to pole are rank-2 integrals, smooth in α but for the
corners where three classes tie.
"""

import itertools
from typing import NamedTuple

import numpy as np
from scipy import special

from sharedtrunk.gaussian._error import length

STEEPEST = 2.0**34
"""Largest singular value at which ranks 2 and 3 are resolved: the angle of a tie is known to s ε of its layer's width."""

_TINY_MOMENT = 3e-10  # ‖E[P uᵀ]‖ below which only its absolute error is controlled

_REACH = 9.5  # the chi density beyond is below 1e-18
_BLOCK = 2**21  # exponentials per block: 16 MB


class Integrals(NamedTuple):
    """E ln Z, E[P uᵀ] (class, direction) and E[diag P − P Pᵀ] (class, class)."""

    free_energy: float
    moment: np.ndarray
    covariance: np.ndarray


def _panel_nodes(edges: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    x, w = np.polynomial.legendre.leggauss(order)
    middle, half = 0.5 * (edges[1:] + edges[:-1]), 0.5 * np.diff(edges)
    return (middle[:, None] + half[:, None] * x).ravel(), (half[:, None] * w).ravel()


def _radial_nodes(A: np.ndarray, order: int) -> tuple[np.ndarray, np.ndarray]:
    """Nodes r and weights of the chi distribution, graded towards r = 0."""
    d = A.shape[1]
    layer = min(0.5, 0.5 / length(A, axis=1).max())
    doublings = int(np.ceil(np.log2(2 / layer)))
    inner = 2 * 2.0 ** np.arange(-doublings, 1)
    edges = np.concatenate([[0.0], inner, np.arange(3.5, _REACH + 1.6, 1.5)])
    r, w = _panel_nodes(edges, order)
    log_norm = (d / 2 - 1) * np.log(2) + special.gammaln(d / 2)
    return r, w * np.exp((d - 1) * np.log(r) - 0.5 * r * r - log_norm)


def _rays(A: np.ndarray, theta: np.ndarray, r: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Radial integrals for directions theta (node, direction): one row [F, moment, G] per node, flattened."""
    K, d = A.shape
    out = np.empty((len(theta), 1 + K * d + K * K))
    step = max(1, _BLOCK // (K * len(r)))
    for start in range(0, len(theta), step):
        t = theta[start : start + step]
        b = t @ A.T
        top = b.max(axis=1, keepdims=True)
        P = np.exp((b - top)[:, :, None] * r)
        total = P.sum(axis=1)
        P /= total[:, None, :]
        block = out[start : start + step]
        block[:, 0] = np.log(total) @ weight + top[:, 0] * (weight @ r)
        block[:, 1 : 1 + K * d] = ((P @ (weight * r))[:, :, None] * t[:, None, :]).reshape(len(t), -1)
        G = -(P * weight) @ P.transpose(0, 2, 1)
        # the diagonal makes rows sum to zero; E[P − P²] itself would lose all digits where P is almost always 0 or 1
        G[:, range(K), range(K)] = 0
        G[:, range(K), range(K)] = -G.sum(axis=2)
        block[:, 1 + K * d :] = G.reshape(len(t), -1)
    return out


def _ties(B: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Angles from −2π to 4π at which two top classes of B (cos φ, sin φ) tie, and the layers' widths.

    Each tie comes three times, because a layer around φ = 0 reaches to both ends of an arc.
    """
    i, j = np.triu_indices(len(B), 1)
    D = B[i] - B[j]
    size = length(D, axis=1)
    keep = size > 1e-13 * length(B, axis=1).max()
    i, D, size = i[keep], D[keep], size[keep]
    phi = np.concatenate([np.arctan2(D[:, 1], D[:, 0]) + sign * np.pi / 2 for sign in (1, -1)]) % (2 * np.pi)
    i, size = np.tile(i, 2), np.tile(size, 2)
    z = B @ np.stack([np.cos(phi), np.sin(phi)])
    # near misses matter as much as ties: a class within a few units of the top still has some probability
    gap = z.max(axis=0) - z[i, np.arange(len(phi))]
    phi, size = phi[gap <= 8.0], size[gap <= 8.0]
    return np.concatenate([phi - 2 * np.pi, phi, phi + 2 * np.pi]), np.tile(np.minimum(1.0, 1.0 / size), 3)


def _angle_edges(phi: np.ndarray, width: np.ndarray, period: float) -> np.ndarray:
    """Edges of panels on [0, period]: none is longer than, for any tie, the larger of its distance to the tie and 0.4 of the
    width of the tie's layer."""
    inside = phi[(phi > 0) & (phi < period)]
    edges = np.unique(np.concatenate([np.linspace(0.0, period, round(period / (np.pi / 4)) + 1), inside]))
    edges = edges[np.append(True, np.diff(edges) > 1e-14)]
    while True:
        left, right = edges[:-1, None], edges[1:, None]
        distance = np.maximum(np.maximum(left - phi, phi - right), 0.0)
        long = ((right - left) > np.maximum(distance, 0.4 * width)).any(axis=1)
        if not long.any():
            return edges
        edges = np.sort(np.concatenate([edges, 0.5 * (left + right)[long, 0]]))


def _circle(A: np.ndarray, frame: np.ndarray, period: float, order: int, r: np.ndarray, w: np.ndarray):
    """Angles φ in [0, period], their weights, and rows of integrals along the arc frame @ (cos φ, sin φ)."""
    B = A @ frame
    ties, width = _ties(B)
    phi, w_phi = _panel_nodes(_angle_edges(ties, width, period), order)
    theta = np.stack([np.cos(phi), np.sin(phi)], axis=1) @ frame.T
    return phi, w_phi, _rays(A, theta, r, w)


def integrals(A: np.ndarray, order: int) -> Integrals:
    """All three expectations for logits A u, A (class, direction) with at most 3 directions."""
    K, d = A.shape
    if d == 0:
        return Integrals(np.log(K), np.zeros((K, 0)), (np.eye(K) - 1 / K) / K)
    r, w = _radial_nodes(A, order)
    if d == 1:
        total = _rays(A, np.array([[1.0], [-1.0]]), r, w).mean(axis=0)
    elif d == 2:
        _, w_phi, rows = _circle(A, np.eye(2), 2 * np.pi, order, r, w)
        total = w_phi @ rows / (2 * np.pi)
    else:
        total = _sphere(A, order, r, w)
    return Integrals(float(total[0]), total[1 : 1 + K * d].reshape(K, d), total[1 + K * d :].reshape(K, K))


def _half_circle(A, alpha: float, order: int, r, w) -> np.ndarray:
    frame = np.array([[1.0, 0.0], [0.0, np.cos(alpha)], [0.0, np.sin(alpha)]])
    phi, w_phi, rows = _circle(A, frame, np.pi, order, r, w)
    return (w_phi * np.sin(phi)) @ rows / (4 * np.pi)


def _sphere(A: np.ndarray, order: int, r, w) -> np.ndarray:
    """Integrate adaptively over the outer angle: panels are halved until both halves together agree with the whole."""
    x, gauss = np.polynomial.legendre.leggauss(order)
    K = len(A)

    def panel(a, b):
        values = [_half_circle(A, 0.5 * (a + b) + 0.5 * (b - a) * t, order, r, w) for t in x]
        return 0.5 * (b - a) * (gauss @ np.array(values))

    def size(v):
        H, G = v[1 : 1 + 3 * K], v[1 + 3 * K :]
        return np.array([abs(v[0]), np.linalg.norm(H), np.linalg.norm(G)])

    edges = np.linspace(0, 2 * np.pi, 9)
    work = [(a, b, panel(a, b)) for a, b in itertools.pairwise(edges)]
    # for small weights E[P uᵀ] is a rounding error, which no halving of panels makes agree relative to its own size
    scale = np.maximum(size(sum(v for _, _, v in work)), np.array([0.0, _TINY_MOMENT, 0.0]))
    done = np.zeros_like(work[0][2])
    while work:
        a, b, whole = work.pop()
        m = 0.5 * (a + b)
        left, right = panel(a, m), panel(m, b)
        if np.all(size(left + right - whole) <= np.array([3e-5, 3e-5, 3e-4]) * scale) or b - a < 1e-7:
            done += left + right
        else:
            work += [(a, m, left), (m, b, right)]
    return done

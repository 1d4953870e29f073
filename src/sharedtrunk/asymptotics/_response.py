"""How training on a point moves its logits: the proximal step of every node, and the averages that the theory needs.

A point's logits, in K_t − 1 coordinates a task, would be ω if the point had not been trained on. Training on it moves them to

    h = argmin_h ½ (h − ω)ᵀ V⁻¹ (h − ω) + Σ_t α_t ℓ(h_t, y_t) = ω + S y,    S Sᵀ = V,
    y = argmin_y ½ ‖y‖² + Σ_t α_t ℓ((ω + S y)_t, y_t),

which needs no inverse of V, so directions in which the weights are zero (V singular) need no special case. With g = −∇ℓ(h)
and H = ∇²ℓ(h), the averages are E[g zᵀ], E[g gᵀ] and E[(1 + H V)⁻¹ H] = E[H − H S (1 + Sᵀ H S)⁻¹ Sᵀ H].
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

CHUNK = 512
"""Nodes that are worked on at once, so that their Hessians stay in the cache of a core."""

_MOST_STEPS = 60

_FEW_ROWS = 6
"""Up to so many rows, elimination for all nodes at once is faster than LAPACK node by node."""


class Nodes(NamedTuple):
    """Points of the training set, in chunks: fields of the teachers, noise of the student, and label probabilities.

    `targets` has a row for every class of every task, and `weight` the weight α_t of a task at a point, 0 where the point has
    no label of the task, with the share of such points in `share`.
    """

    z: Float[Array, "chunk seen node"]
    xi: Float[Array, "chunk row node"]
    targets: Float[Array, "chunk class node"]
    weight: Float[Array, "chunk task node"]
    share: Float[Array, "chunk node"]


class Averages(NamedTuple):
    """Means over the nodes: Ĥ, E[g zᵀ], E[g gᵀ], the loss of every task on the training points, and the proximal steps y."""

    curvature: Float[Array, "row row"]
    pull: Float[Array, "row seen"]
    scatter: Float[Array, "row row"]
    loss: Float[Array, "task"]
    steps: Float[Array, "chunk row node"]
    unsolved: Float[Array, ""]


def frames(classes: tuple[int, ...]) -> list[np.ndarray]:
    """For every task an orthonormal basis (class, class − 1) of the logits without a common shift."""
    return [np.linalg.qr(np.eye(K)[:, : K - 1] - 1 / K)[0] for K in classes]


def stacked_frame(classes: tuple[int, ...]) -> np.ndarray:
    """The bases of all tasks as one matrix (class, row) with a block for each task."""
    parts = frames(classes)
    out = np.zeros((sum(classes), sum(K - 1 for K in classes)))
    top = left = 0
    for part in parts:
        out[top : top + part.shape[0], left : left + part.shape[1]] = part
        top, left = top + part.shape[0], left + part.shape[1]
    return out


def averages(
    nodes: Nodes,
    overlap: Float[Array, "row seen"],
    spread: Float[Array, "row row"],
    root: Float[Array, "row row"],
    steps: Float[Array, "chunk row node"],
    classes: tuple[int, ...],
    tolerance: float | Float[Array, ""],
) -> Averages:
    """The averages over all nodes, for ω = overlap · z + spread · ξ and S = `root`; `steps` are the y to begin with."""

    def chunk(inputs):
        part, start = inputs
        point = _Point(overlap @ part.z + spread @ part.xi, root, part, classes)
        y, left = _proximal(point, start, tolerance)
        return point.sums(y), y, left

    sums, y, left = jax.lax.map(chunk, (nodes, steps))
    curvature, pull, scatter, loss = (jnp.sum(part, axis=0) for part in sums)
    return Averages(curvature, pull, scatter, loss[0] / loss[1], y, jnp.max(left))


def _proximal(point: "_Point", start, tolerance):
    """Y of every node by Newton's method with shortened steps, and the largest residual that was left."""

    def keep(state):
        count, _, _, _, residual = state
        return (count < _MOST_STEPS) & (jnp.max(residual) > tolerance)

    def step(state):
        count, y, at, size, _ = state
        gradient, factors = point.system(y)
        direction = -factors.solved(gradient)
        trial = y + size[None] * direction
        there = point.value(trial)
        slope = jnp.sum(gradient * direction, axis=0)
        better = there <= at + 1e-5 * size * slope + 8 * jnp.finfo(y.dtype).eps * jnp.abs(at)
        left = jnp.where(better & (size == 1), _norm(direction), _norm(gradient))
        y, at = jnp.where(better[None], trial, y), jnp.where(better, there, at)
        return count + 1, y, at, jnp.where(better, jnp.minimum(1.0, 2 * size), 0.25 * size), left

    ones = jnp.ones(start.shape[-1], start.dtype)
    state = (0, start, point.value(start), ones, jnp.inf * ones)
    _, y, _, _, left = jax.lax.while_loop(keep, step, state)
    return y, jnp.max(left)


def _norm(x):
    return jnp.sqrt(jnp.sum(x * x, axis=0))


class _Elimination(NamedTuple):
    """L D Lᵀ of small symmetric positive definite matrices (row, row, node), for all nodes at once: columns of L, and D."""

    columns: list[Float[Array, "rest node"]]
    pivots: list[Float[Array, "node"]]

    @classmethod
    def of(cls, matrices) -> "_Elimination":
        columns, pivots = [], []
        for _ in range(matrices.shape[0]):
            pivot, column = matrices[0, 0], matrices[1:, 0]
            scaled = column / pivot[None]
            # without the barrier XLA computes each column anew wherever it is used
            scaled, matrices = jax.lax.optimization_barrier((scaled, matrices[1:, 1:] - scaled[:, None] * column[None]))
            columns.append(scaled)
            pivots.append(pivot)
        return cls(columns, pivots)

    def _forward(self, right) -> list:
        """L⁻¹ of right-hand sides (row, …, node), row by row."""
        rows = []
        for column in self.columns:
            rows.append(right[0])
            column = jnp.expand_dims(column, tuple(range(1, right.ndim - 1)))
            right = jax.lax.optimization_barrier(right[1:] - column * right[0][None])
        return rows

    def solved(self, right):
        """The solutions for right-hand sides (row, node)."""
        rows = [row / pivot for row, pivot in zip(self._forward(right), self.pivots, strict=True)]
        solution = []
        for row, column in zip(reversed(rows), reversed(self.columns), strict=True):
            known = row - jnp.sum(column * jnp.stack(solution), axis=0) if solution else row
            solution.insert(0, known)
        return jnp.stack(solution)

    def weighted_square(self, right, share):
        """Σ share · Rᵀ A⁻¹ R over the nodes, for R (row, column, node)."""
        rows = zip(self._forward(right), self.pivots, strict=True)
        return sum((row * (share / pivot)[None]) @ row.T for row, pivot in rows)


class _Cholesky(NamedTuple):
    """The same by LAPACK, which is faster for more than a few rows: the triangles (node, row, row)."""

    triangles: Float[Array, "node row row"]

    @classmethod
    def of(cls, matrices) -> "_Cholesky":
        return cls(jnp.linalg.cholesky(jnp.moveaxis(matrices, -1, 0)))

    def solved(self, right):
        return jax.scipy.linalg.cho_solve((self.triangles, True), right.T[..., None])[..., 0].T

    def weighted_square(self, right, share):
        half = jax.scipy.linalg.solve_triangular(self.triangles, jnp.moveaxis(right, -1, 0), lower=True)
        half = (jnp.sqrt(share)[:, None, None] * half).reshape(-1, half.shape[-1])
        return half.T @ half


def _factors(matrices) -> _Elimination | _Cholesky:
    return (_Elimination if matrices.shape[0] <= _FEW_ROWS else _Cholesky).of(matrices)


class _Point:
    """A chunk of nodes: the objective of their proximal step as a function of y, with nodes as the last axis."""

    def __init__(self, omega, root, part: Nodes, classes: tuple[int, ...]) -> None:
        self.omega, self.root, self.part = omega, root, part
        self.sizes = [K - 1 for K in classes]
        self.frames = [jnp.asarray(frame, omega.dtype) for frame in frames(classes)]
        self.labels = _split(part.targets, classes)
        self.maps = [frame @ S for frame, S in zip(self.frames, _split(root, self.sizes), strict=True)]

    def _tasks(self, y):
        """Logits, labels and weights of every task."""
        h = _split(self.omega + self.root @ y, self.sizes)
        logits = (frame @ part for frame, part in zip(self.frames, h, strict=True))
        return zip(logits, self.labels, self.part.weight, strict=True)

    def losses(self, y):
        """Cross-entropy ln Z(z_t) − Σ_c y_c z_c of every task (task, node)."""
        return jnp.stack([jax.nn.logsumexp(z, axis=0) - jnp.sum(label * z, axis=0) for z, label, _ in self._tasks(y)])

    def value(self, y):
        """½ ‖y‖² plus the weighted losses (node,)."""
        return 0.5 * jnp.sum(y * y, axis=0) + jnp.sum(self.part.weight * self.losses(y), axis=0)

    def system(self, y):
        """Gradient (row, node) and factors of 1 + Sᵀ H S."""
        gradient = y
        rows = y.shape[0]
        system = jnp.broadcast_to(jnp.eye(rows, dtype=y.dtype)[..., None], (rows, rows, y.shape[1]))
        for (z, label, alpha), J in zip(self._tasks(y), self.maps, strict=True):
            p = jax.nn.softmax(z, axis=0)
            gradient = gradient + J.T @ (alpha[None] * (p - label))
            system = system + _covariance(p, alpha, J, J)
        return gradient, _factors(system)

    def sums(self, y):
        """The chunk's shares of Ĥ, E[g zᵀ], E[g gᵀ], and of the losses with their weights."""
        share = self.part.share
        _, factors = self.system(y)
        pushes, curvature, half = [], [], []
        for (z, label, alpha), J, frame in zip(self._tasks(y), self.maps, self.frames, strict=True):
            p = jax.nn.softmax(z, axis=0)
            pushes.append(frame.T @ (alpha[None] * (label - p)))
            counted = p * (share * alpha)[None]
            mean, weighted = frame.T @ counted, frame.T @ p
            moment = frame.T @ (jnp.sum(counted, axis=1)[:, None] * frame)
            curvature.append(moment - mean @ weighted.T)
            half.append(_covariance(p, alpha, J, frame))
        g = jnp.concatenate(pushes)
        lost = factors.weighted_square(jnp.concatenate(half, axis=1), share)
        total = jax.scipy.linalg.block_diag(*curvature) - lost
        labelled = jnp.where(self.part.weight > 0, share[None], 0)
        losses = jnp.stack([jnp.sum(self.losses(y) * labelled, axis=1), jnp.sum(labelled, axis=1)])
        weighted = share[None] * g
        return total, weighted @ self.part.z.T, weighted @ g.T, losses


def _covariance(p, alpha, left, right):
    """α leftᵀ (diag p − p pᵀ) right for every node (row, row, node)."""
    products = (left[:, :, None] * right[:, None, :]).reshape(left.shape[0], -1).T
    moment = (products @ (alpha[None] * p)).reshape(left.shape[1], right.shape[1], -1)
    return moment - (left.T @ (alpha[None] * p))[:, None] * (right.T @ p)[None]


def _split(values, sizes):
    """The parts of the first axis that belong to each task."""
    return jnp.split(values, np.cumsum(sizes)[:-1])

"""How training on a point moves its logits: the proximal step of every node, and the averages that the theory needs.

A point's logits, in K_t − 1 coordinates a task, would be ω if the point had not been trained on. Training on it moves them to

    h = argmin_h ½ (h − ω)ᵀ V⁻¹ (h − ω) + Σ_t α_t ℓ(h_t, y_t) = ω + S y,    S Sᵀ = V,
    y = argmin_y ½ ‖y‖² + Σ_t α_t ℓ((ω + S y)_t, y_t),

which needs no inverse of V, so directions in which the weights are zero (V singular) need no special case. With g = −∇ℓ(h)
and H = ∇²ℓ(h), the averages are E[g zᵀ], E[g gᵀ] and E[H̃] with H̃ = (H⁻¹ + V)⁻¹ = (1 + H V)⁻¹ H.

H̃ is close to a form that needs no factors of matrices node by node. Where V is replaced by v_t times the identity of each
task, H = α (diag p − p pᵀ) gives

    H̃₀ = diag d − d dᵀ / Σ d,    d = α p / (1 + v α p),

and the rest of V, which mixes tasks, acts on the mean m = E[H̃₀] exactly and on deviations from it to first order:

    H̃ ≈ L m + L (H̃₀ − m) Lᵀ,    L = (1 + m (V − v))⁻¹.

This form makes the steps of the proximal problem nearly Newton's, at the cost of a few products of matrices, and its mean is
L m. The part that it misses in E[H̃] is measured exactly at a share of the nodes.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
from jaxtyping import Array, Float

from sharedtrunk.asymptotics._trunk import Order, Response, power

_EXACT = 128
"""Nodes of every block at which the mean curvature is also computed exactly, to correct the approximation."""

_MOST_STEPS, _MOST_EXACT_STEPS, _INEXACT = 12, 60, 0.03
"""Most steps with the approximate curvature, then with the exact one, and the residual of conjugate gradients."""

_STUCK = 0.05
"""Residual above which quick nodes get exact steps too: where V mixes tasks, the approximate ones may lead nowhere."""


class Nodes(NamedTuple):
    """Points of the training set, by chunk: fields of the teachers, noise of the student, and label probabilities.

    `targets` has a row for every class of every task, and `weight` the weight α_t of a task at a point, 0 where the point has
    no label of the task, with the share of such points in `share`.
    """

    z: Float[Array, "*chunk seen node"]
    xi: Float[Array, "*chunk row node"]
    targets: Float[Array, "*chunk class node"]
    weight: Float[Array, "*chunk task node"]
    share: Float[Array, "*chunk node"]


class Sums(NamedTuple):
    """Shares of the mean of H̃₀, of E[g zᵀ], E[g gᵀ], of the tasks' losses and of their labelled points, by chunk."""

    closed: Float[Array, "*chunk row row"]
    pull: Float[Array, "*chunk row seen"]
    scatter: Float[Array, "*chunk row row"]
    loss: Float[Array, "*chunk task"]
    labelled: Float[Array, "*chunk task"]


class Curvatures(NamedTuple):
    """E[H̃] and E[H̃₀] at the same nodes."""

    exact: Float[Array, "*block row row"]
    closed: Float[Array, "*block row row"]


class Averages(NamedTuple):
    """Means over the nodes: Ĥ, E[g zᵀ], E[g gᵀ], and the loss of every task on the training points."""

    curvature: Float[Array, "row row"]
    pull: Float[Array, "row seen"]
    scatter: Float[Array, "row row"]
    loss: Float[Array, "task"]

    def response(self, order: Order) -> Response:
        """The response of the data to a student with these order parameters."""
        return Response(self.curvature, self.pull + self.curvature @ order.overlap, self.scatter)


def frames(classes: tuple[int, ...]) -> list[np.ndarray]:
    """For every task an orthonormal basis (class, class − 1) of the logits without a common shift."""
    return [np.linalg.qr(np.eye(K)[:, : K - 1] - 1 / K)[0] for K in classes]


def stacked_frame(classes: tuple[int, ...]) -> np.ndarray:
    """The bases of all tasks as one matrix (class, row) with a block for each task."""
    return np.asarray(scipy.linalg.block_diag(*frames(classes)))


def _proximal(point: "_Point", start, tolerance):
    """Y of every node by steps that are shortened where the residual grows, and the largest residual that is left.

    The Hessian in y is at least 1, so the residual bounds the distance to the minimum.
    """
    p, residual = point.at(start)
    closed = point.mean_closed(p) / jnp.sum(point.part.share)
    state = _followed(point, point.nearly_newton(closed), _MOST_STEPS, tolerance, (start, p, residual))
    y, _, residual = _followed(point, point.newton, _MOST_EXACT_STEPS, tolerance, state)
    return y, jnp.max(_norm(residual))


def _followed(point: "_Point", direction, most, tolerance, state):
    """(y, p, gradient) after at most so many steps along directions."""

    def keep(state):
        return (state[0] < most) & (jnp.max(_norm(state[3])) > tolerance)

    def step(state):
        count, y, p, residual, size = state
        trial = y + size[None] * direction(p, residual)
        there, left = point.at(trial)
        better = (_norm(left) < _norm(residual)) & (_norm(residual) > tolerance)  # solved nodes stay where they are
        new = (jnp.where(better[None], *pair) for pair in ((trial, y), (there, p), (left, residual)))
        return count + 1, *new, jnp.where(better, jnp.minimum(1.0, 2 * size), 0.25 * size)

    y = state[0]
    return jax.lax.while_loop(keep, step, (0, *state, jnp.ones(y.shape[-1], y.dtype)))[1:4]


def _norm(x):
    return jnp.sqrt(jnp.sum(x * x, axis=0))


def _or_one(x):
    return jnp.where(x > 0, x, 1)


class Student:
    """A student with given order parameters: its logits at a node, and how far a point moves its own logits."""

    def __init__(self, order: Order, classes: tuple[int, ...]) -> None:
        self.sizes, self.classes = [K - 1 for K in classes], classes
        self.overlap, influence = order.overlap, order.influence
        self.spread = power(order.gram - order.overlap @ order.overlap.T, 0.5)
        self.frame = jnp.asarray(stacked_frame(classes), influence.dtype)
        self.root = power(influence, 0.5)
        self.map = self.frame @ self.root
        means = [jnp.mean(own) for own in _split(jnp.diagonal(influence), self.sizes)]
        self.rest = influence - jnp.diag(self._repeated(means, self.sizes))
        self.isotropic = self._repeated(means, classes)
        self.same_task = jnp.asarray(scipy.linalg.block_diag(*(np.ones((K, K)) for K in classes)), influence.dtype)

    def solved(self, nodes: Nodes, steps: Float[Array, "chunk row node"], tolerance) -> tuple[Sums, Array, Array]:
        """The sums of every chunk, the y of the proximal problems, solved from `steps` on, and the largest residual."""

        def chunk(inputs):
            part, start = inputs
            point = self._point(part)
            y, left = _proximal(point, start, tolerance)
            return point.sums(y), y, left

        sums, y, left = jax.lax.map(chunk, (nodes, steps))
        return sums, y, jnp.max(left)

    def quickly(self, part: Nodes, closed: Float[Array, "row row"], count) -> Sums:
        """The sums of one chunk after `count` steps from y = 0; `closed` is E[H̃₀] at the solution."""
        point, y = self._point(part), jnp.zeros_like(part.xi)
        p, residual = point.at(y)
        state = _followed(point, point.nearly_newton(closed), count, 0.0, (y, p, residual))
        return point.sums(_followed(point, point.newton, count, _STUCK, state)[0])

    def averages(self, sums: Sums, curvatures: Curvatures | None = None) -> Averages:
        """The averages from sums over all chunks: with the approximate curvature, and what it misses at some of the nodes."""
        curvature = self._curvature(sums.closed)
        if curvatures is not None:
            curvature = curvature + curvatures.exact - self._curvature(curvatures.closed)
        return Averages(curvature, sums.pull, sums.scatter, sums.loss / sums.labelled)

    def both_curvatures(self, nodes: Nodes, y, blocks: int) -> Curvatures:
        """The exact curvature and E[H̃₀] at a share of the first chunk of every block."""
        chunks, count = y.shape[0] // blocks, y.shape[-1]
        part, y = jax.tree.map(lambda leaf: leaf[::chunks, ..., :: max(1, count // _EXACT)], (nodes, y))

        def of_chunk(both):
            point, share = self._point(both[0]), jnp.sum(both[0].share)
            p, _ = point.at(both[1])
            return Curvatures(point.exact_curvature(both[1]) / share, point.mean_closed(p) / share)

        return jax.lax.map(of_chunk, (part, y))

    @staticmethod
    def _repeated(values, sizes):
        return jnp.concatenate([jnp.full(size, value) for value, size in zip(values, sizes, strict=True)])

    def mixing(self, mean):
        """L for a mean m of H̃₀."""
        return jnp.linalg.inv(jnp.eye(mean.shape[0], dtype=mean.dtype) + mean @ self.rest)

    def _curvature(self, mean):
        """L m."""
        product = self.mixing(mean) @ mean
        return 0.5 * (product + product.T)

    def _point(self, part: Nodes) -> "_Point":
        """The proximal problem of the nodes of a chunk."""
        return _Point(self, self.overlap @ part.z + self.spread @ part.xi, part)


class _Point:
    """A chunk of nodes: the proximal problem as a function of y, with nodes as the last axis."""

    def __init__(self, student: Student, omega, part: Nodes) -> None:
        self.student, self.part = student, part
        self.base = student.frame @ omega
        weights = zip(part.weight, student.classes, strict=True)
        self.alpha = jnp.concatenate([jnp.broadcast_to(alpha, (K, alpha.shape[0])) for alpha, K in weights])

    def _logits(self, y):
        return _split(self.base + self.student.map @ y, self.student.classes)

    def at(self, y):
        """Probabilities p of the classes, and the gradient y − Sᵀ g."""
        p = jnp.concatenate([jax.nn.softmax(z, axis=0) for z in self._logits(y)])
        return p, y + self.student.map.T @ (self.alpha * (p - self.part.targets))

    def _closed(self, p):
        """The d of H̃₀, and Σ d over the classes of a task (1 where a point has no label of it)."""
        weighted = self.alpha * p
        d = weighted / (1 + self.student.isotropic[:, None] * weighted)
        total = self.student.same_task @ d
        return d, jnp.where(total > 0, total, 1)

    def mean_closed(self, p):
        """The chunk's share of E[H̃₀]."""
        d, total = self._closed(p)
        counted = d * self.part.share[None]
        mean = jnp.diag(jnp.sum(counted, axis=1)) - self.student.same_task * (counted @ (d / total).T)
        return self.student.frame.T @ mean @ self.student.frame

    def nearly_newton(self, mean):
        """The step −(1 − Sᵀ H̃ S) · gradient with the approximate H̃ whose mean of H̃₀ is `mean`."""
        L = self.student.mixing(mean)
        there = self.student.frame @ L.T @ self.student.root
        constant = self.student.root @ (L @ mean - L @ mean @ L.T) @ self.student.root

        def direction(p, gradient):
            d, total = self._closed(p)
            x = there @ gradient
            bent = d * (x - self.student.same_task @ (d * x) / total)
            return there.T @ bent + constant @ gradient - gradient

        return direction

    def newton(self, p, gradient):
        """Newton's step by conjugate gradients, to a share of the gradient."""

        def product(x):
            bent = p * (self.student.map @ x)
            return x + self.student.map.T @ (self.alpha * (bent - p * (self.student.same_task @ bent)))

        def keep(state):
            count, _, residual, _ = state
            return (count < gradient.shape[0]) & jnp.any(_norm(residual) > goal)

        def step(state):
            count, x, residual, direction = state
            along = product(direction)
            size = jnp.sum(residual * residual, axis=0)
            length = (size / _or_one(jnp.sum(direction * along, axis=0)))[None]
            left = residual - length * along
            kept = (jnp.sum(left * left, axis=0) / _or_one(size))[None]
            return count + 1, x + length * direction, left, left + kept * direction

        goal = _INEXACT * _norm(gradient)
        return jax.lax.while_loop(keep, step, (0, jnp.zeros_like(gradient), -gradient, -gradient))[1]

    def exact_curvature(self, y):
        """The chunk's share of E[H̃] = E[H − H S (1 + Sᵀ H S)⁻¹ Sᵀ H]."""
        p, _ = self.at(y)
        share, student = self.part.share, self.student
        maps, own, cross = _split(student.map, student.classes), [], []
        for q, alpha, J, frame in zip(
            _split(p, student.classes), self.part.weight, maps, frames(student.classes), strict=True
        ):
            frame = jnp.asarray(frame, p.dtype)
            own.append(jnp.sum(share[None, None] * _covariance(q, alpha, frame, frame), axis=-1))
            cross.append(_covariance(q, alpha, J, frame))
        right = jnp.moveaxis(jnp.concatenate(cross, axis=1), -1, 0)
        system = jnp.eye(student.root.shape[0], dtype=p.dtype)[..., None]
        for q, alpha, J in zip(_split(p, student.classes), self.part.weight, maps, strict=True):
            system = system + _covariance(q, alpha, J, J)
        triangles = jnp.linalg.cholesky(jnp.moveaxis(system, -1, 0))
        half = jax.scipy.linalg.solve_triangular(triangles, right, lower=True)
        half = (jnp.sqrt(share)[:, None, None] * half).reshape(-1, half.shape[-1])
        return jax.scipy.linalg.block_diag(*own) - half.T @ half

    def sums(self, y) -> Sums:
        """The chunk's shares of the means."""
        p, _ = self.at(y)
        share, targets = self.part.share[None], self.part.targets
        g = self.student.frame.T @ (self.alpha * (targets - p))
        labelled = jnp.where(self.part.weight > 0, share, 0)
        losses = jnp.stack(
            [
                jax.nn.logsumexp(z, axis=0) - jnp.sum(label * z, axis=0)
                for z, label in zip(self._logits(y), _split(targets, self.student.classes), strict=True)
            ]
        )
        return Sums(
            self.mean_closed(p),
            (share * g) @ self.part.z.T,
            (share * g) @ g.T,
            jnp.sum(losses * labelled, axis=1),
            jnp.sum(labelled, axis=1),
        )


def _covariance(p, alpha, left, right):
    """α leftᵀ (diag p − p pᵀ) right for every node (row, row, node)."""
    products = (left[:, :, None] * right[:, None, :]).reshape(left.shape[0], -1).T
    moment = (products @ (alpha[None] * p)).reshape(left.shape[1], right.shape[1], -1)
    return moment - (left.T @ (alpha[None] * p))[:, None] * (right.T @ p)[None]


def _split(values, sizes):
    """The parts of the first axis that belong to each task."""
    return jnp.split(values, np.cumsum(sizes)[:-1])

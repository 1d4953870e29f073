"""The iteration on few nodes: response → order parameters → response, up to a shift of the response's coordinates.

Along the way the responses change by orders of magnitude, so iterates are combined in logarithmic coordinates: ln Ĥ, ln A and
the share A^{−1/2} Ê, with A = Ê Êᵀ + Ĝ/a. Every combination of such coordinates is again a response.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sharedtrunk._support.cache.programs import program
from sharedtrunk.asymptotics._response import Nodes, Student, Sums
from sharedtrunk.asymptotics._trunk import Order, Response, of_eigenvalues, order_parameters, power

_MEMORY = 5
"""Earlier iterates that Anderson's acceleration combines."""

_NEAR = 0.1
"""Change of the coordinates below which iterates are combined; farther away only the step is shortened."""

_GROWTH, _LEAST_SHARE = 1.1, 0.01
"""The step's share grows by this factor after a good step. Where the map overshoots it is halved, but not below the least."""

_PATIENCE = 5
"""Steps without a lower residual after which the share is halved and the earlier iterates are forgotten."""


class Setting(NamedTuple):
    """N/N_f and λ of one fixed point, as arrays."""

    samples_per_feature: Float[Array, ""]
    weight_decay: Float[Array, ""]


class Model(NamedTuple):
    """What programs are compiled for; the exact nodes are `blocks` scrambles."""

    classes: tuple[int, ...]
    layers: int
    blocks: int


class Iterate(NamedTuple):
    """Where the iteration is: coordinates of the response and their shift, Q, proximal steps and losses of the few nodes."""

    coordinates: Float[Array, "size"]
    shift: Float[Array, "size"]
    gram: Float[Array, "row row"]
    steps: Float[Array, "chunk row node"]
    loss: Float[Array, "task"]
    iterations: Int[Array, ""]
    residual: Float[Array, ""]


def iterates_on(nodes: Nodes, iterate: Iterate) -> bool:
    """Whether the nodes of an iterate are as many as these."""
    return iterate.steps.shape == nodes.xi.shape


@program
def untrained_iterate(few: Nodes, setting: Setting, model: Model) -> Iterate:
    """The iterate of students with W = 0."""
    order = untrained_order(few, model)
    student = Student(order, model.classes)
    sums, steps, _ = student.solved(few, jnp.zeros_like(few.xi), 1e-3)
    means = student.averages(total_of(sums))
    flat = coordinates_of(means.response(order), setting.samples_per_feature)
    gram, infinite = jnp.eye(order.gram.shape[0], dtype=flat.dtype), jnp.asarray(jnp.inf, flat.dtype)
    return Iterate(flat, jnp.zeros_like(flat), gram, steps, means.loss, jnp.zeros((), int), infinite)


@program
def iterated(few: Nodes, setting: Setting, iterate: Iterate, model: Model, tolerance, most) -> Iterate:
    """Iterate on few nodes until the shifted coordinates change by less than `tolerance`, at most `most` times."""
    return solved(few, iterate, setting, model, tolerance, most)


def solved(nodes: Nodes, start: Iterate, setting: Setting, model: Model, tolerance, most) -> Iterate:
    def once(flat, gram, steps, residual):
        exact = jnp.clip(0.03 * residual, 0.1 * tolerance, 1e-2)  # far from the fixed point, rough steps serve as well
        response = response_of(flat, setting.samples_per_feature, gram.shape[-1])
        order, moved = order_parameters(response, gram, *setting, model.layers, 0.1 * exact)
        student = Student(order, model.classes)
        sums, steps, _ = student.solved(nodes, steps, exact)
        means = student.averages(total_of(sums))
        new = coordinates_of(means.response(order), setting.samples_per_feature) + start.shift
        residual = jnp.maximum(jnp.max(jnp.abs(new - flat)), moved)
        return new, order.gram, steps, means.loss, jnp.where(jnp.isfinite(residual), residual, jnp.inf)

    def keep(state):
        count, flat, residual = state[0], state[1], state[-1]
        return (count < most) & (residual > tolerance) & jnp.isfinite(flat).all()

    def step(state):
        count, flat, gram, steps, _, history, share, waited, last, residual = state
        new, gram, steps, loss, residual = once(flat, gram, steps, residual)
        change = new - flat
        waited = jnp.where(residual < last, 0, waited + 1)
        overshot = (residual > 1.2 * last) & (residual > _NEAR) | (waited >= _PATIENCE)
        waited = jnp.where(overshot, 0, waited)
        share = jnp.where(overshot, jnp.maximum(0.5 * share, _LEAST_SHARE), jnp.minimum(_GROWTH * share, 1.0))
        history = history.added(new, change, overshot | (residual > _NEAR))
        # the last step is the map's own, so that what is returned is as near to the fixed point as what was judged
        following = jnp.where(residual > tolerance, history.combined(share, flat + share * change), new)
        last = jnp.where(overshot, residual, jnp.minimum(last, residual))
        return count + 1, following, gram, steps, loss, history, share, waited, last, residual

    flat = start.coordinates
    infinite = jnp.asarray(jnp.inf, flat.dtype)
    history = History.empty(flat.shape[0], flat.dtype)
    state = (
        jnp.asarray(0),
        flat,
        start.gram,
        start.steps,
        start.loss,
        history,
        jnp.asarray(1.0, flat.dtype),
        jnp.asarray(0),
        infinite,
        infinite,
    )
    count, flat, gram, steps, loss, *_, residual = jax.lax.while_loop(keep, step, state)
    return Iterate(flat, start.shift, gram, steps, loss, start.iterations + count, residual)


def coordinates_of(response: Response, samples_per_feature):
    """(ln Ĥ, ln A, A^{−1/2} Ê), one after the other."""
    A = response.pull @ response.pull.T + response.scatter / samples_per_feature
    parts = _logarithm(response.curvature), _logarithm(A), power(A, -0.5) @ response.pull
    return jnp.concatenate([part.ravel() for part in parts])


def _logarithm(matrix):
    tiny = jnp.finfo(matrix.dtype).tiny
    return of_eigenvalues(matrix, lambda values: jnp.log(jnp.maximum(values, tiny)))


def response_of(flat, samples_per_feature, rows: int) -> Response:
    log_curvature, log_pull = flat[: rows**2].reshape(rows, rows), flat[rows**2 : 2 * rows**2].reshape(rows, rows)
    root = of_eigenvalues(log_pull, lambda values: jnp.exp(0.5 * values))
    left, sizes, right = jnp.linalg.svd(flat[2 * rows**2 :].reshape(rows, -1), full_matrices=False)
    share = (left * jnp.minimum(sizes, 1)[None, :]) @ right
    rest = jnp.eye(rows, dtype=root.dtype) - share @ share.T
    return Response(of_eigenvalues(log_curvature, jnp.exp), root @ share, samples_per_feature * root @ rest @ root)


class History(NamedTuple):
    """The last images of the map with their changes, for Anderson's acceleration."""

    images: Float[Array, "memory size"]
    changes: Float[Array, "memory size"]
    present: Int[Array, ""]

    @classmethod
    def empty(cls, size: int, dtype) -> "History":
        zeros = jnp.zeros((_MEMORY, size), dtype)
        return cls(zeros, zeros, jnp.zeros((), int))

    def added(self, image, change, afresh) -> "History":
        """With one more image; alone, where the history starts afresh."""
        count = jnp.where(afresh, 0, self.present)
        slot = count % _MEMORY
        return History(self.images.at[slot].set(image), self.changes.at[slot].set(change), count + 1)

    def combined(self, share, otherwise):
        """The combination of images with the least change, moved by a share of it; `otherwise` where there is one image."""
        used = jnp.arange(_MEMORY) < self.present
        changes = jnp.where(used[:, None], self.changes, 0)
        products = changes @ changes.T
        scale = jnp.trace(products)
        system = products + 1e-12 * scale * jnp.eye(_MEMORY, dtype=products.dtype) + jnp.diag(jnp.where(used, 0, scale))
        weights = jnp.linalg.solve(system, used.astype(products.dtype))
        weights = weights / jnp.sum(weights)
        mixed = weights @ (self.images - (1 - share) * changes)
        return jnp.where(jnp.isfinite(mixed).all() & (self.present > 1), mixed, otherwise)


def untrained_order(nodes: Nodes, model: Model) -> Order:
    rows, seen = sum(K - 1 for K in model.classes), nodes.z.shape[-2]
    square = jnp.zeros((rows, rows), nodes.z.dtype)
    return Order(jnp.zeros((rows, seen), nodes.z.dtype), square, square)


def total_of(sums: Sums) -> Sums:
    return jax.tree.map(lambda leaf: jnp.sum(leaf, axis=0), sums)

"""The fixed point of the state evolution on one set of nodes: response → order parameters → response, accelerated.

Along the way the responses change by orders of magnitude, so iterates are combined in logarithmic coordinates: ln Ĥ, ln A and
the share A^{−1/2} Ê, with A = Ê Êᵀ + Ĝ/a. Every combination of such coordinates is again a response.
"""

from typing import NamedTuple

import jax
import jax.flatten_util
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sharedtrunk.asymptotics._response import Averages, Nodes, averages
from sharedtrunk.asymptotics._trunk import Order, Response, of_eigenvalues, order_parameters, power

_MEMORY = 5
"""Earlier iterates that Anderson's acceleration combines."""

_NEAR = 0.1
"""Change of the coordinates below which iterates are combined; farther away only the step is shortened."""

_GROWTH, _LEAST_SHARE = 1.1, 0.05
"""Share of the step that is taken: it is halved where the map overshoots, down to the least, and grows again after that."""


class Setting(NamedTuple):
    """N/N_f and λ of one fixed point, as arrays."""

    samples_per_feature: Float[Array, ""]
    weight_decay: Float[Array, ""]


class FixedPoint(NamedTuple):
    """A state that the map returns to itself, up to `residual`: the largest change of the response's coordinates and of Q."""

    order: Order
    response: Response
    averages: Averages
    iterations: Int[Array, ""]
    residual: Float[Array, ""]


def response_to(nodes: Nodes, order: Order, steps, classes, tolerance) -> tuple[Response, Averages]:
    """The response of the data to a student with these order parameters."""
    spread = power(order.gram - order.overlap @ order.overlap.T, 0.5)
    means = averages(nodes, order.overlap, spread, power(order.influence, 0.5), steps, classes, tolerance)
    pull = means.pull + means.curvature @ order.overlap
    return Response(means.curvature, pull, means.scatter), means


def solve(
    nodes: Nodes, setting: Setting, start: Response, gram, steps, *, classes, layers: int, tolerance: float, most: int
) -> FixedPoint:
    """Iterate from a response until its coordinates change by less than `tolerance`, at most `most` times."""
    a = setting.samples_per_feature
    flat, unflatten = jax.flatten_util.ravel_pytree(_coordinates(start, a))

    def response_at(flat) -> Response:
        return _response(unflatten(flat), a)

    def once(flat, gram, steps, residual):
        exact = jnp.clip(0.03 * residual, 0.1 * tolerance, 1e-2)  # far from the fixed point, rough steps serve as well
        order, moved = order_parameters(response_at(flat), gram, *setting, layers, 0.1 * exact)
        response, means = response_to(nodes, order, steps, classes, exact)
        new = jax.flatten_util.ravel_pytree(_coordinates(response, a))[0]
        residual = jnp.maximum(jnp.max(jnp.abs(new - flat)), moved)
        return new, order, means, jnp.where(jnp.isfinite(residual), residual, jnp.inf)

    def keep(state):
        count, residual = state[0], state[-1]
        return (count < most) & (residual > tolerance)

    def step(state):
        count, flat, gram, steps, history, share, last, residual = state
        new, order, means, residual = once(flat, gram, steps, residual)
        change = new - flat
        overshot = residual > 1.2 * last
        share = jnp.where(overshot, jnp.maximum(0.5 * share, _LEAST_SHARE), jnp.minimum(_GROWTH * share, 1.0))
        history = history.added(new, change, overshot | (residual > _NEAR))
        # the last step is the map's own, so that what is returned is as near to the fixed point as what was judged
        following = jnp.where(residual > tolerance, history.combined(share, flat + share * change), new)
        last = jnp.where(overshot, residual, jnp.minimum(last, residual))
        return count + 1, following, order.gram, means.steps, history, share, last, residual

    infinite = jnp.asarray(jnp.inf, flat.dtype)
    history = _History.empty(flat.shape[0], flat.dtype)
    state = (jnp.asarray(0), flat, gram, steps, history, jnp.asarray(1.0, flat.dtype), infinite, infinite)
    state = jax.lax.while_loop(keep, step, state)
    count, flat, gram, steps, residual = *state[:4], state[-1]
    last, order, means, residual = once(flat, gram, steps, residual)
    residual = jnp.maximum(residual, means.unsolved)
    return FixedPoint(order, response_at(last), means, count, residual)


def _coordinates(response: Response, samples_per_feature):
    """(ln Ĥ, ln A, A^{−1/2} Ê)."""
    A = response.pull @ response.pull.T + response.scatter / samples_per_feature
    return _logarithm(response.curvature), _logarithm(A), power(A, -0.5) @ response.pull


def _logarithm(matrix):
    tiny = jnp.finfo(matrix.dtype).tiny
    return of_eigenvalues(matrix, lambda values: jnp.log(jnp.maximum(values, tiny)))


def _response(coordinates, samples_per_feature) -> Response:
    log_curvature, log_pull, share = coordinates
    root = of_eigenvalues(log_pull, lambda values: jnp.exp(0.5 * values))
    left, sizes, right = jnp.linalg.svd(share, full_matrices=False)
    share = (left * jnp.minimum(sizes, 1)[None, :]) @ right
    rest = jnp.eye(root.shape[0], dtype=root.dtype) - share @ share.T
    return Response(of_eigenvalues(log_curvature, jnp.exp), root @ share, samples_per_feature * root @ rest @ root)


class _History(NamedTuple):
    """The last images of the map with their changes, for Anderson's acceleration."""

    images: Float[Array, "memory size"]
    changes: Float[Array, "memory size"]
    present: Int[Array, ""]

    @classmethod
    def empty(cls, size: int, dtype) -> "_History":
        zeros = jnp.zeros((_MEMORY, size), dtype)
        return cls(zeros, zeros, jnp.asarray(0))

    def added(self, image, change, afresh) -> "_History":
        """With one more image; alone, where the history starts afresh."""
        count = jnp.where(afresh, 0, self.present)
        slot = count % _MEMORY
        return _History(self.images.at[slot].set(image), self.changes.at[slot].set(change), count + 1)

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

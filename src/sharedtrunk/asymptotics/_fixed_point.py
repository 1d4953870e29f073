"""The fixed point of the state evolution: response → order parameters → response, for every scramble of the nodes.

Along the way the responses change by orders of magnitude, so iterates are combined in logarithmic coordinates: ln Ĥ, ln A and
the share A^{−1/2} Ê, with A = Ê Êᵀ + Ĝ/a. Every combination of such coordinates is again a response.

Many nodes are needed for the numbers and few for the way to them. The iteration runs on few nodes, with a shift of the
coordinates that is the difference between many nodes and few (the τ correction of multigrid methods). A pass over the many
nodes measures how far that solution is from theirs and corrects the shift, until the solution is theirs.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.flatten_util
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sharedtrunk._support.cache.programs import program
from sharedtrunk.asymptotics._response import Averages, Nodes, averages, untrained_response
from sharedtrunk.asymptotics._trunk import Order, Response, of_eigenvalues, order_parameters, power

_MEMORY = 5
"""Earlier iterates that Anderson's acceleration combines."""

_NEAR = 0.1
"""Change of the coordinates below which iterates are combined; farther away only the step is shortened."""

_GROWTH, _LEAST_SHARE = 1.1, 0.01
"""Share of the step that is taken: it is halved where the map overshoots, down to the least, and grows again after that."""

_PATIENCE = 5
"""Steps without a lower residual after which the share is halved and the earlier iterates are forgotten."""

_MOST_PASSES = 12

_FIRST_PASSES, _HOPELESS = 4, 0.1
"""After so many passes the residual is below this, or few nodes do not lead to the fixed point of many."""

_ROUGH = 0.03
"""Residual on nodes that are not the last ones."""


class Setting(NamedTuple):
    """N/N_f and λ of one fixed point, as arrays."""

    samples_per_feature: Float[Array, ""]
    weight_decay: Float[Array, ""]


class Model(NamedTuple):
    """What programs are compiled for."""

    classes: tuple[int, ...]
    layers: int


class FixedPoint(NamedTuple):
    """A state that the map returns to itself, up to `residual`: the largest change of the response's coordinates and of Q."""

    order: Order
    loss: Float[Array, "scramble task"]
    iterations: Int[Array, "scramble"]
    residual: Float[Array, "scramble"]


class Iterate(NamedTuple):
    """Where the iteration is: coordinates of the response and their shift, Q, and proximal steps of the few nodes."""

    coordinates: Float[Array, "*scramble size"]
    shift: Float[Array, "*scramble size"]
    gram: Float[Array, "*scramble row row"]
    steps: Float[Array, "*scramble chunk row node"]
    iterations: Int[Array, "*scramble"]


def fixed_point(
    few: Nodes,
    sets: Sequence[Nodes],
    setting: Setting,
    classes: tuple[int, ...],
    layers: int,
    most: int,
    tolerance: float,
    start: Iterate | None = None,
) -> tuple[Iterate, FixedPoint]:
    """The fixed point on the last of `sets`, each with more nodes than the one before; `few` are those of the iteration.

    It begins at `start`, where another setting on the same nodes ended, or with untrained students. Deeper students than two
    layers are followed from the fixed point of two, and the residual is the largest of both. With many points per feature and
    a small λ, a few nodes do not lead to the fixed point of many. Then all of them take part in every iteration, and the
    iterate that is returned is one of all nodes.
    """
    if layers > 2:
        start, two = fixed_point(few, sets, setting, classes, 2, most, tolerance)
        few = few if iterates_on(few, start) else sets[-1]
        iterate, found = _corrected(few, sets[-1], setting, start, Model(classes, layers), most, tolerance)
        return iterate, found._replace(residual=jnp.maximum(found.residual, two.residual))
    model = Model(classes, layers)
    if start is None:
        start = _begun(few, untrained_response(few, classes), setting)
        for nodes in sets[:-1]:
            start, _ = _corrected(few, nodes, setting, start, model, most, _ROUGH)
    iterate, found = _corrected(few, sets[-1], setting, start, model, most, tolerance)
    if float(jnp.max(found.residual)) <= 2 * tolerance or few is sets[-1]:
        return iterate, found
    start = _begun(sets[-1], untrained_response(sets[-1], classes), setting)
    return _corrected(sets[-1], sets[-1], setting, start, model, most, tolerance)


def iterates_on(nodes: Nodes, iterate: Iterate) -> bool:
    """Whether the nodes of an iterate are as many as these."""
    return iterate.steps.shape == nodes.xi.shape


def _corrected(few, nodes, setting, iterate, model, most, tolerance) -> tuple[Iterate, FixedPoint]:
    """The fixed point on `nodes` by iterations on few nodes and passes over all."""
    dtype = nodes.z.dtype
    steps, residual = jnp.zeros_like(nodes.xi), 0.1
    history = jax.vmap(lambda flat: _History.empty(flat.shape[0], dtype))(iterate.shift)
    passes = 0
    iterate = iterate._replace(iterations=jnp.zeros_like(iterate.iterations))
    while True:
        enough = jnp.asarray(np.clip(0.01 * residual, 0.1 * tolerance, 1e-2), dtype)
        iterate = _iterated(few, setting, iterate, model, enough, most - jnp.max(iterate.iterations))
        compared = _compared(nodes, setting, iterate, steps, history, model, jnp.asarray(0.1 * tolerance, dtype))
        shift, history, residuals, order, means = compared
        steps, residual, passes = means.steps, float(jnp.max(residuals)), passes + 1
        hopeless = passes >= _FIRST_PASSES and not residual < _HOPELESS
        exhausted = passes == _MOST_PASSES or jnp.max(iterate.iterations) >= most
        if hopeless or exhausted or not residual > tolerance:
            return iterate, FixedPoint(order, means.loss, iterate.iterations, residuals)
        iterate = iterate._replace(shift=shift)


def response_to(nodes: Nodes, order: Order, steps, classes, tolerance, *, exact: bool) -> tuple[Response, Averages]:
    """The response of the data to a student with these order parameters."""
    spread = power(order.gram - order.overlap @ order.overlap.T, 0.5)
    means = averages(nodes, order.overlap, spread, order.influence, steps, classes, tolerance, exact=exact)
    pull = means.pull + means.curvature @ order.overlap
    return Response(means.curvature, pull, means.scatter), means


def untrained(nodes: Nodes, classes: tuple[int, ...]) -> FixedPoint:
    """Students with W = 0, of every scramble, as a fixed point."""
    scrambles, _, seen, _ = nodes.z.shape
    rows, dtype = sum(K - 1 for K in classes), nodes.z.dtype
    square = jnp.zeros((scrambles, rows, rows), dtype)
    loss = jnp.tile(jnp.log(jnp.asarray(classes, dtype)), (scrambles, 1))
    counts, residual = jnp.zeros(scrambles, int), jnp.zeros(scrambles, dtype)
    return FixedPoint(Order(jnp.zeros((scrambles, rows, seen), dtype), square, square), loss, counts, residual)


@program
def _begun(nodes: Nodes, response: Response, setting: Setting) -> Iterate:
    """The iterate of students with W = 0."""
    flat = jax.lax.map(lambda each: _flat(each, setting.samples_per_feature), response)
    gram = jnp.broadcast_to(jnp.eye(response.curvature.shape[-1], dtype=flat.dtype), response.curvature.shape)
    return Iterate(flat, jnp.zeros_like(flat), gram, jnp.zeros_like(nodes.xi), jnp.zeros(flat.shape[0], int))


@program
def _compared(nodes: Nodes, setting: Setting, iterate: Iterate, steps, history: "_History", model: Model, tolerance):
    """The next shift by a pass over `nodes`, the residual of the iterate there, its order parameters and averages."""

    def one(inputs):
        nodes, iterate, steps, history = inputs
        response = _response(iterate.coordinates, setting.samples_per_feature, iterate.gram.shape[-1])
        order, moved = order_parameters(response, iterate.gram, *setting, model.layers, 0.1 * tolerance)
        response, means = response_to(nodes, order, steps, model.classes, tolerance, exact=True)
        change = _flat(response, setting.samples_per_feature) - iterate.coordinates
        history = history.added(iterate.shift + change, change, False)
        residual = jnp.max(jnp.stack([jnp.max(jnp.abs(change)), means.unsolved, moved]))
        shift = history.combined(1.0, iterate.shift + change)
        return shift, history, residual, order, means

    return jax.lax.map(one, (nodes, iterate, steps, history))


@program
def _iterated(nodes: Nodes, setting: Setting, iterate: Iterate, model: Model, tolerance, most) -> Iterate:
    """Iterate on few nodes until the shifted coordinates change by less than `tolerance`, at most `most` times."""
    return jax.lax.map(lambda both: _solved(both[0], both[1], setting, model, tolerance, most), (nodes, iterate))


def _solved(nodes: Nodes, start: Iterate, setting: Setting, model: Model, tolerance, most) -> Iterate:
    def once(flat, gram, steps, residual):
        exact = jnp.clip(0.03 * residual, 0.1 * tolerance, 1e-2)  # far from the fixed point, rough steps serve as well
        response = _response(flat, setting.samples_per_feature, gram.shape[-1])
        order, moved = order_parameters(response, gram, *setting, model.layers, 0.1 * exact)
        response, means = response_to(nodes, order, steps, model.classes, exact, exact=False)
        new = _flat(response, setting.samples_per_feature) + start.shift
        residual = jnp.maximum(jnp.max(jnp.abs(new - flat)), moved)
        return new, order.gram, means.steps, jnp.where(jnp.isfinite(residual), residual, jnp.inf)

    def keep(state):
        count, residual = state[0], state[-1]
        return (count < most) & (residual > tolerance)

    def step(state):
        count, flat, gram, steps, history, share, waited, last, residual = state
        new, gram, steps, residual = once(flat, gram, steps, residual)
        change = new - flat
        waited = jnp.where(residual < last, 0, waited + 1)
        overshot = (residual > 1.2 * last) & (residual > _NEAR) | (waited >= _PATIENCE)
        waited = jnp.where(overshot, 0, waited)
        share = jnp.where(overshot, jnp.maximum(0.5 * share, _LEAST_SHARE), jnp.minimum(_GROWTH * share, 1.0))
        history = history.added(new, change, overshot | (residual > _NEAR))
        # the last step is the map's own, so that what is returned is as near to the fixed point as what was judged
        following = jnp.where(residual > tolerance, history.combined(share, flat + share * change), new)
        last = jnp.where(overshot, residual, jnp.minimum(last, residual))
        return count + 1, following, gram, steps, history, share, waited, last, residual

    flat = start.coordinates
    infinite = jnp.asarray(jnp.inf, flat.dtype)
    history = _History.empty(flat.shape[0], flat.dtype)
    state = (
        jnp.asarray(0),
        flat,
        start.gram,
        start.steps,
        history,
        jnp.asarray(1.0, flat.dtype),
        jnp.asarray(0),
        infinite,
        infinite,
    )
    count, flat, gram, steps = jax.lax.while_loop(keep, step, state)[:4]
    return Iterate(flat, start.shift, gram, steps, start.iterations + count)


def _flat(response: Response, samples_per_feature):
    """(ln Ĥ, ln A, A^{−1/2} Ê), one after the other."""
    A = response.pull @ response.pull.T + response.scatter / samples_per_feature
    parts = _logarithm(response.curvature), _logarithm(A), power(A, -0.5) @ response.pull
    return jnp.concatenate([part.ravel() for part in parts])


def _logarithm(matrix):
    tiny = jnp.finfo(matrix.dtype).tiny
    return of_eigenvalues(matrix, lambda values: jnp.log(jnp.maximum(values, tiny)))


def _response(flat, samples_per_feature, rows: int) -> Response:
    log_curvature, log_pull = flat[: rows**2].reshape(rows, rows), flat[rows**2 : 2 * rows**2].reshape(rows, rows)
    root = of_eigenvalues(log_pull, lambda values: jnp.exp(0.5 * values))
    left, sizes, right = jnp.linalg.svd(flat[2 * rows**2 :].reshape(rows, -1), full_matrices=False)
    share = (left * jnp.minimum(sizes, 1)[None, :]) @ right
    rest = jnp.eye(rows, dtype=root.dtype) - share @ share.T
    return Response(of_eigenvalues(log_curvature, jnp.exp), root @ share, samples_per_feature * root @ rest @ root)


class _History(NamedTuple):
    """The last images of the map with their changes, for Anderson's acceleration."""

    images: Float[Array, "memory size"]
    changes: Float[Array, "memory size"]
    present: Int[Array, ""]

    @classmethod
    def empty(cls, size: int, dtype) -> "_History":
        zeros = jnp.zeros((_MEMORY, size), dtype)
        return cls(zeros, zeros, jnp.zeros((), int))

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

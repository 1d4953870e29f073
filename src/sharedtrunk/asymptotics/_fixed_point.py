"""The fixed point of the state evolution: response → order parameters → response.

Many nodes are needed for the numbers and few for the way to them. The iteration runs on few nodes, with a shift of the
coordinates that is the difference between many nodes and few (the τ correction of multigrid methods). A pass over the many
nodes measures how far that solution is from theirs and corrects the shift, until the solution is theirs. "Many" are two
sets: exact nodes, and quick nodes that are taken a few steps only. What the same few steps give on the exact nodes is
subtracted, so that the quick nodes change the sampling error and nothing else (multilevel Monte Carlo, Giles 2008).

A fixed point of n nodes is biased by about c/n, as training on n points would be: by .013 nats at ten classes, N/N_f = 16 and
n = 4,096. So all nodes share one fixed point, and the sampling error is that of its shift: the fixed point moved by what each
block of nodes would change.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.cache.programs import program
from sharedtrunk.asymptotics._iteration import (
    History,
    Iterate,
    Model,
    Setting,
    coordinates_of,
    iterated,
    iterates_on,
    response_of,
    solved,
    total_of,
    untrained_iterate,
    untrained_order,
)
from sharedtrunk.asymptotics._nodes import CHUNK, Labels, pairs_of
from sharedtrunk.asymptotics._response import Averages, Nodes, Student, Sums
from sharedtrunk.asymptotics._trunk import Order, order_parameters

_MOST_PASSES = 12

_FIRST_PASSES, _HOPELESS = 4, 0.1
"""If the residual is still above this after so many passes, few nodes do not lead to the fixed point of many."""

_ROUGH = 0.02
"""Residual on the exact nodes at which the quick nodes are first asked."""

_QUICK_STEPS, _ENOUGH_STEPS, _ALIKE = (6, 8, 12, 16, 24), 48, 0.01
"""Candidate step counts of quick nodes, and a count that is always enough. Quick nodes take the fewest steps that bring the
coordinates on the few nodes as near as this to those after enough steps."""

_QUICK_SHARES, _SETTLED = (0.125, 1.0, 1.0), 0.05
"""Shares of the quick nodes that take part in turn, until all of them move the coordinates by less than this."""

_LOOSER = 10
"""Factor of the tolerance where blocks of nodes move the fixed point, which only makes the error bar."""


class Problem(NamedTuple):
    """All nodes: exact ones, and the few of the iteration.

    `quick(block, share)` returns standard normals u (dimension, node) for that share of the block's quick nodes; half of the
    nodes are u, the other half −u.
    """

    exact: Nodes
    few: Nodes
    labels: Labels
    quick: Callable[[int, float], np.ndarray] | None


class Pass(NamedTuple):
    """What a pass over the exact nodes found at an iterate; `closed` is E[H̃₀].

    `change` is that of the coordinates by the averages over all nodes, `apart` that of every block's averages from these, and
    `residual` the largest of the change, of the last change of Q and of what the proximal problems leave.
    """

    order: Order
    change: Float[Array, "size"]
    apart: Float[Array, "block size"]
    loss: Float[Array, "task"]
    losses_apart: Float[Array, "block task"]
    residual: Float[Array, ""]
    steps: Float[Array, "chunk row node"]
    closed: Float[Array, "row row"]


class Start(NamedTuple):
    """Where an iteration begins: another setting's iterate, what quick nodes added there, and how far its blocks moved it."""

    iterate: Iterate
    missed: Sums | None
    moves: Float[Array, "block size"]

    def beyond(self, other: "Start", share: float) -> "Start":
        """Extrapolated from another setting's end by a share of the distance to this one."""

        def line(name: str):
            here, there = getattr(self.iterate, name), getattr(other.iterate, name)
            return here + share * (here - there)

        iterate = self.iterate._replace(coordinates=line("coordinates"), shift=line("shift"))
        return self._replace(iterate=iterate)


class FixedPoint(NamedTuple):
    """A state that the map returns to itself up to `residual`, and where every block's averages alone would move it."""

    order: Order
    loss: Float[Array, "task"]
    blocks: Order
    block_losses: Float[Array, "block task"]
    iterations: int
    residual: float


def fixed_point(
    problem: Problem,
    setting: Setting,
    model: Model,
    most: int,
    tolerance: float,
    start: Start | None = None,
    *,
    spread: bool = True,
) -> tuple[Start, FixedPoint]:
    """The fixed point on all nodes.

    It begins at `start`, where another setting on the same nodes ended, or with untrained students. Deeper students than two
    layers are followed from the fixed point of two. With many points per feature and a small λ, few nodes do not lead to the
    fixed point of many. Then all exact nodes take part in every iteration, and the `Start` that is returned is for these.
    Without `spread` all blocks get the state of all nodes.
    """
    every = problem.exact._replace(share=problem.exact.share / model.blocks)
    for few in (problem.few, every):
        before = 0.0
        if model.layers > 2:
            shallow = problem._replace(few=few, quick=None), setting, model._replace(layers=2)
            first, two = fixed_point(*shallow, most, tolerance, spread=False)
            few, before = few if iterates_on(few, first.iterate) else every, two.residual
        elif start is not None and iterates_on(few, start.iterate):
            first = start
        else:
            first = _untrained_start(few, setting, model)
        end, found = _refined(problem._replace(few=few), setting, first, model, most, tolerance, spread)
        found = found._replace(residual=max(found.residual, before))
        if found.residual <= 2 * tolerance or iterates_on(every, end.iterate):
            break
    return end, found


def _untrained_start(few: Nodes, setting: Setting, model: Model) -> Start:
    iterate = untrained_iterate(few, setting, model)
    return Start(iterate, None, jnp.zeros((model.blocks, iterate.shift.shape[0]), iterate.shift.dtype))


def untrained_averages(problem: Problem, model: Model) -> Averages:
    """The averages over all nodes at W = 0, where points do not move their logits and no steps are needed."""
    order = untrained_order(problem.exact, model)
    missed = _nothing(problem.exact, model)
    if problem.quick is not None:
        missed = _missed(problem, order, model, order.gram, 0, 1.0)
    return _untrained(problem.exact, missed, order, model)


def untrained(problem: Problem, model: Model) -> FixedPoint:
    """Students with W = 0 as a fixed point."""
    loss = jnp.log(jnp.asarray(model.classes, problem.exact.z.dtype))
    return _without_spread(untrained_order(problem.exact, model), loss, model.blocks, 0, 0.0)


def _without_spread(order: Order, loss, blocks: int, iterations: int, residual: float) -> FixedPoint:
    """A fixed point that all blocks share."""
    each, losses = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (blocks, *leaf.shape)), (order, loss))
    return FixedPoint(order, loss, each, losses, iterations, residual)


def _refined(
    problem: Problem, setting: Setting, start: Start, model: Model, most: int, tolerance: float, spread: bool
) -> tuple[Start, FixedPoint]:
    """The fixed point on exact nodes, then with what quick nodes add to their averages."""
    quick = problem.quick is not None
    known = start.missed if quick else None
    missed = _nothing(problem.exact, model) if known is None else known
    shares = _QUICK_SHARES if known is None else _QUICK_SHARES[1:]
    enough = max(_ROUGH, tolerance) if quick else tolerance
    iterate, last = _corrected(problem, missed, setting, start.iterate, model, most, enough)
    total = int(iterate.iterations)
    count = _quick_steps(problem, setting, last, model) if last.residual <= enough else 0
    if known is not None and not count:  # what quick nodes added at another setting does not count here
        missed = _nothing(problem.exact, model)
        iterate, last = _corrected(problem, missed, setting, iterate, model, most, enough, last.steps)
        total += int(iterate.iterations)
    for share in shares if count else ():
        before = iterate.coordinates
        missed = _missed(problem, last.order, model, last.closed, count, share)
        enough = tolerance if share == 1 else max(_ROUGH, tolerance)
        iterate, last = _corrected(problem, missed, setting, iterate, model, most, enough, last.steps)
        total += int(iterate.iterations)
        if share == 1 and jnp.max(jnp.abs(iterate.coordinates - before)) < _SETTLED:
            break
    if tolerance < last.residual <= enough:  # quick nodes would need too many steps
        iterate, last = _corrected(problem, missed, setting, iterate, model, most, tolerance, last.steps)
        total += int(iterate.iterations)
    end = Start(iterate, missed if count else None, start.moves)
    if not spread:
        return end, _without_spread(last.order, last.loss, model.blocks, total, float(last.residual))
    enough = jnp.asarray(_LOOSER * tolerance, last.change.dtype)
    blocks = _of_blocks(problem.few, setting, end, last.apart, model, enough, most)
    residual = max(float(last.residual), float(jnp.max(blocks.residual)) / _LOOSER)
    around, losses = jax.tree.map(about, (last.order, last.loss), (blocks.order, last.losses_apart + blocks.loss))
    return end._replace(moves=blocks.moves), FixedPoint(last.order, last.loss, around, losses, total, residual)


def about(mean, blocks):
    """The blocks' values, moved so that `mean` is their mean."""
    return mean[None] + blocks - blocks.mean(axis=0, keepdims=True)


def _corrected(
    problem: Problem,
    missed: Sums,
    setting: Setting,
    iterate: Iterate,
    model: Model,
    most: int,
    tolerance: float,
    steps: Float[Array, "chunk row node"] | None = None,
) -> tuple[Iterate, Pass]:
    """Iterations on few nodes and passes over the exact ones in turn, and the last pass."""
    dtype = problem.exact.z.dtype
    residual, passes = 0.1 if steps is None else 0.01, 0
    steps = jnp.zeros_like(problem.exact.xi) if steps is None else steps
    history = History.empty(iterate.shift.shape[0], dtype)
    iterate = iterate._replace(iterations=jnp.zeros_like(iterate.iterations))
    while True:
        enough = jnp.asarray(np.clip(0.01 * residual, 0.1 * tolerance, 1e-2), dtype)
        iterate = iterated(problem.few, setting, iterate, model, enough, most - iterate.iterations)
        enough = jnp.asarray(np.clip(0.01 * residual, 0.1 * tolerance, 1e-3), dtype)
        found = _passed(problem.exact, missed, setting, iterate, steps, model, enough)
        steps, residual, passes = found.steps, float(found.residual), passes + 1
        hopeless = passes >= _FIRST_PASSES and not residual < _HOPELESS
        exhausted = passes == _MOST_PASSES or iterate.iterations >= most
        if hopeless or exhausted or not residual > tolerance:
            return iterate, found
        shift, history = _next_shift(history, iterate.shift, found.change)
        iterate = iterate._replace(shift=shift)


def _nothing(nodes: Nodes, model: Model) -> Sums:
    """Sums of zeros, of every block."""
    rows, seen, tasks = sum(K - 1 for K in model.classes), nodes.z.shape[-2], len(model.classes)
    shapes = (rows, rows), (rows, seen), (rows, rows), (tasks,), (tasks,)
    return Sums(*(jnp.zeros((model.blocks, *shape), nodes.z.dtype) for shape in shapes))


def _quick_steps(problem: Problem, setting: Setting, last: Pass, model: Model) -> int:
    """The number of steps of quick nodes; 0 if there are none, or if even the largest count is not enough."""
    if problem.quick is None:
        return 0
    few, order, closed = _single((problem.few, last.order, last.closed))

    def after(count: int) -> Array:
        return _after(few, order, setting, model, closed, jnp.asarray(count))

    goal = after(_ENOUGH_STEPS)
    return next((count for count in _QUICK_STEPS if jnp.max(jnp.abs(after(count) - goal)) < _ALIKE), 0)


def _single(tree):
    return jax.tree.map(lambda leaf: leaf.astype(jnp.float32), tree)


@program
def _after(few: Nodes, order: Order, setting: Setting, model: Model, closed, count):
    """The coordinates by nodes that are taken so many steps."""
    student = Student(order, model.classes)
    sums = jax.lax.map(lambda part: student.quickly(part, closed, count), few)
    response = student.averages(total_of(sums)).response(order)
    return coordinates_of(response, setting.samples_per_feature.astype(jnp.float32))


def _missed(problem: Problem, order: Order, model: Model, closed, count: int, share: float) -> Sums:
    """How much each block's sums over quick nodes differ from those over exact ones taken as few steps."""
    assert problem.quick is not None
    (order, closed), dtype, steps = _single((order, closed)), problem.exact.z.dtype, jnp.asarray(count)
    own = _quick_blocks(problem.exact, order, model, closed, steps)
    every = [
        _quick(problem.quick(block, share), problem.labels, order, model, closed, steps)
        for block in range(model.blocks)
    ]
    return jax.tree.map(lambda own, *each: jnp.stack(each).astype(dtype) - own.astype(dtype), own, *every)


@program
def _quick(half: Float[AnyArray, "dimension node"], labels: Labels, order: Order, model: Model, closed, steps) -> Sums:
    """The sums of one block over quick nodes u and −u."""
    student, count = Student(order, model.classes), half.shape[1]
    chunks = max(1, 2 * count // CHUNK)
    parts = jnp.moveaxis(half.reshape(half.shape[0], chunks, count // chunks), 1, 0)
    return total_of(jax.lax.map(lambda part: student.quickly(pairs_of(part, labels, count), closed, steps), parts))


@program
def _quick_blocks(exact: Nodes, order: Order, model: Model, closed, steps) -> Sums:
    """The sums of every block over exact nodes that are taken as few steps as quick ones."""
    student = Student(order, model.classes)
    sums = jax.lax.map(lambda part: student.quickly(part, closed, steps), _single(exact))
    return _of_each(sums, model.blocks)


@program
def _untrained(exact: Nodes, missed: Sums, order: Order, model: Model) -> Averages:
    """The averages over exact nodes at W = 0, with `missed` added to the sums of every block."""
    student = Student(order, model.classes)
    sums, _, _ = student.solved(exact, jnp.zeros_like(exact.xi), 1e-3)
    return student.averages(_mean(jax.tree.map(jnp.add, _of_each(sums, model.blocks), missed)))


@program
def _passed(exact: Nodes, missed: Sums, setting: Setting, iterate: Iterate, steps, model: Model, tolerance) -> Pass:
    """A pass over the exact nodes, with `missed` added to the sums of every block."""
    response = response_of(iterate.coordinates, setting.samples_per_feature, iterate.gram.shape[-1])
    order, moved = order_parameters(response, iterate.gram, *setting, model.layers, 0.1 * tolerance)
    student = Student(order, model.classes)
    sums, steps, unsolved = student.solved(exact, steps, tolerance)
    every = jax.tree.map(jnp.add, _of_each(sums, model.blocks), missed)
    curvatures = student.both_curvatures(exact, steps, model.blocks)

    def coordinates(sums: Sums, curvatures):
        means = student.averages(sums, curvatures)
        return coordinates_of(means.response(order), setting.samples_per_feature), means.loss

    total = _mean(every)
    flat, loss = coordinates(total, _mean(curvatures))
    flats, losses = jax.lax.map(lambda both: coordinates(*both), (every, curvatures))
    change = flat - iterate.coordinates
    residual = jnp.max(jnp.stack([jnp.max(jnp.abs(change)), unsolved, moved]))
    return Pass(order, change, flats - flat[None], loss, losses - loss[None], residual, steps, total.closed)


def _mean(blocks):
    return jax.tree.map(lambda leaf: jnp.mean(leaf, axis=0), blocks)


def _of_each(sums: Sums, blocks: int) -> Sums:
    """The sums of every block, whose chunks follow each other."""
    return jax.tree.map(lambda leaf: jnp.sum(leaf.reshape(blocks, -1, *leaf.shape[1:]), axis=1), sums)


@program
def _next_shift(history: "History", shift, change):
    """The next shift, by the changes of all passes."""
    history = history.added(shift + change, change, False)
    return history.combined(1.0, shift + change), history


class Blocks(NamedTuple):
    """The fixed point moved to every block's averages, on the few nodes; `moves` are those of the coordinates."""

    order: Order
    loss: Float[Array, "block task"]
    residual: Float[Array, "block"]
    moves: Float[Array, "block size"]


@program
def _of_blocks(few: Nodes, setting: Setting, end: Start, apart, model: Model, tolerance, most: int) -> Blocks:
    def one(both):
        (apart, move), iterate = both, end.iterate
        start = iterate._replace(coordinates=iterate.coordinates + move, shift=iterate.shift + apart)
        moved = solved(few, start, setting, model, tolerance, most)
        response = response_of(moved.coordinates, setting.samples_per_feature, moved.gram.shape[-1])
        order, _ = order_parameters(response, moved.gram, *setting, model.layers, 0.01 * tolerance)
        return Blocks(order, moved.loss, moved.residual, moved.coordinates - iterate.coordinates)

    return jax.lax.map(one, (apart, end.moves))

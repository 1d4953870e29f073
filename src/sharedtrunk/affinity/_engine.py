"""Many trainings side by side on the rows of one table: every lane has its own start, row roles and task weights.

    L = Σ_t Σ_i c_ti ℓ_ti,   ℓ_ti = ln Z(z_ti) − z_t,label(i),   c_ti = α_t m_ti / n_t on the training rows (1)

is minimized by Adam (Kingma and Ba 2015) as optax implements it. The loss of a task with one output, a number, is ℓ_ti = ½
(z_ti − y_ti)². Every `check_every` steps the losses on the *judged* rows are evaluated. A *criterion* is a weighting of the
tasks' validation losses. For each criterion the engine keeps the step of its lowest value so far and the losses of all
judged rows at that step: this is validation stopping, without the test rows. A criterion that has not improved by `tol` nats
for `patience` steps is closed for good, so a lane's outcome does not depend on its neighbours; a batch ends when all
criteria are closed.

Rows come in two parts: first the judged rows, which have roles, then the rest. A step visits `judged_batch` rows of the
first part and `rest_batch` of the second, the same for every lane. A batch's coefficients are scaled up to its whole part, so
what one part adds to the gradient does not depend on the other's size. The caller must shuffle a part visited in batches.
"""

import dataclasses
import functools
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int

from sharedtrunk.affinity._network import Network, logits

Targets = tuple[Float[Array, "sample _"], ...]


FULL_BATCH_ROWS = 1024
"""With up to this many rows every step visits all of them, unless the user asks for batches."""


class Schedule(NamedTuple):
    """The loop of a training: number of judged rows, judged and other rows per step, steps between two checks, patience
    (in steps), largest number of steps, and the improvement in nats that renews the patience."""

    judged: int
    judged_batch: int
    rest_batch: int
    check_every: int
    patience: int
    max_steps: int
    tol: float


class Lanes(eqx.Module):
    """What differs between the lanes: starts, training coefficients c_ti, and the rows' weights in the validation losses.

    A task's weights in `validation` sum to 1, or to 0 where it has no validation row. `criteria` weigh the tasks' validation
    losses; `open` says which of them a lane follows.
    """

    start: Network
    coefficients: Float[Array, "lane task sample"]
    validation: Float[Array, "lane task judged"]
    criteria: Float[Array, "lane criterion task"]
    open: Bool[Array, "lane criterion"]


class Stops(eqx.Module):
    """The stop of every criterion: its lowest validation value (nats), and the step and the judged rows' results there.

    `row_loss` (nats) and `row_right` are every judged row's loss and correctness, the tasks weighted as in the criterion.
    `reference` and `reference_step` are value and step of the last improvement by more than `tol`, from which patience
    counts. With `keep_networks`, `network` holds the weights at the first criterion's stop.
    """

    validation: Float[Array, "lane criterion"]
    step: Int[Array, "lane criterion"]
    row_loss: Float[Array, "lane criterion judged"]
    row_right: Float[Array, "lane criterion judged"]
    reference: Float[Array, "lane criterion"]
    reference_step: Int[Array, "lane criterion"]
    network: Network | None


@functools.partial(jax.jit, static_argnames=("schedule", "keep_networks"))
def train_lanes(
    lanes: Lanes,
    inputs: Float[Array, "sample feature"],
    targets: Targets,
    learning_rate: Float[Array, ""],
    *,
    schedule: Schedule,
    keep_networks: bool = False,
) -> Stops:
    """Train all lanes until every open criterion is closed or `max_steps` steps are taken.

    `targets[t]` are one-hot labels (sample, class), zero rows where the label is missing, or numbers (sample, 1). A lane
    whose losses are never finite has NaN row losses.
    """
    adam = optax.adam(learning_rate)
    gradient = jax.vmap(jax.grad(_training_loss), in_axes=(0, 0, None, None))
    judged = (inputs[: schedule.judged], tuple(target[: schedule.judged] for target in targets))

    def evaluate(
        network: Network, step: Int[Array, ""], stops: Stops, following: Bool[Array, "lane criterion"]
    ) -> Stops:
        losses, right = jax.vmap(_row_losses, in_axes=(0, None, None))(network, *judged)
        now = _evaluated(lanes, network if keep_networks else None, step, losses, right)
        return _improved(stops, now, following, jnp.asarray(schedule.tol, inputs.dtype))

    def advance(_, state):
        network, optimizer, step = state
        visit = functools.partial(_visited, step=step, schedule=schedule)
        coefficients = visit(lanes.coefficients, axis=2, scaled=True)
        gradients = gradient(network, coefficients, visit(inputs), tuple(visit(target) for target in targets))
        # Optax computes float ** (integer step count), which JAX's strict promotion (in our tests, for some users) refuses.
        with jax.numpy_dtype_promotion("standard"):
            updates, optimizer = adam.update(gradients, optimizer)
        return eqx.apply_updates(network, updates), optimizer, step + 1

    def following(step, stops: Stops) -> Bool[Array, "lane criterion"]:
        return lanes.open & (step - stops.reference_step < schedule.patience)

    def leg(state):
        training, stops = state
        followed = following(training[2], stops)
        training = jax.lax.fori_loop(0, schedule.check_every, advance, training)
        return training, evaluate(training[0], training[2], stops, followed)

    def unfinished(state) -> Bool[Array, ""]:
        (_, _, step), stops = state
        return jnp.any(following(step, stops)) & (step < schedule.max_steps)

    start = jnp.zeros((), jnp.int32)
    first = evaluate(lanes.start, start, _no_stops(lanes, keep_networks), jnp.ones_like(lanes.open))
    weights: Any = lanes.start  # optax's type for trees of arrays does not include modules
    return jax.lax.while_loop(unfinished, leg, ((weights, adam.init(weights), start), first))[1]


def _training_loss(network: Network, coefficients, inputs, targets: Targets) -> Float[Array, ""]:
    total = jnp.zeros((), inputs.dtype)
    for z, target, coefficient in zip(logits(network, inputs), targets, coefficients, strict=True):
        total = total + jnp.sum(coefficient * _losses(z, target))
    return total


def _losses(z: Float[Array, "sample _"], target: Float[Array, "sample _"]) -> Float[Array, "sample"]:
    """Loss of every row in one task, in nats; of numbers half the squared error."""
    if target.shape[1] == 1:
        return 0.5 * jnp.sum((z - target) ** 2, axis=1)
    return -jnp.sum(jax.nn.log_softmax(z) * target, axis=1)


def _row_losses(network: Network, inputs, targets: Targets):
    """Loss of every row in every task, and whether the likeliest class is the label, both (task, sample); numbers have no
    class, which counts as right."""
    losses, right = [], []
    for z, target in zip(logits(network, inputs), targets, strict=True):
        losses.append(_losses(z, target))
        right.append(jnp.argmax(z, axis=1) == jnp.argmax(target, axis=1))
    return jnp.stack(losses), jnp.stack(right).astype(inputs.dtype)


def _visited(rows: Array, step: Int[Array, ""], schedule: Schedule, *, axis: int = 0, scaled: bool = False) -> Array:
    """The rows of one step along `axis`: a batch of each part, `scaled` up to the whole part if asked."""
    judged, total = schedule.judged, rows.shape[axis]
    if schedule.judged_batch >= judged and schedule.rest_batch >= total - judged:
        return rows
    parts = ((0, judged, schedule.judged_batch), (judged, total - judged, schedule.rest_batch))
    batches = [_batch(rows, step, *part, axis, scaled) for part in parts if part[1] and part[2]]
    return batches[0] if len(batches) == 1 else jnp.concatenate(batches, axis=axis)


def _batch(rows: Array, step: Int[Array, ""], begin: int, count: int, batch: int, axis: int, scaled: bool) -> Array:
    """The batch of one step among `count` rows from `begin`. Batches have equal sizes, so the last two may share rows."""
    batches = -(-count // batch)
    size = -(-count // batches)
    first = begin + jnp.minimum((step % batches) * size, count - size)
    chosen = jax.lax.dynamic_slice_in_dim(rows, first, size, axis)
    return chosen * jnp.asarray(count / size, rows.dtype) if scaled else chosen


def _evaluated(lanes: Lanes, network: Network | None, step, losses, right) -> Stops:
    """Losses and accuracies of the judged rows at one step, by criterion, in the form of `Stops`."""
    weighed = functools.partial(jnp.einsum, precision="highest")
    criterion = weighed("lct,lt->lc", lanes.criteria, weighed("ltn,ltn->lt", lanes.validation, losses))
    steps = jnp.broadcast_to(step, criterion.shape)
    return Stops(
        validation=criterion,
        step=steps,
        row_loss=weighed("lct,ltn->lcn", lanes.criteria, losses),
        row_right=weighed("lct,ltn->lcn", lanes.criteria, right),
        reference=criterion,
        reference_step=steps,
        network=network,
    )


def _improved(stops: Stops, now: Stops, following: Bool[Array, "lane criterion"], tol: Float[Array, ""]) -> Stops:
    """The better of the stop so far and the losses now, for each criterion still followed; NaN is never better."""
    better = following & (now.validation < stops.validation)
    renewed = following & (now.validation < stops.reference - tol)

    def choose(flags: Bool[Array, "lane ..."], new: Any, old: Any) -> Any:
        return jax.tree.map(
            lambda a, b: jnp.where(flags.reshape(flags.shape + (1,) * (a.ndim - flags.ndim)), a, b), new, old
        )

    chosen = choose(
        better, *(eqx.tree_at(lambda k: k.network, k, None, is_leaf=lambda leaf: leaf is None) for k in (now, stops))
    )
    references = choose(renewed, (now.reference, now.reference_step), (stops.reference, stops.reference_step))
    network = choose(better[:, 0], now.network, stops.network)
    return dataclasses.replace(chosen, reference=references[0], reference_step=references[1], network=network)


def _no_stops(lanes: Lanes, keep_networks: bool) -> Stops:
    """The stops before the first check: worse than any value that can occur."""
    dtype = lanes.coefficients.dtype
    unknown = jnp.full((*lanes.open.shape, lanes.validation.shape[2]), jnp.nan, dtype)
    steps = jnp.zeros(lanes.open.shape, jnp.int32)
    worst = jnp.full(lanes.open.shape, jnp.inf, dtype)
    return Stops(
        validation=worst,
        step=steps,
        row_loss=unknown,
        row_right=unknown,
        reference=worst,
        reference_step=steps,
        network=lanes.start if keep_networks else None,
    )

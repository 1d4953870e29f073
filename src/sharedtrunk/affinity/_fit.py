"""One training of the classifier: arrange its rows for the engine, train a single lane, and read off the weights.

Rows come in the engine's order: validation rows first (judged; their training coefficients are 0), then the training rows.
Blank rows, which have no weight, fill both parts up to one of a few sizes, because XLA compiles anew for every
shape, and the folds of a cross-validation should share a program.
"""

import functools
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk.affinity._engine import FULL_BATCH_ROWS, Lanes, Schedule, Stops, train_lanes
from sharedtrunk.affinity._forward import TrainedNetwork
from sharedtrunk.affinity._holdout import MOST_HELD_OUT
from sharedtrunk.affinity._network import Activation, Network, initial_network
from sharedtrunk.affinity._precision import jax_precision
from sharedtrunk.affinity._scaling import Scaling, scaled, scaling_of
from sharedtrunk.affinity._student import Student
from sharedtrunk.tables import MISSING

BATCH = 512
"""Training rows per step, if there are more than `FULL_BATCH_ROWS` and the user gave no batch size."""

CHECK_INTERVALS = (5, 4, 3, 2, 1)
"""Steps between two evaluations of the judged rows: the first of these that divides the number of steps."""

BLANK = -1
"""The index of a blank row."""

FEWEST = 32
"""A part is filled up to this many rows at least, so that small tables share compiled programs."""


@dataclass(frozen=True)
class Recipe:
    """A training of the classifier.

    `task_weights` are the α of all tasks; `stop_weights` weigh the tasks' losses in the criterion that decides when to stop,
    0 for a task that does not decide. `batch_size` is the number of training rows per step, or None. `weight_decay` is λ,
    "validation", or None: see `fit_decayed`.
    """

    student: Student
    standardize: bool
    task_weights: tuple[float, ...]
    stop_weights: tuple[float, ...]
    batch_size: int | None
    weight_decay: float | str | None = None


class Fitted(NamedTuple):
    """The trained network, the step whose weights it has, the number of steps taken, and whether training converged.

    With weight decay also λ, the duality gap in nats, and the network that the validation rows judged, if there were any.
    """

    network: TrainedNetwork
    best_step: int
    steps: int
    converged: bool
    weight_decay: float | None = None
    gap: float | None = None
    validated: TrainedNetwork | None = None


class _Rows(NamedTuple):
    """Row numbers in the table, or BLANK, in the engine's order.

    The first `validating` rows are validation rows. The first `judged` rows are judged: the validation rows if there are any.
    """

    indices: np.ndarray
    validating: int
    judged: int


def fit_network(
    inputs: np.ndarray, codes: np.ndarray, classes: tuple[int, ...], held: np.ndarray, recipe: Recipe, seed: int
) -> Fitted:
    """Train on the labelled rows outside `held` (sample,), and return the weights of the lowest loss on judged rows.

    `inputs` is (sample, feature), `codes` (task, sample) with −1 where the label is missing. The judged rows are those in
    `held` or, without any, up to `MOST_HELD_OUT` of the training rows, preferably rows with a label of a task that decides.
    Features that are constant in the rows outside `held` are ignored, also in prediction. Raises `InputError` for inputs that
    are too large for the student's dtype.
    """
    scaling = scaling_of(inputs[~held], standardize=recipe.standardize)
    seen = scaled(inputs, scaling, recipe.student.dtype)
    training = ~held & (codes[np.array(recipe.task_weights) > 0] != MISSING).any(axis=0)
    deciding = (codes[np.array(recipe.stop_weights) > 0] != MISSING).any(axis=0)
    rows = _arranged(held, training, deciding, np.random.default_rng(seed))
    labels = np.where(rows.indices == BLANK, MISSING, codes[:, rows.indices])
    scaled_rows = np.where(rows.indices[:, None] == BLANK, 0.0, seen[rows.indices])
    schedule = _schedule(recipe, rows, int(training.sum()))
    with jax_precision(recipe.student.dtype):
        stops = _trained(labels, scaled_rows, classes, rows, recipe, schedule, seed)
    return _fitted(stops, schedule, scaling)


def _trained(
    labels: np.ndarray,
    scaled_rows: np.ndarray,
    classes: tuple[int, ...],
    rows: _Rows,
    recipe: Recipe,
    schedule: Schedule,
    seed: int,
) -> Stops:
    """Train on `labels` (task, sample) and `scaled_rows` (sample, feature), both in the engine's order."""
    start = _start(
        jax.random.key(seed),
        features=scaled_rows.shape[1],
        hidden=recipe.student.hidden,
        classes=classes,
        activation=recipe.student.activation,
        dtype=recipe.student.dtype,
    )
    targets = tuple(
        jnp.asarray(task[:, None] == np.arange(size), recipe.student.dtype)
        for task, size in zip(labels, classes, strict=True)
    )
    return train_lanes(
        _lane(start, labels, rows, recipe),
        jnp.asarray(scaled_rows, recipe.student.dtype),
        targets,
        jnp.asarray(recipe.student.learning_rate, recipe.student.dtype),
        schedule=schedule,
        keep_networks=True,
    )


# This runs once per training, so most of its time is compilation, which takes half as long without the optimizations.
@functools.partial(
    jax.jit,
    static_argnames=("features", "hidden", "classes", "activation", "dtype"),
    compiler_options={"xla_backend_optimization_level": 0},
)
def _start(key, *, features: int, hidden, classes, activation: Activation, dtype: str) -> Network:
    return initial_network(key, features, hidden, classes, activation, jnp.dtype(dtype))


def _arranged(held: np.ndarray, training: np.ndarray, deciding: np.ndarray, random: np.random.Generator) -> _Rows:
    """Validation rows, then training rows. Without validation rows, `deciding` training rows come first and are judged."""
    validation, trained = (_padded(np.flatnonzero(rows), random) for rows in (held, training))
    judged = len(validation) or min(len(trained), MOST_HELD_OUT)
    if not len(validation) and judged < len(trained):
        not_deciding = ~((trained != BLANK) & deciding[trained])
        trained = trained[np.argsort(not_deciding, kind="stable")]
        trained = np.concatenate([random.permutation(part) for part in (trained[:judged], trained[judged:])])
    return _Rows(np.concatenate([validation, trained]), len(validation), judged)


def _padded(indices: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """`indices` and blanks, in random order, which spreads the blanks."""
    if not len(indices):
        return indices
    return random.permutation(np.concatenate([indices, np.full(filled(len(indices)) - len(indices), BLANK)]))


def filled(count: int) -> int:
    """The number of rows that `count` rows are filled up to: 4, 5, 6 or 7 times a power of two."""
    unit = 2 ** ((max(count, FEWEST) - 1).bit_length() - 3)
    return -(-max(count, FEWEST) // unit) * unit


def _schedule(recipe: Recipe, rows: _Rows, training: int) -> Schedule:
    """The engine's loop. Steps leave validation rows out; if training rows are judged, each batch has its share of them."""
    whole = training <= (recipe.batch_size or FULL_BATCH_ROWS)
    batch = len(rows.indices) if whole else recipe.batch_size or BATCH
    trained = 0 if rows.validating else rows.judged
    judged_batch = -(-trained * batch // len(rows.indices))
    return Schedule(
        judged=rows.judged,
        judged_batch=judged_batch,
        rest_batch=max(batch - judged_batch, 1),
        check_every=next(steps for steps in CHECK_INTERVALS if recipe.student.max_steps % steps == 0),
        patience=recipe.student.patience,
        max_steps=recipe.student.max_steps,
        tol=recipe.student.tol,
    )


def _lane(start: Network, labels: np.ndarray, rows: _Rows, recipe: Recipe) -> Lanes:
    """The engine's only lane. Its criterion is the mean loss of tasks with judged labels, weighted by the stop weights."""
    labelled = labels != MISSING
    alpha = np.array(recipe.task_weights)
    trains = labelled & (np.arange(len(rows.indices)) >= rows.validating)
    judges = labelled[:, : rows.judged]
    criterion = np.array(recipe.stop_weights) * judges.any(axis=1)

    def lane(values: np.ndarray) -> jax.Array:
        return jnp.asarray(values[None], recipe.student.dtype)

    return Lanes(
        start=jax.tree.map(lambda leaf: leaf[None], start),
        coefficients=lane(alpha[:, None] * trains / np.maximum(trains.sum(axis=1, keepdims=True), 1)),
        validation=lane(judges / np.maximum(judges.sum(axis=1, keepdims=True), 1)),
        criteria=lane(criterion[None] / criterion.sum()),
        open=jnp.ones((1, 1), bool),
    )


def _fitted(stops: Stops, schedule: Schedule, scaling: Scaling) -> Fitted:
    last_improvement = int(stops.reference_step[0, 0])
    legs = -(-(last_improvement + schedule.patience) // schedule.check_every)
    steps = min(legs * schedule.check_every, schedule.max_steps)
    network = stops.network
    assert network is not None  # because of keep_networks=True
    trunk, heads = ([np.asarray(layer[0]).T.copy() for layer in layers] for layers in (network.trunk, network.heads))
    # A feature that is constant in training still has its initial weights, which are noise for any other value.
    for layer in trunk[:1] or heads:
        layer[~scaling.varying] = 0.0
    trained = TrainedNetwork(
        mean=scaling.mean,
        scale=scaling.scale,
        trunk=trunk,
        trunk_biases=[np.array(bias[0]) for bias in network.trunk_biases],
        heads=heads,
        head_biases=[np.array(bias[0]) for bias in network.head_biases],
        activation=network.activation,
    )
    return Fitted(trained, int(stops.step[0, 0]), steps, steps - last_improvement >= schedule.patience)

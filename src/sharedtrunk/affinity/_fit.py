"""One training of the classifier: its rows laid out for the engine, a single lane trained, its weights taken out.

Rows come in the engine's order: validation rows first (judged; their training coefficients are 0), then the training rows.
Both parts are filled up with blank rows, which count for nothing, to a few round numbers: XLA compiles anew for every
shape, and the folds of a cross-validation shall share one.
"""

import functools
from dataclasses import dataclass
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk.affinity._engine import Kept, Lanes, Schedule, train_lanes
from sharedtrunk.affinity._forward import TrainedNetwork
from sharedtrunk.affinity._holdout import MOST_HELD_OUT
from sharedtrunk.affinity._label_columns import MISSING
from sharedtrunk.affinity._network import Activation, Network, initial_network
from sharedtrunk.affinity._precision import jax_precision
from sharedtrunk.errors import invalid
from sharedtrunk.tables import standardized, varies

WHOLE = 1024
"""Up to this many training rows are all in every step, unless a batch size is asked for."""

BATCH = 512
LOOKS = (5, 4, 3, 2, 1)
"""Steps between two looks at the judged rows: the first that divides the number of steps."""

BLANK = -1
FEWEST = 32
"""Rows that a part is filled up to at least."""


@dataclass(frozen=True)
class Recipe:
    """How to train: standardized or not, layer widths, α of every task, the weights of their losses in what decides when to
    stop (0: it has no say), Adam's step size, last step, patience (steps), tol (nats), training rows a step (None: by their
    number).
    """

    standardize: bool
    hidden: tuple[int, ...]
    activation: Activation
    task_weights: tuple[float, ...]
    stop_weights: tuple[float, ...]
    learning_rate: float
    max_iter: int
    patience: int
    tol: float
    batch_size: int | None
    dtype: str


class Fitted(NamedTuple):
    """The network that is kept, the step it is of, the steps that were made, and whether patience ended them."""

    network: TrainedNetwork
    best_step: int
    steps: int
    patient: bool


class _Scaling(NamedTuple):
    """Mean and scale (feature,) of the rows outside validation, 0 and 1 where unasked, and which features vary there."""

    mean: np.ndarray
    scale: np.ndarray
    varying: np.ndarray


class _Rows(NamedTuple):
    """Places in the table, or BLANK, in the engine's order; the first `steady` validate, the first `judged` are looked at."""

    places: np.ndarray
    steady: int
    judged: int


def fit_network(
    inputs: np.ndarray, codes: np.ndarray, classes: tuple[int, ...], held: np.ndarray, recipe: Recipe, seed: int
) -> Fitted:
    """Train on the labelled rows outside `held` (sample,); kept are the weights of the lowest loss on judged rows.

    `inputs` (sample, feature); `codes` (task, sample), −1 where the label is missing. Judged are the rows in `held`, or
    where there are none, up to `MOST_HELD_OUT` of the training rows, those first that can decide when to stop; their loss
    is that of `recipe.stop_weights`. Features that are constant in the rows outside `held` take no part, then or later.
    Raises `InputError` where inputs are too large for `recipe.dtype`.
    """
    scaling = _scaling(inputs[~held], standardize=recipe.standardize)
    scaled = _scaled(inputs, scaling, recipe)
    training = ~held & (codes[np.array(recipe.task_weights) > 0] != MISSING).any(axis=0)
    deciding = (codes[np.array(recipe.stop_weights) > 0] != MISSING).any(axis=0)
    rows = _laid_out(held, training, deciding, np.random.default_rng(seed))
    labels = np.where(rows.places == BLANK, MISSING, codes[:, rows.places])
    seen = np.where(rows.places[:, None] == BLANK, 0.0, scaled[rows.places])
    schedule = _schedule(recipe, rows, int(training.sum()))
    with jax_precision(recipe.dtype):
        kept = _trained(labels, seen, classes, rows, recipe, schedule, seed)
    return _fitted(kept, schedule, scaling)


def _trained(
    labels: np.ndarray,
    seen: np.ndarray,
    classes: tuple[int, ...],
    rows: _Rows,
    recipe: Recipe,
    schedule: Schedule,
    seed: int,
) -> Kept:
    """`labels` (task, sample) and `seen` (sample, feature) in the engine's order."""
    start = _start(
        jax.random.key(seed),
        features=seen.shape[1],
        hidden=recipe.hidden,
        classes=classes,
        activation=recipe.activation,
        dtype=recipe.dtype,
    )
    targets = tuple(
        jnp.asarray(task[:, None] == np.arange(size), recipe.dtype) for task, size in zip(labels, classes, strict=True)
    )
    return train_lanes(
        _lane(start, labels, rows, recipe),
        jnp.asarray(seen, recipe.dtype),
        targets,
        jnp.asarray(recipe.learning_rate, recipe.dtype),
        schedule=schedule,
        keep_networks=True,
    )


def _scaling(training: np.ndarray, *, standardize: bool) -> _Scaling:
    features = training.shape[1]
    mean, scale = standardized(training)[1:] if standardize else (np.zeros(features), np.ones(features))
    return _Scaling(mean, scale, varies(training))


def _scaled(inputs: np.ndarray, scaling: _Scaling, recipe: Recipe) -> np.ndarray:
    """Inputs as the network sees them in training: 0 where a feature takes no part."""
    with np.errstate(over="ignore"):  # the check below says it in words
        scaled = np.where(scaling.varying, (inputs - scaling.mean) / scaling.scale, 0.0)
    largest = np.abs(scaled).max()
    if not largest < np.sqrt(np.finfo(recipe.dtype).max):
        received = f"values up to {largest:.3g}{' standard deviations' if recipe.standardize else ''}"
        raise invalid(f"Inputs are of a size that {recipe.dtype} can square", received=received, hint="Rescale them.")
    return scaled


# Drawn once: most of its time is compilation, which takes half as long without the optimizations.
@functools.partial(
    jax.jit,
    static_argnames=("features", "hidden", "classes", "activation", "dtype"),
    compiler_options={"xla_backend_optimization_level": 0},
)
def _start(key, *, features: int, hidden, classes, activation: Activation, dtype: str) -> Network:
    return initial_network(key, features, hidden, classes, activation, jnp.dtype(dtype))


def _laid_out(held: np.ndarray, training: np.ndarray, deciding: np.ndarray, random: np.random.Generator) -> _Rows:
    first, then = (_filled(np.flatnonzero(rows), random) for rows in (held, training))
    judged = len(first) or min(len(then), MOST_HELD_OUT)
    if not len(first) and judged < len(then):
        idle = ~((then != BLANK) & deciding[then])
        then = then[np.argsort(idle, kind="stable")]
        then = np.concatenate([random.permutation(part) for part in (then[:judged], then[judged:])])
    return _Rows(np.concatenate([first, then]), len(first), judged)


def _filled(places: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """`places` and blanks in random order (every batch then has its share of blanks), 4, 5, 6 or 7 times a power of two."""
    if not len(places):
        return places
    unit = 2 ** ((max(len(places), FEWEST) - 1).bit_length() - 3)
    size = -(-max(len(places), FEWEST) // unit) * unit
    return random.permutation(np.concatenate([places, np.full(size - len(places), BLANK)]))


def _schedule(recipe: Recipe, rows: _Rows, training: int) -> Schedule:
    """Validation rows enter no step. Where training rows are judged, a batch has its share of them."""
    whole = training <= (recipe.batch_size or WHOLE)
    batch = len(rows.places) if whole else recipe.batch_size or BATCH
    trained = 0 if rows.steady else rows.judged
    judged_batch = -(-trained * batch // len(rows.places))
    return Schedule(
        judged=rows.judged,
        judged_batch=judged_batch,
        rest_batch=max(batch - judged_batch, 1),
        every=next(every for every in LOOKS if recipe.max_iter % every == 0),
        patience=recipe.patience,
        max_steps=recipe.max_iter,
        tol=recipe.tol,
    )


def _lane(start: Network, labels: np.ndarray, rows: _Rows, recipe: Recipe) -> Lanes:
    """The engine's only lane. Its criterion is the mean loss of the tasks with judged labels, in the weights of the stop."""
    labelled = labels != MISSING
    alpha = np.array(recipe.task_weights)
    trains = labelled & (np.arange(len(rows.places)) >= rows.steady)
    judges = labelled[:, : rows.judged]
    criterion = np.array(recipe.stop_weights) * judges.any(axis=1)

    def lane(values: np.ndarray) -> jax.Array:
        return jnp.asarray(values[None], recipe.dtype)

    return Lanes(
        start=jax.tree.map(lambda leaf: leaf[None], start),
        coefficients=lane(alpha[:, None] * trains / np.maximum(trains.sum(axis=1, keepdims=True), 1)),
        validation=lane(judges / np.maximum(judges.sum(axis=1, keepdims=True), 1)),
        test=lane(np.zeros_like(judges, float)),
        criteria=lane(criterion[None] / criterion.sum()),
        open=jnp.ones((1, 1), bool),
    )


def _fitted(kept: Kept, schedule: Schedule, scaling: _Scaling) -> Fitted:
    marked = int(kept.marked[0, 0])
    legs = -(-(marked + schedule.patience) // schedule.every)
    steps = min(legs * schedule.every, schedule.max_steps)
    network = kept.network
    assert network is not None  # it was asked for
    trunk, heads = ([np.asarray(layer[0]).T.copy() for layer in layers] for layers in (network.trunk, network.heads))
    # What a feature weighs that never moved is left from the start: noise, as soon as another value comes.
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
    return Fitted(trained, int(kept.step[0, 0]), steps, steps - marked >= schedule.patience)

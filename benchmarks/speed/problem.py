"""The work that every path is given: lanes of the standard problem, as plain NumPy arrays.

Two tasks of 10 classes on the same 100-dimensional inputs, s_main = 1, one lane for every s_aux and relatedness of the
standard grid. Lanes share inputs and start, as the lanes of a chunk do; their labels differ.
"""

import dataclasses
import functools
import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np

CLASSES, FEATURES, HIDDEN, TASKS = 10, 100, 100, 2
STEP = 0.1
SINGULAR_VALUES = (0.01, 0.1, 0.3, 1.0, 3.0, 10.0, 100.0)
RELATEDNESS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclasses.dataclass(frozen=True)
class Case:
    """One kind of student on one number of samples; `layers` is the number of trunk layers."""

    samples: int
    activation: str = "linear"
    layers: int = 1
    precision: str = "float32"

    @property
    def network(self) -> str:
        """The student in words, such as "ReLU, 3 layers"."""
        word = "ReLU" if self.activation == "relu" else "linear"
        return word if self.layers == 1 else f"{word}, {self.layers} layers"

    @property
    def name(self) -> str:
        """The case as one word, for file names and messages."""
        return f"{self.work}-{self.precision}"

    @property
    def work(self) -> str:
        """`name` without the precision."""
        return f"{self.activation}{self.layers}-{self.samples}"


@dataclasses.dataclass(frozen=True)
class Lanes:
    """Inputs (sample, feature), labels (task, lane, sample), and the start: trunk layers and heads (out, in)."""

    case: Case
    inputs: np.ndarray
    labels: np.ndarray
    trunk: tuple[np.ndarray, ...]
    heads: tuple[np.ndarray, ...]

    @property
    def count(self) -> int:
        """The number of lanes."""
        return self.labels.shape[1]

    def first(self, count: int) -> "Lanes":
        """The first `count` lanes."""
        return dataclasses.replace(self, labels=self.labels[:, :count])

    def save(self, file: Path) -> None:
        """Write the arrays (npz), so that a process can read them without JAX."""
        layers = {f"trunk{i}": w for i, w in enumerate(self.trunk)} | {f"head{i}": w for i, w in enumerate(self.heads)}
        np.savez(file, **{"inputs": self.inputs, "labels": self.labels} | layers)

    @classmethod
    def load(cls, case: Case, file: Path) -> "Lanes":
        """Read what `save` wrote."""
        with np.load(file) as arrays:
            trunk = tuple(arrays[f"trunk{i}"] for i in range(case.layers))
            heads = tuple(arrays[f"head{i}"] for i in range(TASKS))
            return cls(case, arrays["inputs"], arrays["labels"], trunk, heads)


Train = Callable[[int], list[np.ndarray]]
"""Makes a number of steps of full-batch descent from the start, and returns the weights: trunk layers, then heads, each
(lane, out, in)."""


@functools.lru_cache(maxsize=4)
def draw(case: Case, count: int) -> Lanes:
    """The lanes of a case; lane i is the same however many there are."""
    import jax
    import jax.numpy as jnp

    from sharedtrunk import experiments, students, teachers

    key, dtype = jax.random.key(0), jnp.dtype(case.precision)
    inputs = teachers.draw_inputs(key, case.samples, FEATURES, dtype=dtype)
    relu = case.activation == "relu"
    start = students.random_start(
        key,
        features=FEATURES,
        hidden=(HIDDEN,) * case.layers,
        classes=(CLASSES,) * TASKS,
        scale=_layer_scales(experiments.RELU_START_SCALE if relu else (0.3, 0.3), case.layers),
        activation="relu" if relu else "linear",
        dtype=dtype,
    )
    grid_labels = np.stack([np.asarray(teachers.hard_labels(task, inputs)) for task in _noisy_weights(case.precision)])
    labels = np.take(grid_labels, np.arange(count), axis=1, mode="wrap").astype(np.int64)
    return Lanes(case, np.asarray(inputs), labels, _arrays(start.trunk), _arrays(start.heads))


@functools.cache
def _noisy_weights(precision: str):
    """The noisy weights of both tasks' teachers for every s_aux and relatedness of the grid (lane, class, feature)."""
    import jax
    import jax.numpy as jnp

    from sharedtrunk import teachers

    dtype = jnp.dtype(precision)

    def noisy(relatedness, s_aux):
        pair = teachers.related_pair(
            jax.random.key(0),
            relatedness=relatedness,
            classes=CLASSES,
            features=FEATURES,
            rank=CLASSES,
            singular_values=(jnp.ones((), dtype), s_aux),
            dtype=dtype,
        )
        return tuple(teacher.noisy_weights for teacher in pair)

    grid = jnp.asarray(list(itertools.product(RELATEDNESS, SINGULAR_VALUES)), dtype)
    return jax.jit(jax.vmap(noisy))(*grid.T)


def _layer_scales(scales: tuple[float, float], layers: int) -> tuple[float, ...]:
    return (scales[0],) * layers + (scales[1],)


def _arrays(weights) -> tuple[np.ndarray, ...]:
    return tuple(np.asarray(w) for w in weights)

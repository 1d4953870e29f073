"""The points of the training set as quadrature nodes: fields of the teachers, noise of the student, and labels."""

import functools
import itertools

import jax.numpy as jnp
import numpy as np
from scipy import special

from sharedtrunk import gaussian
from sharedtrunk.asymptotics._fields import TaskFields
from sharedtrunk.asymptotics._response import CHUNK, Nodes


def training_nodes(
    fields: TaskFields,
    rule: gaussian.Sobol,
    inverse_temperature: float | None,
    task_weights: tuple[float, ...],
    label_shares: tuple[float, ...],
) -> Nodes:
    """Nodes (scramble, chunk, node, …) whose first two moments are exact.

    Tasks with fewer labels have them on the first points, as in a nested sample. The points fall into groups by the tasks
    that they have labels of, and every node stands for a point of each group.
    """
    drawn = sum(K - 1 for K in (*fields.classes, *fields.drawn_with))
    z, xi = _normal(rule, fields.noisy.shape[1], drawn)
    xi = xi[..., : sum(K - 1 for K in fields.classes)]
    logits = z @ np.asarray(fields.noisy).T
    targets = np.concatenate(
        [_labels(part, inverse_temperature) for part in np.split(logits, np.cumsum(fields.classes)[:-1], axis=-1)],
        axis=-1,
    )
    groups = _groups(label_shares)
    alphas = np.asarray(task_weights) / np.asarray(
        label_shares
    )  # the loss of a task is a mean over its labelled points
    scrambles, count = z.shape[:2]
    chunks = max(1, count // CHUNK)

    def arranged(values):
        """(scramble, chunk, …, node): every chunk has its nodes once for each group, so that it is a sample of all."""
        parts = values.reshape(scrambles, chunks, count // chunks, -1)
        return jnp.asarray(np.swapaxes(np.concatenate([parts] * len(groups), axis=2), -1, -2))

    nodes = count // chunks
    weight = np.concatenate([np.tile((alphas * group)[:, None], nodes) for _, group in groups], axis=1)
    share = np.concatenate([np.full(nodes, part / count) for part, _ in groups])
    return Nodes(
        arranged(z),
        arranged(xi),
        arranged(targets),
        jnp.broadcast_to(jnp.asarray(weight), (scrambles, chunks, *weight.shape)),
        jnp.broadcast_to(jnp.asarray(share), (scrambles, chunks, *share.shape)),
    )


def _groups(label_shares: tuple[float, ...]) -> list[tuple[float, np.ndarray]]:
    """Share of the points in each group, with 1 for the tasks that they have labels of."""
    ends = sorted({0.0, *label_shares})
    shares = np.asarray(label_shares)
    return [(high - low, (shares >= high).astype(float)) for low, high in itertools.pairwise(ends)]


def _labels(logits: np.ndarray, inverse_temperature: float | None) -> np.ndarray:
    """Label probabilities: of the largest logit, or softmax(β u)."""
    if inverse_temperature is None:
        return np.eye(logits.shape[-1])[np.argmax(logits, axis=-1)]
    return special.softmax(inverse_temperature * logits, axis=-1)


@functools.lru_cache(maxsize=8)
def _normal(rule: gaussian.Sobol, seen: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Standard normal z and ξ (scramble, node, …)."""
    both = np.swapaxes(gaussian.standard_nodes(rule, seen + rows), -1, -2)
    return both[..., :seen], both[..., seen:]

"""The points of the training set as quadrature nodes: fields of the teachers, noise of the student, and labels.

Three sets of nodes share their form. The *exact* nodes are solved to the end; they are Sobol points in a few scrambles, and
each scramble is a block of its own, so that the spread of the blocks shows the sampling error. The *few* nodes of the
iteration are a part of them. *Quick* nodes are pseudorandom and many; their normals are stored, and nothing else.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._support.cache.programs import program
from sharedtrunk.asymptotics._fields import TaskFields
from sharedtrunk.asymptotics._response import Nodes

CHUNK = 512
"""Nodes that are worked on at once, so that they stay in the cache of a core."""

_FEW = 4
"""Chunks of the few nodes."""


class Labels(NamedTuple):
    """What the labels of a node depend on besides its normals.

    The points fall into groups with labels of the same tasks. `shares` are the groups' shares of all points, and `weights`
    each task's weight α_t in them: 0 without a label, else over the task's share of labelled points, since its loss is a mean
    over these.
    """

    noisy: Float[Array, "class seen"]
    inverse_temperature: Float[Array, ""] | None
    shares: Float[Array, "group"]
    weights: Float[Array, "group task"]
    classes: tuple[int, ...]


def labels_of(
    fields: TaskFields,
    inverse_temperature: float | None,
    task_weights: tuple[float, ...],
    label_shares: tuple[float, ...],
) -> Labels:
    """The labels of tasks; those with fewer labels have them on the first points, as in a nested sample."""
    ends = sorted({0.0, *label_shares})
    alphas, shares, dtype = np.asarray(task_weights), np.asarray(label_shares), fields.noisy.dtype
    weights = np.stack([np.where(shares >= high, alphas / shares, 0.0) for high in ends[1:]])
    beta = None if inverse_temperature is None else jnp.asarray(inverse_temperature, dtype)
    return Labels(fields.noisy, beta, jnp.asarray(np.diff(ends), dtype), jnp.asarray(weights, dtype), fields.classes)


def exact_nodes(fields: TaskFields, labels: Labels, rule: gaussian.Sobol) -> Nodes:
    """Nodes of all scrambles (chunk, …, node), in pairs u, −u, whose first two moments are exact in every scramble."""
    drawn = sum(K - 1 for K in (*fields.classes, *fields.drawn_with))
    half = gaussian.standard_nodes(rule, fields.noisy.shape[1] + drawn)[..., : rule.points // 2]
    half = half[:, : labels.noisy.shape[1] + sum(K - 1 for K in labels.classes)]
    scrambles, dimension, count = half.shape
    chunks = max(1, 2 * count // CHUNK)
    parts = np.moveaxis(half.reshape(scrambles, dimension, chunks, count // chunks), 2, 1)
    return _nodes(jnp.asarray(parts.reshape(-1, dimension, count // chunks), labels.noisy.dtype), labels, count)


@program
def _nodes(halves: Float[Array, "chunk dimension node"], labels: Labels, count: int) -> Nodes:
    return jax.vmap(lambda half: pairs_of(half, labels, count))(halves)


def few_of(nodes: Nodes, blocks: int) -> Nodes:
    """A few chunks of the exact nodes."""
    chunks = nodes.z.shape[0]
    few = jax.tree.map(lambda leaf: leaf[:: max(1, chunks // _FEW)], nodes)
    return few._replace(share=few.share * (chunks / blocks / few.z.shape[0]))


def quick_normals(labels: Labels, points: int, seed: int) -> Callable[[int, float], np.ndarray]:
    """The function of a block and a share that returns half of so many quick nodes, in float32; −u are the other half.

    Their second moments are exact where there are more nodes than dimensions. The main task alone has the nodes of the joint
    problem: its dimensions are drawn first.
    """
    dimension = labels.noisy.shape[1] + sum(K - 1 for K in labels.classes)

    def normals(block: int, share: float) -> np.ndarray:
        return _half(seed, block, dimension, max(1, round(points * share / CHUNK)) * CHUNK // 2)

    return normals


@functools.lru_cache(maxsize=32)  # many fixed points ask for the same ones
def _half(seed: int, block: int, dimension: int, count: int) -> np.ndarray:
    half = np.random.default_rng([seed, block]).standard_normal((dimension, count), np.float32)
    if count > 2 * dimension:
        root = np.linalg.cholesky(half @ half.T / np.float32(count))
        half = scipy.linalg.solve_triangular(root, half, lower=True, check_finite=False, overwrite_b=True)
    half.flags.writeable = False  # all callers share it
    return half


def pairs_of(half: Float[Array, "dimension node"], labels: Labels, pairs: int) -> Nodes:
    """A chunk of nodes u and −u, once for each group of points, so that every chunk is a sample of all of `pairs` pairs."""
    normals, share = jnp.concatenate([half, -half], axis=1), 0.5 / pairs
    dtype, seen, count = normals.dtype, labels.noisy.shape[1], normals.shape[1]
    z, xi = normals[:seen], normals[seen:]
    parts = jnp.split(labels.noisy.astype(dtype) @ z, np.cumsum(labels.classes)[:-1])
    if labels.inverse_temperature is None:
        # ties have probability zero, and XLA's argmax takes longer than all the rest
        targets = [(part == jnp.max(part, axis=0)[None]).astype(dtype) for part in parts]
    else:
        targets = [jax.nn.softmax(labels.inverse_temperature.astype(dtype) * part, axis=0) for part in parts]
    repeated = functools.partial(jnp.tile, reps=(1, labels.shares.shape[0]))
    return Nodes(
        repeated(z),
        repeated(xi),
        repeated(jnp.concatenate(targets)),
        jnp.repeat(labels.weights.T.astype(dtype), count, axis=1),
        jnp.repeat(labels.shares.astype(dtype) * jnp.asarray(share, dtype), count),
    )

"""Common random numbers: the key of every draw depends on the seed and the name of its stream alone.

Signal strengths, relatedness, sample counts and the index of a lane in its batch do not enter any key. So two lanes of one
seed have the same inputs, singular vectors, noise and start, and their difference is a paired one. Normals are drawn in
single precision and cast, so that a float64 run has the same teachers and inputs as a float32 run.
"""

import zlib

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from sharedtrunk._support.axes import PRNGKey


def stream(key: PRNGKey, name: str) -> PRNGKey:
    """The key of the stream `name` under `key`."""
    return jax.random.fold_in(key, zlib.crc32(name.encode()))


def normal(key: PRNGKey, shape: tuple[int, ...], dtype=None) -> Array:
    """Standard normals of `shape`, the same numbers for every `dtype`."""
    return jax.random.normal(key, shape, jnp.float32).astype(dtype or jnp.result_type(float))


def normal_rows(key: PRNGKey, rows: int, columns: int, dtype=None) -> Float[Array, "sample feature"]:
    """Standard normals drawn row by row, so that a smaller draw is the first rows of a larger one (nested samples)."""
    keys = jax.vmap(lambda row: jax.random.fold_in(key, row))(jnp.arange(rows))
    draw = jax.vmap(lambda row_key: jax.random.normal(row_key, (columns,), jnp.float32))(keys)
    return draw.astype(dtype or jnp.result_type(float))


def orthonormal(key: PRNGKey, rows: int, columns: int, dtype=None) -> Float[Array, "rows columns"]:
    """A Haar-distributed matrix with orthonormal columns (`columns` ≤ `rows`).

    QR of a Gaussian matrix, with the signs of R's diagonal moved into Q: without that step the law of Q depends on
    LAPACK's sign convention.
    """
    return positive_diagonal(*jnp.linalg.qr(normal(key, (rows, columns), dtype)))


def positive_diagonal(
    q: Float[Array, "rows columns"], r: Float[Array, "columns columns"]
) -> Float[Array, "rows columns"]:
    """Q of a QR factorization with the signs of R's diagonal moved into it."""
    return q * jnp.where(jnp.diagonal(r) < 0, -1, 1)[None, :].astype(q.dtype)

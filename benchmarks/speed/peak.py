"""The machine's matrix-multiply peak beside the measurements: a square product in JAX, PyTorch and NumPy."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import torch

SIZE = 1024
"""Rows of the square matrices: enough for the full rate of every library here; a product takes some tens of milliseconds."""

OPERATIONS = 2 * SIZE**3


def products(precision: str, repeats: int) -> dict[str, Callable[[], None]]:
    """One block of `repeats` products per library; each has been run once, so it is compiled."""
    matrix = np.random.default_rng(0).standard_normal((SIZE, SIZE)).astype(precision)
    in_jax, in_torch = jnp.asarray(matrix), torch.tensor(matrix)
    product = jax.jit(jnp.matmul)

    def by_jax() -> None:
        for _ in range(repeats):
            product(in_jax, in_jax).block_until_ready()

    def by_torch() -> None:
        for _ in range(repeats):
            torch.matmul(in_torch, in_torch)

    def by_numpy() -> None:
        for _ in range(repeats):
            np.matmul(matrix, matrix)

    blocks = {"JAX": by_jax, "PyTorch": by_torch, "NumPy": by_numpy}
    for block in blocks.values():
        block()
    return blocks


def best(rates: dict[str, np.ndarray]) -> tuple[str, np.ndarray]:
    """The library with the largest median rate, and its rate round by round."""
    name = max(rates, key=lambda library: float(np.median(rates[library])))
    return name, rates[name]

"""Plain gradient descent of students whose composite has rank one, W = a bᵀ: the training of Figure 1.

A trunk r bᵀ and a head a rᵀ, r any unit vector of the hidden layer, descend along r (aᵀD) and (D b) rᵀ, of the same form,
with D = (1/N) Σ_μ (y_μ − P(W x_μ)) x_μᵀ. Layers of this form therefore keep it in every step and at any width, so that one
hidden unit is enough:

    a ← a + step · D b,    b ← b + step · Dᵀ a.

D is never formed: with g = X b the logits are a gᵀ, D b = E g / N and Dᵀ a = Xᵀ (Eᵀ a) / N, E = y − P.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from sharedtrunk._support.cache.programs import program


class RankOneStudent(NamedTuple):
    """Head a and trunk b of students with one hidden unit; the composite is W = a bᵀ."""

    head: Float[Array, "*lane class"]
    trunk: Float[Array, "*lane feature"]


@program
def descend(
    start: RankOneStudent,
    inputs: Float[Array, "sample feature"],
    probabilities: Float[Array, "lane class sample"],
    step: Float[Array, ""],
    counts: Int[Array, "save"],
) -> RankOneStudent:
    """The students (save, lane, …) of all lanes after `counts` steps on the full batch; the first count is 0."""
    rate = step / inputs.shape[0]

    def advance(_, student: RankOneStudent) -> RankOneStudent:
        a, b = student
        g = jnp.matmul(b, inputs.T, precision="highest")
        error = probabilities - _softmax(a, g)
        head = a + rate * jnp.sum(error * g[:, None, :], axis=2)
        projected = jnp.sum(error * a[:, :, None], axis=1)
        return RankOneStudent(head, b + rate * jnp.matmul(projected, inputs, precision="highest"))

    def segment(student: RankOneStudent, bounds):
        student = jax.lax.fori_loop(bounds[0], bounds[1], advance, student)
        return student, student

    _, later = jax.lax.scan(segment, start, jnp.stack([counts[:-1], counts[1:]], axis=1))
    return jax.tree.map(lambda first, rest: jnp.concatenate([first[None], rest]), start, later)


def _softmax(a: Float[Array, "lane class"], g: Float[Array, "lane sample"]) -> Float[Array, "lane class sample"]:
    """P(a gᵀ). The largest logit belongs to the largest a, or to the smallest where g < 0."""
    largest = jnp.where(g > 0, jnp.max(a, axis=1)[:, None] * g, jnp.min(a, axis=1)[:, None] * g)
    e = jnp.exp(a[:, :, None] * g[:, None, :] - largest[:, None, :])
    return e * (1 / jnp.sum(e, axis=1))[:, None, :]

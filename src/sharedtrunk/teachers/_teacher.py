"""A teacher: low-rank weights that label inputs, and the frozen noise that corrupts them.

The generalization loss is measured against the clean weights W̄ = Ū diag(s̄) V̄ᵀ; the noisy weights Σ̂ = W̄ + ξ label the
training data (the paper, section 2.1). The noise is *quenched*: drawn once, part of the teacher, the same for every
input. Its entries have variance σ̂²/N_f, so that the noise alone gives each logit variance σ̂² on inputs of unit
covariance, and s̄/σ̂ is the signal-to-noise ratio.
"""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import check_finite, check_result, described, floating, is_number, whole_number
from sharedtrunk._support.axes import PRNGKey
from sharedtrunk._support.concrete import concrete
from sharedtrunk._support.randomness import normal, orthonormal, stream
from sharedtrunk.errors import invalid


class Teacher(eqx.Module):
    """A teacher's clean weights W̄ = Ū diag(s̄) V̄ᵀ and its noise ξ, with noisy weights Σ̂ = W̄ + ξ.

    Parameters
    ----------
    left
        Ū (class, rank), orthonormal columns.
    singular_values
        s̄ (rank,).
    right
        V̄ (feature, rank), orthonormal columns.
    noise
        ξ (class, feature), with entries drawn from N(0, σ̂²/N_f).

    References
    ----------
    The paper, section 2.1 and appendix A.1.
    """

    left: Float[Array, "class rank"]
    singular_values: Float[Array, "rank"]
    right: Float[Array, "feature rank"]
    noise: Float[Array, "class feature"]

    @property
    def weights(self) -> Float[Array, "class feature"]:
        """The clean composite weights W̄."""
        return (self.left * self.singular_values[None, :]) @ self.right.T

    @property
    def noisy_weights(self) -> Float[Array, "class feature"]:
        """The noisy composite weights Σ̂ = W̄ + ξ."""
        return self.weights + self.noise


def random_teacher(
    key: PRNGKey,
    *,
    classes: int = 10,
    features: int = 100,
    rank: int | None = None,
    singular_values: float | Float[Array, "..."] = 1.0,
    noise: float = 1.0,
    dtype=None,
) -> Teacher:
    """One teacher with Haar-distributed singular vectors.

    Parameters
    ----------
    key
        JAX key; singular vectors and noise depend on it alone.
    classes, features
        Sizes K ≥ 2 and N_f.
    rank
        Rank of the clean weights, at most min(K, N_f); K by default.
    singular_values
        s̄, one number for all or a vector (rank,).
    noise
        Scale σ̂ of the noise, whose entries have variance σ̂²/N_f.
    dtype
        Precision; JAX's default unless given.

    Returns
    -------
    Teacher
        The teacher with its noise.

    Raises
    ------
    InputError
        For sizes for which no teacher exists, and for singular values or a noise scale that are negative or not finite.
    """
    rank = classes if rank is None else rank
    check_sizes(classes, features, rank)
    values = spread_singular_values(singular_values, rank, dtype)
    return Teacher(
        left=orthonormal(stream(key, "left singular vectors"), classes, rank, dtype),
        singular_values=values,
        right=orthonormal(stream(key, "right singular vectors"), features, rank, dtype),
        noise=quenched_noise(stream(key, "teacher noise"), classes, features, noise, dtype),
    )


def quenched_noise(key: PRNGKey, classes: int, features: int, scale, dtype=None):
    """ξ with entries of variance `scale`²/features."""
    value = concrete(scale) if is_number(scale) else np.nan
    if value is not None and not (value >= 0 and np.isfinite(value)):
        raise invalid(
            "The noise scale must be a finite number ≥ 0",
            received=described(scale),
            hint="Pass noise=1.0 for the standard problem",
        )
    draw = normal(key, (classes, features), dtype)
    sigma = jnp.asarray(scale, draw.dtype)
    check_result(sigma, "The noise scale")
    return draw * (sigma / jnp.sqrt(jnp.asarray(features, draw.dtype)))


def spread_singular_values(values, rank: int, dtype=None) -> Float[Array, "rank"]:
    """One singular value per component, from a number or a vector."""
    values = floating(values, "Singular values").astype(dtype or jnp.result_type(float))
    if values.ndim > 1 or values.shape not in ((), (rank,)):
        raise invalid(
            "Singular values must be one number, or a vector with one per component",
            received=f"shape {values.shape} for rank {rank}",
            hint="Pass a number to make them all equal",
        )
    known = concrete(values)
    if known is not None and not ((known >= 0) & (known < float("inf"))).all():
        raise invalid(
            "Singular values must be finite and ≥ 0",
            received=known.tolist(),
            hint="Use 0 for a pure-noise teacher",
        )
    return jnp.broadcast_to(values, (rank,))


def check_teacher(*teachers: object) -> None:
    """Raise unless all are teachers of finite numbers."""
    for teacher in teachers:
        if not isinstance(teacher, Teacher):
            raise invalid("A teacher is a Teacher object", received=described(teacher), hint="Use random_teacher")
        for name, part in vars(teacher).items():
            check_finite(part, f"A teacher's {name.replace('_', ' ')}")


def check_sizes(classes: int, features: int, rank: int) -> None:
    """Raise where no teacher of these sizes exists."""
    whole_number(classes, "A task's number of classes", least=2, hint="Use classes=2 or more")
    whole_number(features, "The number of features", least=1, hint="Use features=1 or more")
    whole_number(rank, "A teacher's rank", least=1, hint="Leave it out for the number of classes")
    if not 1 <= rank <= min(classes, features):
        raise invalid(
            "A teacher's rank must lie between 1 and the smaller of the numbers of classes and features",
            received=f"rank {rank} with {classes} classes and {features} features",
            hint="Lower the rank, or raise the number of classes or features",
        )

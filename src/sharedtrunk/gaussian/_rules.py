"""Quadrature rules: how an expectation over Gaussian logits becomes a weighted sum.

A rule is a small frozen value object; it is hashable, so it can be a static argument of `jax.jit`.

`Panels`  ranks 1 to 3. Polar coordinates: all classes tie at the origin and, in rank 2 and 3, on arcs of the sphere;
          Gauss–Legendre panels graded geometrically towards those ties resolve boundary layers of any width. Runs on the
          host in float64; needs concrete weights.
`Sobol`   any rank. Scrambled Sobol points in at most K − 1 dimensions, antithetic. With more than twice as many points as
          dimensions their second moment is made exact, and with it the limit of small weights; with fewer points that is
          impossible. Pure JAX: jit, vmap and grad work. Independent scrambles give the error.
`Characters`  the same points in the coordinates of the features, repeated with the sign flips of the Sylvester
          characters: what a Sylvester–Hadamard symmetry makes zero is zero to rounding (`_characters`).
`Pairs`   any rank, for moments and covariances (not for F). One pair of classes at a time, near their tie, by separation
          of variables: the relative error is about 10⁻⁴ at any scale. Runs K² integrals on the host in float64; needs
          concrete weights.

`rule=None` chooses by the rank of J W (see `free_energy`).
"""

import dataclasses
import functools

import numpy as np
from jaxtyping import Float
from scipy import special

from sharedtrunk._support.arguments import check_kind_of, whole_number
from sharedtrunk._support.cache.arrays import stored_arrays
from sharedtrunk.errors import invalid

MOST_POINTS, MOST_SCRAMBLES = 2**24, 4096
"""The largest number of points of all scrambles together, and of scrambles: nodes for ten classes then take 0.6 GB and
some seconds."""


def _check_nodes(points: int, scrambles: int, seed: int, least_scrambles: int) -> None:
    whole_number(points, "points", least=16, most=MOST_POINTS, hint="Try 1024 or 8192.")
    if points & (points - 1):
        raise invalid("points is a power of two, 16 or more", received=points, hint="Try 1024 or 8192.")
    hint = "Use 8 for an error bar." if least_scrambles > 1 else "Use 1 for speed, 8 for an error."
    whole_number(scrambles, "scrambles", least=least_scrambles, most=MOST_SCRAMBLES, hint=hint)
    if points * scrambles > MOST_POINTS:
        raise invalid(
            f"points times scrambles is at most {MOST_POINTS}",
            received=f"{points} times {scrambles}",
            hint="Sixteen scrambles are enough for an error bar.",
        )
    whole_number(seed, "seed", least=0, hint="Use any whole number ≥ 0.")


@dataclasses.dataclass(frozen=True)
class Panels:
    """Graded Gauss–Legendre panels in polar coordinates, for J W of rank 1, 2 or 3.

    Parameters
    ----------
    order
        Nodes per panel, 2 to 32. The error is the difference from a rule of `order + 2`.
    """

    order: int = 4

    def __post_init__(self):
        whole_number(self.order, "order", least=2, most=32, hint="4 gives about six digits.")


@dataclasses.dataclass(frozen=True)
class Sobol:
    """Scrambled Sobol points for any rank, in pure JAX.

    All lanes of a batch use the same points (common random numbers), so differences between similar W are more accurate than
    their values. The second moment of every scramble is made exact, which leaves a bias of order dimension / points that all
    scrambles share; it is small beside their spread only for sets of 256 points or more, which error bars require.

    Parameters
    ----------
    points
        Points of each scramble, counting both signs: a power of two, 16 or more.
    scrambles
        Independent sets of points. The value is their mean, the error their spread: `*_with_error` needs at least 4.
    seed
        Seed of the scrambles.

    Raises
    ------
    InputError
        If a number is outside its limits.
    """

    points: int = 8192
    scrambles: int = 8
    seed: int = 0

    def __post_init__(self):
        _check_nodes(self.points, self.scrambles, self.seed, least_scrambles=1)


@dataclasses.dataclass(frozen=True)
class Characters:
    """Scrambled Sobol points closed under the sign flips of the Sylvester characters, for K = 2^m classes, in pure JAX.

    The nodes lie in the coordinates of the features, so the weights must be in the basis of their right singular vectors: at
    most K − 1 features, feature j with the character of column j + 1 of the Sylvester matrix. Each of points/(2K) drawn nodes
    is repeated with K sign patterns and both signs, and their second moment is exact. Since fewer nodes are drawn, the error
    is larger than that of as many `Sobol` points.

    Parameters
    ----------
    points, scrambles, seed
        See `Sobol`.

    Raises
    ------
    InputError
        If a number is outside its limits.
    """

    points: int = 4096
    scrambles: int = 1
    seed: int = 0

    def __post_init__(self):
        _check_nodes(self.points, self.scrambles, self.seed, least_scrambles=1)


@dataclasses.dataclass(frozen=True)
class Pairs:
    """Scrambled Sobol points for every pair of classes, on the host.

    Parameters
    ----------
    points, scrambles, seed
        See `Sobol`; the rule serves each pair and needs at least 4 scrambles.

    Raises
    ------
    InputError
        If a number is outside its limits.
    """

    points: int = 8192
    scrambles: int = 8
    seed: int = 0

    def __post_init__(self):
        _check_nodes(self.points, self.scrambles, self.seed, least_scrambles=4)


NodeRule = Sobol | Characters
"""The rules that are pure JAX: they use one set of nodes for every W, so jit, vmap and grad work."""

Rule = Panels | NodeRule | Pairs

COARSE = Sobol(points=1024, scrambles=1)
"""The rule for the loss along a training: a thousand points without an error estimate."""

FINE = Sobol(points=8192, scrambles=8)
"""The rule for the loss at a minimum, the default of the free energy above rank 3 and of all under tracing: 65,536 points."""

FINEST = Sobol(points=32768, scrambles=8)
"""The default of moments above rank 3 while singular values are moderate: 262,144 points."""


def standard_nodes(rule: Sobol, dimension: int) -> Float[np.ndarray, "scramble dimension node"]:
    """Standard normal nodes of a rule, in pairs u, −u, for averages that no function of this package takes.

    Parameters
    ----------
    rule
        Number of points and scrambles, and the seed.
    dimension
        Number of normals, at least 1.

    Returns
    -------
    ndarray
        (scramble, dimension, node). With enough nodes, the mean of u uᵀ over a scramble is the identity exactly.

    Raises
    ------
    InputError
        For another rule, and for a dimension that is not from 1 to 10,000.
    """
    check_kind_of(rule, Sobol, "The rule", "Use gaussian.FINE")
    whole_number(dimension, "The dimension", least=1, most=10_000, hint="One for each normal variable")
    half = half_nodes(rule, dimension)
    return np.concatenate([half, -half], axis=-1)


@functools.lru_cache(maxsize=64)
def half_nodes(rule: Sobol, dimension: int) -> np.ndarray:
    """Standard normal nodes (scramble, dimension, node); their negatives are the other half.

    Each scramble with more than `dimension` nodes is rescaled by a matrix so that its mean of u uᵀ is exactly the identity;
    fewer nodes do not span the space and stay as they are. The matrix is lower triangular, so the first d rows of a set do
    not depend on the later ones.
    """
    (nodes,) = stored_arrays(("nodes", rule, dimension), lambda: [_rescaled_half(rule, dimension)])
    nodes.setflags(write=False)
    return nodes


def _rescaled_half(rule: Sobol, dimension: int) -> np.ndarray:
    half = rule.points // 2
    nodes = antithetic_half(rule.seed, rule.scrambles, half, dimension)
    if half > dimension:
        nodes = np.stack([np.linalg.solve(np.linalg.cholesky(u @ u.T / half), u) for u in nodes])
    return nodes


def antithetic_half(seed: int, scrambles: int, count: int, dimension: int) -> np.ndarray:
    """Scrambled Sobol points as standard normals, (scramble, dimension, node)."""
    from scipy.stats import qmc  # imported here: it takes half a second, which most uses do without

    sets = []
    for scramble in range(scrambles):
        rng = np.random.default_rng([seed, scramble])
        uniform = qmc.Sobol(dimension, scramble=True, bits=52, rng=rng).random(count)
        sets.append(special.ndtri(np.clip(uniform, 2.0**-53, 1 - 2.0**-53)).T)
    return np.stack(sets)

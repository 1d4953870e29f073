"""The Sylvester–Hadamard symmetry of softmax, and nodes that have it.

Let the K = 2^m classes be numbered in binary. The columns of the Sylvester matrix are the characters χ_j(c) = (−1)^(j·c);
weights W = U diag(s) with left vectors u_j = χ_j/√K, j = 1 … K − 1, have logits z_c = Σ_j χ_j(c) s_j x_j/√K. Renaming the
classes c → c ⊕ a flips the signs x_j → χ_j(a) x_j, which leaves the law of a Gaussian x unchanged. So E[P_c x_j] takes
the factor χ_j(a) under c → c ⊕ a, and

    (Uᵀ ∇F)_ij = Σ_c u_i(c) E[P_c x_j] = χ_i(a) χ_j(a) (Uᵀ ∇F)_ij   for every a:   zero for i ≠ j,

for any s, equal or not. The same holds for the label moment and for G. A quadrature keeps this symmetry only if its nodes
are closed under the flips. The symmetry needs renamings of the classes that change the columns by signs alone: a Hadamard
matrix without such renamings (Paley, K = 12) does not have it.
"""

import functools

import numpy as np

from sharedtrunk.errors import invalid
from sharedtrunk.gaussian._rules import Characters, antithetic_half


def hadamard_vectors(classes: int) -> np.ndarray:
    """The non-constant Sylvester columns, normalized: U with u_j(c) = (−1)^(j·c)/√K.

    Parameters
    ----------
    classes
        K, a power of two.

    Returns
    -------
    ndarray
        U (class, class − 1) in float64, orthonormal and centred.

    Raises
    ------
    InputError
        Unless the number of classes is 2, 4, 8, ….
    """
    return characters(classes)[:, 1:] / np.sqrt(classes)


def characters(classes: int) -> np.ndarray:
    """χ_j(c) = (−1)^(j·c), (class, character): the Sylvester matrix, symmetric."""
    if not isinstance(classes, int | np.integer) or classes < 2 or classes & (classes - 1):
        raise invalid("Sylvester characters need 2, 4, 8, … classes", received=classes, hint="Use a power of two.")
    H = np.ones((1, 1))
    while len(H) < classes:
        H = np.block([[H, H], [H, -H]])
    return H


@functools.lru_cache(maxsize=64)
def character_nodes(rule: Characters, classes: int, features: int) -> np.ndarray:
    """Half of the nodes (scramble, feature, node), closed under x_j → χ_j(a) x_j for every a; the others are their negatives.

    The flips make the mean of x_i x_j zero for i ≠ j; the scaling of every row makes the mean of x_j² one.
    """
    if features >= classes:
        raise invalid(
            "Characters needs the weights in the basis of their right singular vectors, with fewer features than classes",
            received=f"{features} features, {classes} classes",
            hint="Multiply W by V, or use Sobol.",
        )
    flips = characters(classes)[:, 1 : features + 1].T
    base_points = rule.points // (2 * classes)
    if base_points < 1:
        raise invalid(
            "Characters needs at least 2 points per class",
            received=f"{rule.points} points, {classes} classes",
            hint="Raise points.",
        )
    base = antithetic_half(rule.seed, rule.scrambles, base_points, features)
    base = base / np.sqrt(np.mean(base**2, axis=-1, keepdims=True))
    nodes = (base[:, :, :, None] * flips[None, :, None, :]).reshape(rule.scrambles, features, -1)
    nodes.setflags(write=False)
    return nodes

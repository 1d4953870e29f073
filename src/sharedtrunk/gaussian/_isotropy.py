"""How nearly a softmax covariance treats all classes alike: the approximation behind (16).

    G ≈ tr G/(K − 1) · J  (item 1 above (15)),     J = I − 11ᵀ/K,     so that     Uᵀ G U ≈ tr G/(K − 1) · I   (16)

for centred left vectors U. It is exact for equal singular values on all K − 1 directions and for s → 0, and far off
in rank one.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import finite
from sharedtrunk._support.axes import AnyArray
from sharedtrunk.errors import invalid
from sharedtrunk.gaussian._error import length


def isotropic_part(G: Float[AnyArray, "*lane class class"]) -> Float[Array, "*lane class class"]:
    """The nearest multiple of J to G in Frobenius norm, tr G/(K − 1) · J.

    Parameters
    ----------
    G
        Softmax covariance (…, class, class).

    Returns
    -------
    Array
        (…, class, class): what item 1 above (15) of the paper uses in place of G.

    Raises
    ------
    InputError
        Where G is not finite or not (…, class, class) with 2 classes or more.
    """
    G = _as_square(G)
    K = G.shape[-1]
    J = jnp.eye(K, dtype=G.dtype) - 1 / K
    return (G.trace(axis1=-2, axis2=-1) / (K - 1))[..., None, None] * jnp.broadcast_to(J, G.shape)


def anisotropy(G: Float[AnyArray, "*lane class class"]) -> Float[Array, "*lane"]:
    """Relative error ‖G − tr G/(K − 1) J‖/‖G‖ (Frobenius) of the isotropic approximation.

    Parameters
    ----------
    G
        Softmax covariance (…, class, class).

    Returns
    -------
    Array
        (…), 0 where the approximation is exact or G is 0, and always below 1.

    Raises
    ------
    InputError
        Where `isotropic_part` raises it.
    """
    G = _as_square(G)
    size = length(G, (-2, -1))
    return length(G - isotropic_part(G), (-2, -1)) / jnp.where(size > 0, size, 1)


def _as_square(G) -> Array:
    G = finite(G, "A softmax covariance")
    if G.ndim < 2 or G.shape[-1] != G.shape[-2] or G.shape[-1] < 2:
        raise invalid(
            "a softmax covariance has shape (…, class, class), 2 classes or more",
            received=f"shape {G.shape}",
            hint="Use softmax_covariance(W).",
        )
    return G

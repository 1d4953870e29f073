"""How far a drive is from moving singular values only.

A drive D on composite weights U diag(s) Vᵀ leaves the singular vectors unchanged exactly if Uᵀ D V is diagonal; entries off
the diagonal rotate them. The paper takes those entries as zero (16), (18); `off_diagonal_share` measures them.
"""

import jax.numpy as jnp
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import finite
from sharedtrunk._support.axes import AnyArray
from sharedtrunk.errors import invalid


def off_diagonal_share(
    drive: Float[AnyArray, "... class feature"],
    left: Float[AnyArray, "... class rank"],
    right: Float[AnyArray, "... _ rank"],
) -> Float[Array, "..."]:
    """The share of a drive that rotates singular vectors: ‖offdiag(Uᵀ D V)‖_F / ‖Uᵀ D V‖_F.

    (16)–(18) take it as zero. It vanishes for a drive M̂ − ∇F(W) only in special cases: K = 2, equal singular values of all
    K − 1 centred left vectors, and Sylvester–Hadamard left vectors of teacher and student.

    Parameters
    ----------
    drive
        D (…, class, feature).
    left, right
        U (…, class, rank) and V (…, feature, rank) with orthonormal columns (not checked). The part of D outside
        their span does not count.

    Returns
    -------
    Array
        Between 0 and 1, (…); NaN where Uᵀ D V vanishes altogether.

    Raises
    ------
    InputError
        For values that are not finite and shapes that do not match.

    References
    ----------
    The paper's (16)–(18).
    """
    D, U, V = (finite(part, name) for part, name in ((drive, "The drive"), (left, "Left"), (right, "Right")))
    fits = min(D.ndim, U.ndim, V.ndim) >= 2 and D.shape[-2:] == (U.shape[-2], V.shape[-2])
    if not fits or U.shape[-1] != V.shape[-1]:
        raise invalid(
            "A drive (class, feature) needs left (class, rank) and right (feature, rank) singular vectors",
            received=f"{D.shape}, {U.shape}, {V.shape}",
            hint="Use U, s, Vᵀ = numpy.linalg.svd(weights, full_matrices=False) and transpose Vᵀ",
        )
    # scaled against overflow: the share does not depend on the scales, and a power of two changes no digits
    powers = (jnp.frexp(jnp.max(jnp.abs(part), axis=(-2, -1), keepdims=True, initial=0))[1] for part in (D, U, V))
    D, U, V = (jnp.ldexp(part, -power) for part, power in zip((D, U, V), powers, strict=True))
    inner = jnp.einsum("...cj,...cf,...fk->...jk", U, D, V, precision="highest")
    off_diagonal = inner - inner * jnp.broadcast_to(jnp.eye(inner.shape[-1], dtype=inner.dtype), inner.shape)
    return jnp.linalg.norm(off_diagonal, axis=(-2, -1)) / jnp.linalg.norm(inner, axis=(-2, -1))

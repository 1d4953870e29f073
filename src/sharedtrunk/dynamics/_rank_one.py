"""A rank-one teacher and an aligned student of two layers that start equal: one equation for one number (3).

    ds/dt = 2 s û · (ŝ G(ŝûv̂ᵀ) − s G(sûv̂ᵀ)) û

In one dimension û·Gû = E Var_P(û), P = softmax(s û u), u ~ N(0, 1): all classes tie at u = 0 and nowhere else, so
panels graded towards 0 resolve every s up to 10⁶. What (3) leaves out is the part of the label moment outside û: it
is exact only where û is an eigenvector of G(sûv̂ᵀ), as by symmetry for K = 2, for two values on two groups of
classes, and for 1, 0, −1 with as many 1 as −1; not for a general û. Softmax sees û without its mean, so û must be
centred. Hypotheses: C = I, aligned and balanced start, no noise.
"""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.concrete import concrete
from sharedtrunk.dynamics._decomposition import check_decomposition
from sharedtrunk.dynamics._flow import AbstractFlow, Term
from sharedtrunk.dynamics._given import described, floating, is_number, span
from sharedtrunk.dynamics._line_integral import mean_variance
from sharedtrunk.dynamics._population import check_inverse_temperature
from sharedtrunk.errors import invalid


class RankOneFlow(AbstractFlow):
    """ds/dt = 2 s (target − s û·G(sûv̂ᵀ)û) (3), target = û·∇F(βŝûv̂ᵀ)v̂ or its hard-label limit."""

    left: Float[Array, "... class"]
    right: Float[Array, "... feature"]
    target: Float[Array, "..."]

    def drive(self, state: Float[Array, ""]) -> Float[Array, ""]:
        return 2 * state * (self.target - state * mean_variance(self.left, state))

    def composites(self, state: Float[Array, ""]):
        return (state * self.left[:, None] * self.right[None, :],)

    def check_kind(self, start) -> None:
        known = concrete(floating(start, "A rank-one start s(0)"))
        # below 0 the equation is another one, of a student that points away from its teacher, and s runs to −∞
        if known is not None and not (known >= 0).all() and np.isfinite(known).all():
            raise invalid(
                "A rank-one start s(0) must be ≥ 0: two layers that start equal have s = s⁽¹⁾²",
                received=span(known),
                hint="Give a small positive number; follow the population flow for other starts",
            )

    def check_start(self, shapes) -> None:
        if getattr(shapes, "shape", None) != ():
            raise invalid(
                "A rank-one start is one number, or one per lane",
                received=shapes,
                hint="Give the student's singular value s(0)",
            )

    def terms(self, composites) -> tuple[Term, ...]:
        return ()

    def reduced(self, start):
        return self, start, None

    def restored(self, state, basis: Array):
        return state

    @property
    def ranks(self) -> list[int]:
        return [1, 1, 0]

    @property
    def state_rank(self) -> int:
        return 0


def rank_one_flow(
    left: Float[AnyArray, "class"],
    singular_value: float | np.floating | Float[AnyArray, ""],
    right: Float[AnyArray, "feature"],
    *,
    inverse_temperature: float | None,
) -> RankOneFlow:
    """(3) for the teacher ŝ û v̂ᵀ at inverse temperature β: ds/dt = 2 s û · (ŝ G(ŝûv̂ᵀ) − s G(sûv̂ᵀ)) û, βŝ for ŝ.

    Hypotheses: C = I, no noise, two layers that start equal and aligned, s(0) ≥ 0, and û centred, as softmax sees it
    without its mean. Exact only where û is an eigenvector of G(sûv̂ᵀ): K = 2, û of two values, û ∝ (1, 0, −1)
    with as many 1 as −1; elsewhere (3) misses the part of the label moment outside û.

    For hard labels (None) the target is (max û − min û)/√(2π): only two classes are ever labelled. Raises `InputError`
    for vectors that are not of unit length (that û is centred is not checked), ŝ < 0, a β that is not one number > 0.
    """
    u, v = floating(left, "The left vector"), floating(right, "The right vector")
    if u.ndim != 1 or v.ndim != 1 or not is_number(singular_value):
        raise invalid(
            "A rank-one teacher is a vector (class,), one number ŝ and a vector (feature,)",
            received=f"{u.shape}, {described(singular_value)}, {v.shape}",
            hint="Use the first columns of U, s, V of its singular value decomposition",
        )
    s = jnp.asarray(singular_value, u.dtype)
    check_decomposition(u[:, None], s[None], v[:, None])
    check_inverse_temperature(inverse_temperature)
    if inverse_temperature is None:
        target = (jnp.max(u) - jnp.min(u)) / jnp.sqrt(jnp.asarray(2 * np.pi, u.dtype))
    else:
        s = jnp.asarray(inverse_temperature, u.dtype) * s
        target = s * mean_variance(u, s)
    return RankOneFlow(u, v, target)

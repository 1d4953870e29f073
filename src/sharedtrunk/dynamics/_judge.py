"""The judge of a flow, which computes the generalization loss of the main task.

A flow with a judge has the curve L(W_A(t); M̄), and ends once the minimum of that curve is bracketed (`flows.bracketing`):
from then on a flow with noisy teachers or finite samples learns the noise. A flow without a judge has no curve and does not
stop.
"""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import floating
from sharedtrunk._support.concrete import concrete
from sharedtrunk.dynamics._checks import covariance_root
from sharedtrunk.dynamics._flow import AbstractFlow
from sharedtrunk.errors import invalid


class Judge(eqx.Module):
    """L(W; M̄) = F(W) − ⟨M̄, W⟩ in nats (19).

    Parameters
    ----------
    moment
        Clean label moment M̄ of the main task (…, class, feature).
    root
        R with R Rᵀ = C, the input covariance (feature, direction); None for I.
    rule
        Quadrature of F.
    """

    moment: Float[Array, "... class feature"]
    root: Float[Array, "feature direction"] | None = None
    rule: gaussian.NodeRule = eqx.field(static=True, default=gaussian.COARSE)

    def loss(self, weights: Float[Array, "*time class feature"]) -> Float[Array, "*time"]:
        """The generalization loss of one lane's weights, by the judge's rule."""
        agreement = jnp.einsum("...cf,cf->...", weights, self.moment, precision="highest")
        return gaussian.free_energy(times_root(weights, self.root), rule=self.rule) - agreement


class JudgedFlow(AbstractFlow):
    """A flow whose main task may have a judge."""

    judge: eqx.AbstractVar[Judge | None]


def make_judge(moment, like, covariance, rule: gaussian.NodeRule) -> Judge | None:
    """A judge from task 0's clean label moment, in the shape and dtype of its weights `like`; None without a moment."""
    if moment is None:
        return None
    M = floating(moment, "The judge").astype(like.dtype)
    if M.ndim < 2 or M.shape[-2:] != like.shape[-2:]:
        raise invalid(
            "The judge is the clean label moment of task 0, (…, class, feature)",
            received=f"{M.shape} for a task {like.shape[-2:]}",
            hint="Use teachers.clean_label_moment(teacher)[0]",
        )
    known = concrete(M)
    if known is not None and not jnp.isfinite(known).all():
        raise invalid("The judge must be finite", received="NaN or infinity", hint="Check the teacher")
    return Judge(M, None if covariance is None else covariance_root(covariance, M), rule)


def times_root(weights: Float[Array, "*time class feature"], root) -> Float[Array, "*time class direction"]:
    """W R, the weights on whitened inputs."""
    return weights if root is None else jnp.einsum("...cf,fd->...cd", weights, root, precision="highest")

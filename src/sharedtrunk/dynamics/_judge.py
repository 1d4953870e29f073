"""What judges a flow: the generalization loss of the main task, and where a flow that has seen its minimum stops.

A flow with a judge has its curve L(W_A(t); M̄) filled in, and ends once the minimum of that curve is bracketed: with
noisy teachers or finite samples what follows is the learning of noise. A flow without a judge has no curve and never
stops. That is one rule for all flows.
"""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import floating
from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.concrete import concrete
from sharedtrunk.errors import invalid

from ._checks import covariance_root
from ._flow import AbstractFlow

STOP_RATIO, STOP_TIME = 2.0, 5.0
"""A minimum at time t counts once the flow has been followed to max(STOP_RATIO · t, STOP_TIME) and its loss has risen."""

ROUNDING = 8.0
"""A loss has risen when it lies above its minimum by more than so many units of rounding."""


class Judge(eqx.Module):
    """L(W; M̄) = F(W) − ⟨M̄, W⟩ in nats (19): M̄ the clean label moment, `root` a root of the covariance (None: I)."""

    moment: Float[Array, "... class feature"]
    root: Float[Array, "feature direction"] | None = None
    rule: gaussian.NodeRule = eqx.field(static=True, default=gaussian.COARSE)

    def loss(self, weights: Float[Array, "*time class feature"]) -> Float[Array, "*time"]:
        """The generalization loss of one lane's weights, by the judge's rule."""
        agreement = jnp.einsum("...cf,cf->...", weights, self.moment, precision="highest")
        return gaussian.free_energy(times_root(weights, self.root), rule=self.rule) - agreement


class JudgedFlow(AbstractFlow):
    """A flow that may have a judge of task 0."""

    judge: eqx.AbstractVar[Judge | None]


def make_judge(moment, like, covariance, rule: gaussian.NodeRule) -> Judge | None:
    """A judge from the clean label moment of task 0, whose weights look `like` this; None from None."""
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


class Best(NamedTuple):
    """What is known of the minimum so far: the lowest loss, and the last time at which it was met."""

    loss: Float[AnyArray, "*lane"]
    time: Float[AnyArray, "*lane"]


def nothing_seen(dtype) -> Best:
    """Before the first time."""
    return Best(jnp.asarray(jnp.inf, dtype), jnp.zeros((), dtype))


def stopping(
    times: Float[AnyArray, "time"], loss: Float[Array, "time"], finite: Bool[Array, "time"], before: Best
) -> tuple[Bool[Array, "time"], Bool[Array, ""], Best]:
    """Where a judged flow stops: which times are kept, whether it has stopped, and what is known for going on.

    It stops at the first saved time t ≥ max(STOP_RATIO · t_min, STOP_TIME) at which the loss lies above its minimum so
    far, at t_min, by more than rounding; that time is the last one kept.
    """
    lowest = jnp.minimum(jax.lax.cummin(jnp.where(finite, loss, jnp.inf)), before.loss)
    met = jnp.where(finite & (loss == lowest), times, jnp.zeros_like(times))
    since = jnp.maximum(jax.lax.cummax(met), before.time)
    risen = loss > lowest + ROUNDING * float(jnp.finfo(loss.dtype).eps) * jnp.abs(lowest)
    done = finite & risen & (times >= jnp.maximum(STOP_RATIO * since, STOP_TIME))
    first = jnp.cumsum(done) - done.astype(int) == 0
    return finite & first, jnp.any(done), Best(lowest[-1], since[-1])


def times_root(weights: Float[Array, "*time class feature"], root) -> Float[Array, "*time class direction"]:
    """W R, the weights on whitened inputs."""
    return weights if root is None else jnp.einsum("...cf,fd->...cd", weights, root, precision="highest")

"""Training on infinite data: gradient flow on the population loss, through the layers of a shared trunk (2), (8), (14).

    dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t (M̂_t − ∇F(W_t))] W_<ᵀ,     ∇F(W) = G(W) W C,

with M̂_t the label moment of the noisy teacher: hard labels (`label_moment`, β → ∞) or labels drawn from softmax(βΣ̂x).
Exact for Gaussian inputs and linear layers, but for the quadrature of ∇F, whose nodes are fixed by `rule`.
For C = I nothing leaves the span of the teachers' rows and the start's: the features are rotated onto it before
solving, so the cost does not grow with their number. What is conserved is W⁽ˡ⁺¹⁾ᵀW⁽ˡ⁺¹⁾ − W⁽ˡ⁾W⁽ˡ⁾ᵀ, with Σ_t head_tᵀhead_t
for the last layer ((9), corrected).
"""

from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._axes import AnyArray
from sharedtrunk._concrete import concrete
from sharedtrunk._errors import invalid

from ._flow import AbstractFlow
from ._layers import Layers, check_layers, composites, map_first, shared_out

FLOW_RULE = gaussian.Sobol(points=4096, scrambles=1)
"""Nodes for following a flow: one fixed set, so the solver sees a smooth function."""


class PopulationFlow(AbstractFlow):
    """dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t (M̂_t − ∇F(W_t))] W_<ᵀ (2), (8).

    `moments[t]` is M̂_t; `root` a root R of the input covariance, C = R Rᵀ, None for C = I. `population_flow` makes one
    from teachers.
    """

    moments: tuple[Float[Array, "... _ feature"], ...]
    task_weights: Float[Array, "... task"]
    root: Float[Array, "... feature direction"] | None
    rule: gaussian.Sobol = eqx.field(static=True, default=FLOW_RULE)

    def drive(self, state: Layers) -> Layers:
        drives = [
            alpha * (moment - moment_of(W, self.root, self.rule))
            for alpha, moment, W in zip(self.task_weights, self.moments, composites(state), strict=True)
        ]
        return shared_out(state, drives)

    def composites(self, state: Layers):
        return composites(state)

    def check_start(self, shapes: Layers) -> None:
        check_layers(shapes, self.moments)

    def reduced(self, start: Layers):
        rows = jnp.concatenate([*(start.trunk[:1] or start.heads), *self.moments])
        if self.root is not None or rows.shape[0] >= rows.shape[1]:
            return self, start, None
        basis = jnp.linalg.qr(rows.T)[0]
        moments = tuple(m @ basis for m in self.moments)
        small = PopulationFlow(moments, self.task_weights, None, self.rule)
        return small, map_first(lambda w: w @ basis, start), basis

    def restored(self, state: Layers, basis: Array) -> Layers:
        return map_first(lambda w: w @ basis.T, state)

    @property
    def ranks(self) -> list[int]:
        return [2] * len(self.moments) + [1] + [2] * (self.root is not None)

    @property
    def state_rank(self) -> int:
        return 2


def population_flow(
    teachers: Sequence[Float[AnyArray, "*lane _ feature"]],
    *,
    inverse_temperature: float | None = None,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    task_weights: Sequence[float] | None = None,
    rule: gaussian.Sobol = FLOW_RULE,
) -> PopulationFlow:
    """The flow of infinitely many samples labelled by (noisy) teachers Σ̂_t (…, class, feature), one per task (2), (8).

    M̂_t = `label_moment(Σ̂_t)` for hard labels (`inverse_temperature` None), which have no finite fixed point; else
    M̂_t = ∇F(βΣ̂_t) by the flow's own rule, so that W_t = βΣ̂_t, up to a common shift of its rows, is a fixed point
    exactly.

    Raises `InputError` for no teacher, β ≤ 0, a covariance that is not symmetric positive semidefinite or of
    another size, task weights that are not one finite number ≥ 0 per task, a rule that is not `Sobol`.
    """
    weights = [jnp.asarray(w, jnp.result_type(float) if np.asarray(w).dtype.kind != "f" else None) for w in teachers]
    alphas = [1.0] * len(weights) if task_weights is None else list(task_weights)
    _check(weights, inverse_temperature, alphas, rule)
    root = None if covariance is None else covariance_root(covariance, weights[0])
    if inverse_temperature is None:
        moments = tuple(gaussian.label_moment(w, covariance=covariance) for w in weights)
    else:
        beta = jnp.asarray(inverse_temperature, weights[0].dtype)
        moments = tuple(moment_of(beta * w, root, rule) for w in weights)
    return PopulationFlow(moments, jnp.asarray(alphas, weights[0].dtype), root, rule)


def flow_loss(flow: PopulationFlow, weights: Sequence[Float[Array, "*lane _ feature"]]) -> Float[Array, "*lane"]:
    """Σ_t α_t [F(W_t) − ⟨M̂_t, W_t⟩] in nats: the loss that the flow descends, so it never rises in time (10).

    `weights` are every task's composites (…, class, feature), such as `Trajectory.composites`; the flow is that of one
    lane. F is by the flow's rule.
    """
    total = jnp.zeros((), flow.task_weights.dtype)
    for alpha, W, M in zip(flow.task_weights, weights, flow.moments, strict=True):
        white = W if flow.root is None else W @ flow.root
        free_energy = gaussian.free_energy(white, rule=flow.rule)
        total = total + alpha * (free_energy - jnp.einsum("...cf,cf->...", W, M, precision="highest"))
    return total


def moment_of(W, root, rule):
    """∇F(W) for inputs of covariance R Rᵀ: ∇F of white inputs at W R, times Rᵀ."""
    if root is None:
        return gaussian.softmax_moment(W, rule=rule)
    white = gaussian.softmax_moment(jnp.matmul(W, root, precision="highest"), rule=rule)
    return jnp.matmul(white, root.T, precision="highest")


def covariance_root(covariance, like: Array) -> Array:
    """A root R, C = R Rᵀ, by eigenvectors; raises where C is not a covariance of `like`'s features."""
    C = jnp.asarray(covariance, like.dtype)
    known = concrete(C)
    if known is None or C.shape != (like.shape[-1],) * 2 or not np.isfinite(known).all():
        raise invalid(
            "The covariance must be a concrete, finite matrix (feature, feature)",
            received="traced values" if known is None else f"shape {C.shape} for {like.shape[-1]} features",
            way_out="Give one row and one column per feature of the teachers",
        )
    values, vectors = np.linalg.eigh(known)
    slack = 32 * len(known) * np.finfo(known.dtype).eps * np.abs(known).max()
    if np.abs(known - known.T).max() > slack or values[0] < -slack:
        raise invalid(
            "The covariance must be symmetric positive semidefinite",
            received=f"asymmetry {np.abs(known - known.T).max():.2g}, smallest eigenvalue {values[0]:.3g}",
            way_out="Estimate it as X Xᵀ / N",
        )
    # eigenvalues that are negative by rounding stand for zero
    return jnp.asarray(vectors * np.sqrt(np.maximum(values, 0)), like.dtype)


def check_task_weights(alphas: Sequence[float], tasks: int) -> None:
    """Raise unless there is one finite α ≥ 0 per task."""
    if tasks == 0 or len(alphas) != tasks or not all(np.isfinite(a) and a >= 0 for a in alphas):
        raise invalid(
            "A flow needs at least one task and one finite weight α ≥ 0 per task",
            received=f"{tasks} tasks, weights {list(alphas)}",
            way_out="Leave task_weights out to weigh all tasks by 1",
        )


def check_rule(rule: object) -> None:
    """Raise unless the rule is `Sobol`, the one that works under JAX's transformations."""
    if not isinstance(rule, gaussian.Sobol):
        raise invalid(
            "A flow's rule is gaussian.Sobol",
            received=repr(rule),
            way_out="Use gaussian.Sobol(points=…, scrambles=1)",
        )


def check_inverse_temperature(beta) -> None:
    """Raise unless β is a finite number > 0, or None for hard labels."""
    known = None if beta is None else concrete(beta)
    if known is not None and not (np.isfinite(known).all() and (known > 0).all()):
        raise invalid(
            "The inverse temperature β must be finite and > 0",
            received=beta,
            way_out="Leave it out for hard labels (β → ∞)",
        )


def _check(weights, beta, alphas, rule) -> None:
    check_task_weights(alphas, len(weights))
    check_rule(rule)
    check_inverse_temperature(beta)
    if len({w.shape[-1:] for w in weights}) != 1 or any(w.ndim < 2 for w in weights):
        raise invalid(
            "Teachers must be (…, class, feature) with the same features",
            received=[w.shape for w in weights],
            way_out="Tasks share their inputs; they may differ in classes",
        )
    if any(known is not None and not np.isfinite(known).all() for known in map(concrete, weights)):
        raise invalid("Teachers' weights must be finite", received="NaN or infinity", way_out="Check the teachers")

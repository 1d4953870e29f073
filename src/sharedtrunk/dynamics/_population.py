"""Training on infinite data: gradient flow on the population loss, through the layers of a shared trunk (2), (8), (14).

    dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t (M̂_t − ∇F(W_t))] W_<ᵀ,     ∇F(W) = G(W) W C,

with M̂_t the label moment of the noisy teacher: hard labels (`label_moment`, β → ∞) or labels drawn from softmax(βΣ̂x).
Exact for Gaussian inputs and linear layers, but for the quadrature of ∇F, whose nodes are fixed by `rule`; with two classes
that is exact too (`_line`).
For C = I nothing leaves the span of the teachers' rows and the start's: the features are rotated onto it before
solving, so the cost does not grow with their number. For what is conserved see `conserved`. With a judge the flow ends
soon after the minimum of its generalization loss: see `_judge`.
"""

import functools
import operator
from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.concrete import concrete
from sharedtrunk.dynamics._checks import check_inverse_temperature as check_inverse_temperature
from sharedtrunk.dynamics._checks import check_rule as check_rule
from sharedtrunk.dynamics._checks import checked_task_weights, covariance_root
from sharedtrunk.dynamics._flow import Term
from sharedtrunk.dynamics._given import matrices
from sharedtrunk.dynamics._judge import Judge, JudgedFlow, make_judge, times_root
from sharedtrunk.dynamics._label_moments import label_moments
from sharedtrunk.dynamics._layers import Layers, check_layers, check_layers_kind, composites, map_first, shared_out
from sharedtrunk.dynamics._line_integral import rule_of_nodes, softmax_moment
from sharedtrunk.errors import invalid

FLOW_RULE = gaussian.Sobol(points=4096, scrambles=1)
"""Nodes for following a flow: one fixed set, so the solver sees a smooth function."""

FAST_RULE = gaussian.Sobol(points=2048, scrambles=1)
"""Nodes for grids of settings: see benchmarks/theory.py for what they cost and what they are worth."""


class PopulationFlow(JudgedFlow):
    """dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t (M̂_t − ∇F(W_t))] W_<ᵀ (2), (8).

    `moments[t]` is M̂_t; `root` a root R of the input covariance, C = R Rᵀ, None for C = I; `soft[t]` is βΣ̂_t where
    M̂_t = ∇F(βΣ̂_t), zero or None for hard labels. `population_flow` makes one from teachers.
    """

    moments: tuple[Float[Array, "... _ feature"], ...]
    task_weights: Float[Array, "... task"]
    root: Float[Array, "... feature direction"] | None
    rule: gaussian.NodeRule = eqx.field(static=True, default=FLOW_RULE)
    judge: Judge | None = None
    soft: tuple[Float[Array, "... _ feature"], ...] | None = None

    def drive(self, state: Layers) -> Layers:
        drives = [
            alpha * (moment - moment_of(W, self.root, self.rule))
            for alpha, moment, W in zip(self.task_weights, self.moments, composites(state), strict=True)
        ]
        return shared_out(state, drives)

    def composites(self, state: Layers):
        return composites(state)

    def check_kind(self, start: Layers) -> None:
        check_layers_kind(self, start)

    def check_start(self, shapes: Layers) -> None:
        check_layers(shapes, self.moments)

    def terms(self, composites):
        return layered_terms(composites, self.moments, self.task_weights, self.root, self.rule, self.soft)

    def reduced(self, start: Layers):
        rows = jnp.concatenate([*(start.trunk[:1] or start.heads), *self.moments])
        if self.root is not None or rows.shape[0] >= rows.shape[1]:
            return self, start, None
        basis = jnp.linalg.qr(rows.T)[0]
        moments = tuple(m @ basis for m in self.moments)
        # what the judge has outside the span meets no weights there
        judge = None if self.judge is None else Judge(self.judge.moment @ basis, None, self.judge.rule)
        soft = None if self.soft is None else tuple(W @ basis for W in self.soft)
        small = PopulationFlow(
            moments=moments, task_weights=self.task_weights, root=None, rule=self.rule, judge=judge, soft=soft
        )
        return small, map_first(lambda w: w @ basis, start), basis

    def restored(self, state: Layers, basis: Array) -> Layers:
        return map_first(lambda w: w @ basis.T, state)

    @property
    def ranks(self) -> list[int]:
        judge = [] if self.judge is None else self.judge.ranks
        soft = [2] * len(self.soft or ())
        return [2] * len(self.moments) + [1] + [2] * (self.root is not None) + judge + soft

    @property
    def state_rank(self) -> int:
        return 2


def population_flow(
    teachers: Sequence[Float[AnyArray, "... _ feature"]],
    *,
    judge: Float[AnyArray, "... class feature"] | None = None,
    inverse_temperature: float | None = None,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    task_weights: Sequence[float] | None = None,
    rule: gaussian.NodeRule = FLOW_RULE,
    label_rule: gaussian.Pairs | None = None,
) -> PopulationFlow:
    """The flow of infinitely many samples labelled by (noisy) teachers Σ̂_t (…, class, feature), one per task (2), (8).

    dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t (M̂_t − ∇F(W_t))] W_<ᵀ, with ∇F(W) = G(W) W C (14). Hypotheses: Gaussian inputs x ~ N(0, C) and
    linear layers; then it is exact but for the quadrature of ∇F. Teachers are matrices, `teacher.noisy_weights`.

    M̂_t = M(Σ̂_t) for hard labels (`inverse_temperature` None), which have no finite fixed point: by
    `gaussian.label_moment`, half a second a teacher, or with a `label_rule` (`FAST_LABELS`) by `label_moments`, some
    milliseconds. Else M̂_t = ∇F(βΣ̂_t) by the flow's own rule, so that W_t = βΣ̂_t, up to a common shift of its rows, is a
    fixed point exactly. `judge` is the clean label moment of task 0; with it `solve` fills in the generalization loss.

    Raises `InputError` for no teacher or teachers that are not matrices, a β that is not one number > 0, a covariance
    that is not symmetric positive definite or of another size, task weights that are not one finite number ≥ 0 per
    task, a rule that is not one of nodes, a judge of another shape.
    """
    weights = matrices(teachers, "Teachers")
    alphas = checked_task_weights(task_weights, len(weights))
    _check(weights, inverse_temperature, rule)
    root = None if covariance is None else covariance_root(covariance, weights[0])
    # zero for hard labels, so that flows of both can be stacked
    soft = tuple(jnp.asarray(inverse_temperature or 0, w.dtype) * w for w in weights)
    if inverse_temperature is not None:
        moments = [moment_of(w, root, rule) for w in soft]
    elif label_rule is not None:
        moments = [label_moments(w, covariance=covariance, rule=label_rule)[0] for w in weights]
    else:
        moments = [gaussian.label_moment(w, covariance=covariance) for w in weights]
    return PopulationFlow(
        moments=tuple(moments),
        task_weights=jnp.asarray(alphas, weights[0].dtype),
        root=root,
        rule=rule,
        judge=make_judge(judge, weights[0], covariance, rule),
        soft=soft,
    )


def flow_loss(flow: PopulationFlow, weights: Sequence[Float[Array, "*lane _ feature"]]) -> Float[Array, "*lane"]:
    """Σ_t α_t [F(W_t) − ⟨M̂_t, W_t⟩] in nats: the loss that the flow descends, so it never rises in time (10).

    `weights` are every task's composites (…, class, feature), such as `Trajectory.composites`; the flow is that of one
    lane. F is by the flow's rule.
    """
    losses = [
        alpha * Judge(moment, flow.root, flow.rule).loss(W)
        for alpha, W, moment in zip(flow.task_weights, weights, flow.moments, strict=True)
    ]
    return functools.reduce(operator.add, losses)


def moment_of(W, root, rule):
    """∇F(W) for inputs of covariance R Rᵀ: ∇F of white inputs at W R, times Rᵀ."""
    white = softmax_moment(times_root(W, root), rule)
    return white if root is None else jnp.einsum("...cd,fd->...cf", white, root, precision="highest")


def layered_terms(composites, moments, task_weights, roots, rule, soft=None) -> tuple[Term, ...]:
    """The terms of a flow through layers; `roots` is one root, or a tuple of every task's."""
    terms = []
    for t, (W, moment, alpha) in enumerate(zip(composites, moments, task_weights, strict=True)):
        root = roots[t] if isinstance(roots, tuple) else roots
        # a task without weight has no drive that an error could spoil
        drive = jnp.where(alpha > 0, moment - moment_of(W, root, rule), jnp.inf)
        teacher = None if soft is None else times_root(soft[t], root)
        nodes = rule_of_nodes(W.shape[-2], rule)
        terms.append(Term(drive, moment, times_root(W, root), jnp.linalg.norm(W), teacher, nodes))
    return tuple(terms)


def _check(weights, beta, rule) -> None:
    check_rule(rule)
    check_inverse_temperature(beta)
    if len({w.shape[-1:] for w in weights}) != 1 or any(w.ndim < 2 for w in weights):
        raise invalid(
            "Teachers must be (…, class, feature) with the same features",
            received=[w.shape for w in weights],
            hint="Tasks share their inputs; they may differ in classes",
        )
    if any(known is not None and not np.isfinite(known).all() for known in map(concrete, weights)):
        raise invalid("Teachers' weights must be finite", received="NaN or infinity", hint="Check the teachers")

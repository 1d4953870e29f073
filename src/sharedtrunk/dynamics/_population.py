"""Training on infinite data: gradient flow on the population loss, through the layers of a shared trunk (2), (8), (14).

    dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t (M̂_t − ∇F(W_t))] W_<ᵀ,     ∇F(W) = G(W) W C,

with W_> and W_< the products of the layers above and below layer l, and M̂_t the label moment of the noisy teacher: hard
labels (`label_moment`, β → ∞) or labels drawn from softmax(βΣ̂x). The flow is exact for Gaussian inputs and linear layers,
except for the quadrature of ∇F by the nodes of `rule`; with two classes ∇F is exact too (`_line_integral`). For C = I the
weights stay in the span of the teachers' rows and the start's: the features are rotated onto it before solving, so the cost
does not grow with their number. For conserved quantities see `conserved`. With a judge the flow ends soon after the minimum
of its generalization loss: see `_judge`.
"""

import functools
import operator
from collections.abc import Sequence

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import check_kind_of, matrices
from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.concrete import concrete
from sharedtrunk.dynamics._checks import check_beta, check_rule, checked_task_weights, covariance_root
from sharedtrunk.dynamics._flow import Term
from sharedtrunk.dynamics._judge import Judge, JudgedFlow, make_judge, times_root
from sharedtrunk.dynamics._layers import LayeredFlow
from sharedtrunk.dynamics._line_integral import rule_of_nodes, softmax_moment
from sharedtrunk.errors import invalid

FLOW_RULE = gaussian.Sobol(points=4096, scrambles=1)
"""Nodes of a flow: one fixed set, so that the solver sees a smooth function."""

FAST_RULE = gaussian.Sobol(points=2048, scrambles=1)
"""Nodes for grids of settings; benchmarks/theory.py measures their cost and their error."""


class PopulationFlow(LayeredFlow, JudgedFlow):
    """Training on infinitely many samples of the noisy teachers: D_t = M̂_t − ∇F(W_t) in (2), (8).

    `population_flow` makes one from teachers.

    Parameters
    ----------
    moments
        M̂_t of every task, (…, class, feature).
    task_weights
        α_t, (…, task).
    root
        A root R of the input covariance, C = R Rᵀ; None for C = I.
    rule
        Quadrature of ∇F.
    judge
        The clean label moment of task 0, or None.
    soft
        βΣ̂_t where M̂_t = ∇F(βΣ̂_t); zero or None for hard labels.
    """

    moments: tuple[Float[Array, "... _ feature"], ...]
    task_weights: Float[Array, "... task"]
    root: Float[Array, "... feature direction"] | None
    rule: gaussian.NodeRule = eqx.field(static=True, default=FLOW_RULE)
    judge: Judge | None = None
    soft: tuple[Float[Array, "... _ feature"], ...] | None = None

    def task_drives(self, composites):
        return softmax_drives(composites, self.moments, self._roots, self.rule)

    def terms(self, composites) -> tuple[Term, ...]:
        return softmax_terms(self, composites, self._roots, self.soft)

    def span(self) -> tuple[Array, ...] | None:
        return self.moments if self.root is None else None  # a covariance mixes all features

    @property
    def _roots(self) -> list[Array | None]:
        return [self.root] * len(self.moments)


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
    """The flow on infinitely many samples labelled by noisy teachers Σ̂_t, one per task.

    dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t (M̂_t − ∇F(W_t))] W_<ᵀ, with ∇F(W) = G(W) W C (14) and the products W_>, W_< of the layers above
    and below. Hypotheses: Gaussian inputs x ~ N(0, C) and linear layers; then it is exact except for the quadrature of ∇F.

    Parameters
    ----------
    teachers
        Σ̂_t (…, class, feature), one matrix per task: `teacher.noisy_weights`.
    judge
        Clean label moment of task 0, (…, class, feature). With it `solve` computes the generalization loss and stops soon
        after its minimum.
    inverse_temperature
        β of the labels. None: hard labels, M̂_t = M(Σ̂_t), for which there is no finite fixed point. Else M̂_t = ∇F(βΣ̂_t) by
        the flow's own rule, so that W_t = βΣ̂_t is a fixed point exactly, up to a common shift of its rows.
    covariance
        C (feature, feature), positive definite; the identity by default.
    task_weights
        α_t ≥ 0, one per task; 1 by default.
    rule
        Quadrature of ∇F, `gaussian.Sobol` or `gaussian.Characters`.
    label_rule
        A `Pairs` rule such as `FAST_LABELS`, with which `gaussian.label_moments` takes a few milliseconds per teacher. None:
        `gaussian.label_moment`, which takes half a second.

    Returns
    -------
    PopulationFlow
        The flow; it starts from `Layers`.

    Raises
    ------
    InputError
        For no teacher or teachers that are not finite matrices of the same features, and for a β, covariance, task weights,
        rule or judge that is not as described.

    References
    ----------
    The paper's (2), (8), (14).
    """
    weights = matrices(teachers, "Teachers")
    alphas = checked_task_weights(task_weights, len(weights))
    _check(weights, inverse_temperature, rule)
    root = None if covariance is None else covariance_root(covariance, weights[0])
    # zero for hard labels, so that flows of hard and soft labels can be stacked
    soft = tuple(jnp.asarray(inverse_temperature or 0, w.dtype) * w for w in weights)
    if inverse_temperature is not None:
        moments = [moment_of(w, root, rule) for w in soft]
    elif label_rule is not None:
        moments = [gaussian.label_moments(w, covariance=covariance, rule=label_rule)[0] for w in weights]
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
    """The loss Σ_t α_t [F(W_t) − ⟨M̂_t, W_t⟩] that a population flow descends, so that it never rises in time (10).

    Parameters
    ----------
    flow
        A flow of one lane, whose rule computes F.
    weights
        Every task's composites (…, class, feature), such as `Trajectory.composites`.

    Returns
    -------
    Array
        The loss in nats, (…).
    """
    check_kind_of(flow, PopulationFlow, "The flow", "Use population_flow")
    weights = matrices(weights, "Composite weights")
    if [W.shape[-2:] for W in weights] != [moment.shape[-2:] for moment in flow.moments]:
        raise invalid(
            "Composite weights must be (…, class, feature), one for each task of the flow",
            received=[W.shape for W in weights],
            hint="Give a trajectory's composites",
        )
    losses = [
        alpha * Judge(moment, flow.root, flow.rule).loss(W)
        for alpha, W, moment in zip(flow.task_weights, weights, flow.moments, strict=True)
    ]
    return functools.reduce(operator.add, losses)


def moment_of(W, root, rule):
    """∇F(W) for inputs of covariance R Rᵀ: ∇F of white inputs at W R, times Rᵀ."""
    white = softmax_moment(times_root(W, root), rule)
    return white if root is None else jnp.einsum("...cd,fd->...cf", white, root, precision="highest")


def softmax_drives(composites, moments, roots, rule) -> tuple[Array, ...]:
    """M̂_t − ∇F(W_t) of every task, with a root of its inputs' covariance for each."""
    parts = zip(moments, composites, roots, strict=True)
    return tuple(moment - moment_of(W, root, rule) for moment, W, root in parts)


def softmax_terms(flow: LayeredFlow, composites, roots, soft=None) -> tuple[Term, ...]:
    """The terms of a flow whose drives are `softmax_drives`; `soft` is βΣ̂ of every task, or None."""
    terms = []
    for t, (W, D, root) in enumerate(zip(composites, flow.task_drives(composites), roots, strict=True)):
        # a task of weight 0 trains nothing, so its error must not count: an infinite drive makes its share 0
        drive = jnp.where(flow.task_weights[t] > 0, D, jnp.inf)
        teacher = None if soft is None else times_root(soft[t], root)
        nodes = rule_of_nodes(W.shape[-2], flow.rule)  # pyright: ignore[reportAttributeAccessIssue]
        terms.append(Term(drive, flow.moments[t], times_root(W, root), jnp.linalg.norm(W), teacher, nodes))
    return tuple(terms)


def _check(weights, beta, rule) -> None:
    check_rule(rule)
    check_beta(beta)
    if len({w.shape[-1:] for w in weights}) != 1 or any(w.ndim < 2 for w in weights):
        raise invalid(
            "Teachers must be (…, class, feature) with the same features",
            received=[w.shape for w in weights],
            hint="Tasks share their inputs; they may differ in classes",
        )
    if any(known is not None and not np.isfinite(known).all() for known in map(concrete, weights)):
        raise invalid("Teachers' weights must be finite", received="NaN or infinity", hint="Check the teachers")

"""The Gaussian closure, which approximates training on N samples; our own addition (not in the paper).

    D_t = J M_emp,t − G(W_t Ĉ_t W_tᵀ) W_t Ĉ_t,    M_emp = (1/N) Σ_μ y_μ x_μᵀ,    Ĉ = (1/N) Σ_μ x_μ x_μᵀ,  J = I − 11ᵀ/K,

replaces the sample's exact drive in (8): the softmax moment is that of Gaussian inputs with the sample's second moment. Ĉ is
the second moment about zero, not about the mean. J makes the drive exact at W = 0, where the sample's mean would otherwise
leave a term (1/K) 1 x̄ᵀ. Hypothesis: the logits W x look Gaussian over the sample. The closure is right to first order in W,
drifts as the student memorizes, and can run away after the minimum of its generalization loss. So the flow has a judge, which
stops it soon after that minimum: see `_judge`.
"""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import described, floating, per_task, value_range, whole_numbers
from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.concrete import concrete
from sharedtrunk.dynamics._checks import check_rule, checked_task_weights
from sharedtrunk.dynamics._flow import Term
from sharedtrunk.dynamics._judge import Judge, JudgedFlow, make_judge
from sharedtrunk.dynamics._layers import LayeredFlow
from sharedtrunk.dynamics._population import FLOW_RULE, softmax_drives, softmax_terms
from sharedtrunk.errors import invalid


class ClosureFlow(LayeredFlow, JudgedFlow):
    """Training on N samples by the Gaussian closure: D_t = J M_emp,t − G(W_t Ĉ_t W_tᵀ) W_t Ĉ_t.

    `closure_flow` makes one from a sample.

    Parameters
    ----------
    moments
        J M_emp,t of every task, (…, class, feature).
    roots
        A root R_t of every task's Ĉ_t = R_t R_tᵀ.
    task_weights
        α_t, (…, task).
    rule
        Quadrature of the softmax moment.
    judge
        What computes the generalization loss of task 0.
    """

    moments: tuple[Float[Array, "... _ feature"], ...]
    roots: tuple[Float[Array, "... feature _"], ...]
    task_weights: Float[Array, "... task"]
    rule: gaussian.NodeRule = eqx.field(static=True, default=FLOW_RULE)
    judge: Judge | None = None

    def task_drives(self, composites):
        return softmax_drives(composites, self.moments, self.roots, self.rule)

    def terms(self, composites) -> tuple[Term, ...]:
        return softmax_terms(self, composites, self.roots)


def closure_flow(
    inputs: Sequence[Float[AnyArray, "... _ feature"]],
    labels: Sequence[AnyArray],
    judge: Float[AnyArray, "... class feature"],
    *,
    classes: Sequence[int] | None = None,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    task_weights: Sequence[float] | None = None,
    rule: gaussian.NodeRule = FLOW_RULE,
) -> ClosureFlow:
    """The Gaussian closure of a drawn sample, or of a batch of them: (8) with the softmax moment of Gaussian inputs.

    dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t (J M_emp,t − G(W_t Ĉ_t W_tᵀ) W_t Ĉ_t)] W_<ᵀ, with the sample's label moment M_emp and second
    moment Ĉ, and the products W_>, W_< of the layers above and below. It is our own addition and not in the paper.
    Hypotheses: linear layers, and logits W x that look Gaussian over the sample. It is right to first order in W, drifts as
    the student memorizes, and can run away after the minimum of its generalization loss, so its judge stops it soon after.

    Parameters
    ----------
    inputs
        One array (…, sample, feature) per task; an array without a lane axis is shared by the lanes.
    labels
        One array per task: class indices (…, sample), or label probabilities (…, class, sample).
    judge
        Clean label moment of the main task (task 0), (…, class, feature).
    classes
        Every task's number of classes; by default that of the judge.
    covariance
        The population's C (feature, feature) for the judge; the identity by default.
    task_weights
        α_t ≥ 0, one per task; 1 by default.
    rule
        Quadrature of the softmax moment, `gaussian.Sobol` or `gaussian.Characters`.

    Returns
    -------
    ClosureFlow
        The flow; it starts from `Layers`.

    Raises
    ------
    InputError
        Without a judge, for empty or non-finite inputs, for labels of another length or range, and for shapes, a covariance,
        task weights or a rule that are not as described.

    References
    ----------
    The paper's (8) is its starting point.
    """
    judge = _judge_array(judge)
    inputs, labels = per_task(inputs, "Inputs"), per_task(labels, "Labels")
    alphas = checked_task_weights(task_weights, len(inputs))
    listed = [judge.shape[-2]] * len(inputs) if classes is None else classes
    sizes = whole_numbers(listed, "Classes", "Give the number of classes of each task, or leave it out")
    check_rule(rule)
    if not len(labels) == len(sizes) == len(inputs) or sizes[0] != judge.shape[-2]:
        raise invalid(
            "Inputs, labels and classes need one entry per task, and task 0 needs the judge's classes",
            received=f"{len(inputs)}, {len(labels)}, {len(sizes)} entries; judge {judge.shape}, classes {sizes}",
            hint="Repeat the inputs where the tasks share them",
        )
    roots: dict[int, Array] = {}  # tasks that share their inputs share their root
    parts = [_task(*part, judge, roots) for part in zip(inputs, labels, sizes, strict=True)]
    return ClosureFlow(
        moments=tuple(moment for moment, _ in parts),
        roots=tuple(root for _, root in parts),
        task_weights=jnp.asarray(alphas, judge.dtype),
        rule=rule,
        judge=make_judge(judge, judge, covariance, rule),
    )


def _task(inputs, labels, size: int, judge, roots: dict[int, Array]):
    """J M_emp and a root of Ĉ: the scaled inputs if there are no more samples than features, else a square matrix."""
    x, y = floating(inputs, "Inputs").astype(judge.dtype), _label_array(labels)
    hard = jnp.issubdtype(y.dtype, jnp.integer)
    _check_task(x, y, size, hard, judge.shape[-1])
    probabilities = jax.nn.one_hot(y, size, axis=-2, dtype=judge.dtype) if hard else y.astype(judge.dtype)
    count = jnp.asarray(x.shape[-2], judge.dtype)
    moment = jnp.einsum("...cn,...nf->...cf", probabilities, x, precision="highest") / count
    if id(inputs) not in roots:
        # the triangular factor of X = Q T gives Ĉ = Tᵀ T / N, so XᵀX is never formed
        factor = jnp.linalg.qr(x, mode="r") if x.shape[-2] > x.shape[-1] else x
        roots[id(inputs)] = jnp.swapaxes(factor, -1, -2) / jnp.sqrt(count)
    return moment - jnp.mean(moment, axis=-2, keepdims=True), roots[id(inputs)]


def _judge_array(judge) -> Array:
    """The judge as an array. Raises `InputError` if there is none, because a closure must stop."""
    known = None if judge is None else floating(judge, "The judge")
    if known is None or known.ndim < 2:
        raise invalid(
            "A closure needs a judge, the clean label moment of task 0 (…, class, feature), to know when to stop",
            received=described(judge),
            hint="Use teachers.clean_label_moment(teacher)[0]",
        )
    return known


def _label_array(labels) -> Array:
    """The labels as an array of their own dtype. Raises `InputError` unless they are numbers."""
    floating(labels, "Labels")
    return jnp.asarray(labels)


def _check_task(x, y, size: int, hard, features: int) -> None:
    lanes_fit = x.ndim == 2 or y.shape[: x.ndim - 2] == x.shape[:-2]
    if x.ndim < 2 or 0 in x.shape or x.shape[-1] != features or y.shape[-1:] != x.shape[-2:-1] or not lanes_fit:
        raise invalid(
            "A task needs inputs (sample, feature): at least one sample, with the judge's features and one label each",
            received=f"inputs {x.shape}, labels {y.shape}, {features} features",
            hint=_hint(y, (*x.shape[-2:-1], size)),
        )
    x_known, y_known = concrete(x), concrete(y)
    if x_known is not None and not np.isfinite(x_known).all():
        raise invalid("Inputs must be finite numbers", received="NaN or infinity", hint="Remove those samples")
    fits = hard or (y.ndim >= 2 and y.shape[-2] == size)
    if fits and y_known is not None:
        slack = 64 * np.finfo(x.dtype).eps
        in_range = (y_known >= 0) & (y_known < size) if hard else y_known >= -slack
        fits = bool(in_range.all() and (hard or (np.abs(y_known.sum(-2) - 1) <= slack).all()))
    if not fits:
        values = "" if y_known is None else f", {value_range(y_known)}"
        raise invalid(
            f"Labels must be class indices 0 … {size - 1}, or probabilities (class, sample) that sum to 1",
            received=f"shape {y.shape}{values}",
            hint="Number the classes from 0, and drop unlabelled samples from the task's inputs and labels",
        )


def _hint(y, transposed: tuple[int, ...]) -> str:
    """A hint for labels of the wrong shape."""
    if y.shape[-2:] == transposed:
        return "These look like (sample, class): transpose them, as floating-point numbers, to (class, sample)"
    return "Give class indices (sample,) or probabilities (class, sample), lanes first"

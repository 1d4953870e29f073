"""Training on N samples without training on them: the Gaussian closure, our own addition (not in the paper).

    D_t = J M_emp,t − G(W_t Ĉ_t W_tᵀ) W_t Ĉ_t,    M_emp = (1/N) Σ_μ y_μ x_μᵀ,    Ĉ = (1/N) Σ_μ x_μ x_μᵀ,  J = I − 11ᵀ/K,

takes the place of the sample's exact drive in (8): the softmax moment of the sample is replaced by that of Gaussian
inputs with the sample's second moment. Ĉ is taken about zero. J makes the drive exact at W = 0, where the sample's mean
would otherwise leave a term (1/K) 1 x̄ᵀ. Hypothesis: the logits W x look Gaussian over the sample, so it is right to
first order in W, drifts as the student memorizes, and can run away after the minimum of its generalization loss. It stops
there: see `stopping`.
"""

from collections.abc import Sequence

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._axes import AnyArray
from sharedtrunk._concrete import concrete
from sharedtrunk._errors import invalid
from sharedtrunk.trajectory import Result

from ._flow import AbstractFlow
from ._layers import Layers, check_layers, composites, shared_out
from ._population import FLOW_RULE, check_rule, check_task_weights, covariance_root, moment_of

STOP_RATIO, STOP_TIME = 2.0, 5.0
"""A minimum at time t counts once the flow has been followed to max(STOP_RATIO · t, STOP_TIME) and its loss has risen."""


class ClosureFlow(AbstractFlow):
    """dW⁽ˡ⁾/dt = W_>ᵀ [Σ_t α_t (J M_emp,t − G(W_t Ĉ_t W_tᵀ) W_t Ĉ_t)] W_<ᵀ.

    `moments[t]` is J M_emp,t and `roots[t]` a root R_t of Ĉ_t = R_t R_tᵀ; `judge` is the clean label moment of the
    main task, for inputs of population covariance `covariance` (None: I). `closure_flow` makes one from a sample.
    """

    moments: tuple[Float[Array, "... _ feature"], ...]
    roots: tuple[Float[Array, "... feature _"], ...]
    task_weights: Float[Array, "... task"]
    judge: Float[Array, "... class feature"]
    covariance: Float[Array, "feature feature"] | None = None
    rule: gaussian.Sobol = eqx.field(static=True, default=FLOW_RULE)

    def drive(self, state: Layers) -> Layers:
        drives = [
            alpha * (moment - moment_of(W, root, self.rule))
            for alpha, moment, root, W in zip(
                self.task_weights, self.moments, self.roots, composites(state), strict=True
            )
        ]
        return shared_out(state, drives)

    def composites(self, state: Layers):
        return composites(state)

    def check_start(self, shapes: Layers) -> None:
        check_layers(shapes, self.moments)

    def reduced(self, start: Layers):
        return self, start, None  # the sample covariance mixes all features

    def restored(self, state: Layers, basis: Array) -> Layers:
        return state

    @property
    def ranks(self) -> list[int]:
        return [2] * (2 * len(self.moments)) + [1, 2] + [2] * (self.covariance is not None)

    @property
    def state_rank(self) -> int:
        return 2


def closure_flow(
    inputs: Sequence[Float[AnyArray, "_ feature"]],
    labels: Sequence[AnyArray],
    judge: Float[AnyArray, "class feature"],
    *,
    classes: Sequence[int] | None = None,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    task_weights: Sequence[float] | None = None,
    rule: gaussian.Sobol = FLOW_RULE,
) -> ClosureFlow:
    """The Gaussian closure of a drawn sample.

    `inputs[t]` (sample, feature) and `labels[t]` are task t's points: class indices (sample,), or label probabilities
    (class, sample). `judge` is the clean label moment of the main task (task 0); `classes` gives each task's number
    of classes, that of the judge for all unless said; `covariance` is that of the population.

    Raises `InputError` for empty or non-finite inputs, labels of another length or range, shapes that do not fit, an
    indefinite covariance, a rule that is not `Sobol`.
    """
    judge = jnp.asarray(judge)
    alphas = [1.0] * len(inputs) if task_weights is None else list(task_weights)
    sizes = [judge.shape[0]] * len(inputs) if classes is None else list(classes)
    check_task_weights(alphas, len(inputs))
    check_rule(rule)
    if not len(labels) == len(sizes) == len(inputs) or sizes[0] != judge.shape[0]:
        raise invalid(
            "Inputs, labels and classes need one entry per task, and task 0 the judge's classes",
            received=f"{len(inputs)}, {len(labels)}, {len(sizes)} entries; judge {judge.shape}, classes {sizes}",
            way_out="Repeat the inputs where the tasks share them",
        )
    parts = [_task(*part, judge) for part in zip(inputs, labels, sizes, strict=True)]
    if covariance is not None:
        covariance_root(covariance, judge)  # for its checks
        covariance = jnp.asarray(covariance, judge.dtype)
    return ClosureFlow(
        tuple(moment for moment, _ in parts),
        tuple(root for _, root in parts),
        jnp.asarray(alphas, judge.dtype),
        judge,
        covariance,
        rule,
    )


def _task(x, y, size: int, judge):
    """J M_emp and a root of Ĉ: the inputs themselves while they are fewer than the features, else a square one."""
    x, y = jnp.asarray(x, judge.dtype), jnp.asarray(y)
    hard = jnp.issubdtype(y.dtype, jnp.integer)
    _check_task(x, y, size, hard, judge.shape[1])
    probabilities = jax.nn.one_hot(y, size, axis=0, dtype=judge.dtype) if hard else y.astype(judge.dtype)
    count = jnp.asarray(x.shape[0], judge.dtype)
    moment = probabilities @ x / count
    # R from the triangular factor of X = Q T: Ĉ = Tᵀ T / N without squaring anything
    root = (jnp.linalg.qr(x, mode="r") if x.shape[0] > x.shape[1] else x).T / jnp.sqrt(count)
    return moment - jnp.mean(moment, axis=0, keepdims=True), root


def _check_task(x, y, size: int, hard, features: int) -> None:
    if x.ndim != 2 or x.shape[0] == 0 or x.shape[1] != features or y.shape[-1:] != x.shape[:1]:
        raise invalid(
            "A task's points are inputs (sample, feature), at least one, with one label each and the judge's features",
            received=f"inputs {x.shape}, labels {y.shape}, {features} features",
            way_out="Give class indices (sample,) or probabilities (class, sample)",
        )
    x_known, y_known = concrete(x), concrete(y)
    if x_known is not None and not np.isfinite(x_known).all():
        raise invalid("Inputs must be finite numbers", received="NaN or infinity", way_out="Remove those samples")
    fits = y.ndim == 1 if hard else y.shape == (size, x.shape[0])
    if fits and y_known is not None:
        slack = 64 * np.finfo(x.dtype).eps
        in_range = (y_known >= 0) & (y_known < size) if hard else y_known >= -slack
        fits = bool(in_range.all() and (hard or (np.abs(y_known.sum(0) - 1) <= slack).all()))
    if not fits:
        raise invalid(
            f"Labels must be class indices 0 … {size - 1}, or probabilities (class, sample) that sum to 1",
            received=f"shape {y.shape}",
            way_out="Drop unlabelled samples from the task's inputs and labels",
        )


def stopping(times, loss, finite, result):
    """Where the closure stops, and the lane's code: returns which times are kept, and `result`.

    It stops at the first saved time t ≥ max(STOP_RATIO · t_min, STOP_TIME) at which the loss lies above its minimum so
    far, at t_min. A lane that ran away or used up its steps before that keeps its failure; one that reaches the last
    time without is NOT_BRACKETED. After that time a failure no longer matters.
    """
    seen = jnp.where(finite, loss, jnp.inf)
    lowest = jax.lax.cummin(seen)
    since = jax.lax.cummax(jnp.where(seen == lowest, times, jnp.zeros_like(times)))
    done = finite & (times >= jnp.maximum(STOP_RATIO * since, STOP_TIME)) & (loss > lowest)
    stops = jnp.any(done)
    # times before the stop and the stop itself
    kept = finite & (jnp.cumsum(done) <= done.astype(jnp.cumsum(done).dtype))
    unsettled = jnp.where(result == int(Result.SUCCESS), int(Result.NOT_BRACKETED), result)
    return kept, jnp.where(stops, int(Result.SUCCESS), unsettled)

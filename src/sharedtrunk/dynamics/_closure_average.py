"""The Gaussian closure averaged over samples: the mean effect of training on N points, with its standard error.

Teachers and start are fixed (quenched). The inputs are drawn anew for every sample, and all tasks have the same inputs.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from sharedtrunk import gaussian, teachers
from sharedtrunk._support.arguments import described, per_task
from sharedtrunk._support.axes import AnyArray, PRNGKey
from sharedtrunk._support.statistics import mean_and_error
from sharedtrunk.dynamics._closure import ClosureFlow, closure_flow
from sharedtrunk.dynamics._layers import Layers
from sharedtrunk.dynamics._minimum import Minimum, solve_until_bracketed
from sharedtrunk.dynamics._population import FAST_RULE
from sharedtrunk.errors import invalid


class SampleAverage(NamedTuple):
    """The closure's generalization loss averaged over samples.

    Parameters
    ----------
    times
        Training times (time,) at which every sample that did not fail has a loss.
    mean, error
        Mean loss over samples and its standard error, in nats (time,).
    draws
        Number of samples that did not fail.
    minimum
        The minimum of every sample, one lane each. With one key for both arms their difference is a paired benefit:
        `single.minimum.loss - joint.minimum.loss`.
    """

    times: Float[np.ndarray, "time"]
    mean: Float[np.ndarray, "time"]
    error: Float[np.ndarray, "time"]
    draws: int
    minimum: Minimum


def averaged_closure(
    key: PRNGKey,
    tasks: Sequence[teachers.Teacher],
    samples: int,
    start: Layers,
    *,
    draws: int = 8,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    task_weights: Sequence[float] | None = None,
    rule: gaussian.NodeRule = FAST_RULE,
    **options,
) -> SampleAverage:
    """Average of the Gaussian closure over independent samples, labelled by given noisy teachers.

    It is our own addition, with the hypotheses of `closure_flow`. The draws depend on `key` alone, so both arms
    have the same inputs.

    Parameters
    ----------
    key
        JAX key of the draws.
    tasks
        The teachers, the main one first.
    samples
        N, points of each sample, drawn from N(0, C).
    start
        One lane of `Layers` with a head for each task.
    draws
        Number of samples, at least 2.
    covariance, task_weights, rule
        See `closure_flow`.
    **options
        Options of `solve_until_bracketed`.

    Returns
    -------
    SampleAverage
        Mean curve with its standard error, and every minimum.

    Raises
    ------
    InputError
        For fewer than 2 draws, which have no standard error, and where `sampled_closures` raises it.
    """
    if not isinstance(start, Layers):
        raise invalid("The start is one lane of Layers", received=described(start), hint="Use balanced_start")
    flow = sampled_closures(key, tasks, samples, draws, covariance=covariance, task_weights=task_weights, rule=rule)
    lanes = jax.tree.map(lambda w: jnp.broadcast_to(jnp.asarray(w)[None], (draws, *jnp.shape(w))), start)
    minimum = solve_until_bracketed(flow, lanes, **options)
    trajectory = minimum.trajectory
    assert trajectory is not None  # a flow's minimum always has its trajectory
    loss = np.asarray(trajectory.generalization_loss)
    loss = loss[np.isfinite(minimum.loss)]
    complete = np.isfinite(loss).all(axis=0) & (len(loss) > 0)
    mean, error, _ = mean_and_error(loss[:, complete], axis=0)
    return SampleAverage(np.asarray(trajectory.times)[complete], mean, error, len(loss), minimum)


def sampled_closures(
    key: PRNGKey,
    tasks: Sequence[teachers.Teacher],
    samples: int,
    draws: int,
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    task_weights: Sequence[float] | None = None,
    rule: gaussian.NodeRule = FAST_RULE,
) -> ClosureFlow:
    """The closures of independent samples as one batch of flows, judged by the main teacher's clean moment.

    Parameters
    ----------
    key, tasks, samples, draws, covariance, task_weights, rule
        See `averaged_closure`. All tasks have the same inputs, with labels argmax Σ̂_t x.

    Returns
    -------
    ClosureFlow
        A batch: every array has a leading lane axis of `draws`.

    Raises
    ------
    InputError
        For no teacher or tasks that are not `Teacher` objects, fewer than 2 draws, and where `closure_flow` raises it.
    """
    tasks = per_task(tasks, "Tasks")
    if not all(isinstance(task, teachers.Teacher) for task in tasks):
        raise invalid(
            "Tasks are Teacher objects, whose noisy weights label the samples",
            received=", ".join(described(task) for task in tasks),
            hint="Make them by teachers.random_teacher or teachers.related_pair",
        )
    if len(tasks) == 0 or not isinstance(draws, int | np.integer) or draws < 2:
        raise invalid(
            "An average needs at least one teacher and 2 draws",
            received=f"{len(tasks)} teachers, {draws} draws",
            hint="Use closure_flow for a single sample",
        )
    main = tasks[0]
    features, dtype = main.right.shape[0], main.right.dtype
    keys = jax.random.split(key, draws)
    C = None if covariance is None else jnp.asarray(covariance, dtype)
    inputs = jax.vmap(lambda k: teachers.draw_inputs(k, samples, features, C, dtype=dtype))(keys)
    labels = [jax.vmap(lambda x, W=task.noisy_weights: teachers.hard_labels(W, x))(inputs) for task in tasks]
    if covariance is None:
        judge = teachers.clean_label_moment(main)[0]
    else:
        judge = gaussian.label_moment(main.weights, covariance=covariance)
    sizes = [task.left.shape[0] for task in tasks]
    return closure_flow(
        [inputs] * len(tasks),
        labels,
        judge,
        classes=sizes,
        covariance=covariance,
        task_weights=task_weights,
        rule=rule,
    )

"""The Gaussian closure averaged over samples: what a training on N points does on average, with its standard error.

The teachers and the start are given (quenched); the inputs are drawn anew for every sample, and all
tasks see the same.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from sharedtrunk import gaussian, teachers
from sharedtrunk._support.axes import AnyArray, PRNGKey
from sharedtrunk._support.statistics import mean_and_error
from sharedtrunk.dynamics._closure import ClosureFlow, closure_flow
from sharedtrunk.dynamics._given import described, per_task
from sharedtrunk.dynamics._layers import Layers
from sharedtrunk.dynamics._minimum import Minimum, solve_until_bracketed
from sharedtrunk.dynamics._population import FAST_RULE
from sharedtrunk.errors import invalid


class SampleAverage(NamedTuple):
    """The closure's generalization loss over samples: mean curve, its standard error, and the minimum of every sample.

    The curve runs over the times at which every sample that did not fail is still followed, `draws` of them. `minimum` has
    one lane a sample: benefits of two arms drawn by one key are paired, `single.minimum.loss - joint.minimum.loss`.
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
    """Draw `draws` samples of `samples` points labelled by the noisy teachers, follow their closures, and average.

    The Gaussian closure is our own addition, with the hypotheses of `closure_flow`; inputs are drawn from N(0, C).
    `tasks` are the teachers, the main one first, and `start` one lane of layers with a head for each. The draws depend on
    `key` alone: arms with other tasks meet the same inputs. `options` go to `solve_until_bracketed`.

    Raises `InputError` for fewer than 2 draws, which have no standard error, and as `sampled_closures`.
    """
    if not isinstance(start, Layers):
        raise invalid("The start is one lane of Layers", received=described(start), hint="Use balanced_start")
    flow = sampled_closures(key, tasks, samples, draws, covariance=covariance, task_weights=task_weights, rule=rule)
    lanes = jax.tree.map(lambda w: jnp.broadcast_to(jnp.asarray(w)[None], (draws, *jnp.shape(w))), start)
    minimum = solve_until_bracketed(flow, lanes, **options)
    loss = np.asarray(minimum.trajectory.generalization_loss)
    loss = loss[np.isfinite(minimum.loss)]
    together = np.isfinite(loss).all(axis=0) & (len(loss) > 0)
    mean, error, _ = mean_and_error(loss[:, together], axis=0)
    return SampleAverage(np.asarray(minimum.trajectory.times)[together], mean, error, len(loss), minimum)


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
    """The closures of `draws` independent samples as one batch of flows, judged by the main teacher's clean moment.

    The equation and hypotheses of `closure_flow`, our own addition, with `samples` inputs drawn from N(0, C) for each,
    the same for all tasks, and labels argmax Σ̂_t x. Every array of the flow has a leading lane axis of `draws`.
    Raises `InputError` for no teacher or tasks that are no `Teacher`, fewer than 2 draws, and as `closure_flow`.
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

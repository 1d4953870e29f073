"""Students trained to the minimum with weight decay, as N and N_f grow together: order parameters, losses, error bars.

With L layers that all decay, (λ/2) Σ_l ‖W⁽ˡ⁾‖², the stacked composite W of all tasks minimizes the training loss plus
(λL/2) ‖W‖_{2/L}^{2/L}: ridge for one layer, λ times the nuclear norm for two (both convex, one minimum), not convex for
more. In the limit of many features at a = N/N_f, three order parameters describe W: its Gram matrix Q, its overlap with the
teachers, and V, by which training on a point moves that point's own logits. They solve the fixed point of `_fixed_point`.
"""

from collections.abc import Sequence

import jax
import numpy as np
from jaxtyping import Float

from sharedtrunk import gaussian
from sharedtrunk._support.axes import AnyArray
from sharedtrunk.asymptotics._evolved import StateEvolution
from sharedtrunk.asymptotics._fields import TaskFields, fields_of_gram, fields_of_teachers
from sharedtrunk.asymptotics._solver import MOST_ITERATIONS, QUICK_POINTS, RULE, Solver, checked_decay, checked_samples
from sharedtrunk.teachers import Teacher


def state_evolution(
    noisy_gram: Float[AnyArray, "row row"],
    clean_cross: Float[AnyArray, "row class"],
    clean_gram: Float[AnyArray, "class class"],
    *,
    classes: Sequence[int],
    samples_per_feature: float | Float[AnyArray, "*setting"],
    weight_decay: float | Float[AnyArray, "*setting"],
    layers: int = 2,
    inverse_temperature: float | None = None,
    task_weights: Sequence[float] | None = None,
    label_shares: Sequence[float] | None = None,
    rule: gaussian.Sobol = RULE,
    quick_points: int = QUICK_POINTS,
    most_iterations: int = MOST_ITERATIONS,
) -> StateEvolution:
    """Order parameters and losses at the minimum of the training loss with weight decay, in the limit N, N_f → ∞.

    Hypotheses: linear layers without biases, Gaussian inputs x ~ N(0, I), labels of the noisy teachers on the same points for
    all tasks, fixed numbers of classes, trunks at least Σ_t K_t wide, and training to the end. With one or two layers there
    is one minimum. With three or more, the fixed point is one of several stationary points: the one reached from the minimum
    of two layers, whose zero directions stay zero. Below N/N_f of about 0.1 the iteration often does not converge, which the
    result says. Each setting begins at the fixed point of the one before, so a path of falling or rising λ is cheap.
    `of_teachers` is the same for teachers, and `of_fields` for fields that several calls share.

    Parameters
    ----------
    noisy_gram
        T = Σ̂ Σ̂ᵀ of the noisy teachers of all tasks (row, row), rows of all tasks stacked, the main task first.
    clean_cross
        Σ̂ W̄_Aᵀ (row, class) with the main task's clean teacher.
    clean_gram
        W̄_A W̄_Aᵀ (class, class).
    classes
        Classes of every task, each at least 2.
    samples_per_feature
        a = N/N_f > 0.001.
    weight_decay
        λ > 0 of (λ/2) Σ_l ‖W⁽ˡ⁾‖²; broadcasts with a. The training loss is Σ_t α_t times task t's mean loss over the points
        with a label of it.
    layers
        L: 1 for ridge, 2 for a head on a trunk.
    inverse_temperature
        β of soft labels: the target is softmax(β u). None: the label is the class with the largest u.
    task_weights
        α_t > 0; 1 by default.
    label_shares
        For each task the share of the N points with a label of it, in (0, 1]; 1 by default. Labels are nested: the points of
        a task with fewer labels are among those of a task with more.
    rule
        Nodes that are solved to the end; at least 4 scrambles.
    quick_points
        Further nodes of every scramble, which take a few steps only and reduce the error, in multiples of 512; 0 for none.
    most_iterations
        Most iterations of a fixed point.

    Returns
    -------
    StateEvolution
        For every setting. Where λ is so large that all weights are zero, they are exactly zero, and class 0 is named always.

    Raises
    ------
    InputError
        For values out of these ranges, and for matrices that are not the covariance of anything.
    """
    return of_fields(
        fields_of_gram(noisy_gram, clean_cross, clean_gram, classes=classes),
        samples_per_feature,
        weight_decay,
        layers=layers,
        inverse_temperature=inverse_temperature,
        task_weights=task_weights,
        label_shares=label_shares,
        rule=rule,
        quick_points=quick_points,
        most_iterations=most_iterations,
    )


def of_teachers(
    teachers: Sequence[Teacher],
    *,
    samples_per_feature: float | Float[AnyArray, "*setting"],
    weight_decay: float | Float[AnyArray, "*setting"],
    noise: float | Sequence[float] | None = None,
    **settings,
) -> StateEvolution:
    """`state_evolution` for the labels of teachers.

    Parameters
    ----------
    teachers, noise
        See `fields_of_teachers`.
    samples_per_feature, weight_decay
        See `state_evolution`.
    settings
        Other arguments of `state_evolution`.

    Returns
    -------
    StateEvolution
        For every setting.

    Raises
    ------
    InputError
        Where `fields_of_teachers` and `state_evolution` raise it.
    """
    return of_fields(fields_of_teachers(teachers, noise=noise), samples_per_feature, weight_decay, **settings)


def of_fields(
    fields: TaskFields,
    samples_per_feature: float | Float[AnyArray, "*setting"],
    weight_decay: float | Float[AnyArray, "*setting"],
    **settings,
) -> StateEvolution:
    """`state_evolution` for fields that are known.

    Parameters
    ----------
    fields
        What the labels depend on (`fields_of_teachers`, `fields_of_gram`).
    samples_per_feature, weight_decay
        See `state_evolution`.
    settings
        Other arguments of `state_evolution`.

    Returns
    -------
    StateEvolution
        For every setting.

    Raises
    ------
    InputError
        Where `state_evolution` raises it.
    """
    a, decay = np.broadcast_arrays(checked_samples(samples_per_feature), checked_decay(weight_decay))
    solver = Solver(fields, **settings)
    found = [solver.at(float(a[index]), float(decay[index])) for index in np.ndindex(a.shape)]
    return jax.tree.map(lambda *leaves: np.stack(leaves).reshape((*a.shape, *leaves[0].shape)), *found)

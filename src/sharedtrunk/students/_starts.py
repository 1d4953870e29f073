"""How a student starts: random, or aligned with the noisy teachers.

*Random*: every layer is drawn from N(0, scale²/fan_in). The standard problem's scale is 0.3; for deep ReLU trunks √2 keeps
the size of the signal from layer to layer. *Aligned* (TA, appendix B): every layer shares the noisy teacher's singular
vectors with its neighbours, so that the composite is Û S₀ V̂ᵀ. With several tasks (appendix C.1) each has its own frame in
the hidden layer, orthogonal to the frames of the others.
"""

import itertools
from collections.abc import Sequence
from typing import get_args

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import (
    check_result,
    described,
    floating,
    is_number,
    on_host,
    whole_number,
    whole_numbers,
)
from sharedtrunk._support.axes import PRNGKey
from sharedtrunk._support.concrete import all_finite, concrete
from sharedtrunk._support.limits import check_choice
from sharedtrunk._support.randomness import normal, orthonormal, stream
from sharedtrunk.errors import invalid
from sharedtrunk.students._network import Activation, SharedTrunk


def random_start(
    key: PRNGKey,
    *,
    features: int,
    hidden: Sequence[int] = (100,),
    classes: Sequence[int] = (10,),
    scale: float | Sequence[float] = 0.3,
    activation: Activation = "linear",
    dtype=None,
) -> SharedTrunk:
    """A start with W⁽ˡ⁾ ~ scale · N(0, 1/fan_in). The main task's start does not depend on the number of other tasks.

    Parameters
    ----------
    key
        Key of all draws.
    features, hidden, classes
        Input features, hidden units of every trunk layer, and classes of every task.
    scale
        One number, or one per layer: trunk layers, then the heads.
    activation
        "linear" or "relu".
    dtype
        Precision of the weights; JAX's default unless given.

    Returns
    -------
    SharedTrunk
        One head per entry of `classes`.

    Raises
    ------
    InputError
        For empty or non-positive sizes, a negative scale, or an unknown activation.
    """
    check_choice("activation", activation, get_args(Activation))
    whole_number(features, "Features", least=1, hint="The standard problem has features=100")
    hidden, classes = (
        whole_numbers(values, name, "Give (100,)") for values, name in ((hidden, "Hidden widths"), (classes, "Classes"))
    )
    sizes = [features, *hidden]
    if len(hidden) == 0 or len(classes) == 0 or min(*sizes, *classes) < 1:
        raise invalid(
            "A student needs features, at least one hidden layer and one task, all of size ≥ 1",
            received=f"features={features}, hidden={tuple(hidden)}, classes={tuple(classes)}",
            hint="The standard problem has features=100, hidden=(100,), classes=(10,)",
        )
    scales = on_host(scale, "The start's scale")
    if scales.shape not in ((), (len(hidden) + 1,)) or not (np.isfinite(scales) & (scales >= 0)).all():
        raise invalid(
            "The start's scale must be one finite number ≥ 0, or one for each trunk layer and one for the heads",
            received=described(scale),
            hint="Use scale=0.3 for the standard problem",
        )

    scales = np.broadcast_to(scales, len(hidden) + 1)
    check_result(jnp.asarray(scales, dtype), "The start's scale")

    def layer(name, rows, columns, size):
        return normal(stream(key, name), (rows, columns), dtype) * jnp.asarray(size / np.sqrt(columns), dtype)

    trunk = tuple(
        layer(f"start, trunk {i}", rows, columns, scales[i])
        for i, (columns, rows) in enumerate(itertools.pairwise(sizes))
    )
    heads = tuple(layer(f"start, head {t}", rows, sizes[-1], scales[-1]) for t, rows in enumerate(classes))
    return SharedTrunk(trunk, heads, activation)


def aligned_start(
    key: PRNGKey,
    noisy_weights: Float[Array, "class feature"],
    singular_values: float | Float[Array, "rank"],
    *,
    hidden: Sequence[int] = (100,),
) -> SharedTrunk:
    """A single-task linear start with composite Û diag(s₀) V̂ᵀ, (Û, V̂) from the noisy teacher's SVD (appendix B).

    Each of the L layers gets the L-th root of s₀, so the layers are balanced (the constant of (9) vanishes).

    Parameters
    ----------
    key
        Key of the frames in the hidden layers.
    noisy_weights
        The noisy teacher's weights (class, feature).
    singular_values
        s₀: one number, or min(class, feature) of them in the order of the teacher's.
    hidden
        Hidden units of every trunk layer.

    Returns
    -------
    SharedTrunk
        With one head.

    Raises
    ------
    InputError
        For a hidden layer narrower than min(class, feature), or a negative s₀.
    """
    noisy_weights = floating(noisy_weights, "The noisy teacher's weights")
    rank = min(noisy_weights.shape, default=0)
    values = floating(singular_values, "Singular values").astype(noisy_weights.dtype)
    known = concrete(values)
    hidden = whole_numbers(hidden, "Hidden widths", "Give (100,)")
    matrix = noisy_weights.ndim == 2 and all_finite(noisy_weights)
    fits = matrix and len(hidden) > 0 and min(hidden) >= rank and values.shape in ((), (rank,))
    if not fits or (known is not None and not ((known >= 0) & np.isfinite(known)).all()):
        raise invalid(
            "An aligned start needs a finite matrix of the noisy teacher, hidden layers at least as wide as its rank, and "
            "one singular value ≥ 0 or one per rank",
            received=f"hidden={tuple(hidden)}, weights {noisy_weights.shape} of rank {rank}, singular values {known}",
            hint="Widen the hidden layers, or give s ≥ 0",
        )
    values = jnp.broadcast_to(values, (rank,))
    left, _, right = jnp.linalg.svd(noisy_weights, full_matrices=False)
    root = values ** (1.0 / (len(hidden) + 1))
    frames = [right.T] + [
        orthonormal(stream(key, f"aligned start, frame {i}"), width, rank, left.dtype) for i, width in enumerate(hidden)
    ]
    trunk = tuple((above * root[None, :]) @ below.T for below, above in itertools.pairwise(frames))
    return SharedTrunk(trunk, ((left * root[None, :]) @ frames[-1].T,))


def aligned_tasks_start(
    key: PRNGKey,
    noisy_weights: Sequence[Float[Array, "_ feature"]],
    singular_value: float,
    *,
    hidden: int = 100,
) -> SharedTrunk:
    """A linear start with one hidden layer, aligned with every task's noisy teacher (appendix C.1).

    W_t(0) = s₀ Û_t V̂_tᵀ for each task, (Û_t, V̂_t) from the SVD of Σ̂_t: trunk √s₀ Σ_t F_t V̂_tᵀ and heads √s₀ Û_t F_tᵀ,
    with hidden frames F_t (hidden, rank_t) that are orthonormal and orthogonal to each other. At t = 0 a head does not see
    the other tasks' parts of the trunk, but training lets the head use these parts. So the baseline must start from the main
    task's teacher alone.

    Parameters
    ----------
    key
        Key of the hidden frames.
    noisy_weights
        Noisy weights Σ̂_t of every teacher (class, feature).
    singular_value
        s₀, the same for all tasks.
    hidden
        Hidden units.

    Returns
    -------
    SharedTrunk
        With one head per teacher.

    Raises
    ------
    InputError
        Without teachers, for hidden < Σ_t rank_t, or for an s₀ that is negative or not finite.
    """
    if not isinstance(noisy_weights, Sequence) or isinstance(noisy_weights, str):
        raise invalid("Noisy weights are a list of matrices", received=described(noisy_weights), hint="Give [weights]")
    noisy_weights = [floating(weights, "Noisy weights") for weights in noisy_weights]
    whole_number(hidden, "The hidden layer's width", least=1, hint="The standard problem has hidden=100")
    if not is_number(singular_value) or any(weights.ndim != 2 for weights in noisy_weights):
        raise invalid(
            "An aligned start needs one singular value, and matrices (class, feature)",
            received=f"{described(singular_value)}, shapes {[weights.shape for weights in noisy_weights]}",
            hint="Start every task with the same number",
        )
    ranks = [min(weights.shape) for weights in noisy_weights]
    fits = len(ranks) > 0 and hidden >= sum(ranks) and all(all_finite(weights) for weights in noisy_weights)
    if not fits or not 0 <= singular_value < float("inf"):
        raise invalid(
            "An aligned start of several tasks needs finite teachers, a hidden layer at least as wide as their ranks "
            "together, and a singular value ≥ 0",
            received=f"hidden={hidden}, ranks {ranks}, singular value {singular_value}",
            hint="Widen the hidden layer",
        )
    dtype = noisy_weights[0].dtype
    root = jnp.asarray(singular_value**0.5, dtype)
    check_result(root, "The singular value")
    frames = jnp.split(
        orthonormal(stream(key, "aligned start, frames"), hidden, sum(ranks), dtype), np.cumsum(ranks)[:-1], axis=1
    )
    trunk, heads = jnp.zeros((hidden, noisy_weights[0].shape[1]), dtype), []
    for weights, frame in zip(noisy_weights, frames, strict=True):
        left, _, right = jnp.linalg.svd(weights, full_matrices=False)
        trunk = trunk + root * frame @ right
        heads.append(root * left @ frame.T)
    return SharedTrunk((trunk,), tuple(heads))

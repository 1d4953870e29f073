"""The end of training with weight decay: the minimum of the training loss plus the decay of all layers, a convex problem.

A linear student whose layers all decay, (λ/2) Σ_l ‖W⁽ˡ⁾‖²_F, minimizes over its stacked composite W (class, feature)

    L(W) + R(W),    R = (λ/2) ‖W‖²_F for one layer,    λ ‖W‖_* (the sum of singular values) for two,

since the best split of a singular value s between two layers is √s each. L is the cross entropy or, of tasks whose labels are
numbers, the squared error (`Problem.squared`). Both are convex: there is one minimum, and neither
the start nor a stopping time matters. Trunks must be at least as wide as the rank of W. The method is FISTA (Beck and
Teboulle 2009) with restarts (O'Donoghue and Candès 2015), and steps as long as the local curvature allows. Every result has
a duality gap, which bounds how far its objective is above the minimum, however the method came there.

Heads may have intercepts, z = W x + b, which do not decay. They are weights of one more feature, a constant, and the
proximal step leaves that column as it is.
"""

import functools
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from sharedtrunk._support.arguments import (
    check_kind_of,
    described,
    floating,
    is_number,
    matrices,
    whole_number,
    whole_numbers,
)
from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.cache.programs import program
from sharedtrunk.errors import invalid
from sharedtrunk.flows.result import Result
from sharedtrunk.students._network import SharedTrunk
from sharedtrunk.students._problem import Problem, lane_axes

_POWER_STEPS = 50
_MARGIN = 1.02
"""Power iteration finds the largest curvature from below; the step must not be too long."""
_MARGIN_OF_SQUARES = 1.1
"""The same of squared errors, which are as curved as the bound everywhere."""
_EASED = 0.9
"""The factor by which the curvature that a step allows for falls from one step to the next. Losses are flatter than their
bound: the digits with a trunk take a quarter of the time."""
_FLATTEST = 1e-6
"""The lowest curvature that the length of a step allows for, in units of the bound."""


class Minimum(NamedTuple):
    """Minima along a path of weight decays, axes (*lane, decay, …).

    Parameters
    ----------
    composites
        W_t of every task (*lane, decay, class, feature).
    intercepts
        b_t of every task (*lane, decay, class); zeros unless they were asked for.
    training_loss
        The training loss of `make_problem` without the decay, in nats.
    gap
        Duality gap in nats: the objective is at most this far above its minimum.
    iterations
        Steps of the method.
    result
        `Result.SUCCESS`, `Result.STEP_LIMIT` where the gap is above the tolerance, `Result.DIVERGED` where it is not finite.
    """

    composites: tuple[Float[Array, "*lane decay _ feature"], ...]
    intercepts: tuple[Float[Array, "*lane decay _"], ...]
    training_loss: Float[Array, "*lane decay"]
    gap: Float[Array, "*lane decay"]
    iterations: Int[Array, "*lane decay"]
    result: Int[Array, "*lane decay"]


def minimize(
    problem: Problem,
    weight_decays: float | Sequence[float] | Float[AnyArray, "decay"],
    *,
    layers: int = 2,
    intercept: bool = False,
    tolerance: float | None = None,
    most_iterations: int = 20_000,
) -> Minimum:
    """Minima of the training loss plus (λ/2) ‖W‖²_F (one layer) or λ ‖W‖_* (two), from the largest λ to the smallest.

    Every minimum starts from the one before it on the path. All lanes of a problem are followed at once.

    Parameters
    ----------
    problem
        What the students are trained on, with or without a lane axis (`make_problem`).
    weight_decays
        λ > 0, one number or a falling vector (decay,).
    layers
        1: λ/2 times the squared Frobenius norm (ridge). 2: λ times the nuclear norm, a head on a trunk.
    intercept
        Whether every class has an intercept, which does not decay. That of a class without any sample is −∞: its probability
        is 0, and its weights are 0.
    tolerance
        Duality gap in nats at which a minimum is done; by default 1e-6 in float64 and 1e-4 in float32.
    most_iterations
        Steps for one λ.

    Returns
    -------
    Minimum
        The composites, losses and certificates.

    Raises
    ------
    InputError
        For decays that are not finite, > 0 and falling, and for another number of layers.
    """
    check_kind_of(problem, Problem, "The problem", "Use make_problem")
    decays = jnp.atleast_1d(floating(weight_decays, "Weight decays"))
    known = np.asarray(decays)
    if (
        known.ndim != 1
        or known.size == 0
        or not (np.isfinite(known) & (known > 0)).all()
        or (np.diff(known) >= 0).any()
    ):
        raise invalid(
            "Weight decays are finite numbers > 0, falling along the path",
            received=described(weight_decays),
            hint="Sort them: numpy.sort(decays)[::-1]",
        )
    whole_number(layers, "Layers", least=1, most=2, hint="Deeper students have several minima: use train")
    whole_number(most_iterations, "Iterations", least=1, hint="Leave them out")
    if not isinstance(intercept, bool):
        raise invalid("intercept is True or False", received=described(intercept), hint="True adds intercepts")
    dtype = problem.inputs.dtype
    limit = (1e-6 if dtype == jnp.float64 else 1e-4) if tolerance is None else tolerance
    if not is_number(limit) or not 0 < limit < np.inf:
        raise invalid("The tolerance is a finite number > 0", received=described(tolerance), hint="Give 1e-6 (nats)")
    return _minimized(problem, decays.astype(dtype), float(limit), layers, intercept, most_iterations)


@program
def _minimized(problem: Problem, decays, tolerance: float, layers: int, intercept: bool, most: int) -> Minimum:
    axes = lane_axes(problem)
    follow = functools.partial(_path, decays=decays, tolerance=tolerance, layers=layers, intercept=intercept, most=most)
    if all(axis is None for axis in jax.tree.leaves(axes, is_leaf=lambda axis: axis is None)):
        return follow(problem)
    return jax.vmap(follow, in_axes=(axes,))(problem)


def _path(problem: Problem, decays, tolerance: float, layers: int, intercept: bool, most: int) -> Minimum:
    objective = _Objective(problem, layers, intercept)
    largest = objective.largest_curvature()

    def one(start, decay):
        W, scale = start
        W, scale, gap, count = _fista(objective, W, scale, decay, largest, tolerance, most)
        result = jnp.where(gap <= tolerance, int(Result.SUCCESS), int(Result.STEP_LIMIT))
        result = jnp.where(jnp.isfinite(gap), result, int(Result.DIVERGED))
        return (W, scale), (*objective.weights(W), objective.loss(W), gap, count, result)

    _, found = jax.lax.scan(one, (objective.start(), largest), decays)
    return Minimum(*found)


class _Objective:
    """The loss (1) of stacked composites and its penalty, for one lane.

    Intercepts are one more column of W, which is not in the penalty, of a feature that is constant. For the step's sake, the
    other features are centred and the constant is as long as their longest direction; `weights` undoes both.
    """

    def __init__(self, problem: Problem, layers: int, intercept: bool) -> None:
        self.inputs, self.targets, self.coefficients = problem.inputs, problem.targets, problem.coefficients
        self.layers, self.intercept, self.features = layers, intercept, problem.inputs.shape[0]
        self.sizes = [target.shape[0] for target in problem.targets]
        self.squared = [problem.is_squared(task) for task in range(len(self.sizes))]
        self.present = [
            None if square or not intercept else _present(y)
            for y, square in zip(self.targets, self.squared, strict=True)
        ]
        if intercept:
            shares = jnp.stack([jnp.sum(c) for c in self.coefficients])
            self.mean = self.inputs @ sum(self.coefficients) / _or_one(jnp.sum(shares))
            self.inputs = self.inputs - self.mean[:, None]
            longest = self._largest_eigenvalue()
            self.constant = jnp.sqrt(_or_one(longest) / _or_one(jnp.max(shares)))
            constants = jnp.broadcast_to(self.constant, (1, self.inputs.shape[1]))
            self.inputs = jnp.concatenate([self.inputs, constants])

    def parts(self, W) -> tuple[Array, ...]:
        return tuple(jnp.split(W, np.cumsum(self.sizes)[:-1]))

    def start(self):
        """Weights 0, and the best intercepts beside them: the logarithms of the classes' frequencies, or the mean number."""
        start = jnp.zeros((sum(self.sizes), self.inputs.shape[0]), self.inputs.dtype)
        if not self.intercept:
            return start
        best = [
            jnp.sum(y, axis=1) / _or_one(jnp.sum(c))
            if square
            else jnp.log(_or_one(jnp.sum(y, axis=1) / _or_one(jnp.sum(y))))
            for y, c, square in zip(self.targets, self.coefficients, self.squared, strict=True)
        ]
        return start.at[:, -1].set(jnp.concatenate(best) / self.constant)

    def weights(self, W) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """Composites and intercepts of every task."""
        composites = W[:, : self.features]
        intercepts = jnp.zeros(W.shape[0], W.dtype)
        if self.intercept:
            intercepts = self.constant * W[:, -1] - composites @ self.mean
        parts = zip(self.parts(intercepts), self.present, strict=True)
        return self.parts(composites), tuple(_without(each, present) for each, present in parts)

    def _tasks(self, rows):
        return zip(self.parts(rows), self.targets, self.coefficients, self.squared, strict=True)

    def loss(self, W) -> Array:
        """L(W) in nats; of a squared error ½ Σ c (z − t)², with y = c t."""
        total = jnp.zeros((), W.dtype)
        for (z, y, c, square), present in zip(self._tasks(W @ self.inputs), self.present, strict=True):
            if square:
                total += 0.5 * jnp.sum((y - c[None, :] * z) ** 2 / _or_one(c)[None, :])
            else:
                total += jnp.sum(c * jax.nn.logsumexp(_without(z, present), axis=0)) - jnp.sum(y * z)
        return total

    def residuals(self, z):
        """Targets minus predictions at the logits z of all tasks, times the coefficients (row, sample)."""
        return jnp.concatenate(
            [
                y - c[None, :] * (z if square else jax.nn.softmax(_without(z, present), axis=0))
                for (z, y, c, square), present in zip(self._tasks(z), self.present, strict=True)
            ]
        )

    def largest_curvature(self):
        """A bound of ∇²L: the largest eigenvalue of Σ_μ c_tμ x_μ x_μᵀ over the tasks, half of it for cross entropies."""
        least = jnp.sqrt(jnp.finfo(self.inputs.dtype).tiny)
        bends = [_MARGIN_OF_SQUARES if square else 0.5 * _MARGIN for square in self.squared]
        return jnp.maximum(self._largest_eigenvalue(bends), least)

    def _largest_eigenvalue(self, factors: Sequence[float] | None = None):
        """The largest eigenvalue of Σ_μ c_tμ x_μ x_μᵀ over the tasks, each times its factor, by power iteration."""
        X = self.inputs

        tiny = jnp.finfo(X.dtype).tiny
        start = jnp.sin(1 + jnp.arange(X.shape[0], dtype=X.dtype))  # any direction that inputs are not orthogonal to

        def eigenvalue(c):
            def step(_, v):
                v = X @ (c * (X.T @ v))
                return v / jnp.maximum(jnp.linalg.norm(v), tiny)

            v = jax.lax.fori_loop(0, _POWER_STEPS, step, start / jnp.linalg.norm(start))
            return jnp.linalg.norm(X @ (c * (X.T @ v)))

        factors = [1.0] * len(self.sizes) if factors is None else factors
        return jnp.max(jnp.stack([f * eigenvalue(c) for f, c in zip(factors, self.coefficients, strict=True)]))

    def penalty(self, W, decay):
        W = W[:, : self.features]
        if self.layers == 1:
            return 0.5 * decay * jnp.sum(W * W)
        return decay * jnp.sum(jnp.linalg.svd(W, compute_uv=False))

    def shrunk(self, W, decay):
        """The proximal step of the penalty: singular values less λ, or W/(1 + λ)."""
        W, free = W[:, : self.features], W[:, self.features :]
        if self.layers == 1:
            W = W / (1 + decay)
        else:
            squares, left = jnp.linalg.eigh(W @ W.T)
            values = jnp.sqrt(jnp.maximum(squares, 0))
            share = jnp.where(values > decay, 1 - decay / jnp.where(values > decay, values, 1), 0)
            W = (left * share[None, :]) @ (left.T @ W)
        return jnp.concatenate([W, free], axis=1)

    def gap(self, W, decay):
        """Objective at W minus the dual objective at its residuals, mixed and shrunk until they are feasible."""
        residuals = self.residuals(W @ self.inputs)
        if self.intercept:
            residuals = jnp.concatenate(
                [
                    _without_mean(r, c) if square else _summing_to_zero(r, y, c)
                    for r, y, c, square in self._tasks(residuals)
                ]
            )
        pull = residuals @ self.inputs[: self.features].T
        if self.layers == 1:
            share, dual = jnp.ones((), W.dtype), -0.5 * jnp.sum(pull * pull) / decay
        else:
            largest = jnp.sqrt(jnp.max(jnp.linalg.eigvalsh(pull @ pull.T)))
            share, dual = jnp.minimum(1, decay / largest), 0.0
        for r, y, c, square in self._tasks(residuals):
            if square:
                dual += jnp.sum((share * r * y - 0.5 * (share * r) ** 2) / _or_one(c)[None, :])
                continue
            q = y - share * r  # c times a mixture of targets and predictions
            dual += jnp.sum(jax.scipy.special.entr(q)) + jnp.sum(jax.scipy.special.xlogy(jnp.sum(q, axis=0), c))
        primal = self.loss(W) + self.penalty(W, decay)
        # both numbers are rounded, so a smaller gap is not known to be one
        rounding = 4 * jnp.finfo(W.dtype).eps * (jnp.abs(primal) + jnp.abs(dual))
        return jnp.maximum(primal - dual, 0) + rounding


def _present(y):
    """Which classes (class,) have a sample; all of them where there is none at all."""
    some = jnp.sum(y, axis=1) > 0
    return some | ~jnp.any(some)


def _without(z, present):
    """z (class, …), −∞ for classes that are not `present`; None: all are."""
    if present is None:
        return z
    return jnp.where(present.reshape(-1, *[1] * (z.ndim - 1)), z, -jnp.inf)


def _without_mean(r, c):
    """Residuals of a squared error whose sum over the samples is zero: the best intercept is taken off."""
    return r - c[None, :] * (jnp.sum(r, axis=1) / _or_one(jnp.sum(c)))[:, None]


def _summing_to_zero(r, y, c):
    """Residuals whose sum over the samples is zero for every class, as free intercepts require of the dual.

    The predictions q = y − r are mixed with class frequencies π, the same for all samples: q' = (1 − θ) q + θ c π, with the
    smallest θ for which some π ≥ 0 gives every class the sum of its targets.
    """
    q = y - r
    sums, wanted = jnp.sum(q, axis=1), jnp.sum(y, axis=1)
    kept = jnp.minimum(jnp.min(jnp.where(sums > wanted, wanted / _or_one(sums), 1)), 1)  # 1 − θ
    mixed = jnp.maximum(wanted - kept * sums, 0) / _or_one(jnp.sum(c))  # θ π
    return y - kept * q - mixed[:, None] * c[None, :]


def _or_one(x):
    """x where it is > 0, and 1 elsewhere."""
    return jnp.where(x > 0, x, 1)


def _fista(objective: _Objective, start, scale, decay, largest, tolerance: float, most: int):
    """Accelerated proximal steps of length 1/scale from a start until the gap is below the tolerance.

    The scale falls as long as it is above the curvature along the steps. A step that meets more curvature is made again at
    half the length; `largest` bounds the curvature everywhere.
    """
    every = 10  # the gap costs as much as a step

    def step(W, z, previous, previous_z, momentum, scale):
        following = 0.5 * (1 + jnp.sqrt(1 + 4 * momentum**2))
        share = (momentum - 1) / following
        ahead, ahead_z = W + share * (W - previous), z + share * (z - previous_z)
        residuals = objective.residuals(ahead_z)
        new = objective.shrunk(ahead + residuals @ objective.inputs.T / scale, decay / scale)
        new_z = new @ objective.inputs
        # ⟨∇L(new) − ∇L(ahead), new − ahead⟩: a difference of losses would be lost in rounding near the minimum
        bend = jnp.sum((residuals - objective.residuals(new_z)) * (new_z - ahead_z))
        short = (bend <= scale * jnp.sum((new - ahead) ** 2)) | (scale >= largest)
        uphill = jnp.sum((ahead - new) * (new - W)) > 0
        made = (new, new_z, W, z, jnp.where(uphill, 1.0, following), jnp.maximum(_EASED * scale, _FLATTEST * largest))
        again = (W, z, previous, previous_z, momentum, jnp.minimum(2 * scale, largest))
        return tuple(jnp.where(short, a, b) for a, b in zip(made, again, strict=True))

    def several(state):
        inner, _, count = state
        inner = jax.lax.fori_loop(0, every, lambda _, inner: step(*inner), inner)
        return inner, objective.gap(inner[0], decay), count + every

    def keep(state):
        return (state[-2] > tolerance) & (state[-1] < most)

    z = start @ objective.inputs
    inner = (start, z, start, z, jnp.ones((), start.dtype), scale)
    (W, *_, scale), gap, count = jax.lax.while_loop(keep, several, (inner, objective.gap(start, decay), jnp.asarray(0)))
    return W, scale, gap, count


def balanced(composites: Sequence[Float[AnyArray, "_ feature"]], *, hidden: Sequence[int] = (100,)) -> SharedTrunk:
    """The linear student of least weight decay that has these composites: every layer has the singular values s^{1/L}.

    Parameters
    ----------
    composites
        W_t of every task (class, feature), without a lane axis.
    hidden
        Hidden units of every trunk layer, at least the rank of the stacked composites; L = len(hidden) + 1.

    Returns
    -------
    SharedTrunk
        With Σ_l ‖W⁽ˡ⁾‖² = L Σ_k s_k^{2/L}.

    Raises
    ------
    InputError
        For composites that are not matrices of the same features, and for hidden layers that are too narrow.
    """
    parts = matrices(composites, "Composites")
    widths = whole_numbers(hidden, "Hidden widths", "Give (100,)")
    if not parts or any(part.ndim != 2 for part in parts) or len({part.shape[1] for part in parts}) != 1 or not widths:
        raise invalid(
            "Composites are matrices (class, feature) of the same features, with at least one hidden layer between",
            received=f"shapes {[part.shape for part in parts]}, hidden={tuple(widths)}",
            hint="Give one lane's composites",
        )
    left, values, right = jnp.linalg.svd(jnp.concatenate(parts), full_matrices=False)
    eps = float(jnp.finfo(values.dtype).eps)
    rank = int(np.sum(np.asarray(values) > 10 * eps * max(left.shape[0], right.shape[1]) * float(values[0])))
    if min(widths) < rank:
        raise invalid(
            f"Hidden layers must have at least as many units as the composites' rank {rank}",
            received=f"hidden={tuple(widths)}",
            hint="Widen them",
        )
    rank = max(rank, 1)
    roots = values[:rank] ** (1 / (len(widths) + 1))
    first = jnp.zeros((widths[0], right.shape[1]), right.dtype).at[:rank].set(roots[:, None] * right[:rank])
    trunk = [first] + [
        jnp.zeros((above, below), right.dtype).at[:rank, :rank].set(jnp.diag(roots))
        for below, above in itertools.pairwise(widths)
    ]
    heads = jnp.zeros((left.shape[0], widths[-1]), left.dtype).at[:, :rank].set(left[:, :rank] * roots[None, :])
    sizes = np.cumsum([part.shape[0] for part in parts])[:-1]
    return SharedTrunk(tuple(trunk), tuple(jnp.split(heads, sizes)))

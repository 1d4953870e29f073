"""How often two sets of weights predict the same class."""

import functools
import math

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.cache.programs import program
from sharedtrunk.errors import invalid
from sharedtrunk.gaussian._error import mean_and_error
from sharedtrunk.gaussian._factor import factor, to_unit_scale, whitened
from sharedtrunk.gaussian._rules import FINE, Sobol
from sharedtrunk.gaussian._sobol import over_lanes, over_scrambles
from sharedtrunk.gaussian.checks import as_covariance, as_weights, check_error_rule


def accuracy(
    W: Float[AnyArray, "*lane class feature"],
    teacher: Float[AnyArray, "*lane2 class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Sobol = FINE,
) -> Float[Array, "*out"]:
    """Probability that a student and a teacher predict the same class, argmax W x = argmax W̄ x for x ~ N(0, C).

    The probability is a mean over Sobol points in the joint space of both sets of logits, which has at most 2(K − 1)
    dimensions. The code is pure JAX: jit and vmap work, but there is no useful derivative, because argmax jumps. The error
    falls almost as slowly as that of plain Monte Carlo, and is at most 0.5/√points.

    Parameters
    ----------
    W, teacher
        Weights (…, class, feature); their lanes broadcast.
    covariance
        See `free_energy`.
    rule
        A `Sobol` rule.

    Returns
    -------
    Array
        Probabilities of the broadcast lanes. Ties go to the first class; a student with W = 0 always predicts class 0.

    Raises
    ------
    InputError
        Where `free_energy` raises it, for weights of different classes or features, and for a rule that is not `Sobol`.
    """
    return _accuracy(W, teacher, covariance, rule, False)


def accuracy_with_error(
    W: Float[AnyArray, "*lane class feature"],
    teacher: Float[AnyArray, "*lane2 class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Sobol = FINE,
) -> tuple[Float[Array, "*out"], Float[Array, "*out"]]:
    """`accuracy` with an error bar that covers its true error at least 95 times in 100.

    The spread of the scrambles says nothing where hardly any node disagrees (or agrees). So the bar adds the probability of
    an event that all nodes may have missed: n independent nodes miss an event of probability p with probability (1 − p)ⁿ ≈
    e^{−np}, so with 99 % confidence p ≤ ln(100)/n (the rule of three at 99 %). Nodes come in pairs u, −u that may have the
    same outcome (for K = 2 they always do), so n counts pairs: n = points · scrambles / 2.

    Parameters
    ----------
    W, teacher, covariance, rule
        See `accuracy`; the rule needs at least 4 scrambles of 256 points.

    Returns
    -------
    value, error
        The probability and its error, of the broadcast lanes.

    Raises
    ------
    InputError
        Where `accuracy` raises it, and for a rule of fewer scrambles or points.
    """
    check_error_rule(rule)
    return _accuracy(W, teacher, covariance, rule, True)


def _accuracy(W, teacher, covariance, rule, with_error):
    W = as_weights(W)
    teacher = as_weights(teacher, "teacher").astype(W.dtype)
    if W.shape[-2:] != teacher.shape[-2:]:
        raise invalid(
            "student and teacher have the same classes and features",
            received=f"shapes {W.shape} and {teacher.shape}",
            hint="Compare heads of the same task.",
        )
    if not isinstance(rule, Sobol):
        raise invalid("the rule of accuracy is Sobol", received=repr(rule), hint="Use Sobol(points=1024, scrambles=1).")
    C = as_covariance(covariance, W)
    lanes = np.broadcast_shapes(W.shape[:-2], teacher.shape[:-2])
    W, teacher = (jnp.broadcast_to(to_unit_scale(whitened(w, C)), lanes + w.shape[-2:]) for w in (W, teacher))
    return _agreement(jnp.stack([teacher, W], axis=-3), rule, with_error)


@program
def _agreement(both, rule: Sobol, with_error: bool):
    K, features = both.shape[-2:]
    lanes = both.shape[:-3]

    def lane(w):
        # each set's last row depends on its others: with both at the end, 2(K − 1) directions suffice
        rows = jnp.concatenate([w[: K - 1], w[K : 2 * K - 1], w[K - 1 : K], w[2 * K - 1 :]])
        A, _ = factor(rows, min(2 * (K - 1), features))
        teacher = jnp.concatenate([A[: K - 1], A[2 * K - 2 : 2 * K - 1]])
        student = jnp.concatenate([A[K - 1 : 2 * K - 2], A[2 * K - 1 :]])
        values = over_scrambles(functools.partial(_agree, teacher, student), rule, A.shape[1], w.dtype)
        if not with_error:
            return jnp.mean(values, axis=0)
        value, error = mean_and_error(values)
        return value, error + math.log(100) / (rule.points * rule.scrambles / 2)

    return over_lanes(lane, both.reshape(*lanes, 2 * K, features), rule.points)


def _agree(teacher, student, u):
    z, y = (jnp.matmul(A, u, precision="highest") for A in (teacher, student))
    same = [jnp.argmax(sign * z, axis=0) == jnp.argmax(sign * y, axis=0) for sign in (1, -1)]
    return jnp.mean(jnp.stack(same), dtype=u.dtype)

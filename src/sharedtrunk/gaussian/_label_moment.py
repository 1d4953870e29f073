"""The label moment M(W̄) = E[onehot(argmax W̄x) xᵀ]: what a teacher tells its students.

The indicator of class c jumps where c ties with another class c'. Stein's identity turns the moment into
these jumps,

    M_c = Σ_{c'} p_{cc'} (w_c − w_{c'}) C / (√(2π) σ_{cc'}),     σ_{cc'}² = (w_c − w_{c'}) C (w_c − w_{c'})ᵀ,

where p_{cc'} is the probability that every other class lies below, given that c and c' tie: an orthant
probability of the other K − 2 logits, found by separation of variables. Ranks one and two and independent
logits of equal variance come out exactly. Everything runs on the host in float64.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.axes import AnyArray
from sharedtrunk.errors import invalid
from sharedtrunk.gaussian._error import length, rounded, t_factor
from sharedtrunk.gaussian._factor import host_root, to_unit_scale
from sharedtrunk.gaussian._pairs import first_equals, tie_densities
from sharedtrunk.gaussian._random_energy import expected_maximum
from sharedtrunk.gaussian._rules import Pairs
from sharedtrunk.gaussian.checks import as_covariance, as_weights, concrete


def _lane(W: np.ndarray, root: np.ndarray | None, rule: Pairs) -> tuple[np.ndarray, float]:
    W = to_unit_scale(W - W.mean(axis=0))
    white = W if root is None else to_unit_scale(W @ root)
    _, s, V = np.linalg.svd(white, full_matrices=False)
    rank = int(np.sum(s > max(white.shape) * np.finfo(float).eps * s[0]))
    if rank == 0:
        raise invalid(
            "a teacher tells at least two classes apart",
            received="weights whose rows are all equal",
            hint="Give W with J W C Wᵀ J not zero.",
        )
    K, deviation = len(W), 0.0
    if rank == K - 1 and s[rank - 1] > (1 - 1e-12) * s[0]:
        # Independent logits of equal variance: exact. A deviation moves M in first order, by less than 0.6 of itself
        # times the factor of M (`_moments`); three times that goes into the error.
        deviation = float(np.linalg.norm(s[:rank] - s[0])) / s[0]
        T = (expected_maximum(K) / (K - 1) / s[0] * (np.eye(K) - 1 / K))[None].repeat(2, axis=0)
        first = np.arange(K)
    else:
        A = white @ V[:rank].T
        first = first_equals(A)
        T = tie_densities(A, sorted(set(first.tolist())), rule)
    M = T @ white
    # merged classes share their labels evenly, as softmax(β W x) does for every β
    share = (first[:, None] == first[None, :]).astype(float)
    share /= share.sum(axis=1, keepdims=True)
    M = share @ M
    # back to the features first: the error is that of the moment returned
    M = M if root is None else M @ root.T
    mean = M.mean(axis=0)
    spread = length(M - mean) / np.sqrt(len(M) * (len(M) - 1))
    error = t_factor(len(M)) * spread + (64 * np.finfo(float).eps + 2 * deviation) * length(mean)
    return mean, float(error)


def label_moment(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Pairs | None = None,
) -> Float[Array, "*lane class feature"]:
    """Moment of a teacher's hard labels with the inputs, x ~ N(0, C).

    M(W) = E[onehot(argmax W x) xᵀ], the limit β → ∞ of `softmax_moment(β W)`; it depends on the direction
    of W, not on its scale. `rule` is a `Pairs` rule; the default reaches about 10⁻⁴ relative at K = 10 in
    half a second.

    Classes with equal rows of W tie for ever and share their labels evenly, as the limit does. Needs
    concrete weights.

    Returns (…, class, feature); rows sum to zero. Raises InputError as `free_energy`, for a W whose rows
    are all equal (every label a tie), for traced weights and for another rule.
    """
    return label_moment_with_error(W, covariance=covariance, rule=rule)[0]


def label_moment_with_error(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Pairs | None = None,
) -> tuple[Float[Array, "*lane class feature"], Float[Array, "*lane"]]:
    """`label_moment` and an error bar on its Frobenius norm, in the inputs' own units (with C as without)."""
    W = as_weights(W)
    C = as_covariance(covariance, W)
    _check(W, C, rule)
    root = None if C is None else host_root(np.asarray(C))
    host = np.asarray(W, float)
    lanes = host.shape[:-2]
    results = [_lane(w, root, rule or Pairs()) for w in host.reshape(-1, *host.shape[-2:])]
    values = np.array([v for v, _ in results]).reshape(host.shape)
    # what W's precision takes away from the value belongs to the error
    rounding = rounded(length(values, (-2, -1)), W.dtype)
    errors = np.array([e for _, e in results]).reshape(lanes) + rounding
    return jnp.asarray(values, W.dtype), jnp.asarray(errors, W.dtype)


def _check(W: jax.Array, C: jax.Array | None, rule: object) -> None:
    if not concrete(W) or (C is not None and not concrete(C)):
        raise invalid(
            "label_moment needs concrete weights",
            received="a traced array",
            hint="Compute the moment once, outside jit, and pass it in.",
        )
    if rule is not None and not isinstance(rule, Pairs):
        raise invalid("the rule of label_moment is Pairs", received=repr(rule), hint="Leave it out for the default.")

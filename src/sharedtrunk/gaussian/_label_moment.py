"""The label moment M(W̄) = E[onehot(argmax W̄x) xᵀ]: all that the population loss knows of a teacher's labels.

The indicator of class c jumps where c ties with another class c'. Stein's identity writes the moment as a sum over
these jumps,

    M_c = Σ_{c'} p_{cc'} (w_c − w_{c'}) C / (√(2π) σ_{cc'}),     σ_{cc'}² = (w_c − w_{c'}) C (w_c − w_{c'})ᵀ,

where p_{cc'} is the probability that every other class lies below, given that c and c' tie. p_{cc'} is an orthant
probability of the other K − 2 logits, computed by separation of variables. The result is exact for ranks one and two
and for independent logits of equal variance. Everything runs on the host in float64.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import described, on_host
from sharedtrunk._support.axes import AnyArray
from sharedtrunk.errors import invalid
from sharedtrunk.gaussian._error import length, norm_half_width, rounding_error
from sharedtrunk.gaussian._factor import host_root, to_unit_scale
from sharedtrunk.gaussian._pairs import first_equals, tie_densities
from sharedtrunk.gaussian._random_energy import expected_maximum
from sharedtrunk.gaussian._rules import Pairs
from sharedtrunk.gaussian.checks import are_concrete, as_covariance, as_weights

_EQUAL = 1e-6
"""Singular values that differ by less than this share count as equal: what that costs is in the error, and less than the
error of the rule. Teachers in float32 differ by 1e-7."""


def _lane(W: np.ndarray, root: np.ndarray | None, rule: Pairs) -> tuple[np.ndarray, float]:
    W = to_unit_scale(W - W.mean(axis=0))
    white = W if root is None else to_unit_scale(W @ root)
    _, s, V = np.linalg.svd(white, full_matrices=False)
    rank = int(np.sum(s > max(white.shape) * np.finfo(float).eps * s[0]))
    if rank == 0:
        raise invalid(
            "a teacher must tell at least two classes apart",
            received="weights whose rows are all equal",
            hint="Give W with J W C Wᵀ J not zero.",
        )
    K, deviation = len(W), 0.0
    if rank == K - 1 and s[rank - 1] > (1 - _EQUAL) * s[0]:
        # Independent logits of equal variance: exact. A relative deviation d of the singular values changes M by less than
        # 0.6 d ‖M‖ (measured, see `_softmax_moment`); the error allows for 2 d ‖M‖.
        deviation = float(np.linalg.norm(s[:rank] - s[0])) / s[0]
        M = orthonormal_label_moment(white / s[0])[None].repeat(2, axis=0)
    else:
        A = white @ V[:rank].T
        first = first_equals(A)
        # classes with equal logits share their labels evenly, as softmax(β W x) does for every β
        share = (first[:, None] == first[None, :]).astype(float)
        share /= share.sum(axis=1, keepdims=True)
        M = share @ tie_densities(A, sorted(set(first.tolist())), rule) @ white
    # mapped back to the features first, since the error is that of the returned moment
    M = M if root is None else M @ root.T
    mean = M.mean(axis=0)
    error = norm_half_width(M, mean) + (64 * np.finfo(float).eps + 2 * deviation) * length(mean)
    return mean, float(error)


def orthonormal_label_moment(frame: Float[AnyArray, "class feature"]) -> Float[np.ndarray, "class feature"]:
    """Label moment of a teacher W = s·frame whose K logits are independent and have one variance.

    M = m_K/(K − 1) · J · frame with J = I − 11ᵀ/K and m_K the expected maximum of K standard normals. It is exact where the
    rows of the frame, or those of J · frame, are orthonormal up to a common shift; that is not checked.

    Parameters
    ----------
    frame
        U Vᵀ of the teacher's singular vectors, (class, feature).

    Returns
    -------
    ndarray
        M in float64, (class, feature).

    Raises
    ------
    InputError
        For a frame that is not a matrix of finite numbers with 2 classes or more.
    """
    host = on_host(frame, "The frame")
    if host.ndim != 2 or len(host) < 2 or not np.isfinite(host).all():
        raise invalid(
            "The frame must be a finite matrix (class, feature) of 2 classes or more",
            received=described(host),
            hint="Give U Vᵀ of a singular value decomposition",
        )
    return expected_maximum(len(host)) / (len(host) - 1) * (host - host.mean(axis=0))


def label_moment(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Pairs | None = None,
) -> Float[Array, "*lane class feature"]:
    """Moment of a teacher's hard labels with the inputs, x ~ N(0, C).

    M(W) = E[onehot(argmax W x) xᵀ], the limit β → ∞ of `softmax_moment(β W)`. M depends on the direction of W, not on its
    scale. Classes with equal rows of W always tie and share their labels evenly, as the limit does.

    Parameters
    ----------
    W
        Teachers' weights (…, class, feature), known before tracing.
    covariance
        Input covariance C (feature, feature); the identity by default.
    rule
        A `Pairs` rule. The default has a relative error of about 10⁻⁴ at K = 10 and takes half a second per teacher;
        `label_moments` is faster and less accurate.

    Returns
    -------
    Array
        M (…, class, feature); it sums to zero over the classes.

    Raises
    ------
    InputError
        Where `free_energy` raises it, and for a W whose rows are all equal (every label is a tie), for traced weights and for
        a rule that is not `Pairs`.
    """
    return label_moment_with_error(W, covariance=covariance, rule=rule)[0]


def label_moment_with_error(
    W: Float[AnyArray, "*lane class feature"],
    *,
    covariance: Float[AnyArray, "feature feature"] | None = None,
    rule: Pairs | None = None,
) -> tuple[Float[Array, "*lane class feature"], Float[Array, "*lane"]]:
    """`label_moment` with the half-width of its 99 % interval.

    Parameters
    ----------
    W, covariance, rule
        See `label_moment`, which says where it raises.

    Returns
    -------
    moment, error
        M (…, class, feature), and its error in Frobenius norm (…), in the units of the inputs, with or without a C.
    """
    W = as_weights(W)
    C = as_covariance(covariance, W)
    check_label_moment(W, C, rule)
    root = None if C is None else host_root(np.asarray(C))
    host = np.asarray(W, float)
    lanes = host.shape[:-2]
    results = [_lane(w, root, rule or Pairs()) for w in host.reshape(-1, *host.shape[-2:])]
    values = np.array([v for v, _ in results]).reshape(host.shape)
    # the value is returned in the precision of W, whose rounding belongs to the error
    rounding = rounding_error(length(values, (-2, -1)), W.dtype)
    errors = np.array([e for _, e in results]).reshape(lanes) + rounding
    return jnp.asarray(values, W.dtype), jnp.asarray(errors, W.dtype)


def check_label_moment(W: jax.Array, C: jax.Array | None, rule: object) -> None:
    """Raise where weights or covariance are traced, or the rule is not `Pairs` (or None)."""
    if not are_concrete(W) or (C is not None and not are_concrete(C)):
        raise invalid(
            "A label moment needs concrete weights",
            received="a traced array",
            hint="Compute the moment once, outside jit, and pass it in.",
        )
    if rule is not None and not isinstance(rule, Pairs):
        raise invalid(
            "The rule of a label moment is gaussian.Pairs", received=repr(rule), hint="Leave it out for the default."
        )

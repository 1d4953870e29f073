"""The regression twin: the same shared trunk with a linear output and squared error, which is solvable in closed form.

    L = ½ Σ_t α_t ‖Σ̂_t − W_t‖²

is its loss for whitened inputs; time is t = steps × step size, as everywhere in this package (`RegressionFlow`). For equal α
all tasks on one trunk are one network with the outputs stacked. From a start aligned with the singular vectors of the
(stacked, noisy) matrix Σ̂ = Û diag(ŝ) V̂ᵀ and balanced between L layers, the modes are independent:

    ds/dt = L s^{2 − 2/L} (ŝ − s):     s(t) = ŝ/(1 + (ŝ/s₀ − 1) e^{−2ŝt}) at L = 2,     ŝ + (s₀ − ŝ) e^{−t} at L = 1,

exactly, for any rank. (Lampinen and Ganguli 2018, the paper's reference [16]; Saxe et al. 2014, [2].)
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import check_result, floating, matrices, value_range
from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.concrete import all_finite, concrete
from sharedtrunk.dynamics._integrate import Tolerance
from sharedtrunk.dynamics._layers import Layers
from sharedtrunk.dynamics._regression_flow import RegressionFlow
from sharedtrunk.dynamics._solve import solve
from sharedtrunk.errors import invalid


class RegressionBenefit(NamedTuple):
    """Generalization errors of task A in time, alone and beside B, and the difference of their minima.

    Parameters
    ----------
    single, joint
        Generalization error of task A alone and beside B (time,).
    benefit
        Minimum of `single` minus that of `joint`.
    """

    single: Float[Array, "time"]
    joint: Float[Array, "time"]
    benefit: Float[Array, ""]


def regression_growth(
    times: Float[AnyArray, "time"],
    observed: Float[AnyArray, "mode"],
    start: float | Float[AnyArray, "mode"],
    *,
    depth: int = 2,
) -> Float[Array, "time mode"]:
    """Singular values s(t) of a balanced, aligned linear network whose data have singular values ŝ.

    ds/dt = L s^{2−2/L} (ŝ − s): closed form for one and two layers, solved numerically for more. Hypotheses: squared error,
    whitened inputs, layers balanced and aligned with the data's singular vectors; then it is exact for any rank. A mode that
    starts at 0 stays there (L ≥ 2), and a mode without data decays.

    Parameters
    ----------
    times
        Training times ≥ 0, (time,).
    observed
        ŝ ≥ 0 of the data, (mode,).
    start
        s(0) ≥ 0, one number or one per mode.
    depth
        Number of layers L.

    Returns
    -------
    Array
        s(t), (time, mode).

    Raises
    ------
    InputError
        For ŝ, s(0) or t below 0, starts of another length and a depth below 1.

    References
    ----------
    Lampinen and Ganguli 2018, the paper's reference [16]; Saxe et al. 2014, [2].
    """
    t, s_hat = floating(times, "Times"), floating(observed, "Singular values")
    s_0 = floating(start, "The start").astype(s_hat.dtype)
    if s_0.shape not in ((), s_hat.shape):
        raise invalid(
            "A start is one number, or one per singular value",
            received=f"{s_0.shape} for {s_hat.shape}",
            hint="Give one number for all modes",
        )
    s_0 = jnp.broadcast_to(s_0, s_hat.shape)
    _check_growth(t, s_hat, s_0, depth)
    if depth > 2:
        return _deep_growth(t, s_hat, s_0, depth)
    return closed_growth(jnp.asarray(t, s_hat.dtype), s_hat, s_0, depth)


def regression_error(
    times: Float[AnyArray, "time"],
    noisy: Float[AnyArray, "class feature"],
    clean: Float[AnyArray, "main feature"],
    start: float,
    *,
    depth: int = 2,
) -> Float[Array, "time"]:
    """Generalization error ‖W_A(t) − W̄_A‖²/‖W̄_A‖² of a linear network that learns Σ̂ from an aligned start.

    With Σ̂ = Û diag(ŝ) V̂ᵀ and Û_A the rows of A it is
    [Σ_k s_k² ‖û_k,A‖² − 2 Σ_k s_k û_k,Aᵀ W̄_A v̂_k + ‖W̄_A‖²]/‖W̄_A‖². Hypotheses as in `regression_growth`.

    Parameters
    ----------
    times, start, depth
        See `regression_growth`.
    noisy
        Σ̂ (class, feature): the rows of task A first, then those of other tasks on the same trunk.
    clean
        W̄_A (class, feature).

    Returns
    -------
    Array
        The relative error, (time,).

    Raises
    ------
    InputError
        For shapes that do not match, for W̄_A = 0, and where `regression_growth` raises it.

    References
    ----------
    See `regression_growth`.
    """
    noisy, clean = floating(noisy), floating(clean)
    if noisy.ndim != 2 or clean.ndim != 2 or noisy.shape[1] != clean.shape[1] or noisy.shape[0] < clean.shape[0]:
        raise invalid(
            "The noisy matrix holds task A's rows first, with the features of the clean one",
            received=f"noisy {noisy.shape}, clean {clean.shape}",
            hint="Use jnp.concatenate([noisy_A, noisy_B])",
        )
    if not all_finite((noisy, clean)) or (concrete(clean) is not None and not np.any(concrete(clean))):
        raise invalid(
            "Weights must be finite and the clean ones not all 0", received="other weights", hint="Check the teachers"
        )
    U, s_hat, Vt = jnp.linalg.svd(noisy, full_matrices=False)
    error = _error(regression_growth(times, s_hat, start, depth=depth), U[: clean.shape[0]], Vt, clean)
    check_result(error, "The generalization error")
    return error


def regression_benefit(
    times: Float[AnyArray, "time"],
    noisy: Sequence[Float[AnyArray, "_ feature"]],
    clean: Float[AnyArray, "main feature"],
    start: float,
    *,
    depth: int = 2,
) -> RegressionBenefit:
    """Multitask benefit of regression: min_t ε_A(alone) − min_t ε_A(beside the others), over given times.

    Hypotheses as in `regression_growth`, with equal task weights. Both arms start every mode of their data at the same s(0).

    Parameters
    ----------
    times, start, depth
        See `regression_growth`.
    noisy
        The teachers' matrices (class, feature), the main task's first.
    clean
        W̄_A (class, feature).

    Returns
    -------
    RegressionBenefit
        Both curves and the benefit, positive where the other tasks help A.

    Raises
    ------
    InputError
        For no teacher, and where `regression_error` raises it.

    References
    ----------
    See `regression_growth`.
    """
    parts = matrices(noisy, "Noisy teachers")
    if not parts or any(part.ndim != 2 or part.shape[1:] != parts[0].shape[1:] for part in parts):
        raise invalid(
            "A benefit needs at least one noisy teacher (class, feature), all with the same features",
            received=[part.shape for part in parts],
            hint="Give task A's first, then those of the tasks beside it",
        )
    stacked = jnp.concatenate(parts)
    single = regression_error(times, parts[0], clean, start, depth=depth)
    joint = regression_error(times, stacked, clean, start, depth=depth)
    return RegressionBenefit(single, joint, jnp.min(single) - jnp.min(joint))


@jax.jit
def _error(s, rows, Vt, clean) -> Float[Array, "time"]:
    overlap = jnp.einsum("ck,cf,kf->k", rows, clean, Vt, precision="highest")
    norms, total = jnp.sum(jnp.square(rows), axis=0), jnp.sum(jnp.square(clean))
    return (jnp.square(s) @ norms - 2 * s @ overlap + total) / total


@functools.partial(jax.jit, static_argnames="depth")
def closed_growth(t, s_hat, s_0, depth: int) -> Float[Array, "time mode"]:
    """`regression_growth` of one or two layers, unchecked.

    At L = 2 it is ŝ/(1 + (ŝ/s₀ − 1) e^{−2ŝt}) = s₀/(s₀ (1 − e^{−2ŝt})/ŝ + e^{−2ŝt}), with its limits at
    ŝ = 0 and s₀ = 0.
    """
    t, s_hat, s_0 = jnp.broadcast_arrays(t[:, None], s_hat[None, :], s_0[None, :])
    if depth == 1:
        return s_hat + (s_0 - s_hat) * jnp.exp(-t)
    safe = jnp.where(s_hat > 0, s_hat, 1)
    gain = jnp.where(s_hat > 0, -jnp.expm1(-2 * safe * t) / safe, 2 * t)
    moving = jnp.where(s_0 > 0, s_0, 1)
    return jnp.where(s_0 > 0, moving / (moving * gain + jnp.exp(-2 * s_hat * t)), 0)


def _deep_growth(t, s_hat, s_0, depth: int) -> Float[Array, "time mode"]:
    """Every mode is a network of 1 × 1 layers, so the modes are solved as lanes of one batch."""
    layer = jnp.power(s_0, 1 / depth)[:, None, None]
    flow = RegressionFlow((s_hat[:, None, None],), jnp.ones((1,), s_hat.dtype))
    begin = [] if float(t[0]) == 0 else [0.0]
    from_start = jnp.concatenate([jnp.asarray(begin, s_hat.dtype), t.astype(s_hat.dtype)])
    tight = Tolerance(rtol=1e-9, atol=1e-12) if s_hat.dtype == jnp.float64 else None
    trajectory = solve(flow, Layers((layer,) * (depth - 1), (layer,)), from_start, tight)
    return jnp.asarray(trajectory.composites[0])[:, len(begin) :, 0, 0].T


def _check_growth(t, s_hat, s_0, depth: int) -> None:
    if t.ndim != 1 or t.size == 0 or s_hat.ndim != 1 or not isinstance(depth, int | np.integer) or depth < 1:
        raise invalid(
            "Growth needs a vector of times, a vector of singular values and a depth of 1 layer or more",
            received=f"times {t.shape}, singular values {s_hat.shape}, depth {depth}",
            hint="Give regression_growth(times, s, s0, depth=2)",
        )
    for known in (concrete(part) for part in (t, s_hat, s_0)):
        if known is not None and not (np.isfinite(known) & (known >= 0)).all():
            raise invalid(
                "Times and singular values must be finite and ≥ 0", received=value_range(known), hint="Check the signs"
            )

"""The benefit of the regression twin for large matrices, from spiked singular values and overlaps instead of draws.

Two tasks of rank one, W̄_A = s̄_A u_A v_Aᵀ and W̄_B = s̄_B u_B v_Bᵀ with v_A·v_B = r, K classes each. Stacked they
have rank two: M = (s̄_A v_A, s̄_B v_B)ᵀ, M Mᵀ = Σ_k s_k² e_k e_kᵀ. In noise every mode k keeps squared overlaps ℓ_k
(left) and ρ_k (right) and is observed as ŝ_k (`spectra`). The share m_k = ℓ_k e_kA² + (1 − ℓ_k)/2 of its left vector
lies in the rows of A. So

    ε_A(t) s̄_A² = s̄_A² + Σ_k [m_k s_k(t)² − 2 s_k(t) √(ℓ_k ρ_k) s_k e_kA²] + ½ Σ_bulk s(t; ŝ)²,

the last sum over the Marchenko–Pastur bulk of the 2K × N_f noise. Hypotheses: large matrices, spikes that are well
separated or equal, aligned balanced start. (Lampinen and Ganguli 2018, the paper's [16], with the overlaps of [25].)
"""

import functools
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from sharedtrunk import spectra
from sharedtrunk._support.arguments import check_result, described, floating, is_number, on_host, whole_number
from sharedtrunk._support.axes import AnyArray
from sharedtrunk.dynamics._regression import RegressionBenefit, regression_growth
from sharedtrunk.errors import invalid

_NODES = 200  # the bulk's density ends in square roots, where Gauss–Legendre converges like n⁻³


def regression_prediction(
    times: Float[AnyArray, "time"],
    singular_values: tuple[float, float],
    relatedness: float,
    start: float,
    *,
    classes: int,
    features: int,
    noise: float = 1.0,
    depth: int = 2,
) -> RegressionBenefit:
    """`regression_benefit` of two rank-one tasks in noise, for large numbers of classes and features.

    ε_A(t) s̄_A² = s̄_A² + Σ_k [m_k s_k(t)² − 2 s_k(t) √(ℓ_k ρ_k) s_k e_kA²] + ½ Σ_bulk s(t; ŝ)² beside B, over the modes of the
    stacked tasks, with their share m_k in A's rows and squared overlaps ℓ_k, ρ_k (`spectra`). Hypotheses: those of
    `regression_growth`, large matrices, and spikes that are well separated or equal.

    Parameters
    ----------
    times, start, depth
        See `regression_growth`.
    singular_values
        (s̄_A, s̄_B) with s̄_A > 0 and s̄_B ≥ 0.
    relatedness
        v_A·v_B, between −1 and 1.
    classes, features
        Sizes of each task, at least 2.
    noise
        Scale σ > 0 of the noise.

    Returns
    -------
    RegressionBenefit
        Both curves and the benefit.

    Raises
    ------
    InputError
        For values out of these ranges, and where `regression_growth` raises it.

    References
    ----------
    The paper's references [16] and [25].
    """
    pair = on_host(singular_values, "The singular values")
    if pair.shape != (2,):
        raise invalid("There are two singular values", received=described(singular_values), hint="Give (s_A, s_B)")
    main, auxiliary = (float(s) for s in pair)
    _check(main, auxiliary, relatedness, classes, features, noise)
    t = floating(times, "Times").astype(jnp.result_type(float))
    cross = main * auxiliary * relatedness
    squares, vectors = np.linalg.eigh(np.array([[main**2, cross], [cross, auxiliary**2]]))
    spikes = np.sqrt(np.maximum(squares, 0))

    def error(clean, weights, rows):
        modes = _modes(
            jnp.asarray(clean, t.dtype), jnp.asarray(weights, t.dtype), noise, rows, features, classes / rows
        )
        s = regression_growth(t, modes.observed, start, depth=depth)
        return 1 + (jnp.square(s) @ modes.norms - 2 * s @ modes.overlaps) / main**2

    single = error(np.array([main]), np.ones(1), classes)
    joint = error(spikes, vectors[0] ** 2, 2 * classes)
    check_result(jnp.stack([single, joint]), "The generalization error")
    return RegressionBenefit(single, joint, jnp.min(single) - jnp.min(joint))


class _Modes(NamedTuple):
    """Modes of the noisy matrix, the spikes first and then the bulk.

    Each entry of the bulk stands for many modes. `observed` are the singular values ŝ. `norms` are the squared norms of the
    left vectors' parts in A's rows, and `overlaps` the terms û_k,Aᵀ W̄_A v̂_k, both multiplied by the number of modes.
    """

    observed: Float[Array, "mode"]
    norms: Float[Array, "mode"]
    overlaps: Float[Array, "mode"]


@functools.partial(jax.jit, static_argnames=("rows", "features", "share"))
def _modes(clean, weights, noise, rows: int, features: int, share: float) -> _Modes:
    """Modes of spikes `clean`, whose left vectors have squared norms `weights` in A's rows, which are a `share` of all."""
    aspect = rows / features
    observed, (left, right) = spectra.spiked_value(clean, aspect, noise), spectra.spiked_overlaps(clean, aspect, noise)
    lower, upper = spectra.bulk_edges(aspect, jnp.asarray(noise, clean.dtype))
    x, w = (jnp.asarray(part, clean.dtype) for part in np.polynomial.legendre.leggauss(_NODES))
    bulk = lower + (upper - lower) * (x + 1) / 2
    density = w * spectra.bulk_density(bulk, aspect, noise)
    counts = (min(rows, features) - clean.shape[0]) * share * density / jnp.sum(density)
    return _Modes(
        jnp.concatenate([observed, bulk]),
        jnp.concatenate([left * weights + (1 - left) * share, counts]),
        jnp.concatenate([jnp.sqrt(left * right) * clean * weights, jnp.zeros_like(bulk)]),
    )


def _check(main, auxiliary, relatedness, classes, features, noise) -> None:
    for name, value in (("Noise", noise), ("Relatedness", relatedness)):
        if not is_number(value):
            raise invalid(f"{name} must be a number", received=described(value), hint="Give a number such as 0.5")
    for name, value in (("Classes", classes), ("Features", features)):
        whole_number(value, name, least=2, hint="The prediction is for large numbers")
    if not (main > 0 and auxiliary >= 0 and noise > 0 and np.isfinite([main, auxiliary, noise]).all()):
        raise invalid(
            "The main task needs s > 0, the auxiliary s ≥ 0, and the noise a scale > 0, all finite",
            received=f"{main}, {auxiliary}, noise {noise}",
            hint="Use regression_error where there is no noise",
        )
    if not abs(relatedness) <= 1:
        raise invalid("Relatedness lies between −1 and 1", received=relatedness, hint="It is a cosine")

"""Spikes: what noise does to the singular values and vectors of a matrix of low rank.

The observed matrix is Σ̂ = Σ_k s_k u_k v_kᵀ + ξ, class × feature (K × N_f), with noise entries of variance σ²/N_f and
aspect c = K/N_f. *Clean* is s, *observed* is ŝ, the singular value of Σ̂. **Left vectors u are the class side
(length K), right vectors v the feature side (length N_f).** For K, N_f → ∞ with the number of spikes fixed,
spikes do not influence each other:

- *above the threshold*, s > σ c^¼, a spike leaves the bulk: ŝ = √((s² + σ²)(s² + cσ²))/s, which lies above s and above the
  bulk's upper edge, and the observed singular vectors keep a part of the clean ones, less on the longer side;
- *at or below it*, a spike is invisible: ŝ stays at the upper edge σ(1 + √c), with singular vectors of the noise;
- *large*, s ≫ σ: ŝ → s + σ²(1 + c)/(2s), overlaps → 1. Noise never shrinks a singular value; it spoils the vectors.

Hypotheses: rank ≪ K, N_f, distinct s, singular vectors independent of the noise. Corrections are O(1/N_f) in the mean
and O(N_f^−½) in one draw (N_f^(−2/3) at the edge). **The standard teacher has rank K = 10 with equal s, where this is
only a rough guide**: at s̄ = 1 the formula gives 1.48 ten times, while its ŝ spread over about 1.1–1.7, and at
rank = K that spread stays however large the matrix is.

Two identities connect the formulas: dŝ/ds is the product of the two overlaps (not squared), as first-order
perturbation theory says; and transposing the matrix (c → 1/c, σ → σ√c) exchanges left and right.
Source: Benaych-Georges and Nadakuditi (2012), the paper's reference [25]; inverse map: Gavish and Donoho (2017).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike
from jaxtyping import Array, Float

from sharedtrunk._support.arguments import broadcast, check_result
from sharedtrunk._support.axes import Value
from sharedtrunk.spectra._bulk import _edges, check_noise_matrix, check_singular_values


class Overlaps(NamedTuple):
    """Squared overlaps of observed with clean singular vectors: left (class side) (û·u)², right (feature side) (v̂·v)².

    Parameters
    ----------
    left
        (û·u)², of the class vectors.
    right
        (v̂·v)², of the feature vectors.
    """

    left: Float[Array, "*lane"]
    right: Float[Array, "*lane"]


def threshold(aspect: ArrayLike, noise: ArrayLike) -> Value:
    """The clean singular value above which a spike leaves the bulk: σ c^¼.

    Hypotheses: K, N_f → ∞ at fixed K/N_f, rank ≪ K, singular vectors independent of the noise.

    Parameters
    ----------
    aspect
        c = K/N_f.
    noise
        σ, where the entries have variance σ²/N_f; it broadcasts with `aspect`.

    Returns
    -------
    Array
        The threshold in units of `noise`.

    Raises
    ------
    InputError
        For an aspect that is not positive or a noise below 0.

    References
    ----------
    The paper's reference [25].
    """
    aspect, noise = broadcast(aspect=aspect, noise=noise)
    check_noise_matrix(aspect, noise)
    limit = _threshold(aspect, noise)
    check_result(limit, "The threshold")
    return limit


def spiked_value(s: ArrayLike, aspect: ArrayLike, noise: ArrayLike) -> Value:
    """The observed singular value ŝ of a clean s: √((s² + σ²)(s² + cσ²))/s above the threshold.

    At or below the threshold the spike is invisible and the result is the upper edge σ(1 + √c), where the largest
    singular values of the noise are. Hypotheses: K, N_f → ∞ at fixed K/N_f, rank ≪ K, distinct s, singular vectors
    independent of the noise. The standard teacher has rank K, where this is only a rough guide.

    Parameters
    ----------
    s
        Clean singular values, ≥ 0.
    aspect, noise
        c = K/N_f and σ; the three arguments broadcast.

    Returns
    -------
    Array
        ŝ, of the broadcast shape.

    Raises
    ------
    InputError
        For s or noise below 0 or not finite, or an aspect that is not positive.

    References
    ----------
    The paper's reference [25], section 3.1.
    """
    s, aspect, noise = _prepare(s, aspect, noise, "Clean singular values")
    above, safe = _above(s, _threshold(aspect, noise))
    y = noise / safe
    outside = safe * jnp.sqrt(1 + y * y) * jnp.sqrt(1 + aspect * y * y)
    value = jnp.where(above, outside, _edges(aspect, noise).upper)
    check_result(value, "The observed singular value")
    return value


def spiked_overlaps(s: ArrayLike, aspect: ArrayLike, noise: ArrayLike) -> Overlaps:
    """Squared overlaps of the observed with the clean singular vectors of a spike s.

    With θ = s/σ: left (class side) (û·u)² = (θ⁴ − c)/(θ²(θ² + c)), right (feature side) (v̂·v)² =
    (θ⁴ − c)/(θ²(θ² + 1)); both are 0 at or below the threshold θ⁴ = c. Right is the smaller one when there are fewer
    classes than features (c < 1). Hypotheses and errors as in `spiked_value`.

    Parameters
    ----------
    s, aspect, noise
        As in `spiked_value`.

    Returns
    -------
    Overlaps
        `left` and `right`, between 0 and 1.

    Raises
    ------
    InputError
        Where `spiked_value` raises it.

    References
    ----------
    The paper's reference [25], section 3.1.
    """
    s, aspect, noise = _prepare(s, aspect, noise, "Clean singular values")
    limit = _threshold(aspect, noise)
    above, safe = _above(s, limit)
    x, y = limit / safe, noise / safe
    # 1 − c/θ⁴ = 1 − x⁴ with the difference taken first: exact near the threshold, no fourth power of a large θ.
    signal = (safe - limit) / safe * (1 + x) * (1 + x * x)
    overlaps = Overlaps(
        left=jnp.where(above, signal / (1 + aspect * y * y), 0),
        right=jnp.where(above, signal / (1 + y * y), 0),
    )
    check_result(jnp.stack(overlaps), "The overlaps")
    return overlaps


def clean_value(observed: ArrayLike, aspect: ArrayLike, noise: ArrayLike) -> Value:
    """The clean singular value behind an observed one: the inverse of `spiked_value` above the bulk, else 0.

    s = ½[√(ŝ² − x₋²) + √(ŝ² − x₊²)] with the bulk's edges x∓ = σ|1 ∓ √c|; it jumps to the threshold σ c^¼ as ŝ leaves
    the bulk. For ŝ at or below the upper edge every s from 0 to the threshold has the same ŝ, and the result is 0 (no
    visible signal). Hypotheses as in `spiked_value`.

    Parameters
    ----------
    observed
        Observed singular values ŝ ≥ 0.
    aspect, noise
        c = K/N_f and σ; the three arguments broadcast.

    Returns
    -------
    Array
        s, of the broadcast shape.

    Raises
    ------
    InputError
        For observed or noise below 0 or not finite, or an aspect that is not positive.

    References
    ----------
    The positive root of the paper's reference [25], section 3.1, for θ²; Gavish and Donoho (2017).
    """
    observed, aspect, noise = _prepare(observed, aspect, noise, "Observed singular values")
    lower, upper = _edges(aspect, noise)
    above, safe = _above(observed, upper)
    # √((ŝ − x)(ŝ + x)), not √(ŝ² − x²): the difference of squares would lose the digits near the edge.
    far = jnp.sqrt((safe - lower) * (safe + lower))
    near = jnp.sqrt((safe - upper) * (safe + upper))
    value = jnp.where(above, (far + near) / 2, 0)
    check_result(value, "The clean singular value")
    return value


def _prepare(
    values: ArrayLike, aspect: ArrayLike, noise: ArrayLike, name: str
) -> tuple[jax.Array, jax.Array, jax.Array]:
    values, aspect, noise = broadcast(values=values, aspect=aspect, noise=noise)
    check_singular_values(values, name)
    check_noise_matrix(aspect, noise)
    return values, aspect, noise


def _threshold(aspect: jax.Array, noise: jax.Array) -> jax.Array:
    return noise * jnp.sqrt(jnp.sqrt(aspect))


def _above(values: jax.Array, limit: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Which values exceed the limit, and the values with stand-ins above the limit for those that do not.

    The stand-ins keep the branch that is not taken, and its derivative, finite.
    """
    above = values > limit
    return above, jnp.where(above, values, 2 * limit + 1)

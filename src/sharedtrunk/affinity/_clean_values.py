"""From observed to clean canonical correlations, and the overlaps of observed with clean directions.

Let c₁ = F/n and c₂ = (K − 1)/n for F features, K classes and n labelled rows, and let f be the labelled share of the rows
from which the inputs' whitening was computed. A clean correlation s of labels and inputs is observed as ŝ, where

    ŝ² = ((1 − f c₁) s² + c₁)((1 − c₂) s² + c₂)/s².

At f = 1 this is the known limit of canonical correlations (Bao, Hu, Pan and Zhou 2019). For f, c₂ → 0 it is the spiked matrix
of `spectra` with σ² = c₁ and cσ² = c₂. At s = 1 and for s → 0 it is right for any f. (Correlations end at 1, so a strong
signal leaves less room for noise.) The equation for ŝ² is the spiked formula for
ŝ/√((1 − f c₁)(1 − c₂)) with σ² = c₁/(1 − f c₁) and cσ² = c₂/(1 − c₂), so `spectra` inverts it. Few classes, where K − 1 is
not much larger than the rank R, need two corrections:

- on the class side, a spike gets noise from its own direction and the K − 1 − R without signal, not from the other spikes',
  so c₂ counts K − R directions: K − 1 for one spike, as in the limit of small rank, and one at full rank, R = K − 1;
- noise spreads singular values even if the clean ones are equal. Their squares are shrunk towards their
  mean by the share of their dispersion that noise explains (Ledoit and Wolf 2004), which keeps their sum.

The moment of a binary task has one row: ŝ² = (1 − f c₁) s² + c₁, so s² is the adjusted R² at f = 1; its squared overlap is
s²/ŝ².
"""

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import spectra
from sharedtrunk.affinity._precision import jax_precision

_PAD = 16
"""Arrays are padded to a multiple of this length, so that ranks share compiled programs."""


def clean_values(
    observed: np.ndarray, rank: int, m: int, c1: float, c2: float, f: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Clean values and squared overlaps (left, right) of the leading `rank` observed singular values of a moment of m rows.

    Values within the noise's bulk are left out, so there may be fewer than `rank`. The module defines the symbols.
    """
    if m == 1:
        squares = (observed[:rank] ** 2 - c1) / (1 - f * c1)
        squares = np.clip(squares[squares > 0], 0, 1)
        return np.sqrt(squares), np.ones(squares.size), squares / observed[: squares.size] ** 2
    while rank:
        c2_left = c2 * (m - rank + 1) / m
        shrink = (1 - f * c1) * (1 - c2_left)
        σ2, cσ2 = c1 / (1 - f * c1), c2_left / (1 - c2_left)
        s, left, right = _unspiked(observed[:rank] / np.sqrt(shrink), cσ2 / σ2, np.sqrt(σ2))
        if s[-1] > 0:  # a value within the bulk has no clean value
            squares = shrunk_together(s**2, c2 / m, round(c1 * m / c2))
            return np.sqrt(np.clip(squares, 0, 1)), left, np.minimum(right / (1 - f * c1), 1)
        rank -= 1
    return np.zeros(0), np.zeros(0), np.zeros(0)


def shrunk_together(squares: np.ndarray, noise: float, width: int) -> np.ndarray:
    """Eigenvalues λ shrunk towards their mean μ: μ + (1 − β)(λ − μ) [Ledoit, Wolf].

    They belong to the Gram matrix M Mᵀ of a matrix M of R rows and `width` columns, with noise of variance `noise` in every
    entry. β is the share of Σ (λ − μ)² that the noise's part, (R² + R)(2 μ noise + width · noise²), explains. The sum stays.
    """
    R = squares.size
    mean = max(float(squares.mean()), 0.0) if R else 0.0
    dispersion = float(np.sum((squares - mean) ** 2))
    expected = (R * R + R) * (2 * mean * noise + width * noise**2)
    return squares if R < 2 or not dispersion else mean + max(0.0, 1 - expected / dispersion) * (squares - mean)


def _unspiked(observed: np.ndarray, aspect: float, noise: float) -> tuple[np.ndarray, ...]:
    """`spectra.clean_value` and `spiked_overlaps`, padded to few lengths, because JAX compiles anew for every length."""
    size = observed.size
    with jax_precision("float64"):
        padded = jnp.asarray(np.pad(observed, (0, -size % _PAD)), "float64")
        numbers = (jnp.asarray(x, "float64") for x in (aspect, noise))
        return tuple(np.asarray(part)[:size] for part in _spikes(padded, *numbers))


@jax.jit
def _spikes(observed, aspect, noise):
    clean = spectra.clean_value(observed, aspect, noise)
    overlaps = spectra.spiked_overlaps(clean, aspect, noise)
    return clean, overlaps.left, overlaps.right

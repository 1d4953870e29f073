"""Bad input gets one line: the rule, what was received, a hint."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import spectra
from sharedtrunk.errors import InputError

OF_VALUES = [spectra.spiked_value, spectra.spiked_overlaps, spectra.clean_value, spectra.bulk_density]
OF_NOISE = [spectra.threshold, spectra.bulk_edges]


@pytest.mark.parametrize("verb", OF_VALUES)
@pytest.mark.parametrize(
    ("values", "received"),
    [
        (-1.0, "-1"),
        (float("nan"), "nan"),
        (np.array([1.0, np.inf, -2.0]), "inf and 1 more"),
    ],
)
def test_singular_values(verb, values, received):
    with pytest.raises(InputError, match=rf"ingular values must be finite and ≥ 0; got {received}\. "):
        verb(values, 0.1, 1.0)


@pytest.mark.parametrize("verb", OF_VALUES + OF_NOISE)
@pytest.mark.parametrize("aspect", [0.0, -0.1, float("inf"), float("nan")])
def test_aspect(verb, aspect):
    with pytest.raises(InputError, match=r"aspect K/N_f must be finite and above 0; got .* classes / features"):
        verb(*([1.0] if verb in OF_VALUES else []), aspect, 1.0)


@pytest.mark.parametrize("verb", OF_VALUES + OF_NOISE)
@pytest.mark.parametrize("noise", [-1.0, float("inf"), float("nan")])
def test_noise(verb, noise):
    with pytest.raises(InputError, match="noise scale must be a finite number ≥ 0"):
        verb(*([1.0] if verb in OF_VALUES else []), 0.1, noise)


def test_a_density_needs_noise():
    with pytest.raises(InputError, match="A density needs noise above 0; got 0"):
        spectra.bulk_density(1.0, 0.1, np.array([1.0, 0.0]))


@pytest.mark.parametrize("verb", OF_VALUES)
def test_shapes_that_do_not_fit(verb):
    with pytest.raises(InputError, match=r"values and aspect and noise must broadcast; got values \(3,\), aspect \(\)"):
        verb(np.ones(3), 0.1, np.ones(4))


def test_complex_numbers():
    with pytest.raises(InputError, match=r"values must be an array of real numbers; got an array .* of complex"):
        spectra.spiked_value(jnp.asarray(1j), 0.1, 1.0)


def test_integers_and_mixed_precision_are_welcome():
    """Integers and scalars follow the arrays' precision."""
    assert float(spectra.spiked_value(2, 1, 1)) == pytest.approx(2.5)
    assert float(spectra.spiked_value(np.arange(3), 1, 1)[2]) == pytest.approx(2.5)
    single = spectra.spiked_value(jnp.ones(3, jnp.float32), np.float64(0.1), 1)
    assert single.dtype == jnp.float32


def test_traced_values_are_not_checked():
    assert bool(jnp.isnan(jax.jit(spectra.threshold)(-1.0, 1.0)))

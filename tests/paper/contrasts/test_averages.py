import numpy as np
import pytest
import xarray as xr

from sharedtrunk.errors import InputError
from sharedtrunk.paper import contrasts

AXES = {
    "n_samples": [100, 800],
    "s_main": [0.1, 10.0],
    "s_aux": [0.01, 0.3, 1.0, 3.0, 100.0],
    "relatedness": [0.0, 1.0],
    "seed": [0, 1, 2],
}


@pytest.fixture
def benefit():
    shape = tuple(len(values) for values in AXES.values())
    return xr.DataArray(np.random.default_rng(0).normal(size=shape), coords=AXES, dims=list(AXES))


def test_low_and_high_are_plain_means_without_the_middle(benefit):
    grouped = contrasts.benefit_by_snr(benefit)
    assert grouped["aux_snr"].values.tolist() == ["low", "high"]
    low = (benefit.sel(s_aux=0.01, drop=True) + benefit.sel(s_aux=0.3, drop=True)) / 2
    high = (benefit.sel(s_aux=3.0, drop=True) + benefit.sel(s_aux=100.0, drop=True)) / 2
    xr.testing.assert_allclose(grouped.sel(aux_snr="low", drop=True), low)
    xr.testing.assert_allclose(grouped.sel(aux_snr="high", drop=True), high)


def test_a_seed_without_one_lane_has_no_average(benefit):
    benefit[0, 0, 0, 0, 1] = np.nan
    grouped = contrasts.average(contrasts.benefit_by_snr(benefit), ["s_main", "not_there"])
    gone = grouped.isnull()
    assert int(gone.sum()) == 1
    assert bool(gone.sel(n_samples=100, relatedness=0.0, seed=1, aux_snr="low"))


@pytest.mark.parametrize(("kept", "group"), [([3.0, 100.0], "low-SNR"), ([0.01, 1.0], "high-SNR")])
def test_a_grid_without_a_group_is_refused(benefit, kept, group):
    with pytest.raises(InputError, match=f"{group} auxiliary tasks needs a value s_aux"):
        contrasts.benefit_by_snr(benefit.sel(s_aux=kept))

import numpy as np
import pytest
import xarray as xr

from sharedtrunk._support.statistics import estimate
from sharedtrunk.paper import contrasts
from sharedtrunk.paper.contrasts import NotMeasured

AXES = {"s_main": [1.0, 10.0], "s_aux": [0.1, 3.0], "relatedness": [0.0, 0.25, 0.5, 1.0], "seed": [0, 1, 2]}


def array(values, **axes):
    axes = {**AXES, **axes}
    shape = tuple(len(found) for found in axes.values())
    return xr.DataArray(np.broadcast_to(values, shape).copy(), coords=axes, dims=list(axes))


def noise(stream, **axes):
    shape = tuple(len(found) for found in {**AXES, **axes}.values())
    return array(np.random.default_rng(stream).normal(size=shape), **axes)


def of_means(first, second, seeds):
    means = (values.sel(seed=seeds).mean("seed").values.ravel() for values in (first, second))
    return np.corrcoef(*means)[0, 1]


def test_correlation_against_numpy_whatever_the_order_of_axes_and_values():
    first, second = noise(0), noise(1)
    without = [of_means(first, second, [s for s in AXES["seed"] if s != left]) for left in AXES["seed"]]
    expected = 3 * of_means(first, second, AXES["seed"]) - 2 * np.array(without)
    np.testing.assert_allclose(contrasts.correlation(first, second), expected, rtol=1e-12)
    turned = second.transpose("seed", "relatedness", "s_aux", "s_main").isel(relatedness=[3, 0, 2, 1])
    np.testing.assert_allclose(contrasts.correlation(first, turned), expected, rtol=1e-12)
    np.testing.assert_allclose(contrasts.correlation(first, 3 - 2 * first), -1.0, rtol=1e-12)
    one = contrasts.correlation(first.sel(seed=[1]), second)
    np.testing.assert_allclose(one, [of_means(first, second, [1])], rtol=1e-12)


def test_correlation_is_hardly_drawn_to_zero_by_seed_noise():
    """Two means of five seeds with noise of the signal's own size: the true correlation is 1, the plain one 5/6."""
    seeds = {"seed": list(range(5)), "relatedness": list(np.linspace(0, 1, 200))}
    signal = noise(0, **seeds).isel(seed=0)
    first, second = (noise(s, **seeds) + signal for s in (1, 2))
    plain = of_means(first, second, seeds["seed"])
    found = estimate(contrasts.correlation(first, second))
    assert plain == pytest.approx(5 / 6, abs=0.03)
    assert abs(found.mean - 1) < (1 - plain) / 3
    assert found.high - found.mean < 0.1


def test_correlation_takes_the_settings_that_both_have():
    first = noise(0)
    wider = noise(0, s_main=[1.0, 10.0, 100.0])
    wider.loc[{"s_main": [1.0, 10.0]}] = first + 5
    np.testing.assert_allclose(contrasts.correlation(first, wider), 1.0, rtol=1e-12)


def test_correlation_knows_what_it_lacks():
    first = noise(0)
    gone = first.copy()
    gone[0, 0, 0, 1] = np.nan
    assert np.isnan(contrasts.correlation(first, gone)).tolist() == [False, True, False]
    kept = contrasts.correlation(first.sel(seed=[0, 2]), noise(1).sel(seed=[0, 2]))
    np.testing.assert_allclose(contrasts.correlation(gone, noise(1))[[0, 2]], kept, rtol=1e-12)
    assert np.isnan(contrasts.correlation(first, array(1.0))).all()
    with pytest.raises(NotMeasured, match="needs the same axes twice"):
        contrasts.correlation(first, first.isel(s_main=0))
    with pytest.raises(NotMeasured, match="needs 3 common settings and a seed; these have 0 and 3"):
        contrasts.correlation(first, first.assign_coords(s_main=[2.0, 20.0]))


@pytest.mark.parametrize(
    ("curve", "zero"),
    [
        ([-0.4, -0.15, 0.1, 0.6], 0.4),  # a straight line, r − 0.4
        ([-0.1, -0.1, 0.3, 0.2], 0.3125),  # between two levels
        ([-0.1, 0.1, -0.1, 0.3], 0.625),  # the last of two
        ([-0.4, -0.35, -0.3, -0.1], 1.25),  # beyond the grid
        ([0.1, 0.2, 0.3, 0.4], -0.25),  # before it
        ([-0.2, 0.0, 0.1, 0.2], 0.25),  # at a level
        ([0.3, 0.2, 0.1, 0.0], np.nan),  # falls
        ([0.0, 0.0, 0.0, 0.0], np.nan),  # is none
        ([np.nan, -0.1, 0.1, 0.2], np.nan),  # lacks a lane
    ],
)
def test_where_help_begins(curve, zero):
    benefit = array(np.array(curve)[:, None])
    np.testing.assert_allclose(contrasts.crossing(benefit), [zero] * 3, rtol=1e-12)
    np.testing.assert_allclose(contrasts.crossing(benefit.isel(relatedness=[2, 0, 3, 1])), [zero] * 3, rtol=1e-12)


def test_signal_and_steps_along_any_axis():
    benefit = noise(2)
    at_one = benefit.sel(relatedness=1.0).mean("s_main")
    np.testing.assert_allclose(
        contrasts.signal(benefit, 1.0), at_one.sel(s_aux=3.0).values - at_one.sel(s_aux=0.1).values, rtol=1e-12
    )
    steps = contrasts.steps(benefit, "s_main")
    assert list(steps) == ["s_main: 1 → 10"]
    mean = benefit.mean(["s_aux", "relatedness"])
    np.testing.assert_allclose(steps["s_main: 1 → 10"], mean.values[1] - mean.values[0], rtol=1e-12)


def test_values_are_picked_by_number_and_by_name():
    students = xr.concat([noise(3), noise(4)], xr.DataArray(["linear", "ReLU"], dims="student", name="student"))
    xr.testing.assert_equal(
        contrasts.at(students, student="ReLU", relatedness=0.25).drop_vars(["student", "relatedness"]),
        noise(4).sel(relatedness=0.25, drop=True),
    )
    with pytest.raises(NotMeasured, match="needs student = tanh; this grid has linear, ReLU"):
        contrasts.at(students, student="tanh")
    for picked in (
        lambda: contrasts.at(students, n_aux=100),
        lambda: contrasts.between(students, "n_aux", 0, 1, closed=True),
        lambda: contrasts.steps(students, "n_aux"),
    ):
        with pytest.raises(NotMeasured, match="needs the axis n_aux; this grid has student, s_main"):
            picked()
    with pytest.raises(NotMeasured, match="needs the axis s_aux"):
        contrasts.by_aux_snr(students.isel(s_aux=0))

import numpy as np
import xarray as xr

from sharedtrunk import plots
from sharedtrunk._support.statistics import mean_and_error
from sharedtrunk.paper import pictures

COORDS = {"n": [100, 800], "s_main": [0.1, 1.0, 10.0], "s_aux": [0.1, 1.0, 10.0, 100.0], "relatedness": [0.0, 1.0]}


def cube(seeds=3):
    values = np.random.default_rng(0).normal(size=(2, 3, 4, 2, seeds))
    return xr.DataArray(values, coords=COORDS, dims=[*COORDS, "seed"])


def picture(benefit, **more):
    words = {"title": "t", "row_label": "N", "column_label": "s_main", "note": "n"}
    return pictures.panels_figure(benefit, rows="n", columns="s_main", **words, **more)


def test_every_panel_shows_its_own_means_and_bands():
    data = cube()
    figure = picture(data, theory=data + 1)
    mean, error, _ = mean_and_error(data.values, axis=-1)
    for place, axes in enumerate(figure.axes):
        row, column = divmod(place, 3)
        solid, dashed = (
            [line.get_ydata() for line in axes.lines if len(line.get_ydata()) == 4 and line.is_dashed() is is_dashed]
            for is_dashed in (False, True)
        )
        np.testing.assert_allclose(solid, mean[row, column].T)
        np.testing.assert_allclose(dashed, mean[row, column].T + 1)
        for level, band in enumerate(axes.collections):
            heights = np.unique(band.get_paths()[0].vertices[:, 1])
            edges = np.concatenate(
                [mean[row, column, :, level] + sign * error[row, column, :, level] for sign in (-1, 1)]
            )
            np.testing.assert_allclose(heights, np.sort(edges))


def test_rows_and_columns_are_named_and_each_row_has_a_scale():
    figure = picture(cube())
    assert [axes.get_title(loc="left") for axes in figure.axes[:3]] == ["s_main = 0.1", "s_main = 1", "s_main = 10"]
    assert [axes.get_ylabel() for axes in figure.axes[::3]] == ["N = 100", "N = 800"]
    first, second = ({axes.get_ylim() for axes in figure.axes[3 * row : 3 * row + 3]} for row in (0, 1))
    assert len(first) == len(second) == 1
    assert first != second
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["1", "0"]


def test_one_seed_draws_without_a_band_and_names_head_rows():
    named = cube(seeds=1).assign_coords(n=["linear, 1 layer", "ReLU, 2 layers"])
    figure = picture(named)
    assert [axes.get_ylabel() for axes in figure.axes[::3]] == ["linear, 1 layer", "ReLU, 2 layers"]
    assert plots.render(figure, "png").startswith(b"\x89PNG")

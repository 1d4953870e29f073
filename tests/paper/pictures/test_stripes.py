import warnings

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from sharedtrunk import plots
from sharedtrunk._support.statistics import mean_and_error
from sharedtrunk.errors import InputError
from sharedtrunk.paper import pictures

LEVELS = [0.0, 0.25, 0.5, 0.75, 1.0]


def summary(seeds=3):
    values = np.random.default_rng(0).normal(size=(4, 5, 2, seeds))
    coords = {"s_main": [0.1, 1.0, 10.0, 100.0], "relatedness": LEVELS, "aux_snr": ["low", "high"]}
    return xr.DataArray(values, coords=coords, dims=["s_main", "relatedness", "aux_snr", "seed"])


def lines(axes):
    """The short lines (mean of low, mean of high) in the order drawn: stripe by stripe, level by level."""
    return [container.lines[0] for container in axes.containers]


def test_every_line_shows_its_means_and_standard_errors():
    data = summary()
    axes = Figure().subplots()
    pictures.draw_stripes(axes, pictures.Stripes(data), stripe="s_main")
    mean, error, _ = mean_and_error(data.values, axis=-1)
    drawn = np.array([line.get_ydata() for line in lines(axes)]).reshape(4, 5, 2)
    np.testing.assert_allclose(drawn, mean)
    bars = np.array([[s[:, 1] for s in c.lines[2][0].get_segments()] for c in axes.containers]).reshape(4, 5, 2, 2)
    np.testing.assert_allclose(np.diff(bars)[..., 0] / 2, error)


def test_lines_stay_inside_their_stripe_low_left_high_right():
    axes = Figure().subplots()
    shown = pictures.Stripes(summary().transpose("seed", "aux_snr", "relatedness", "s_main"))
    pictures.draw_stripes(axes, shown, stripe="s_main")
    places = np.array([line.get_xdata() for line in lines(axes)]).reshape(4, 5, 2)
    assert (np.abs(places - np.arange(4)[:, None, None]) < 0.5).all()
    assert (places[..., 0] < np.arange(4)[:, None]).all()
    assert (places[..., 1] > np.arange(4)[:, None]).all()
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.1", "1", "10", "100"]


def test_theory_stands_at_the_place_of_its_benefit():
    data = summary()
    axes = Figure().subplots()
    pictures.draw_stripes(axes, pictures.Stripes(data, data + 0.5, (data - 1, data + 2)), stripe="s_main")
    mean = data.mean("seed").values
    ticks = np.array([line.get_ydata() for line in axes.lines if line.get_color() == "black"])
    np.testing.assert_allclose(ticks.reshape(4, 5, 2), mean + 0.5)
    pale = [part for part in axes.collections if part.get_alpha() is not None]
    bars = np.array([[segment[:, 1] for segment in part.get_segments()] for part in pale]).reshape(4, 5, 2, 2)
    np.testing.assert_allclose(bars, np.stack([mean - 1, mean + 2], axis=-1))


def test_one_seed_and_missing_means_draw_without_warnings():
    data = summary(seeds=1)
    data[0, 0] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = pictures.stripes_figure(
            {"a": pictures.Stripes(data)}, stripe="s_main", title="t", x_label="x", y_label="y", note="n"
        )
        assert plots.render(figure, "png").startswith(b"\x89PNG")


def test_picture_is_the_same_bytes_each_time_whatever_the_users_style():
    import matplotlib

    def picture():
        panels = {"oracle": pictures.Stripes(summary()), "validation": pictures.Stripes(summary() / 2)}
        return pictures.stripes_figure(panels, stripe="s_main", title="t", x_label="x", y_label="y", note="n")

    first = {kind: plots.render(picture(), kind) for kind in ("png", "pdf")}
    with matplotlib.rc_context({"font.size": 20, "lines.linewidth": 9, "savefig.dpi": 10}):
        again = {kind: plots.render(picture(), kind) for kind in ("png", "pdf")}
    assert first == again
    assert b"CreationDate" not in first["pdf"]
    assert first["pdf"].startswith(b"%PDF")
    with pytest.raises(InputError, match="png or pdf; got 'svg'"):
        plots.render(picture(), "svg")


def test_panels_share_one_y_axis_with_zero_marked_and_legend_from_high_to_low():
    figure = pictures.stripes_figure(
        {"a": pictures.Stripes(summary()), "b": pictures.Stripes(3 * summary())},
        stripe="s_main",
        title="t",
        x_label="x",
        y_label="nats",
        note="n",
    )
    first, second = figure.axes
    assert first.get_ylim() == second.get_ylim()
    assert first.get_ylim()[0] < 0 < first.get_ylim()[1]
    assert first.get_ylabel() == "nats"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["1", "0.75", "0.5", "0.25", "0"]


def test_benefits_set_the_scale_and_wide_bounds_are_cut_and_marked():
    data = summary()
    wide = (data - 50, data + 50)
    figure = pictures.stripes_figure(
        {"a": pictures.Stripes(data, bounds=wide)}, stripe="s_main", title="t", x_label="x", y_label="y", note="n"
    )
    (axes,) = figure.axes
    mean, error, _ = mean_and_error(data.values, axis=-1)
    low, high = axes.get_ylim()
    assert low < (mean - error).min()
    assert high > (mean + error).max()
    assert high - low < 1.3 * ((mean + error).max() - (mean - error).min())
    cut = [line for line in axes.lines if line.get_marker() in "^v" and not line.get_clip_on()]
    assert {float(end) for line in cut for end in line.get_ydata()} == {low, high}
    assert sum(len(line.get_xdata()) for line in cut) == 2 * mean.size
    assert "bound beyond\nthe axis" in [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_relatednesses_of_a_group_stand_side_by_side():
    axes = Figure().subplots()
    pictures.draw_stripes(axes, pictures.Stripes(summary()), stripe="s_main")
    places = np.array([line.get_xdata() for line in lines(axes)]).reshape(4, 5, 2)
    assert np.diff(places, axis=1).min() > 0.08
    assert places[:, :, 0].max(axis=1) == pytest.approx(places[:, :, 1].min(axis=1) - 0.12)

import warnings

import numpy as np
import pytest
import xarray as xr
from matplotlib.figure import Figure

from sharedtrunk import plots
from sharedtrunk._support.statistics import mean_and_error
from sharedtrunk.paper import pictures

AXES = {"classes": [2, 20], "labels": ["hard", "soft"], "noise": [0.0, 1.0], "s_main": [3.0], "start": [0.1, 1.0]}
THEORIES = ("equation", "limit", "singular_value_population", "singular_value_closure")
CURVES = ("singular_value", "projection", *THEORIES)


def curves(seeds=4, saves=21):
    rng = np.random.default_rng(0)
    axes = {**AXES, "seed": list(range(seeds)), "step": np.linspace(0, 5000, saves)}
    shape = tuple(len(values) for values in axes.values())
    data = {name: (list(axes), 1 + rng.random(shape).cumsum(axis=-1)) for name in CURVES}
    errors = {
        **AXES,
        "theory": ["equation", "limit", "population", "closure"],
        "order_parameter": ["projection", "singular_value"],
    }
    errors["seed"] = list(range(seeds))
    data["relative_error"] = (list(errors), 10 ** rng.uniform(-2, 0, tuple(len(v) for v in errors.values())))
    dataset = xr.Dataset(data, coords={**axes, **errors})
    hard = dataset["labels"] == "hard"
    dataset["limit"] = dataset["limit"].where(hard)
    dataset["relative_error"] = dataset["relative_error"].where(hard | (dataset["theory"] != "limit"))
    return dataset


def one_reading(data):
    return data.sel(classes=20, labels="hard", noise=1.0, s_main=3.0)


def test_points_are_means_with_standard_errors_and_lines_the_theories():
    data, axes = one_reading(curves()), Figure().subplots()
    pictures.draw_trajectories(axes, data)
    theory = [line for line in axes.lines if line.get_linestyle() != "None" and len(line.get_xdata()) == 21]
    expected = [data[name].sel(start=start).mean("seed") for start in (0.1, 1.0) for name in THEORIES]
    np.testing.assert_allclose([line.get_ydata() for line in theory], expected)
    points = axes.containers
    assert len(points) == 4  # singular value and projection of two starts
    for container, (start, name) in zip(points, [(s, n) for s in (0.1, 1.0) for n in CURVES[:2]], strict=True):
        mean, error, _ = mean_and_error(data[name].sel(start=start).transpose("step", "seed").values, axis=-1)
        np.testing.assert_allclose(container.lines[0].get_ydata(), mean[::2])
        bars = np.array([segment[:, 1] for segment in container.lines[2][0].get_segments()])
        np.testing.assert_allclose(np.diff(bars)[:, 0] / 2, error[::2])
    pictures.draw_trajectories(alone := Figure().subplots(), data, both=False)
    assert len(alone.containers) == 2
    pictures.draw_trajectories(
        soft := Figure().subplots(), curves().sel(classes=20, labels="soft", noise=1.0, s_main=3.0)
    )
    lines = [line for line in soft.lines if line.get_linestyle() != "None" and len(line.get_xdata()) == 21]
    assert len(lines) == 6  # two starts without the hard-label limit


def test_errors_stand_row_by_row_with_the_tiny_ones_at_the_edge():
    data, axes = curves(), Figure().subplots()
    errors = data["relative_error"].sel(classes=2, order_parameter="singular_value").copy()
    errors.loc[{"theory": "closure", "labels": "soft", "noise": 1.0}] = 1e-9
    pictures.draw_errors(axes, errors)
    places = np.array([[c.lines[0].get_xdata()[0], c.lines[0].get_ydata()[0]] for c in axes.containers])
    assert len(places) == (2 * 4 + 2 * 3) * 2  # rows of hard and of soft labels, theories, starts
    expected = errors.sel(labels="hard", noise=0.0, theory="equation", s_main=3.0).mean("seed").values
    np.testing.assert_allclose(places[:2], np.stack([expected, [-0.27, -0.27]], axis=1))
    np.testing.assert_allclose(places[-2:, 0], 1e-3)
    assert axes.get_xlim()[0] < 1e-3
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "hard labels, no noise", "hard labels, noise 1", "soft labels, no noise", "soft labels, noise 1"]  # fmt: skip
    assert any(np.allclose(line.get_xdata(), 0.05) for line in axes.lines)


@pytest.mark.long
@pytest.mark.parametrize("seeds", [1, 4])
def test_the_picture_names_everything_and_is_the_same_bytes_each_time(seeds):
    data = curves(seeds)

    def picture():
        reading = {"labels": "hard", "noise": 1.0, "s_main": 3.0}
        return pictures.trajectories_figure(data, reading=reading, title="t", note="n")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = plots.render(picture(), "png")
    assert first == plots.render(picture(), "png")
    upper, middle, lower = picture().subfigs
    assert [axes.get_title(loc="left") for axes in upper.axes] == [
        "2 classes: every setting", "20 classes: every setting"]  # fmt: skip
    assert [axes.get_title(loc="left") for axes in middle.axes] == [
        "2 classes: hard labels, noise 1, s_main = 3", "20 classes: hard labels, noise 1, s_main = 3"]  # fmt: skip
    assert len(lower.axes) == 8
    words = {text.get_text() for part in (upper, middle) for text in part.legends[0].get_texts()}
    assert {"s(0) = 0.1", "equation (3) as printed", "population flow", "Gaussian closure", "5 %: “excellent”"} <= words


def test_the_legend_says_which_curves_coincide():
    data = curves()
    data["singular_value_population"] = data["limit"].where(data["classes"] == 2, data["singular_value_population"])
    reading = {"labels": "hard", "noise": 1.0, "s_main": 3.0}
    figure = pictures.trajectories_figure(data, reading=reading, title="t", note="n")
    words = [text.get_text() for text in figure.subfigs[1].legends[0].get_texts()]
    assert "population flow\n(K = 2: on the limit)" in words
    assert "Gaussian closure" in words

import numpy as np
import pytest

import affinity_problems as problems
from sharedtrunk import plots
from sharedtrunk.affinity._advice_page import Curves, advice_figure
from sharedtrunk.affinity._benefit_curves import OwnCount, Point
from sharedtrunk.affinity._effects_forest import Bar

BLOCKS = {
    "singles": [
        Bar("parity", 0.2, 0.15, 0.25, "helps", ["+4.0", "0.62"]),
        Bar("costs $5 or $6", -0.1, -0.2, 0.0, "hurts", ["−2.0", "0.10"]),
        Bar("lost", *[np.nan] * 3, "cannot tell yet", ["–", "–"]),
    ],
    "several": [Bar("parity + loop", 0.3, 0.2, 0.4, "helps", ["+5.0"], best=True)],
}
CURVES = Curves(
    by_weight=[Point(10.0, 0.1, 0.0, 0.2), Point(0.1, 0.05, 0.0, 0.1), Point(1.0, 0.3, 0.2, 0.4)],
    best_weight=1.0,
    by_labels=[
        Point(50.0, 0.4, 0.3, 0.5),
        Point(100.0, 0.3, 0.2, 0.4),
        Point(200.0, 0.2, 0.0, 0.4, measured=False),
        Point(400.0, np.nan, np.nan, np.nan, measured=False),
    ],
    own=OwnCount(100.0, "yours: 100 of 110"),
    headings=("Which weight?", "More labels?"),
)


@pytest.fixture(scope="module")
def picture():
    return advice_figure(BLOCKS, ("accuracy", "r"), CURVES, negligible=0.01, title="title", note="a note")


def texts(figure):
    return [*figure.texts, *(text for axes in figure.axes for text in (*axes.texts, axes._left_title))]


def said(figure):
    return {text.get_text(): text for text in texts(figure)}


def test_each_effect_stands_at_its_place_with_its_interval(picture):
    lines = picture.axes[0].lines[1:]
    intervals = [line.get_xdata() for line in lines if len(line.get_xdata()) == 2]
    points = [line for line in lines if len(line.get_xdata()) == 1]
    np.testing.assert_allclose(intervals, [[0.15, 0.25], [-0.2, 0.0], [0.2, 0.4]])
    assert [float(point.get_xdata()[0]) for point in points] == [0.2, -0.1, 0.3]
    assert [point.get_marker() for point in points] == ["^", "v", "^"]
    heights = [float(point.get_ydata()[0]) for point in points]
    assert heights == sorted(heights)
    low, high = picture.axes[0].get_xlim()
    assert low < -0.2 < 0.4 < high


def test_verdicts_stand_as_sign_word_and_colour_and_the_best_has_a_star(picture):
    words = said(picture)
    assert words["▲ helps"].get_color() == plots.effect_sign("helps").ink
    assert words["▼ hurts"].get_color() == plots.effect_sign("hurts").ink
    assert words["★ parity + loop"].get_fontweight() == "bold"
    assert words["parity"].get_fontweight() == "normal"
    assert {"+0.200 [+0.150, +0.250]", "−0.100 [−0.200, +0.000]", "–", "accuracy", "verdict", "benefit (nats)"} <= set(
        words
    )


def test_the_band_is_what_makes_no_difference(picture):
    forest, weights, curve = picture.axes
    band = forest.patches[0].get_extents().transformed(forest.transData.inverted())
    np.testing.assert_allclose([band.x0, band.x1], [-0.01, 0.01])
    for axes in (weights, curve):
        band = axes.patches[0].get_extents().transformed(axes.transData.inverted())
        np.testing.assert_allclose([band.y0, band.y1], [-0.01, 0.01])


def test_weights_are_drawn_in_order_and_the_best_has_a_ring(picture):
    weights = picture.axes[1]
    (joined,) = [line for line in weights.lines if len(line.get_xdata()) == 3]
    np.testing.assert_allclose(joined.get_xydata(), [[0.1, 0.05], [1.0, 0.3], [10.0, 0.1]])
    (ring,) = [line for line in weights.lines if line.get_fillstyle() == "none"]
    np.testing.assert_allclose(ring.get_xydata(), [[1.0, 0.3]])
    assert weights.get_xscale() == "log"
    assert [label.get_text() for label in weights.get_xticklabels()] == ["0.1", "1", "10"]


def test_the_curve_is_dashed_and_hollow_where_it_was_not_measured(picture):
    curve = picture.axes[2]
    parts = {tuple(line.get_xdata()): line for line in curve.lines}
    assert parts[50, 100].get_linestyle() == "-"
    assert parts[100, 200].get_linestyle() == "--"
    assert parts[(200,)].get_markerfacecolor() == "white"
    assert parts[(100,)].get_markerfacecolor() != "white"
    assert (400,) not in parts  # no number, no point
    assert "yours: 100 of 110" in said(picture)
    assert [line.get_xdata() for line in curve.lines if line.get_linestyle() == ":"] == [[100, 100]]


def test_names_are_no_formulas(picture):
    name = said(picture)["costs $5 or $6"]
    assert not name.get_parse_math()


@pytest.mark.parametrize(
    "advice",
    [
        problems.advice(1),
        problems.advice(3),
        problems.advice(12),
        problems.unknown_advice(),
        problems.advice(2, main="x" * 400),
    ],
    ids=["1", "3", "12", "unknown", "long name"],
)
def test_nothing_is_cut_off_and_no_words_lie_on_others(advice):
    figure = advice.plot()
    figure.draw_without_rendering()
    boxes = {
        text.get_text(): text.get_window_extent() for text in texts(figure) if text.get_text() and text.get_visible()
    }
    labels = [label for axes in figure.axes if axes.axison for label in (axes.xaxis.label, axes.yaxis.label)]
    boxes |= {f"axis {place}": label.get_window_extent() for place, label in enumerate(labels) if label.get_text()}
    for words, box in boxes.items():
        assert min(box.x0, box.y0) >= 0, words
        assert box.x1 <= figure.bbox.x1, words
        assert box.y1 <= figure.bbox.y1, words
    listed = list(boxes.items())
    for place, (words, box) in enumerate(listed):
        assert not [other for other, there in listed[:place] if box.overlaps(there)], words


def test_without_curves_the_page_ends_below_the_forest():
    figure = advice_figure(BLOCKS, ("accuracy", "r"), None, negligible=0.01, title="title", note="note")
    assert len(figure.axes) == 1
    nothing = CURVES._replace(by_labels=[])
    figure = advice_figure(BLOCKS, ("accuracy", "r"), nothing, negligible=0.01, title="title", note="note")
    assert "not measured" in said(figure)


@pytest.mark.parametrize("kind", ["png", "pdf"])
def test_the_bytes_are_the_same_each_time(kind):
    first, second = (plots.render(problems.advice(2).plot(), kind) for _ in range(2))
    assert first == second

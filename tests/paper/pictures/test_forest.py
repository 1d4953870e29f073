import math

import numpy as np
import pytest

from sharedtrunk import plots
from sharedtrunk.paper import pictures

STYLES = {"oracle": {"marker": "o", "color": "black"}, "closure": {"marker": "D", "color": "purple"}}
GROWS = pictures.Statement(
    "related tasks (r = 1): high-SNR aux minus low-SNR aux, at each relatedness and number of samples, mean over s_main",
    (0.0, math.inf),
    [
        pictures.Number("oracle", 0.2, 0.17, 0.23, "holds", "N = 1600, s_aux = 100"),
        pictures.Number("closure", 0.1, -0.02, 0.22, "undecided"),
    ],
)
NOTHING = pictures.Statement(
    "no benefit", (-0.01, 0.01), [pictures.Number("oracle", -0.3, -0.35, -0.25, "fails", "N = 9")]
)
UNKNOWN = pictures.Statement(
    "no number", (0.0, math.inf), [pictures.Number("oracle", *[math.nan] * 3, "not measured", "needs r = 1")]
)
BLOCKS = {"(a)  first row": [GROWS], "(b)  second row": [NOTHING, UNKNOWN]}


@pytest.fixture(scope="module")
def picture():
    return pictures.forest_figure(BLOCKS, STYLES, title="title", x_label="benefit (nats)", note="one line\nand another")


def texts(figure):
    return [*figure.texts, *(text for axes in figure.axes for text in axes.texts)]


def test_each_number_stands_at_its_place_with_its_interval(picture):
    intervals = [[line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 2][1:] for axes in picture.axes]
    points = [[line for line in axes.lines if len(line.get_xdata()) == 1] for axes in picture.axes]
    np.testing.assert_allclose(intervals[0], [[0.17, 0.23], [-0.02, 0.22]])
    np.testing.assert_allclose(intervals[1], [[-0.35, -0.25]])
    assert [[float(point.get_xdata()[0]) for point in block] for block in points] == [[0.2, 0.1], [-0.3]]
    assert [point.get_marker() for point in points[0]] == ["o", "D"]


def test_the_shade_is_the_claimed_region_within_the_axes(picture):
    first, second = picture.axes
    (open_ended,) = first.patches
    assert (open_ended.get_x(), open_ended.get_x() + open_ended.get_width()) == (0.0, first.get_xlim()[1])
    around_zero = second.patches[0]
    assert (around_zero.get_x(), around_zero.get_width()) == (-0.01, 0.02)
    # it covers the lines of its statement and no other's
    assert (open_ended.get_y(), open_ended.get_height()) == (0.0, 2)
    assert second.patches[1].get_y() >= around_zero.get_y() + around_zero.get_height()


def test_numbers_and_verdicts_stand_in_words(picture):
    said = {text.get_text(): text for text in texts(picture)}
    assert {"+0.2000 [+0.1700, +0.2300]", "−0.3000 [−0.3500, −0.2500]", "N = 1600, s_aux = 100", "needs r = 1"} <= set(
        said
    )
    for words, verdict in {"✓ holds": "holds", "✗ fails": "fails", "? undecided": "undecided"}.items():
        assert said[words].get_color() == plots.verdict_sign(verdict).ink
    assert said["– not measured"].get_position()[1] == said["needs r = 1"].get_position()[1]


def test_nothing_is_cut_off_and_no_line_of_words_lies_on_another(picture):
    picture.canvas.draw()
    boxes = [text.get_window_extent() for text in texts(picture) if text.get_text()]
    for box in boxes:
        assert min(box.x0, box.y0) >= 0
        assert box.x1 <= picture.bbox.x1
        assert box.y1 <= picture.bbox.y1
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:place])


def test_a_long_note_stays_inside_the_picture_and_below_the_axis():
    note = "a note of many words that says what the numbers are means of, " * 12
    figure = pictures.forest_figure(BLOCKS, STYLES, title="title", x_label="benefit (nats)", note=note)
    figure.draw_without_rendering()
    foot, label = figure.texts[-1].get_window_extent(), figure.axes[-1].xaxis.label.get_window_extent()
    assert 0 <= foot.x0 < foot.x1 <= figure.bbox.x1
    assert 0 <= foot.y0 < foot.y1 <= label.y0


def test_a_narrow_interval_has_a_width():
    narrow = pictures.Statement("tiny", (-1.0, 1.0), [pictures.Number("oracle", -2e-5, -3e-5, -1e-5, "holds")])
    figure = pictures.forest_figure({"(a)": [narrow]}, STYLES, title="title", x_label="x", note="note")
    assert "−0.000020 [−0.000030, −0.000010]" in [text.get_text() for text in texts(figure)]

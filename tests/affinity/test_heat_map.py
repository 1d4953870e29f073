import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

import affinity_problems as problems
from sharedtrunk._support.statistics import Estimate
from sharedtrunk.affinity._advice_page import advice_figure
from sharedtrunk.affinity._effects_forest import Bar
from sharedtrunk.affinity._heat_map import affinity_figure
from sharedtrunk.affinity._records import Effect
from sharedtrunk.errors import InputError


def paired(mean, error, verdict):
    nothing = Estimate(*[np.nan] * 4, 0, 0)
    return Effect(("b",), 1.0, Estimate(mean, error, mean - error, mean + error, 9, 0), nothing, 1.0, 1.0, verdict)


EFFECTS = {("a", "b"): paired(0.4, 0.02, "helps"), ("b", "a"): paired(-0.1, 0.03, "hurts")}
EFFECTS |= {
    ("a", "c"): paired(np.nan, np.nan, "cannot tell yet"),
    ("c", "a"): paired(0.0, 0.01, "no difference"),
}


def cells(figure):
    """Lower left corner → colour of the patch there."""
    return {patch.get_xy(): to_hex(patch.get_facecolor()) for patch in figure.axes[0].patches if patch.get_fill()}


def test_rows_are_main_tasks_and_columns_auxiliaries():
    figure = affinity_figure(EFFECTS, ("a", "b", "c"), (), title="title", note="note")
    placed = {text.get_text(): text.get_position() for text in figure.axes[0].texts if text.get_text()}
    assert placed["▲ +0.400\n± 0.020"] == (1.5, 0.5)
    assert placed["▼ −0.100\n± 0.030"] == (0.5, 1.5)
    assert placed["?\nno number"] == (2.5, 0.5)
    assert placed["= +0.000\n± 0.010"] == (0.5, 2.5)
    ground = cells(figure)
    assert len({ground[0, 0], ground[1, 1], ground[1, 2], ground[2, 0]}) == 1  # nothing there


def test_white_is_no_effect_and_the_scale_is_symmetric():
    figure = affinity_figure(EFFECTS, ("a", "b", "c"), (), title="title", note="note")
    red, green, blue = to_rgb(cells(figure)[0, 2])
    assert min(red, green, blue) > 0.95
    assert to_rgb(cells(figure)[1, 0])[2] > to_rgb(cells(figure)[1, 0])[0]  # helps: blue
    assert to_rgb(cells(figure)[0, 1])[0] > to_rgb(cells(figure)[0, 1])[2]  # hurts: red
    low, high = figure.axes[1].get_ylim()
    np.testing.assert_allclose((low, high), (-0.44, 0.44))  # 0.4 + 2 · 0.02


def test_effects_lost_in_their_errors_stay_pale():
    lost = {("a", "b"): paired(0.01, 0.1, "cannot tell yet"), ("b", "a"): paired(-0.01, np.nan, "hurts")}
    figure = affinity_figure(lost, ("a", "b"), (), title="title", note="note")
    assert min(to_rgb(cells(figure)[1, 0])) > 0.9


def test_a_cell_without_a_verdict_is_half_as_far_from_white():
    told, open_ = (
        affinity_figure({("a", "b"): paired(0.3, 0.1, verdict)}, ("a", "b"), (), title="t", note="n")
        for verdict in ("helps", "cannot tell yet")
    )
    far, near = (1 - np.array(to_rgb(cells(figure)[1, 0])) for figure in (told, open_))
    assert far.max() > 0.4
    np.testing.assert_allclose(near, far / 2, atol=1 / 255)


def test_what_rounds_to_nothing_has_no_minus():
    effects = {("a", "b"): paired(-0.0004, 0.01, "no difference")}
    figure = affinity_figure(effects, ("a", "b"), (), title="t", note="n")
    assert "= +0.000\n± 0.010" in [text.get_text() for text in figure.axes[0].texts]
    bar = Bar("a", -0.0004, -0.0003, 0.2, "no difference")
    assert "−0.000" not in "".join(
        text.get_text()
        for text in advice_figure({"One": [bar]}, (), None, negligible=0.01, title="t", note="n").axes[0].texts
    )


def test_tasks_of_a_group_stand_together_in_a_frame():
    figure = affinity_figure(EFFECTS, ("a", "b", "c"), (("b",), ("c", "a")), title="title", note="note")
    frames = [patch for patch in figure.axes[0].patches if not patch.get_fill()]
    assert [(frame.get_xy(), frame.get_width(), frame.get_height()) for frame in frames] == [((1, 1), 2, 2)]
    rows = [text.get_text() for text in figure.axes[0].texts if text.get_position()[0] == -0.08]
    assert rows[:3] == ["b", "c", "a"]


def test_a_strange_task_is_refused():
    with pytest.raises(InputError, match="effects are between the tasks of the matrix; got c"):
        affinity_figure(EFFECTS, ("a", "b"), (), title="title", note="note")


@pytest.mark.parametrize("tasks", [2, 4, 12])
def test_nothing_of_the_heat_map_is_cut_off(tasks):
    figure = problems.matrix(tasks).plot()
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in [*figure.texts, *figure.axes[0].texts] if text.get_text()]
    for box in boxes:
        assert min(box.x0, box.y0) >= 0
        assert box.x1 <= figure.bbox.x1
        assert box.y1 <= figure.bbox.y1
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:place])

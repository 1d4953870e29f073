import pytest
from matplotlib.colors import to_hex

from sharedtrunk import plots
from sharedtrunk.errors import InputError
from sharedtrunk.paper import pictures

COLUMNS = ["standard", "start: aligned (TA)", "holds under every choice"]
LONG = "benefit grows with relatedness: slope on r (N = 800, s_aux = 10, mean over s_main ≥ 1)"
GROUPS = {
    "left": {
        LONG: [
            pictures.Cell("holds", "+0.300\n± 0.010"),
            pictures.Cell("fails", "−0.2", True),
            pictures.Cell("fails", "fails"),
        ]
    },
    "right": {
        "it declines": [
            pictures.Cell("undecided", "?"),
            pictures.Cell("not measured", ""),
            pictures.Cell("holds", "yes"),
        ]
    },
}


def picture(groups=GROUPS, columns=COLUMNS, note="note " * 60):
    return pictures.matrix_figure(groups, columns, summing=1, title="a title of several words " * 3, note=note)


def test_every_cell_shows_its_verdict_and_a_mark_where_it_is_marked():
    (axes,) = picture().axes
    cells = [cell for rows in GROUPS.values() for row in rows.values() for cell in row]
    grounds = [to_hex(patch.get_facecolor()) for patch in axes.patches]
    assert grounds == [plots.verdict_sign(cell.verdict).ground for cell in cells]
    framed = [patch.get_linewidth() > 1.5 and to_hex(patch.get_edgecolor()) == "#000000" for patch in axes.patches]
    assert framed == [cell.marked for cell in cells]
    written = [text.get_text() for text in axes.texts]
    signs = [text for text in written if text in "✓✗?–" and text]
    assert signs.count("✓") == 2
    assert signs.count("✗") == 2
    assert {"left", "right", "+0.300\n± 0.010"} <= set(written)


def test_summing_columns_stand_apart_and_rows_go_down():
    (axes,) = picture().axes
    first, second, last = (patch.get_x() for patch in axes.patches[:3])
    assert second - first == pytest.approx(1.0)
    assert last - second > 1.1
    assert axes.patches[3].get_y() > axes.patches[0].get_y() + 1
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_nothing_is_cut_off_and_cells_hold_their_texts():
    figure = picture()
    figure.canvas.draw()
    (axes,) = figure.axes
    boxes = [text.get_window_extent() for text in (*figure.texts, *axes.texts) if text.get_text()]
    assert min(min(box.x0, box.y0) for box in boxes) >= 0
    assert max(box.x1 for box in boxes) <= figure.bbox.x1
    assert max(box.y1 for box in boxes) <= figure.bbox.y1
    for place, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:place])


def test_a_row_has_a_cell_for_every_column():
    with pytest.raises(InputError, match="a cell for every column; got 3 cells and 2 columns: benefit grows"):
        picture(columns=COLUMNS[:2])

"""Equal accuracy: the steps that descent needs, and what they cost for a whole figure."""

import numpy as np
import pytest
from benchmarks.speed import equal_accuracy, goals, paths, report, whole_figure
from benchmarks.speed.equal_accuracy import BOTH, CURVE, ORACLE
from benchmarks.speed.problem import Case

from sharedtrunk import benefit, experiments, students


def test_weights_interpolate_linearly_over_the_grid():
    values = np.arange(7.0)  # a function linear in the grid index, sampled at every other point
    weights = whole_figure.chunk_weights(whole_figure.SINGULAR_VALUES)
    assert weights @ values[::2] == pytest.approx(values.mean())
    sampled = np.add.outer(values[::2], 10 * np.arange(5.0)[::2]).ravel()
    whole = np.add.outer(values, 10 * np.arange(5.0)).mean()
    assert whole_figure.lane_weights() @ sampled == pytest.approx(whole)


def test_the_whole_is_the_sum_over_sample_counts():
    rows = [
        {"samples": n, "ours_seconds_a_lane": 0.01 * n, "seconds_a_lane": {"module": {CURVE: 2.0 * n}}} for n in (1, 2)
    ]
    found = whole_figure.whole(rows, None)
    lanes = 1225 + 35
    assert found["peers_extrapolated_seconds"]["module"][CURVE] == pytest.approx(lanes * 6.0 / found["cores"])
    assert found["ratio"]["module"][CURVE] == pytest.approx(200)
    measured = whole_figure.whole(rows, 2 * found["ours_seconds"])
    assert measured["ratio"]["module"][CURVE] == pytest.approx(100)
    assert measured["ours_measured"]
    assert not found["ours_measured"]


def test_saved_times_are_multiples_of_the_spacing():
    times = equal_accuracy.saved_times()
    assert (np.diff(times) >= equal_accuracy.SPACING).all()
    assert (times % equal_accuracy.SPACING == 0).all()
    assert set(equal_accuracy.LEG_ENDS) <= set(times)
    assert times[0] == 0


def test_an_end_brackets_both_minima():
    times = np.arange(0.0, 41.0)
    generalization, validation = (times - 4.0) ** 2, (times - 10.0) ** 2
    curves = np.stack([generalization, validation])[:, None]
    end = int(equal_accuracy._ends(times, curves)[0])
    assert times[end] > 10.0  # the later minimum
    assert benefit.bracketed(times[: end + 1], validation[: end + 1])
    assert not benefit.bracketed(times[:end], validation[:end])
    assert equal_accuracy._ends(times[:11], curves[:, :, :11]) == [-1]


def test_errors_count_within_reach_only():
    curve = np.zeros((2, 4))
    reaches = {CURVE: np.asarray([3, 3]), ORACLE: np.asarray([1, 0])}
    known = equal_accuracy._Known(np.arange(4.0), curve, reaches)
    seen = np.asarray([[0.0, 0.1, -0.2, 0.1], [0.0, 0.3, np.nan, 0.0]])
    np.testing.assert_allclose(known.errors(seen)[CURVE], [0.2, np.inf])
    np.testing.assert_allclose(known.errors(seen)[ORACLE], [0.1, 0.0])


@pytest.mark.slow
def test_the_largest_step_is_the_largest():
    settings = experiments.StandardSettings(tasks=2, classes=3, rank=3, features=8, hidden=8)
    lanes = [
        {"seed": 0, "n_samples": 50, "s_main": 3.0, "s_aux": s, "relatedness": 0.5} for s in (0.3, 3.0, 30.0, 100.0)
    ]
    need = equal_accuracy.needs(settings, lanes)
    draw = equal_accuracy._double(experiments.draw_lanes(settings, lanes))
    times, curves, end = equal_accuracy._reference(settings, draw)
    known = equal_accuracy._Known(times, curves[0], {CURVE: end})
    step = need.largest_step[CURVE].min()
    divisor = int(np.ceil(equal_accuracy.SPACING / step))
    worst = [
        known.errors(
            equal_accuracy._curve(settings, draw, times, students.Descent(step=equal_accuracy.SPACING / parts))
        )[CURVE].max()
        for parts in (divisor, max(1, divisor // 2))
    ]
    assert worst[0] <= 1.02 * equal_accuracy.ACCURACY < worst[1]
    assert (need.steps(CURVE) <= need.steps_alike(CURVE)).all()
    assert (need.steps(ORACLE) <= need.steps(BOTH)).all()
    assert (need.steps(BOTH) <= need.steps(CURVE)).all()


def test_tables_put_the_goal_beside_the_measurement():
    assert goals.equal_steps(Case(400), paths.COMPILED) == 4
    assert goals.equal_steps(Case(400, "relu", 3, "float64"), paths.COMPILED) == 1
    assert goals.equal_steps(Case(400), paths.MODULE) is None
    assert goals.share_of_peak(Case(100)) is None
    row = {
        "case": Case(400, "relu", 3).name, "samples": 400, "network": "ReLU, 3 layers", "precision": "float32",
        "student_steps_per_second": {paths.OURS: 1234.0, paths.COMPILED: 500.0},
        "ratio_of_ours": {paths.COMPILED: [2.47, 2.4, 2.5]},
        "useful_gflops": {paths.OURS: 50.0}, "peak_gflops": 100.0, "share_of_peak": {paths.OURS: 0.5},
    }  # fmt: skip
    assert report._case(row) == Case(400, "relu", 3)
    text = report._one_core({"rows": [row]})
    assert "| ReLU, 3 layers | 400 | float32 | 1,234 | 2.5 (wanted 1.0) | 50 of 100 | 50% |" in text

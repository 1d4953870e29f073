"""Pictures of advice and of an affinity matrix, made from their records."""

import os
import warnings
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from sharedtrunk import plots
from sharedtrunk._support.files import write_atomically
from sharedtrunk._support.statistics import Estimate
from sharedtrunk.affinity import _wording as wording
from sharedtrunk.affinity._advice_page import Curves, advice_figure
from sharedtrunk.affinity._benefit_curves import OwnCount, Point
from sharedtrunk.affinity._effects_forest import Bar
from sharedtrunk.affinity._heat_map import affinity_figure
from sharedtrunk.affinity._records import AdviceRecord, AuxiliaryAdvice, Effect, MatrixRecord

COLUMNS = ("accuracy (points)", "relatedness r", "SNR", "theory expects")
_MATRIX_NOTE = (
    "Cells: benefit to the row's task ± standard error ({unit}). ▲ helps, ▼ hurts, = no difference, ? cannot tell yet "
    "(paler). Verdicts are corrected for the number of effects tried."
)
_MOST_NAMES = 3
"""A set of at most this many auxiliary tasks is named after all of them. A larger set usually consists of the tasks of the
first bars above its own, and is then called "the first n above"."""


def advice_picture(advice: AdviceRecord) -> Figure:
    """Draw advice on one page: effects of tasks and of sets, benefit by weight α and by number of main labels."""
    blocks = {"One auxiliary task beside it": [_single(each, advice) for each in advice.auxiliaries]}
    several = [_set(effect, advice) for effect in advice.sets if len(effect.auxiliaries) > 1]
    if several:
        blocks["Several beside it"] = several
    return advice_figure(
        blocks,
        COLUMNS,
        _curves(advice) if advice.alphas else None,
        negligible=advice.conditions.negligible,
        title=wording.title(advice),
        note=_note(advice),
        unit=wording.unit(advice.conditions),
    )


def _curves(advice: AdviceRecord) -> Curves:
    conditions, name = advice.conditions, wording.set_name(wording.studied_set(advice))
    return Curves(
        by_weight=[_point(effect.alpha, effect.benefit) for effect in advice.alphas],
        best_weight=advice.best_alpha,
        by_labels=[_point(float(point.labels), point.benefit, point.measured) for point in advice.curve],
        own=OwnCount(float(conditions.labels), f"yours: {conditions.labels:,}"),
        headings=(f"Which weight? {name}", f"More or fewer main labels? {advice.main} beside {name}"),
    )


def matrix_picture(matrix: MatrixRecord) -> Figure:
    """Draw the heat map of a directed matrix, with the suggested groups in frames."""
    measured = wording.measured_on(wording.matrix_conditions(matrix))
    title, unit = wording.matrix_title(matrix), wording.matrix_unit(matrix)
    note = f"{_MATRIX_NOTE.format(unit=unit)}\nGroups: {wording.grouping(matrix)}\n{measured}"
    return affinity_figure(matrix.effects, matrix.tasks, matrix.groups, title=title, note=note, unit=unit)


def write_picture(path: str | os.PathLike[str], made: AdviceRecord | MatrixRecord) -> None:
    """Draw advice or a matrix into a PNG or PDF file, whole or not at all.

    Parameters
    ----------
    path
        The file. Its suffix decides the kind.
    made
        The advice or the matrix.

    Raises
    ------
    InputError
        For another suffix, and where the file cannot be written.
    """
    write_atomically(Path(path), picture_bytes(made, Path(path).suffix.lower().lstrip(".")))


def picture_bytes(made: AdviceRecord | MatrixRecord, kind: str) -> bytes:
    """The picture of advice or of a matrix as a file of that kind, "png" or "pdf"."""
    figure = advice_picture(made) if isinstance(made, AdviceRecord) else matrix_picture(made)
    with warnings.catch_warnings():
        # A letter of a task's name that the font lacks becomes a box, and users cannot act on the warning.
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        return plots.render(figure, kind)


def _single(each: AuxiliaryAdvice, advice: AdviceRecord) -> Bar:
    why = each.explanation
    words = [_points(each.effect.accuracy)]
    if why is not None:
        sign = plots.effect_sign(why.predicted_verdict).mark
        words += [
            wording.with_error(why.relatedness, why.relatedness_error, "z.2f"),
            wording.number(why.snr_auxiliary, "z.1f"),
            f"{sign} {why.predicted_verdict}",
        ]
    return _bar(each.name, each.effect, advice, words)


def _set(effect: Effect, advice: AdviceRecord) -> Bar:
    ranked = tuple(each.name for each in advice.auxiliaries)
    size = len(effect.auxiliaries)
    leading = size > _MOST_NAMES and set(effect.auxiliaries) == set(ranked[:size])
    name = f"the first {size} above" if leading else wording.set_name(effect.auxiliaries)
    return _bar(name, effect, advice, [_points(effect.accuracy)])


def _bar(name: str, effect: Effect, advice: AdviceRecord, words: list[str]) -> Bar:
    best = advice.best_set is not None and effect.auxiliaries == advice.best_set.auxiliaries
    found = effect.benefit
    return Bar(name, found.mean, found.low, found.high, effect.verdict, words, best)


def _point(at: float, found: Estimate, measured: bool = True) -> Point:
    return Point(at, found.mean, found.low, found.high, measured)


def _points(found: Estimate) -> str:
    """Accuracy points with their interval, on one line."""
    return plots.with_interval(found.mean, found.low, found.high, 1)


def _note(advice: AdviceRecord) -> str:
    best = ""
    if any(effect.outlook is not None for effect in advice.sets):
        best = (
            "★ recommended: the highest expected benefit. "
            if advice.best_set is not None
            else "Recommended: train alone. "
        )
    elif advice.best_set is not None:
        best = '★ recommended: the smallest set that has the verdict "helps" and is within one standard error of the best. '
    elif advice.alphas:
        best = 'No set has the verdict "helps" (verdicts are corrected for the number of sets tried). '
    line = f"{advice.conditions.negligible:.2g} {wording.unit(advice.conditions)}"
    band = f"Grey band: effects within ± {line} make no difference."
    signal = next((each.explanation.snr_main for each in advice.auxiliaries if each.explanation), np.nan)
    own = f" The SNR of {advice.main} is {signal:.1f}." if np.isfinite(signal) else ""
    extended = " Dashed: extrapolated along ln N." if advice.curve else ""
    return f"{best}{band}{own}{extended}\n{wording.measured_on(advice.conditions)}"

"""Pictures of an advice and of a matrix: what `plots` draws, translated from the records."""

import os
import warnings
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from sharedtrunk import plots
from sharedtrunk._support.files import write_atomically
from sharedtrunk._support.statistics import Estimate
from sharedtrunk.affinity import _wording as wording
from sharedtrunk.affinity._records import AdviceRecord, AuxiliaryAdvice, Effect, MatrixRecord

COLUMNS = ("accuracy (points)", "relatedness r", "SNR", "theory expects")
_MATRIX_NOTE = (
    "Cells: benefit to the row's task ± standard error (nats); ▲ helps, ▼ hurts, = no difference, ? cannot tell yet, "
    "paler (corrected for all that were tried)."
)
_NAMED = 3
"""Auxiliaries whose names a set is told by; the leading ones of a larger set stand above it anyway."""


def advice_picture(advice: AdviceRecord) -> Figure:
    """One page: effects of auxiliary tasks and of sets of them, benefit by weight α and by number of main labels."""
    blocks = {"One auxiliary task beside it": [_single(each, advice) for each in advice.auxiliaries]}
    several = [_set(effect, advice) for effect in advice.sets if len(effect.auxiliaries) > 1]
    if several:
        blocks["Several beside it"] = several
    return plots.advice_figure(
        blocks,
        COLUMNS,
        _curves(advice) if advice.alphas else None,
        negligible=advice.conditions.negligible,
        title=wording.title(advice),
        note=_note(advice),
    )


def _curves(advice: AdviceRecord) -> plots.Curves:
    at, name = advice.conditions, wording.set_name(wording.studied_set(advice))
    return plots.Curves(
        weights=[_point(effect.alpha, effect.benefit) for effect in advice.alphas],
        best_weight=advice.best_alpha,
        by_labels=[_point(float(point.labels), point.benefit, point.measured) for point in advice.curve],
        here=plots.Here(float(at.labels), f"yours: {at.labels:,}"),
        headings=(f"Which weight? {name}", f"More or fewer main labels? {advice.main} beside {name}"),
    )


def matrix_picture(matrix: MatrixRecord) -> Figure:
    """The heat map of the directed matrix, suggested groups framed."""
    effects = {
        pair: plots.Paired(effect.benefit.mean, effect.benefit.standard_error, effect.verdict)
        for pair, effect in matrix.effects.items()
    }
    measured = wording.measured_on(wording.matrix_conditions(matrix))
    note = f"{_MATRIX_NOTE}\nGroups: {wording.grouping(matrix)}\n{measured}"
    return plots.affinity_figure(effects, matrix.tasks, matrix.groups, title=wording.matrix_title(matrix), note=note)


def write_picture(path: str | os.PathLike[str], made: AdviceRecord | MatrixRecord) -> None:
    """Draw into a PNG or PDF file, by its suffix, whole or not at all. Raises `InputError`."""
    figure = advice_picture(made) if isinstance(made, AdviceRecord) else matrix_picture(made)
    with warnings.catch_warnings():
        # A letter that the font lacks, in a user's name, becomes a box; nobody can act on the warning.
        warnings.filterwarnings("ignore", message="Glyph .* missing", category=UserWarning)
        content = plots.render(figure, Path(path).suffix.lower().lstrip("."))
    write_atomically(Path(path), content)


def _single(each: AuxiliaryAdvice, advice: AdviceRecord) -> plots.Bar:
    why = each.explanation
    words = [_flat(each.effect.accuracy)]
    if why is not None:
        sign = plots.effect_sign(why.predicted_verdict).mark
        words += [
            wording.with_error(why.relatedness, why.relatedness_error, "z.2f"),
            wording.number(why.snr_auxiliary, "z.1f"),
            f"{sign} {why.predicted_verdict}",
        ]
    return _bar(each.name, each.effect, advice, words)


def _set(effect: Effect, advice: AdviceRecord) -> plots.Bar:
    ranked = tuple(each.name for each in advice.auxiliaries)
    size = len(effect.auxiliaries)
    leading = size > _NAMED and set(effect.auxiliaries) == set(ranked[:size])
    name = f"the first {size} above" if leading else wording.set_name(effect.auxiliaries)
    return _bar(name, effect, advice, [_flat(effect.accuracy)])


def _bar(name: str, effect: Effect, advice: AdviceRecord, words: list[str]) -> plots.Bar:
    best = advice.best_set is not None and effect.auxiliaries == advice.best_set.auxiliaries
    found = effect.benefit
    return plots.Bar(name, found.mean, found.low, found.high, effect.verdict, words, best)


def _point(at: float, found: Estimate, measured: bool = True) -> plots.Point:
    return plots.Point(at, found.mean, found.low, found.high, measured)


def _flat(found: Estimate) -> str:
    return " ".join(wording.interval(found, 1).split("\n")).replace("-", "−")


def _note(advice: AdviceRecord) -> str:
    best = ""
    if advice.best_set is not None:
        best = "★ the set to take: the smallest that surely helps within one standard error of the best. "
    elif advice.alphas:
        best = "No set surely helps (corrected for the number tried). "
    band = f"Grey: ± {advice.conditions.negligible:g} nats, no difference."
    signal = next((each.explanation.snr_main for each in advice.auxiliaries if each.explanation), np.nan)
    own = f" SNR of {advice.main}: {signal:.1f}." if np.isfinite(signal) else ""
    extended = " Dashed: if the trend goes on along ln N." if advice.curve else ""
    return f"{best}{band}{own}{extended}\n{wording.measured_on(advice.conditions)}"

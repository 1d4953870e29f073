"""The targets, which the report puts beside what was measured."""

from collections.abc import Mapping

from . import paths
from .problem import Case

SHARE_OF_PEAK = 0.7
"""Target share of the peak, for linear lanes in single precision from N = 400 on."""

SCALING = 3.5
"""Target speed-up of four processes over one."""

EQUAL_STEPS: Mapping[int, float] = {100: 2.5, 400: 4.0, 1600: 4.5}
"""Target speed over compiled vmapped PyTorch at equal step counts, by N, for linear lanes in single precision."""

EQUAL_ACCURACY: Mapping[int, float] = {100: 50.0, 400: 100.0, 1600: 150.0}
"""The same for whole figures at equal accuracy, by N."""

MODULE_AT_EQUAL_ACCURACY = 300.0
"""Target speed over the PyTorch module in a loop, for the whole of Figure A1 at equal accuracy."""


def share_of_peak(case: Case) -> float | None:
    """The target share of the peak for this case; None where there is no target."""
    has_target = case.activation == "linear" and case.precision == "float32" and case.samples >= 400
    return SHARE_OF_PEAK if has_target else None


def equal_steps(case: Case, path: str) -> float | None:
    """The target ratio to a path for this case; None where there is no target."""
    if path != paths.COMPILED:
        return None
    if case.activation == "relu":
        return 1.0  # ReLU lanes only have to be ahead
    return EQUAL_STEPS.get(case.samples) if case.precision == "float32" else None

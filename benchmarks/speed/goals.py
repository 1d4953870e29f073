"""What was wished for, beside which the report puts what was measured."""

from collections.abc import Mapping

from . import paths
from .problem import Case

SHARE_OF_PEAK = 0.7
"""Of linear lanes in single precision from N = 400 on."""

SCALING = 3.5
"""Of four processes over one."""

EQUAL_STEPS: Mapping[int, float] = {100: 2.5, 400: 4.0, 1600: 4.5}
"""Times compiled vmapped PyTorch at equal step counts, by N, for linear lanes in single precision; ReLU lanes: ahead."""

EQUAL_ACCURACY: Mapping[int, float] = {100: 50.0, 400: 100.0, 1600: 150.0}
"""The same for whole figures at equal accuracy, by N."""

MODULE_AT_EQUAL_ACCURACY = 300.0


def share_of_peak(case: Case) -> float | None:
    """The share wanted of this case; None where none was wished for."""
    single = case.activation == "linear" and case.precision == "float32"
    return SHARE_OF_PEAK if single and case.samples >= 400 else None


def equal_steps(case: Case, path: str) -> float | None:
    """The ratio to a path wanted of this case; None where none was wished for."""
    if path != paths.COMPILED:
        return None
    if case.activation == "relu":
        return 1.0
    return EQUAL_STEPS.get(case.samples) if case.precision == "float32" else None

"""What Figure 3, right, and Figure A4 compare: ReLU students with 1–4 hidden layers, and linear ones beside them.

Section 4.7. A student with a nonlinearity has no composite weights: its loss is sampled, on inputs that all lanes of a
seed share. One start serves all depths: N(0, 1/fan_in) in the trunk and 0.3 of that in the heads, so that the student
starts near chance and every depth learns. The linear student's usual start, 0.3·N(0, 1/fan_in) everywhere, leaves four
ReLU layers within 0.05 nats of chance; He's √2 in the trunk lets them learn half as much (`experiments.RELU_START_SCALE`).
Because the start alone changes benefits, a linear student with the ReLU students' start stands beside the usual one.
"""

from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.experiments.problems import RELU_RTOL, RELU_START_SCALE
from sharedtrunk.paper import contrasts
from sharedtrunk.paper.contrasts import NotMeasured
from sharedtrunk.paper.figures._checks import Claim

if TYPE_CHECKING:
    import xarray

DIM = "student"
POINTS = 800
LINEAR = "linear, 1 layer"
LINEAR_ALIKE = "linear, ReLU's start"
DEPTHS = (1, 2, 3, 4)


def name_of(depth: int) -> str:
    """The name of a ReLU student."""
    return f"ReLU, {depth} layer{'s' * (depth > 1)}"


RELU_START = list(RELU_START_SCALE)
RELU = {"activation": "relu", "start_scale": RELU_START, "rtol": RELU_RTOL}
STUDENTS = {LINEAR: {}, LINEAR_ALIKE: {"start_scale": RELU_START}}
STUDENTS |= {name_of(depth): {**RELU, "hidden_layers": depth} for depth in DEPTHS}
"""The students by name, each with the settings in which it differs from the standard one."""


def _shift_from(reference: str):
    """Benefit of every ReLU student minus that of the reference, mean over the grid."""

    def cases(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
        linear, others = _beside(benefit, reference)
        return {name: contrasts.per_seed(other - linear) for name, other in others.items()}

    return cases


def _shift_of_related_from(reference: str):
    """The same for fully related tasks with high-SNR auxiliary ones."""

    def cases(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
        linear, others = _beside(contrasts.by_aux_snr(contrasts.at(benefit, relatedness=1.0))["high"], reference)
        return {name: contrasts.per_seed(other - linear) for name, other in others.items()}

    return cases


def _beside(benefit: "xarray.DataArray", reference: str) -> "tuple[xarray.DataArray, dict[str, xarray.DataArray]]":
    """The reference student's benefit, and those of the ReLU students by name."""
    names = [str(name) for name in benefit[DIM].values]
    others = {name: benefit.sel({DIM: name}, drop=True) for name in names if name not in (LINEAR, LINEAR_ALIKE)}
    if reference not in names or not others:
        raise NotMeasured(f"needs the student {reference!r} and a ReLU one; this grid has {'; '.join(names)}")
    return benefit.sel({DIM: reference}, drop=True), others


_REFERENCES = {LINEAR: "the linear one", LINEAR_ALIKE: "the linear one with the same start"}

CLAIMS = tuple(
    claim
    for place, (reference, words) in enumerate(_REFERENCES.items())
    for claim in (
        Claim(
            f"nonlinear-shifts-downwards{'-from-same-start' * place}",
            f"benefit of every ReLU student minus that of {words}, mean over the grid",
            "negative",
            _shift_from(reference),
        ),
        Claim(
            f"nonlinear-gains-less-from-related{'-from-same-start' * place}",
            f"the same beside {words} for fully related tasks (r = 1) with high-SNR aux, mean over s_main",
            "negative",
            _shift_of_related_from(reference),
        ),
    )
)

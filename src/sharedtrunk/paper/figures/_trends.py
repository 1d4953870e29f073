"""The three trends that every caption of the appendix repeats, as claims over any cube of benefits.

The benefit grows with relatedness; it grows with the auxiliary task's SNR when the tasks are related, and falls with it
when they are not. Each is asked of the mean over all panels and, in a claim of its own, of every row.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from sharedtrunk.paper import contrasts
from sharedtrunk.paper.figures._checks import Claim, Says

if TYPE_CHECKING:
    import xarray

Contrast = Callable[["xarray.DataArray"], np.ndarray]

_PER_R = "nats per unit relatedness"


def trend_claims(rows: str, row_label: str, where: str = "all panels") -> tuple[Claim, ...]:
    """The claims for a cube with the axis `rows`: over the mean of `where`, and in each row."""
    trends: tuple[tuple[str, str, Says, Contrast, str], ...] = (
        (
            "grows-with-relatedness",
            "benefit of high-SNR auxiliary tasks grows with relatedness: slope on r",
            "positive",
            _slope,
            _PER_R,
        ),
        (
            "related-grows-with-aux-snr",
            "related tasks (r = 1): high-SNR aux minus low-SNR aux",
            "positive",
            _signal_at(1.0),
            "nats",
        ),
        (
            "unrelated-falls-with-aux-snr",
            "unrelated tasks (r = 0): high-SNR aux minus low-SNR aux",
            "negative",
            _signal_at(0.0),
            "nats",
        ),
    )
    claims = []
    for key, statement, says, contrast, unit in trends:
        claims.append(Claim(key, f"{statement} (mean over {where})", says, _overall(contrast), unit))
        claims.append(
            Claim(f"{key}-in-each-row", f"{statement} (each row)", says, _each(contrast, rows, row_label), unit)
        )
    return tuple(claims)


def label_of(row_label: str, value: object) -> str:
    """A row in words: a name stands for itself."""
    return value if isinstance(value, str) else f"{row_label} = {value:g}"


def _overall(contrast: Contrast):
    return lambda benefit: {"": contrast(benefit)}


def _each(contrast: Contrast, rows: str, row_label: str):
    def cases(benefit: "xarray.DataArray") -> dict[str, np.ndarray]:
        return {
            label_of(row_label, value): contrast(benefit.sel({rows: value})) for value in benefit[rows].values.tolist()
        }

    return cases


def _slope(benefit: "xarray.DataArray") -> np.ndarray:
    return contrasts.slope(contrasts.by_aux_snr(benefit)["high"])


def _signal_at(relatedness: float) -> Contrast:
    return lambda benefit: contrasts.signal(benefit, relatedness)

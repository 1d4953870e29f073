"""Numbers as text, as in 0.0220 ± 0.0017 and −0.030 … −0.021."""

import math

from sharedtrunk.paper.figures import Check
from sharedtrunk.plots import decimals


def plus_minus(check: Check, *, unit: bool = False) -> str:
    """Return the number of a check with its standard error, and with its unit if `unit` is true."""
    if math.isnan(check.number):
        return "–"
    named = f" {check.unit}" if unit and check.unit != "1" else ""
    if math.isnan(check.standard_error) or not check.standard_error:
        return _written(check.number, None, check.unit) + named
    digits = decimals(check.standard_error)
    return f"{_written(check.number, digits, check.unit)} ± {check.standard_error:.{digits}f}{named}"


def interval(check: Check) -> str:
    """Return the interval of a check, or a dash if it has none (a count)."""
    if math.isnan(check.low) or math.isnan(check.high) or check.low == check.high:
        return "–"
    digits = decimals(check.standard_error)
    return " … ".join(_written(value, digits, check.unit) for value in (check.low, check.high))


def mean_error(mean: float, error: float, unit: str = "") -> str:
    """Return a mean with its standard error."""
    digits = decimals(error)
    shown = f" ± {error:.{digits}f}" if math.isfinite(error) and error > 0 else ""
    return f"{_written(mean, digits, unit)}{shown} {unit}".strip()


def _written(number: float, digits: int | None, unit: str) -> str:
    """Return a number, with a sign where its unit is nats: positive benefits help and negative ones hurt."""
    sign = "+" if unit.startswith("nats") else ""
    text = format(number, f"{sign}.{digits}f") if digits is not None else format(number, f"{sign}.4g")
    return text.replace("-", "−")

"""Numbers in words, with the signs and spaces of print: 0.0220 ± 0.0017, −0.030 … −0.021."""

import math

from sharedtrunk.paper.figures import Check


def plus_minus(check: Check, *, unit: bool = False) -> str:
    """The number of a check with its standard error, and with its unit if asked."""
    if math.isnan(check.number):
        return "–"
    named = f" {check.unit}" if unit and check.unit != "1" else ""
    if math.isnan(check.standard_error) or not check.standard_error:
        return _written(check.number, None, check.unit) + named
    decimals = decimals_of(check.standard_error)
    return f"{_written(check.number, decimals, check.unit)} ± {check.standard_error:.{decimals}f}{named}"


def interval(check: Check) -> str:
    """The interval of a check; a dash where it has none or is a count, which has no width."""
    if math.isnan(check.low) or math.isnan(check.high) or check.low == check.high:
        return "–"
    decimals = decimals_of(check.standard_error)
    return " … ".join(_written(value, decimals, check.unit) for value in (check.low, check.high))


def decimals_of(error: float) -> int:
    """Decimals that show two digits of an error, at most eight."""
    return max(0, min(8, 1 - math.floor(math.log10(error)))) if math.isfinite(error) and error > 0 else 3


def mean_error(mean: float, error: float, unit: str = "") -> str:
    """A mean with its standard error, by the same rules."""
    decimals = decimals_of(error)
    shown = f" ± {error:.{decimals}f}" if math.isfinite(error) and error > 0 else ""
    return f"{_written(mean, decimals, unit)}{shown} {unit}".strip()


def _written(number: float, decimals: int | None, unit: str) -> str:
    """With the sign shown where it matters, that is for benefits, whose unit begins with nats."""
    sign = "+" if unit.startswith("nats") else ""
    text = format(number, f"{sign}.{decimals}f") if decimals is not None else format(number, f"{sign}.4g")
    return text.replace("-", "−")

"""Numbers as text: with a sign, with as many decimals as their error needs, with their interval."""

import math

_DEFAULT, _MOST = 3, 8  # decimals where the error is unknown, and the largest number of decimals


def signed(number: float, decimals: int) -> str:
    """Return a number with its sign, rounded to `decimals`. A number that rounds to zero gets a plus.

    Parameters
    ----------
    number
        The number.
    decimals
        Number of decimals.

    Returns
    -------
    str
        Such as +0.12, with a minus sign in place of the hyphen.
    """
    return f"{number:+z.{decimals}f}".replace("-", "−")


def decimals(error: float) -> int:
    """Return how many decimals show two digits of an error: from 0 to 8, and 3 if the error is unknown or zero.

    Parameters
    ----------
    error
        The error of the number that is shown.

    Returns
    -------
    int
        Number of decimals.
    """
    if not (math.isfinite(error) and error > 0):
        return _DEFAULT
    return max(0, min(_MOST, 1 - math.floor(math.log10(error))))


def with_interval(number: float, low: float, high: float, decimals: int) -> str:
    """Return `+0.123 [+0.081, +0.165]`, only the number if the interval is unknown, and – if the number is unknown.

    Parameters
    ----------
    number
        The number.
    low, high
        Its interval; not finite where it is unknown.
    decimals
        Number of decimals.

    Returns
    -------
    str
        The text.
    """
    if not math.isfinite(number):
        return "–"
    if not (math.isfinite(low) and math.isfinite(high)):
        return signed(number, decimals)
    return f"{signed(number, decimals)} [{signed(low, decimals)}, {signed(high, decimals)}]"

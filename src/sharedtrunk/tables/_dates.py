"""Dates as numbers of days since 1970 (UTC), from typed values and from texts."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas

_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}( .*)?"
    r"|\d{1,2}:\d{2}(:\d{2}.*)?( ?[AaPp][Mm])?|(\d{1,2}[ -])?[A-Z][a-z]{2,8}[ -](\d{1,2}, ?)?\d{4}"
)
_TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}.*")
_NUMBERED_DAY = re.compile(r"(\d{1,2})([-/.])(\d{1,2})[-/.]\d{2,4}\b.*")
_MICROSECONDS_PER_DAY = 86_400e6


def looks_like_date(text: str) -> bool:
    """Whether a text has the form of a date or of a time of the day."""
    return _DATE.fullmatch(text) is not None


def day_comes_first(texts: Sequence[str]) -> bool:
    """Whether 3/4/2020 means the third of April: some first number exceeds 12, or dots separate and no second one does."""
    found = [match for text in texts if (match := _NUMBERED_DAY.fullmatch(text))]
    first, second = (max((int(match[group]) for match in found), default=0) for group in (1, 3))
    return bool(found) and second <= 12 and (first > 12 or all(match[2] == "." for match in found))


def days_of_texts(texts: Sequence[str], *, day_first: bool) -> np.ndarray:
    """Days since 1970 (sample,), NaN for texts that are no date; a time of the day alone is a part of the first day."""
    import pandas as pd  # here: tables without dates do without it

    distinct, place = np.unique(np.array(texts, object), return_inverse=True)
    whole = [f"1970-01-01 {text}" if _TIME_OF_DAY.fullmatch(text) else text for text in distinct]
    parsed = pd.to_datetime(
        pd.Series(whole, dtype=object), format="mixed", dayfirst=day_first, errors="coerce", utc=True
    )
    return days_of_dates(parsed.dt.tz_localize(None).to_numpy())[place]


def days_of_dates(dates: np.ndarray) -> np.ndarray:
    """Days since 1970 (sample,) of datetime64 values, NaN for NaT."""
    days = dates.astype("datetime64[us]").astype(np.int64) / _MICROSECONDS_PER_DAY
    return np.where(np.isnat(dates), np.nan, days)


def as_dates(values: Sequence[Any]) -> np.ndarray:
    """Python's, NumPy's and pandas' dates as datetime64 values in UTC."""
    import pandas as pd

    stamps: list[Any] = [pd.Timestamp(value) for value in values]
    return np.array([_in_utc(stamp) for stamp in stamps], "datetime64[us]")


def as_days(values: Any) -> np.ndarray:
    """Durations as numbers of days."""
    found = np.array(values, "timedelta64[us]")
    return np.where(np.isnat(found), np.nan, found.astype(np.int64) / _MICROSECONDS_PER_DAY)


def as_hours(values: Sequence[Any]) -> np.ndarray:
    """Times of the day as numbers of hours."""
    return np.array([time.hour + time.minute / 60 + (time.second + time.microsecond / 1e6) / 3600 for time in values])


def _in_utc(stamp: "pandas.Timestamp") -> np.datetime64:
    return (stamp if stamp.tzinfo is None else stamp.tz_convert("UTC").tz_localize(None)).to_datetime64()

"""How tasks are made from columns. A gap in the column stays a gap in the task."""

from collections.abc import Callable

import numpy as np
import pandas as pd

Recipe = Callable[[pd.DataFrame], pd.Series]


def above(column: str, edge: float) -> Recipe:
    """Whether the number is above the edge: yes or no."""

    def made(frame: pd.DataFrame) -> pd.Series:
        values = pd.to_numeric(frame[column])
        return _with_gaps(np.where(values > edge, "yes", "no"), values)

    return made


def one_of(column: str, *levels: object) -> Recipe:
    """Whether the value is among the levels: yes or no."""

    def made(frame: pd.DataFrame) -> pd.Series:
        return _with_gaps(np.where(frame[column].isin(levels), "yes", "no"), frame[column])

    return made


def bands(column: str, *names: str) -> Recipe:
    """Bands of about equally many rows, named from low to high."""

    def made(frame: pd.DataFrame) -> pd.Series:
        values = pd.to_numeric(frame[column])
        edges = values.quantile(np.arange(1, len(names)) / len(names))
        return _with_gaps(np.array(names)[np.searchsorted(edges, values.fillna(0), side="left")], values)

    return made


def largest(column: str, count: int) -> Recipe:
    """The `count` most frequent levels; all further ones are `other`."""

    def made(frame: pd.DataFrame) -> pd.Series:
        values = frame[column].astype(object)
        kept = values.value_counts().index[:count]
        return _with_gaps(np.where(values.isin(kept), values, "other"), values)

    return made


def initial(column: str) -> Recipe:
    """The first letter."""

    def made(frame: pd.DataFrame) -> pd.Series:
        return _with_gaps(frame[column].astype(str).str[0].to_numpy(), frame[column])

    return made


def logarithm(column: str) -> Recipe:
    """log(1 + value)."""

    def made(frame: pd.DataFrame) -> pd.Series:
        return np.log1p(pd.to_numeric(frame[column]))

    return made


def _with_gaps(labels: np.ndarray, column: pd.Series) -> pd.Series:
    return pd.Series(labels, index=column.index, dtype=object).where(column.notna(), None)

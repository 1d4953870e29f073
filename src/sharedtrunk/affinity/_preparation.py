"""How a table's features become a student's inputs: one `ColumnTransformer`, fitted to the rows that are trained on.

*Numbers* are bounded (`Bounded`), gaps are filled with the median and marked by an indicator where the training rows have
some, and all is standardized. *Dates* are numbers of days, and the month, weekday and hour where these vary (`DateParts`);
then they are numbers. *Categories* are indicators of their levels (`LevelIndicators`), standardized.

Whatever is constant in the training rows is 0 in all rows: a student cannot learn what it means.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.validation import check_is_fitted

from sharedtrunk.affinity._scaling import Scaling, scaled, scaling_of
from sharedtrunk.tables import MOST_LEVELS, bulk

FENCE = 3.0
"""Widths of the bulk beyond its ends within which values stay as they are: Tukey's outer fence, which one value in 400,000 of
a normal distribution exceeds."""

_MOST_WIDTHS = FENCE + 3.0
"""No value ends more widths than this beyond the bulk. It is reached 19 widths beyond the fence: of 1,000 lognormal incomes
(σ = 1) none are, so these keep their order."""

MOST_DEVIATIONS = 10.0
"""Standard deviations from the mean within which values stay as they are: only sparse columns have much larger ones, since
`Bounded` keeps the others within about as many."""

_PERIODS = {"month": 365.25, "weekday": 7.0, "hour": 1.0}
"""Length of the period of each part of a date, in days."""

_POOLED = "other"
"""The name of the level that pools the rarest levels."""

_GAP = "missing"
"""The name of the level of a gap."""


class _ByColumn(TransformerMixin, BaseEstimator):
    """A transformer of float arrays (sample, feature), in which NaN is a gap."""

    n_features_in_: int

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_in_")

    def _names(self, input_features: Iterable[str] | None) -> list[str]:
        check_is_fitted(self)
        return [f"x{j}" for j in range(self.n_features_in_)] if input_features is None else list(input_features)


class Bounded(_ByColumn):
    """Numbers in widths of the bulk, measured from the median, that grow slowly beyond a fence.

        y = (x − median) / width;   beyond the fence at distance f:   f + ln(1 + |y| − f),   at most 3 widths further   (1)

    The bulk lies between the quartiles (`tables.bulk`). Sentinels such as 999999.4 end near the other values, and the order
    of honest extremes is kept.
    """

    def fit(self, X, y=None) -> "Bounded":
        self.n_features_in_ = X.shape[1]
        where = bulk(X)
        width = where.high - where.low
        varies = width > 0
        self.median_ = np.where(varies, where.median, 0.0)
        self.width_ = np.where(varies, width, np.inf)  # a constant column becomes 0
        self.fences_ = tuple(
            np.where(varies, (end - where.median) / np.where(varies, width, 1.0), 0.0) + sign * FENCE
            for end, sign in ((where.low, -1.0), (where.high, 1.0))
        )
        return self

    def transform(self, X) -> np.ndarray:
        y = (X - self.median_) / self.width_
        for fence, sign in zip(self.fences_, (-1.0, 1.0), strict=True):
            rows, columns = np.nonzero(sign * (y - fence) > 0)
            beyond = np.log1p(sign * (y[rows, columns] - fence[columns]))
            y[rows, columns] = fence[columns] + sign * np.minimum(beyond, _MOST_WIDTHS - FENCE)
        return y

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        return np.array(self._names(input_features), object)


class DateParts(_ByColumn):
    """Days, and beside them the month, weekday and hour of each column whose training rows span two of its periods."""

    def fit(self, X, y=None) -> "DateParts":
        self.n_features_in_ = X.shape[1]
        known = [column[~np.isnan(column)] for column in X.T]
        self.parts_ = [
            [part for part, period in _PERIODS.items() if days.size and np.ptp(days) > 2 * period and _vary(days, part)]
            for days in known
        ]
        return self

    def transform(self, X) -> np.ndarray:
        columns = [
            values
            for days, parts in zip(X.T, self.parts_, strict=True)
            for values in (days, *(_part(days, part) for part in parts))
        ]
        return np.stack(columns, axis=1) if columns else np.zeros((len(X), 0))

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        named = zip(self._names(input_features), self.parts_, strict=True)
        return np.array(
            [name for column, parts in named for name in (column, *(f"{column} {p}" for p in parts))], object
        )


def _vary(days: np.ndarray, part: str) -> bool:
    return bool(np.ptp(_part(days, part)) > 0)


def _part(days: np.ndarray, part: str) -> np.ndarray:
    """The month (1 to 12), weekday (0: Monday) or hour (0 to 24) of days since 1970, NaN for NaN."""
    known = np.nan_to_num(days)
    if part == "month":
        values = known.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) % 12 + 1
    elif part == "weekday":
        values = (np.floor(known) + 3) % 7  # 1 January 1970 was a Thursday
    else:
        values = 24 * (known - np.floor(known))
    return np.where(np.isnan(days), np.nan, values)


class LevelIndicators(_ByColumn):
    """Indicators of the levels of categories (given by their indices), but for the commonest, which is all zeros.

    At most `MOST_LEVELS` levels are kept, the most frequent ones; the rest are pooled, and so are levels that the training
    rows do not have. Without a pool such a level is all zeros. A gap is a level.
    """

    def __init__(self, levels: Sequence[Sequence[str]] = ()):
        self.levels = levels

    def fit(self, X, y=None) -> "LevelIndicators":
        self.n_features_in_ = X.shape[1]
        self.kept_, self.pools_ = [], []
        for codes in np.nan_to_num(X, nan=-1.0).T:
            found, times = np.unique(codes, return_counts=True)
            ordered = found[np.argsort(-times, kind="stable")]
            pooled = ordered.size > MOST_LEVELS
            self.pools_.append(pooled)
            self.kept_.append(ordered[: MOST_LEVELS - 1] if pooled else ordered)
        return self

    def transform(self, X) -> np.ndarray:
        blocks = []
        for codes, kept, pooled in zip(np.nan_to_num(X, nan=-1.0).T, self.kept_, self.pools_, strict=True):
            blocks.append(codes[:, None] == kept[None, 1:])
            if pooled:
                blocks.append(~np.isin(codes, kept)[:, None])
        return np.concatenate(blocks, axis=1, dtype=np.float64) if blocks else np.zeros((len(X), 0))

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        names = []
        for j, column in enumerate(self._names(input_features)):
            names += [f"{column}={self._level(j, int(code))}" for code in self.kept_[j][1:]]
            names += [f"{column}={_POOLED}"] if self.pools_[j] else []
        return np.array(names, object)

    def _level(self, column: int, code: int) -> str:
        return _GAP if code < 0 else self.levels[column][code]


class Standardized(_ByColumn):
    """Mean 0 and variance 1 over the training rows, without very large values; what is constant there is 0 in all rows.

        y = (x − mean) / deviation;   beyond |y| = f = 10:   ± (f + ln(1 + |y| − f))   (2)

    A column that is nearly always 0 has a small deviation, so rare values end far out, and a held-out value may lie
    hundreds of deviations beyond all that were trained on.
    """

    def fit(self, X, y=None) -> "Standardized":
        self.n_features_in_ = X.shape[1]
        self.scaling_: Scaling = scaling_of(X, standardize=True)
        return self

    def transform(self, X) -> np.ndarray:
        y = scaled(X, self.scaling_, "float64")
        far = np.abs(y) > MOST_DEVIATIONS
        y[far] = np.sign(y[far]) * (MOST_DEVIATIONS + np.log1p(np.abs(y[far]) - MOST_DEVIATIONS))
        return y

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        return np.array(self._names(input_features), object)


def preparation(
    names: Sequence[str], categories: Mapping[str, tuple[str, ...]], dates: Collection[str]
) -> ColumnTransformer:
    """The transformer, not yet fitted, of features (sample, feature) as a `tables.Table` has them."""
    kinds = {
        "numbers": (_numbers(), [j for j, name in enumerate(names) if name not in categories and name not in dates]),
        "dates": (make_pipeline(DateParts(), *(step for _, step in _numbers().steps)), _places(names, dates)),
        "categories": (
            make_pipeline(LevelIndicators([categories[name] for name in names if name in categories]), Standardized()),
            _places(names, categories),
        ),
    }
    present = [(kind, transformer, places) for kind, (transformer, places) in kinds.items() if places]
    return ColumnTransformer(present, sparse_threshold=0.0, verbose_feature_names_out=False)


def _places(names: Sequence[str], of: Collection[str]) -> list[int]:
    return [j for j, name in enumerate(names) if name in of]


def _numbers() -> Pipeline:
    # `Bounded` measures from the median, so 0 is the median; the strategy "median" would look for it once more, at length.
    imputer = SimpleImputer(strategy="constant", fill_value=0.0, add_indicator=True, keep_empty_features=True)
    return make_pipeline(Bounded(), imputer, Standardized())

"""What `advise` does to features, as a transformer for one's own pipeline: `make_pipeline(TablePreprocessor(), model)`."""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from sharedtrunk import tables
from sharedtrunk.affinity._inputs import check_feature_names
from sharedtrunk.affinity._preparation import preparation


class TablePreprocessor(TransformerMixin, BaseEstimator):
    """Turn columns of numbers, dates, texts and categories, with gaps, into standardized inputs.

    Everything is estimated from the rows given to `fit`. Numbers are bounded beyond the bulk of their column, so that a
    sentinel such as 999999.4 does no harm, gaps are filled with the median and marked by an indicator, and all is
    standardized. Dates become numbers of days, and month, weekday and hour where these vary. Categories become indicators
    of at most 20 levels; the commonest is the reference, and a gap is a level. Columns that are constant, copies of
    another one or identifiers are left out.

    `advise` prepares every split's inputs in the same way, but finds out in all rows what kind of column each one is.

    Parameters
    ----------
    missing : sequence of str, optional
        Texts that stand for a missing value, as for `tables.from_arrays`.

    Attributes
    ----------
    notes_ : tuple of str
        One sentence for each kind of thing that was done.
    transformer_ : ColumnTransformer
        The fitted transformer of the columns as numbers.
    n_features_in_ : int
        Number of columns of X.
    """

    n_features_in_: int

    def __init__(self, missing=None):
        self.missing = missing

    def fit(self, X, y=None) -> "TablePreprocessor":
        """Find out what kind of column each one is, and estimate what the preparation needs.

        Parameters
        ----------
        X : (sample, feature)
            Array, frame or sparse matrix, with gaps.
        y
            Not used.

        Returns
        -------
        TablePreprocessor
            The same object.

        Raises
        ------
        InputError
            For infinities, text among numbers, and what else `tables.from_arrays` refuses of features.
        """
        X = self._checked(X, reset=True)
        self._features = tables.read_features(X, missing=self.missing)
        names, values = self._features.names, self._features.values
        self.notes_ = self._features.notes
        if self._features.sentinels:
            warnings.warn(tables.sentinel_note(list(self._features.sentinels)), UserWarning, stacklevel=2)
        self.transformer_ = preparation(names, self._features.categories, self._features.dates).fit(values)
        return self

    def transform(self, X) -> np.ndarray:
        """Prepare other rows of the same columns.

        Parameters
        ----------
        X : (sample, feature)
            As for `fit`. A level that `fit` did not see is pooled with the rarest, or all zeros where none are pooled;
            what does not fit a column's kind is a gap.

        Returns
        -------
        (sample, input)
            Float64.

        Raises
        ------
        InputError
            For infinities.
        """
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        values = tables.read_features_like(X, self._features, missing=self.missing)
        return np.asarray(self.transformer_.transform(values))

    def get_feature_names_out(self, input_features=None) -> np.ndarray:
        """Names of the inputs: `age`, `missingindicator_age`, `joined weekday`, `colour=red`.

        Parameters
        ----------
        input_features : sequence of str, optional
            Names of the columns of X, which are checked; those that `fit` saw by default.

        Returns
        -------
        (input,) of str
        """
        check_is_fitted(self)
        given = getattr(self, "feature_names_in_", [f"x{j}" for j in range(self.n_features_in_)])
        if input_features is not None and list(input_features) != list(given):
            raise ValueError("input_features is not equal to feature_names_in_, or has another number of columns")
        return self.transformer_.get_feature_names_out(self._features.names)

    def _checked(self, X, *, reset: bool):
        """X as it is if it is a frame, else as an array; the number and names of its columns are kept or compared."""
        check_feature_names(X)
        if tables.named_columns(X) is not None:
            validate_data(self, X, reset=reset, skip_check_array=True)
            return X
        # Features that are numbers may have gaps. Sparse features are made dense.
        return validate_data(self, tables.dense(X), reset=reset, dtype=None, ensure_all_finite="allow-nan")

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "transformer_")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []
        return tags

"""Features as scikit-learn's users give them: arrays, frames of different column names, sparse matrices made dense.

The students' weights are dense and standardization fills zeros in, so a sparse matrix (fingerprints, counts of words) is
made dense, within the size that a table may have.
"""

from collections import Counter
from typing import Any

import numpy as np
from scipy.sparse import issparse

from sharedtrunk._support.words import listed
from sharedtrunk.errors import invalid
from sharedtrunk.tables._limits import LARGEST, MOST_BYTES


def dense(X: Any) -> Any:
    """The numbers of a sparse matrix or array in a dense array; anything else as it is.

    Parameters
    ----------
    X : (sample, feature)

    Raises
    ------
    InputError
        Where the dense array would take more than `tables`' limit of memory, 1 GiB.
    """
    if not issparse(X):
        return X
    numbers = int(np.prod(X.shape, dtype=float))
    if 8 * numbers > MOST_BYTES:
        rule = f"sparse features are made dense, of at most {MOST_BYTES / 2**30:.3g} GiB at 8 bytes a number"
        received = f"shape {X.shape}, about {8 * numbers / 2**30:.2g} GiB"
        hint = "Give fewer rows, or fewer columns (sklearn's TruncatedSVD, SelectKBest or VarianceThreshold)."
        raise invalid(rule, received=received, hint=hint)
    return X.toarray()


def check_feature_names(X: Any) -> None:
    """Raise `InputError` where two columns of a frame (pandas, polars, pyarrow) have one name."""
    names = getattr(X, "column_names", None)  # pyarrow, whose `columns` are the columns themselves
    names = getattr(X, "columns", None) if names is None else names
    if names is None or callable(names):
        return
    twice = [name for name, times in Counter(list(names)).items() if times > 1]
    if twice:
        raise invalid("columns of X have different names", received=listed(twice), hint="Rename one of each.")


def check_size(inputs: np.ndarray) -> None:
    """Raise `InputError` for finite numbers whose differences a double cannot hold; `inputs` (sample, feature)."""
    largest = max(inputs.max(initial=0.0), -inputs.min(initial=0.0))
    if largest > LARGEST:
        rule = f"features are below {LARGEST:.0e}"
        raise invalid(rule, received=f"{largest:.3g}", hint="Rescale them, or leave those columns out.")

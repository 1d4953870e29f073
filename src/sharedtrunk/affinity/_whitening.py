"""Whitened inputs z = C^{−½}(x − x̄): the coordinates of all tasks of one table.

C is the covariance of *all* rows, labelled or not. In these coordinates a label moment is a matrix of canonical
correlations, and its noise is the same in every direction. The answer depends on three choices:

- *Directions of variance below `SMALL` times the mean are left out.* Whitening would magnify them, while a network learns
  along a direction at a rate proportional to its variance; at a thousandth of the usual rate it would not learn that
  direction.
- *At most one direction is kept for every `ROWS_PER_DIRECTION` rows*: the directions with the largest variance. With as many
  directions as rows, any labels would be a linear function of the inputs, and every canonical correlation 1.
- *Rows are dealt into `GROUPS` groups* at random, once for all tasks. Products of two moments are taken between different
  groups only, so the noise of a row is never multiplied by itself (`_relatedness`).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from sharedtrunk.errors import invalid

SMALL = 1e-3
"""Share of the mean variance below which a direction is left out."""

GROUPS = 20
"""Groups of rows: enough for the jackknife over them, few enough to have many rows each."""

ROWS_PER_DIRECTION = 4
"""The smallest number of rows for each direction kept."""


@dataclass(frozen=True)
class Whitening:
    """Whitened inputs z (sample × direction), each row's group, and the number of features they came from."""

    inputs: Float[np.ndarray, "sample direction"]
    groups: Int[np.ndarray, "sample"]
    features: int

    @property
    def rows(self) -> int:
        return self.inputs.shape[0]

    @property
    def directions(self) -> int:
        return self.inputs.shape[1]


def whiten(features: Float[np.ndarray, "sample feature"], *, seed: int = 0) -> Whitening:
    """z = Λ^{−½} Eᵀ (x − x̄) with C = E Λ Eᵀ over all rows; unit: one standard deviation per direction.

    `features` should be standardized, since which directions count as small depends on their units. `seed` deals the
    rows into groups. Raises `InputError` for anything but a finite matrix of at least 8 rows that vary.
    """
    X = np.asarray(features, np.float64)
    if X.ndim != 2 or X.shape[0] < 8 or X.shape[1] < 1 or not np.isfinite(X).all():
        raise invalid(
            "Features must be a finite matrix (sample, feature) of at least 8 rows",
            received=f"shape {X.shape}" if np.isfinite(X).all() else "missing or infinite values",
            hint="Fill or drop rows with missing values, and add rows.",
        )
    centred = X - X.mean(axis=0)
    variances, axes = np.linalg.eigh(centred.T @ centred / X.shape[0])
    order = np.argsort(variances)[::-1][: max(X.shape[0] // ROWS_PER_DIRECTION, 1)]
    kept = order[variances[order] > max(SMALL * variances.mean(), 1e-300)]
    if not kept.size:
        raise invalid("Features must vary", received="constant columns only", hint="Add a feature.")
    groups = np.arange(X.shape[0]) % GROUPS
    return Whitening(
        inputs=centred @ axes[:, kept] / np.sqrt(variances[kept]),
        groups=np.random.default_rng(seed).permutation(groups),
        features=X.shape[1],
    )

"""The inputs of a split: a table's features, prepared by the rows that the split trains on, when it is trained."""

import hashlib
import pickle
import threading
from collections import OrderedDict
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from sklearn.base import clone

from sharedtrunk._support.environment import cores

KEPT_BYTES = 2**27
"""Prepared inputs that are kept for the next arms of their splits: 128 MiB, at least those of the splits in work."""

WIDTH_STEPS = 8
"""Inputs are padded to one of this many widths between a power of two and the next, and to a multiple of `WIDTH_STEPS`.
Splits differ in levels and gaps, hence in width, and every width needs its own program, which takes seconds to compile."""


class SplitInputs:
    """Features (sample, feature) and how they are prepared: a transformer that is fitted anew for every split."""

    def __init__(self, features: Float[np.ndarray, "sample feature"], preparation: Any) -> None:
        self.features, self.preparation = features, preparation
        self._kept: OrderedDict[tuple[bytes, str], tuple[Float[Array, "sample _"], int]] = OrderedDict()
        self._digest: bytes | None = None
        # Two threads need the same split at the same time. Besides, scikit-learn changes and restores the filters of
        # warnings when it transforms columns, which are the whole process's.
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.features)

    def of(self, trained_on: Bool[np.ndarray, "sample"], dtype: str) -> tuple[Float[Array, "sample _"], int]:
        """Inputs prepared by these rows and padded with zeros, and the number of columns that are no padding."""
        key = trained_on.tobytes(), dtype
        with self._lock:
            if key not in self._kept:
                self._kept[key] = self._prepared(trained_on, dtype)
            self._kept.move_to_end(key)
            inputs, _ = self._kept[key]
            while len(self._kept) > max(KEPT_BYTES // max(inputs.nbytes, 1), cores()):
                self._kept.popitem(last=False)
            return self._kept[key]

    def prepared(self, trained_on: Bool[np.ndarray, "sample"]) -> Float[np.ndarray, "sample _"]:
        """Inputs prepared by these rows, without padding; they are not kept."""
        with self._lock:
            return self._transformed(trained_on)

    def digest(self) -> bytes | None:
        """A digest of the features and of how they are prepared; None where the preparation cannot be described."""
        if self._digest is None:
            try:
                described = pickle.dumps(self.preparation, protocol=4)  # nobody unpickles it
            except (pickle.PicklingError, AttributeError, TypeError):  # such as a function without a name
                return None
            digest = hashlib.sha256(f"{self.features.dtype} {self.features.shape}".encode())
            digest.update(described)
            digest.update(np.ascontiguousarray(self.features).data)
            self._digest = digest.digest()
        return self._digest

    def _transformed(self, trained_on: np.ndarray) -> np.ndarray:
        unfitted: Any = clone(self.preparation)
        return np.asarray(unfitted.fit(self.features[trained_on]).transform(self.features))

    def _prepared(self, trained_on: np.ndarray, dtype: str) -> tuple[Float[Array, "sample _"], int]:
        found = self._transformed(trained_on)
        padding = padded_width(found.shape[1]) - found.shape[1]
        return jnp.asarray(np.pad(found, ((0, 0), (0, padding))), dtype), found.shape[1]


def padded_width(features: int) -> int:
    """The width that inputs of this many features are padded to."""
    step = max(WIDTH_STEPS, 2 ** max(features.bit_length() - 1, 0) // WIDTH_STEPS)
    return -(-max(features, 1) // step) * step

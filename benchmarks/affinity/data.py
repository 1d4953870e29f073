"""What a method is told about one directed question: does the auxiliary task B help the main task A on these points?"""

from dataclasses import dataclass, replace

import numpy as np

from sharedtrunk.errors import invalid

ACTIVATIONS = ("relu", "linear")


@dataclass(frozen=True)
class PairData:
    """Points with labels of a main and an auxiliary task, and the student that would learn them; −1 marks a missing label.

    features: (sample, feature), standardized, finite. main, aux: class codes (sample,) in −1 … K − 1. classes: (K of the
    main task, K of the auxiliary task). hidden, activation: the student's trunk, one layer. Nothing held out for the
    truth is in here. Raises InputError where shapes, codes or settings do not fit together.
    """

    features: np.ndarray
    main: np.ndarray
    aux: np.ndarray
    classes: tuple[int, int]
    hidden: int = 100
    activation: str = "relu"

    def __post_init__(self) -> None:
        if self.features.ndim != 2 or not np.isfinite(self.features).all():
            raise invalid(
                "features are a finite matrix (sample, feature)",
                received=f"shape {self.features.shape}",
                hint="Encode and standardize the columns first.",
            )
        for name, labels, classes in zip(("main", "aux"), (self.main, self.aux), self.classes, strict=True):
            _check_labels(name, labels, classes, len(self.features))
        if len(np.unique(self.main[self.main >= 0])) < 2:
            raise invalid(
                "the main task has labels of at least two classes",
                received=f"{len(np.unique(self.main[self.main >= 0]))}",
                hint="Label points of another class.",
            )
        if self.activation not in ACTIVATIONS:
            raise invalid(
                f"activation is one of {ACTIVATIONS}", received=repr(self.activation), hint="Choose one of them."
            )

    def swapped(self) -> "PairData":
        """The opposite question, does A help B: the main and the auxiliary task change places."""
        return replace(self, main=self.aux, aux=self.main, classes=(self.classes[1], self.classes[0]))


def _check_labels(name: str, labels: np.ndarray, classes: int, samples: int) -> None:
    if labels.shape != (samples,) or labels.dtype.kind != "i":
        raise invalid(
            f"{name} holds one class code for each of the {samples} points",
            received=f"shape {labels.shape}, {labels.dtype}",
            hint="Give whole numbers, −1 where the label is missing.",
        )
    if samples and not (labels.min() >= -1 and labels.max() < classes):
        raise invalid(
            f"{name} has codes from −1 (missing) to {classes - 1}",
            received=f"{labels.min()} … {labels.max()}",
            hint="Number the classes from 0.",
        )

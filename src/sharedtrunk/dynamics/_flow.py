"""A flow: an autonomous differential equation dy/dt = drive(y) whose state y determines composite weights.

Final flows are `PopulationFlow` (infinite data), `ClosureFlow` (N samples, Gaussian closure), `AlignedFlow` (18),
`RankOneFlow` (3) and `TwoTaskFlow` (26). Time is t = steps × step size, so τ = 1 everywhere.
A flow is written for one lane; `solve` batches.
"""

import abc
from typing import Any

import equinox as eqx
from jaxtyping import Array


class AbstractFlow(eqx.Module):
    """dy/dt = drive(y), and what `solve` must know to follow, check and batch it."""

    @abc.abstractmethod
    def drive(self, state: Any) -> Any:
        """dy/dt, in the structure of the state."""

    @abc.abstractmethod
    def composites(self, state: Any) -> tuple[Array, ...]:
        """Every task's composite weights (class, feature)."""

    @abc.abstractmethod
    def check_kind(self, start: Any) -> None:
        """Raise `InputError` where a start (one lane or many) is another kind of state, or has values it may not have."""

    @abc.abstractmethod
    def check_start(self, shapes: Any) -> None:
        """Raise `InputError` where a start of these shapes (one lane) does not fit the flow."""

    @abc.abstractmethod
    def reduced(self, start: Any) -> tuple["AbstractFlow", Any, Array | None]:
        """An equivalent smaller problem: flow, start, and the basis (feature, direction) that leads back, or None."""

    @abc.abstractmethod
    def restored(self, state: Any, basis: Array) -> Any:
        """A state of the smaller problem, back among all features."""

    @property
    @abc.abstractmethod
    def ranks(self) -> list[int]:
        """Number of axes of each of the flow's arrays in one lane, in the order of its leaves."""

    @property
    @abc.abstractmethod
    def state_rank(self) -> int:
        """Number of axes of the state's arrays in one lane."""

"""A flow: an autonomous differential equation dy/dt = drive(y) whose state y determines composite weights.

Final flows are `PopulationFlow` (infinite data), `ClosureFlow` (N samples, Gaussian closure), `AlignedFlow` (18),
`RankOneFlow` (3) and `TwoTaskFlow` (26). Time is t = steps × step size, so τ = 1 everywhere.
A flow is written for one lane; `solve` batches.
"""

import abc
from typing import Any, NamedTuple

import equinox as eqx
from jaxtyping import Array, Float

from sharedtrunk import gaussian


class Term(NamedTuple):
    """One task's drive M̂ − ∇F(W) on composite weights, and what its error is made of.

    `drive` and `moment` M̂ have the flow's own shape; `weights` is W for white inputs, `size` the norm of W for the flow's.
    `soft` is βΣ̂ for white inputs, zero or None where labels are hard or a sample's. `rule` is that of ∇F, None if exact.
    """

    drive: Array
    moment: Array
    weights: Float[Array, "class direction"]
    size: Float[Array, ""]
    soft: Float[Array, "class direction"] | None
    rule: gaussian.NodeRule | None


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
    def terms(self, composites: tuple[Array, ...]) -> tuple[Term, ...]:
        """Every task's drive at given composite weights of one lane, for its error; none where drives are exact."""

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

"""A flow: an autonomous differential equation dy/dt = drive(y) whose state y determines composite weights.

A new equation is a class with its arrays as fields, its kind of `state`, a `drive` and its `composites`. The annotations
of the fields name the axes of one lane, with "..." for a lane axis, and everything else follows from them: which arrays
carry lanes, what a start must look like, and which arrays shrink when the features are reduced (`_reduction`).

Time is t = steps × step size, so τ = 1 everywhere. A flow is written for one lane; `solve` batches.
"""

import abc
import dataclasses
import inspect
import typing
from typing import TYPE_CHECKING, Any, NamedTuple

import equinox as eqx
import jax
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import described, floating
from sharedtrunk.errors import invalid

if TYPE_CHECKING:
    from typing import ClassVar as AbstractClassVar  # as Equinox's documentation says, for type checkers
else:
    from equinox import AbstractClassVar


class Term(NamedTuple):
    """One task's drive M̂ − ∇F(W) on composite weights, and the values from which its error is computed.

    `drive` and `moment` M̂ have the flow's own shape; `weights` is W as it acts on whitened inputs, `size` the norm of W
    itself. `soft` is βΣ̂ as it acts on whitened inputs, and zero or None where labels are hard or come from a sample. `rule`
    is the quadrature of ∇F, None if ∇F is exact.
    """

    drive: Array
    moment: Array
    weights: Float[Array, "class direction"]
    size: Float[Array, ""]
    soft: Float[Array, "class direction"] | None
    rule: gaussian.NodeRule | None


class AbstractFlow(eqx.Module):
    """dy/dt = drive(y). `state` is the class of y, or the type of its only array; `start_form` tells users what to give."""

    state: AbstractClassVar[Any]
    start_form: AbstractClassVar[str]

    @abc.abstractmethod
    def drive(self, state: Any) -> Any:
        """dy/dt, in the structure of the state."""

    @abc.abstractmethod
    def composites(self, state: Any) -> tuple[Array, ...]:
        """Every task's composite weights (class, feature)."""

    def check_start(self, start: Any) -> None:
        """Raise `InputError` if a start of the right kind, one lane or many, does not match the flow."""

    def terms(self, composites: tuple[Array, ...]) -> tuple[Term, ...]:
        """Every task's term at composite weights of one lane; empty for flows with exact drives."""
        return ()

    def span(self) -> tuple[Array, ...] | None:
        """Matrices (class, feature) whose rows and those of the start span all learned directions; None: all features."""
        return None

    @property
    def state_rank(self) -> int:
        """Number of axes of the state's arrays in one lane."""
        kind = self.state
        return len(_axes(dataclasses.fields(kind)[0].type if _is_module(kind) else kind))


def axes_of(module: eqx.Module) -> list[tuple[str, ...]]:
    """Names of the axes of every array in one lane, in the order of the module's leaves."""
    found = []
    for field in dataclasses.fields(module):
        value = getattr(module, field.name)
        if isinstance(value, eqx.Module):
            found += axes_of(value)
        elif not field.metadata.get("static", False) and (leaves := jax.tree.leaves(value)):
            found += [_axes(field.type)] * len(leaves)
    return found


def _axes(annotation: Any) -> tuple[str, ...]:
    """The axes in an annotation such as `tuple[Float[Array, "... class feature"], ...] | None`, without the lane axis."""
    while not hasattr(annotation, "dim_str"):
        annotation = typing.get_args(annotation)[0]
    return tuple(name for name in annotation.dim_str.split() if not name.startswith(("*", "...")))


def check_kind(flow: AbstractFlow, start: Any) -> None:
    """Raise `InputError` if a start, one lane or many, is not of the flow's kind of state, or has no arrays."""
    kind = flow.state
    if not _is_module(kind):
        floating(start, f"The start of a {type(flow).__name__}")
        return
    tuples = [field.name for field in dataclasses.fields(kind) if typing.get_origin(field.type) is tuple]
    right = isinstance(start, kind)
    whole = right and all(isinstance(getattr(start, name), tuple | list) for name in tuples)
    if not whole or not jax.tree.leaves(start):
        raise invalid(
            f"A {type(flow).__name__} starts from {kind.__name__}",
            received=f"{described(start)}, empty or with parts of another type" if right else described(start),
            hint=f"Give {flow.start_form}",
        )


def _is_module(kind: Any) -> bool:
    return inspect.isclass(kind) and issubclass(kind, eqx.Module)

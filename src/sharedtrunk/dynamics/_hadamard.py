"""The exactly solvable case at unequal singular values: teacher and student both Sylvester–Hadamard.

Where the left vectors of both are the non-constant Sylvester columns (K = 2^m) and both share the right vectors,
renaming the classes c → c ⊕ a flips signs of inputs, under which Gaussian inputs do not change
(`gaussian.hadamard_vectors`). So Uᵀ∇F V and the label moment are diagonal for any singular values, the singular
vectors of every layer stay where they are, and the aligned equations (18), reading "exact", are the flow itself.
Nodes that share the symmetry (`gaussian.Characters`) show it to rounding. It holds neither for Hadamard matrices
without such translations (Paley, K = 12) nor where only the student is of this form.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Float

from sharedtrunk import gaussian
from sharedtrunk._support.axes import AnyArray
from sharedtrunk.dynamics._aligned import AlignedFlow, SingularValues, aligned_flow, aligned_weights
from sharedtrunk.dynamics._given import described, floating
from sharedtrunk.dynamics._layers import Layers
from sharedtrunk.dynamics._population import PopulationFlow
from sharedtrunk.errors import invalid

CHARACTERS = gaussian.Characters(points=16384)


class HadamardProblem(NamedTuple):
    """One training, twice: through all layers (`full`), and by its singular values (`aligned`), each with its start."""

    full: PopulationFlow
    full_start: Layers
    aligned: AlignedFlow
    aligned_start: SingularValues


def hadamard_problem(
    teacher: Float[AnyArray, "rank"],
    layers: Sequence[Float[AnyArray, "rank"]],
    *,
    inverse_temperature: float | None,
    rule: gaussian.Characters = CHARACTERS,
) -> HadamardProblem:
    """A training for which (18) is exact: teacher and student both Sylvester–Hadamard.

    The teacher is U diag(ŝ), the student's layers diag(s⁽¹⁾), …, U diag(s⁽ᴸ⁾), U the K − 1 = rank non-constant
    Sylvester columns.

    Hypotheses: C = I, Sylvester left vectors and the same right vectors for teacher and student: then
    renaming the classes flips signs of inputs only, so that Uᵀ∇F V and the label moment are diagonal.
    Posed in the basis of the right vectors, so there are K − 1 features; zeros among the singular values lower the
    rank. Hard labels (`inverse_temperature` None) take the diagonal of the label moment: what lies beside it is
    quadrature error. Raises `InputError` where rank + 1 is no power of two, where no layer is given or one has
    another rank, for a rule that is not `Characters`, and as `aligned_flow`.
    """
    s_hat = floating(teacher, "The teacher's singular values")
    if not isinstance(layers, Sequence) or isinstance(layers, str):
        raise invalid(
            "Layers are a list with a vector of singular values each",
            received=described(layers),
            hint="Put a single layer in a list: [s]",
        )
    start = SingularValues(tuple(floating(s, "A layer's singular values").astype(s_hat.dtype) for s in layers))
    if not isinstance(rule, gaussian.Characters):
        raise invalid("Its rule is gaussian.Characters", received=repr(rule), hint="Leave it out, or set its points")
    if s_hat.ndim != 1 or s_hat.shape[0] < 1:
        raise invalid(
            "A teacher is known by K − 1 singular values", received=f"shape {s_hat.shape}", hint="Give a vector"
        )
    U = jnp.asarray(gaussian.hadamard_vectors(s_hat.shape[0] + 1), s_hat.dtype)
    V = jnp.eye(s_hat.shape[0], dtype=s_hat.dtype)
    aligned = aligned_flow(U, s_hat, V, inverse_temperature=inverse_temperature, rule=rule)
    aligned.check_start(start)
    soft = None if aligned.soft is None else (aligned_weights(U, aligned.soft, V),)
    moments, weights = (aligned_weights(U, aligned.target, V),), jnp.ones(1, s_hat.dtype)
    full = PopulationFlow(moments=moments, task_weights=weights, root=None, rule=rule, soft=soft)
    *trunk, head = start.layers
    return HadamardProblem(full, Layers(tuple(jnp.diag(s) for s in trunk), (U * head[None, :],)), aligned, start)

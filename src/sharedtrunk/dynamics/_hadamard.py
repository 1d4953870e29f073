"""The exactly solvable case at unequal singular values: teacher and student both Sylvester–Hadamard.

Where the left vectors of both are the non-constant Sylvester columns (K = 2^m) and both share the right vectors,
renaming the classes c → c ⊕ a flips signs of inputs, which leaves Gaussian inputs as they are
(`gaussian.hadamard_vectors`). So Uᵀ∇F V and the label moment are diagonal for any singular values, the singular
vectors of every layer stay where they are, and the aligned equations (18), reading "exact", are the flow itself.
With nodes that share the symmetry (`gaussian.Characters`) this holds to rounding. It does not hold for Hadamard matrices
without such renamings (Paley, K = 12), nor if only the student is of this form.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax.numpy as jnp
from jaxtyping import Float

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import described, floating
from sharedtrunk._support.axes import AnyArray
from sharedtrunk.dynamics._aligned import AlignedFlow, SingularValues, aligned_flow, aligned_weights
from sharedtrunk.dynamics._layers import Layers
from sharedtrunk.dynamics._population import PopulationFlow
from sharedtrunk.errors import invalid

CHARACTERS = gaussian.Characters(points=16384)
"""Nodes with the symmetry of the problem; four times as many as in `FLOW_RULE`, because fewer of them are independent."""


class HadamardProblem(NamedTuple):
    """One training in two forms, each with its start.

    Parameters
    ----------
    full, full_start
        The population flow through all layers.
    aligned, aligned_start
        The aligned equations of its singular values.
    """

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

    The teacher is U diag(ŝ), the student's layers diag(s⁽¹⁾), …, U diag(s⁽ᴸ⁾), with U the K − 1 = rank non-constant Sylvester
    columns. Hypotheses: C = I, Sylvester left vectors and the same right vectors for teacher and student. Then renaming the
    classes only flips signs of inputs, so that Uᵀ∇F V and the label moment are diagonal. The problem is in the basis of the
    right vectors, so there are K − 1 features; zeros among the singular values lower the rank.

    Parameters
    ----------
    teacher
        ŝ (rank,), where rank + 1 is a power of two.
    layers
        s⁽ˡ⁾ (rank,) of every layer, the first one first.
    inverse_temperature
        β. None: hard labels, with the diagonal of the label moment; its entries off the diagonal are quadrature errors.
    rule
        A `gaussian.Characters` rule.

    Returns
    -------
    HadamardProblem
        The population flow and the aligned flow, each with its start.

    Raises
    ------
    InputError
        If rank + 1 is not a power of two, there are no layers, a layer has another rank or the rule is not `Characters`, and
        where `aligned_flow` raises it.
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
        raise invalid(
            "A Hadamard problem needs a gaussian.Characters rule",
            received=repr(rule),
            hint="Leave it out, or set its points",
        )
    if s_hat.shape == (0,) or any(s.ndim != 1 for s in (s_hat, *start.layers)):
        raise invalid(
            "Teacher and layers are vectors of K − 1 singular values",
            received=f"shapes {[s.shape for s in (s_hat, *start.layers)]}",
            hint="Give vectors",
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

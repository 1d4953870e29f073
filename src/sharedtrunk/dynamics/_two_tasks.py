"""Two aligned tasks of scalar relatedness r, as the paper prints them in (26) and (27), with the paper's sign rule (28).

    ds_A³²/dt = s²¹ ⊙ [h(ŝ_A) − h(s_A)],    ds_B³²/dt = r s²¹ ⊙ [h(ŝ_B) − h(s_B)],    s_T = s_T³² ⊙ s²¹,
    s²¹ ⊙ s²¹ = s_A³² ⊙ s_A³² + r s_B³² ⊙ s_B³².

`_aligned` defines h; the paper's g(W|Û) = ÛᵀG(W)Û is a matrix, of which these equations use the diagonal, and r is the
scalar of R = r·I (a matrix R would mix components, for which (26) has no terms). The line for s²¹, the third of (26), is not
the conservation law of the gradient flow, which keeps s²¹⊙s²¹ − s_A³²⊙s_A³² − s_B³²⊙s_B³² without r. For 0 < r < 1 no
scalars describe the trunk: use `PopulationFlow` with two teachers from `balanced_start`. At r = 0 task B does not move and
task A trains alone.
"""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import check_result, described, finite, floating, is_number, value_range
from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.concrete import concrete
from sharedtrunk.dynamics._aligned import (
    Reading,
    aligned_terms,
    aligned_weights,
    response,
    soft_values,
    teacher_response,
)
from sharedtrunk.dynamics._checks import check_beta, check_rule
from sharedtrunk.dynamics._decomposition import decomposition
from sharedtrunk.dynamics._flow import AbstractFlow
from sharedtrunk.dynamics._population import FLOW_RULE
from sharedtrunk.errors import invalid


class TwoTaskValues(eqx.Module):
    """Singular values of the two heads; the trunk's follow from the third line of (26).

    Parameters
    ----------
    main, auxiliary
        s_A³² and s_B³², each (*lane, rank).
    """

    main: Float[Array, "*lane rank"]
    auxiliary: Float[Array, "*lane rank"]


class TwoTaskFlow(AbstractFlow):
    """The three lines of (26) as printed, with composites s_A³² ⊙ s²¹ (27) and s_B³² ⊙ s²¹ on the teachers' vectors.

    `two_task_flow` makes one from two teachers; the fields are those of `AlignedFlow` for each task, and r.

    Parameters
    ----------
    lefts, rights
        Û and V̂ of both tasks, (…, class, rank) and (…, feature, rank).
    targets
        What drives each singular value, (…, rank), of both tasks.
    relatedness
        r (…).
    reading
        How g is read, see `aligned_flow`.
    rule
        The quadrature of g.
    soft
        βŝ of both tasks where labels are soft; None where they are hard.
    """

    state: ClassVar = TwoTaskValues
    start_form: ClassVar[str] = "two_task_start(main, auxiliary, relatedness)"

    lefts: tuple[Float[Array, "... _ rank"], ...]
    rights: tuple[Float[Array, "... feature rank"], ...]
    targets: tuple[Float[Array, "... rank"], ...]
    relatedness: Float[Array, "..."]
    reading: Reading = eqx.field(static=True, default="exact")
    rule: gaussian.NodeRule = eqx.field(static=True, default=FLOW_RULE)
    soft: tuple[Float[Array, "... rank"], ...] | None = None

    def drive(self, state: TwoTaskValues) -> TwoTaskValues:
        trunk = trunk_values(state, self.relatedness)
        main, auxiliary = (
            trunk * (target - response(U, head * trunk, self.reading, self.rule))
            for head, U, target in zip((state.main, state.auxiliary), self.lefts, self.targets, strict=True)
        )
        return TwoTaskValues(main, self.relatedness * auxiliary)

    def composites(self, state: TwoTaskValues):
        trunk = trunk_values(state, self.relatedness)
        return tuple(
            aligned_weights(U, head * trunk, V)
            for head, U, V in zip((state.main, state.auxiliary), self.lefts, self.rights, strict=True)
        )

    def check_start(self, start: TwoTaskValues) -> None:
        sizes, rank = (start.main.shape[-1], start.auxiliary.shape[-1]), self.targets[0].shape[-1]
        if set(sizes) != {rank}:
            raise invalid(
                "A two-task start needs one singular value per singular vector for each head",
                received=f"{sizes[0]} and {sizes[1]} for rank {rank}",
                hint="Use two_task_start",
            )

    def terms(self, composites):
        terms = []
        for t, (U, V, target, W) in enumerate(zip(self.lefts, self.rights, self.targets, composites, strict=True)):
            s = jnp.einsum("ck,cf,fk->k", U, W, V, precision="highest")
            soft = None if self.soft is None else self.soft[t]
            terms += aligned_terms(U, s, target, self.reading, self.rule, soft)
        return tuple(terms)


def two_task_flow(
    main: tuple,
    auxiliary: tuple,
    relatedness: float | Float[AnyArray, ""],
    *,
    inverse_temperature: float | None,
    reading: Reading = "exact",
    rule: gaussian.NodeRule = FLOW_RULE,
) -> TwoTaskFlow:
    """(26) as the paper prints it, for two (noisy) teachers of equal rank.

    ds_A³²/dt = s²¹ ⊙ [h(βŝ_A) − h(s_A)], ds_B³²/dt = r s²¹ ⊙ [h(βŝ_B) − h(s_B)], s²¹ = √(s_A³² ⊙ s_A³² + r s_B³² ⊙ s_B³²).
    Hypotheses: C = I, the tasks' singular values paired in the order given, relatedness r·I, balanced layers, and those of
    `aligned_flow` for each task. The equation for s²¹ is not the conservation law of the gradient flow: for 0 < r < 1 use
    `population_flow` with two teachers from `balanced_start` instead.

    Parameters
    ----------
    main, auxiliary
        The teachers' decompositions (left, singular values, right), as `aligned_flow` takes them.
    relatedness
        r in [0, 1].
    inverse_temperature, reading, rule
        See `aligned_flow`.

    Returns
    -------
    TwoTaskFlow
        The flow; it starts from `TwoTaskValues`.

    Raises
    ------
    InputError
        For teachers that are not decompositions, for unequal ranks, for r outside [0, 1], and where `aligned_flow` raises it.

    References
    ----------
    The paper's (26), (27).
    """
    teachers = [decomposition(teacher) for teacher in (main, auxiliary)]
    check_beta(inverse_temperature)
    check_rule(rule)
    if teachers[0][1].shape != teachers[1][1].shape or teachers[0][2].shape != teachers[1][2].shape:
        raise invalid(
            "The equations (26) multiply the tasks' singular values one by one, so both need the same rank and features",
            received=f"{teachers[0][2].shape} and {teachers[1][2].shape}",
            hint="Use population_flow for tasks of different rank",
        )
    if not is_number(relatedness):
        raise invalid("Relatedness is one number r", received=described(relatedness), hint="Make a flow per lane")
    r = jnp.asarray(relatedness, teachers[0][1].dtype)
    check_relatedness(r)
    targets = tuple(teacher_response(U, s, V, inverse_temperature, reading, rule) for U, s, V in teachers)
    lefts, rights = (tuple(teacher[k] for teacher in teachers) for k in (0, 2))
    soft = tuple(soft_values(s, inverse_temperature) for _, s, _ in teachers)
    return TwoTaskFlow(lefts, rights, targets, r, reading, rule, soft)


def two_task_start(
    main: Float[AnyArray, "*lane rank"], auxiliary: Float[AnyArray, "*lane rank"], relatedness: float | AnyArray
) -> TwoTaskValues:
    """Heads for which the composites start at given singular values a, b > 0, whatever r is.

    The third line of (26) gives s²¹ = (a² + r b²)^¼; then s_A³² = a/s²¹, s_B³² = b/s²¹. Sharing s³² instead would let a
    multitask student start ahead of its baseline, which (28) rules out.

    Parameters
    ----------
    main, auxiliary
        a and b, each (*lane, rank).
    relatedness
        r in [0, 1].

    Returns
    -------
    TwoTaskValues
        The start.

    Raises
    ------
    InputError
        For values that are not > 0 and finite, other shapes, and r outside [0, 1].
    """
    a, b = finite(main, "Singular values"), finite(auxiliary, "Singular values")
    b = b.astype(a.dtype)
    r = floating(relatedness, "Relatedness").astype(a.dtype)
    check_relatedness(r)
    values = [concrete(part) for part in (a, b)]
    if (
        a.shape != b.shape
        or r.shape not in ((), a.shape)
        or any(part is not None and not (part > 0).all() for part in values)
    ):
        raise invalid(
            "Both composites need the same number of singular values, all > 0, with one relatedness or one for each",
            received=" and ".join(
                f"shape {part.shape}" + (f", {value_range(v)}" if v is not None else "")
                for part, v in zip((a, b), values, strict=True)
            )
            + f", relatedness of shape {r.shape}",
            hint="A start at 0 never moves",
        )
    # √(a² + r b²) with the larger term factored out, because squares of very large or small numbers overflow or underflow
    shared = jnp.sqrt(r) * b
    top = jnp.maximum(a, shared)
    trunk = jnp.sqrt(top) * jnp.power(jnp.square(a / top) + jnp.square(shared / top), 0.25)
    heads = TwoTaskValues(a / trunk, b / trunk)
    check_result(jnp.stack([heads.main, heads.auxiliary]), "The heads' singular values")
    return heads


def predicted_sign(start: Float[AnyArray, "rank"], teacher: Float[AnyArray, "rank"]) -> Float[Array, "rank"]:
    """The sign that (28) gives to s(r) − s̃ at all times: + where s̃(0) < ŝ_A, − elsewhere.

    s̃ is the main task's singular value in single-task training (r = 0). The paper derives the rule by perturbation in r and
    states it for balanced starts of equal composites. With hard labels no fixed point is finite, and ŝ_A is infinite.

    Parameters
    ----------
    start
        s̃(0), (rank,).
    teacher
        ŝ_A, (rank,).

    Returns
    -------
    Array
        +1 or −1, (rank,).

    Raises
    ------
    InputError
        For vectors of different lengths.

    References
    ----------
    The paper's (28).
    """
    s, s_hat = finite(start, "The start"), finite(teacher, "The teacher")
    if s.shape != s_hat.shape:
        raise invalid(
            "The sign rule compares each start with one singular value of the teacher",
            received=f"shapes {s.shape} and {s_hat.shape}",
            hint="Give two vectors of the same rank",
        )
    return jnp.where(s < s_hat.astype(s.dtype), 1.0, -1.0)


def trunk_values(state: TwoTaskValues, relatedness) -> Array:
    """s²¹ from the third line of (26)."""
    return jnp.sqrt(jnp.square(state.main) + relatedness * jnp.square(state.auxiliary))


def check_relatedness(r) -> None:
    """Raise unless 0 ≤ r ≤ 1."""
    known = concrete(r)
    if known is not None and not ((known >= 0) & (known <= 1)).all():
        raise invalid(
            "Scalar relatedness lies in [0, 1]", received=value_range(known), hint="Give the r of R = V̄_Bᵀ V̄_A = r·I"
        )

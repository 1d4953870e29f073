"""The training-aligned start: singular vectors are the teacher's, so that, as the paper says, only singular values move (18).

    ds⁽ˡ⁾/dt = [h(ŝ) − h(s)] ⊙ Π_{k≠l} s⁽ᵏ⁾,     s = s⁽ᴸ⁾ ⊙ … ⊙ s⁽¹⁾.

h has three *readings*: *exact*, the diagonal of Uᵀ ∇F(U diag(s) Vᵀ) V, which is what the flow does as long as it stays
aligned; *per-class*, s tr G/(K − 1), as (16) says; *trace*, s tr G, as (17) says. The last two differ by the factor K − 1;
*per-class* is exact for equal singular values, *trace* is not. Hypotheses: C = I, and Uᵀ∇F V diagonal, which
holds for K = 2, for equal singular values of all K − 1 centred left vectors, and for Sylvester–Hadamard left vectors;
elsewhere these equations are an approximation to `PopulationFlow`. Differences of squares s⁽ˡ⁺¹⁾² − s⁽ˡ⁾² are conserved, so
layers may start unequal.
"""

from typing import ClassVar, Literal, get_args

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from sharedtrunk import gaussian
from sharedtrunk._support.arguments import check_kind_of, floating
from sharedtrunk._support.axes import AnyArray
from sharedtrunk.dynamics._checks import check_beta, check_rule
from sharedtrunk.dynamics._decomposition import decomposition
from sharedtrunk.dynamics._flow import AbstractFlow, Term
from sharedtrunk.dynamics._line_integral import mean_variance, pair_variance, rule_of_nodes, softmax_moment
from sharedtrunk.dynamics._population import FLOW_RULE
from sharedtrunk.errors import invalid

Reading = Literal["exact", "per-class", "trace"]


class SingularValues(eqx.Module):
    """The state of an aligned network.

    Parameters
    ----------
    layers
        The singular values of every layer, s⁽¹⁾ first, each (*lane, rank).
    """

    layers: tuple[Float[Array, "*lane rank"], ...]


class AlignedFlow(AbstractFlow):
    """The aligned equations ds⁽ˡ⁾/dt = [h(ŝ) − h(s)] ⊙ Π_{k≠l} s⁽ᵏ⁾ (18).

    `aligned_flow` makes one from a teacher's singular value decomposition.

    Parameters
    ----------
    left, right
        The teacher's singular vectors Û (…, class, rank) and V̂ (…, feature, rank).
    target
        h(ŝ), (…, rank).
    reading
        Which h: see `aligned_response`.
    rule
        Quadrature of h.
    soft
        βŝ for soft labels; zero or None for hard labels.
    """

    state: ClassVar = SingularValues
    start_form: ClassVar[str] = "SingularValues((s1, s2, …)), one vector per layer"

    left: Float[Array, "... class rank"]
    right: Float[Array, "... feature rank"]
    target: Float[Array, "... rank"]
    reading: Reading = eqx.field(static=True, default="exact")
    rule: gaussian.NodeRule = eqx.field(static=True, default=FLOW_RULE)
    soft: Float[Array, "... rank"] | None = None

    def drive(self, state: SingularValues) -> SingularValues:
        others, s = products(state.layers)
        drive = self.target - response(self.left, s, self.reading, self.rule)
        return SingularValues(tuple(drive * other for other in others))

    def composites(self, state: SingularValues):
        s = products(state.layers)[1]
        return (aligned_weights(self.left, s, self.right),)

    def check_start(self, start: SingularValues) -> None:
        sizes = [values.shape[-1] for values in start.layers]
        if set(sizes) != {self.target.shape[-1]}:
            raise invalid(
                "An aligned start needs at least one layer, with one singular value per singular vector in each",
                received=f"{sizes} for rank {self.target.shape[-1]}",
                hint="Give SingularValues((s1, s2, …)) with vectors of the teacher's rank",
            )

    def terms(self, composites):
        s = aligned_values(self, composites[0])
        return aligned_terms(self.left, s, self.target, self.reading, self.rule, self.soft)


def aligned_flow(
    left: Float[AnyArray, "class rank"],
    singular_values: Float[AnyArray, "rank"],
    right: Float[AnyArray, "feature rank"],
    *,
    inverse_temperature: float | None,
    reading: Reading = "exact",
    rule: gaussian.NodeRule = FLOW_RULE,
) -> AlignedFlow:
    """The aligned equations (18) for a (noisy) teacher Σ̂ = Û diag(ŝ) V̂ᵀ at inverse temperature β.

    ds⁽ˡ⁾/dt = [h(βŝ) − h(s)] ⊙ Π_{k≠l} s⁽ᵏ⁾. Hypotheses: C = I, layers that start on the teacher's singular vectors, and
    Uᵀ∇F V diagonal, which holds for K = 2, for equal singular values of all K − 1 centred left vectors, and for
    Sylvester–Hadamard left vectors; elsewhere it approximates `population_flow`.

    Parameters
    ----------
    left, singular_values, right
        Û (class, rank), ŝ (rank,) and V̂ (feature, rank), with orthonormal columns.
    inverse_temperature
        β; the paper writes βΣ̂ for Σ̂. None: hard labels, with h(ŝ) from the label moment and reading "exact" only.
    reading
        Which h: see `aligned_response`.
    rule
        Quadrature of h, `gaussian.Sobol` or `gaussian.Characters`.

    Returns
    -------
    AlignedFlow
        The flow; it starts from `SingularValues`.

    Raises
    ------
    InputError
        For shapes that do not match, singular vectors that are not orthonormal, a β that is not one number > 0, and an
        unknown reading or rule.

    References
    ----------
    The paper's (18).
    """
    U, s, V = decomposition((left, singular_values, right))
    check_beta(inverse_temperature)
    check_rule(rule)
    target = teacher_response(U, s, V, inverse_temperature, reading, rule)
    return AlignedFlow(U, V, target, reading, rule, soft_values(s, inverse_temperature))


def aligned_values(flow: AlignedFlow, weights: Float[Array, "*time class feature"]) -> Float[Array, "*time rank"]:
    """The student's singular values along the teacher's vectors: the diagonal of Ûᵀ W V̂.

    They are the s of (18) as long as W = Û diag(s) V̂ᵀ, which is not checked: `off_diagonal_share(W, Û, V̂)` measures how much
    of Ûᵀ W V̂ is off the diagonal.

    Parameters
    ----------
    flow
        An aligned flow of one lane, with its Û and V̂.
    weights
        Composite weights (…, class, feature), such as a trajectory's.

    Returns
    -------
    Array
        s, (…, rank).
    """
    check_kind_of(flow, AlignedFlow, "The flow", "Use aligned_flow")
    W = floating(weights, "Composite weights")
    expected = (flow.left.shape[-2], flow.right.shape[-2])
    if W.shape[-2:] != expected:
        raise invalid(
            f"Composite weights must be (…, class, feature), here (…, {expected[0]}, {expected[1]})",
            received=W.shape,
            hint="Give composites of the flow's task",
        )
    return jnp.einsum("ck,...cf,fk->...k", flow.left, W, flow.right, precision="highest")


def aligned_weights(U, s, V):
    """U diag(s) Vᵀ."""
    return jnp.matmul(U * s[None, :], V.T, precision="highest")


def products(layers) -> tuple[list, Array]:
    """For every layer the product of all other layers' singular values, without division; and the product of all."""
    one = jnp.ones_like(layers[0])
    below, above = [one], [one]
    for low, high in zip(layers, reversed(layers), strict=True):
        below.append(below[-1] * low)
        above.append(above[-1] * high)
    depth = len(layers)
    return [below[k] * above[depth - 1 - k] for k in range(depth)], below[-1]


def aligned_response(
    left: Float[AnyArray, "class rank"],
    singular_values: Float[AnyArray, "rank"],
    reading: Reading = "exact",
    rule: gaussian.NodeRule = FLOW_RULE,
) -> Float[Array, "rank"]:
    """The response h(s) of softmax to aligned weights U diag(s) Vᵀ, in one of three readings, for C = I.

    *exact*: the diagonal of Uᵀ ∇F(U diag(s) Vᵀ) V; *per-class*: s tr G/(K − 1) (16); *trace*: s tr G (17). (15) says that the
    components of *trace* fall as ‖s‖ grows; the projection of *exact* on a ray, Σ_k s_k h_k(λs), always rises with λ. The
    right vectors do not matter.

    Parameters
    ----------
    left
        U (class, rank).
    singular_values
        s (rank,).
    reading
        "exact", "per-class" or "trace".
    rule
        Quadrature, `gaussian.Sobol` or `gaussian.Characters`.

    Returns
    -------
    Array
        h(s), (rank,).

    Raises
    ------
    InputError
        For an unknown reading or rule, and shapes that do not match.

    References
    ----------
    The paper's (15)–(17).
    """
    check_reading(reading)
    check_rule(rule)
    U, s = floating(left), floating(singular_values)
    if U.ndim != 2 or 0 in U.shape or s.shape != U.shape[1:]:
        raise invalid(
            "Left vectors are (class, rank) with one singular value each",
            received=f"{U.shape} and {s.shape}",
            hint="Use U, s of numpy.linalg.svd(weights, full_matrices=False)",
        )
    return response(U, s, reading, rule)


def response(U, s, reading: Reading, rule):
    """`aligned_response` without its checks. The features are rotated to V, so only U diag(s) is needed."""
    if reading == "exact":
        if U.shape[1] == 1:
            return s * mean_variance(U[:, 0], s[0])
        return jnp.sum(U * softmax_moment(U * s[None, :], rule), axis=0)
    weights = U * s[None, :]
    trace = pair_variance(weights) if len(U) == 2 else jnp.trace(gaussian.softmax_covariance(weights, rule=rule))
    return s * (trace if reading == "trace" else trace / (U.shape[0] - 1))


def aligned_terms(U, s, target, reading: Reading, rule, soft) -> tuple[Term, ...]:
    """The term of one task; empty for approximate readings: their labels are soft, so both sides have the same error."""
    if reading != "exact":
        return ()
    teacher = None if soft is None else U * soft[None, :]
    drive, nodes = target - response(U, s, reading, rule), rule_of_nodes(len(U), rule, rank=U.shape[1])
    return (Term(drive, target, U * s[None, :], jnp.linalg.norm(s), teacher, nodes),)


def soft_values(s, beta: float | None):
    """βŝ, zero for hard labels."""
    return jnp.asarray(0 if beta is None else beta, s.dtype) * s


def teacher_response(U, s, V, beta: float | None, reading: Reading, rule):
    """h(βŝ), or its limit β → ∞ from the label moment."""
    check_reading(reading)
    if beta is not None:
        return response(U, soft_values(s, beta), reading, rule)
    if reading != "exact":
        raise invalid(
            "Hard labels are defined for the exact reading only",
            received=f"reading={reading!r} without inverse_temperature",
            hint="Give a finite inverse_temperature",
        )
    return jnp.sum(U * (gaussian.label_moment(aligned_weights(U, s, V)) @ V), axis=0)


def check_reading(reading: object) -> None:
    """Raise `InputError` for an unknown reading."""
    if reading not in get_args(Reading):
        raise invalid("h has three readings", received=repr(reading), hint=f"Use one of {get_args(Reading)}")

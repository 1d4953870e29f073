"""Erratum 9: how (9), (11) and the step from (16) to (17) should read."""

import numpy as np

from sharedtrunk import gaussian
from sharedtrunk.paper.claims import Claim, Evidence, Reading, at_least, at_most
from sharedtrunk.paper.claims.equations._minimizers import MANY, distance_from_teacher, growth, outside_printed_family
from sharedtrunk.paper.claims.equations._random_problems import EXACT, centred_frame, generator, orthonormal
from sharedtrunk.paper.claims.equations._training_flow import corrected_law, printed_law, smallest_mismatch

PANELS = gaussian.Panels()


def factor(seed: int, classes: int) -> tuple[float, float]:
    """Ratio, with its error, of diag Uᵀ∇F V to S tr G at equal singular values 2; it is 1/(K − 1) in (16) and 1 in (17)."""
    rng = generator(seed, f"factor, {classes} classes")
    U, V = centred_frame(rng, classes, classes - 1), orthonormal(rng, 4, classes - 1)
    W = 2.0 * U @ V.T
    # ∇F and G are computed as separate integrals, so that neither follows from the other
    moment, moment_error = gaussian.softmax_moment_with_error(W, rule=PANELS)
    G, G_error = gaussian.softmax_covariance_with_error(W, rule=PANELS)
    trace = float(np.trace(np.asarray(G)))
    found = np.diagonal(U.T @ np.asarray(moment) @ V) / (2.0 * trace)
    relative_error = float(moment_error) / (2.0 * trace) + np.sqrt(classes) * float(G_error) / trace
    return float(np.mean(found)), relative_error


def _factor(seed: int, classes: int) -> Reading:
    found, error = factor(seed, classes)
    return at_most(
        f"K = {classes}: distance of the factor from 1/(K − 1)", abs(found - 1 / (classes - 1)), 1e-3, error=error
    )


def _erratum9(seed: int, thorough: bool) -> Evidence:
    excess, outside = outside_printed_family()
    return Evidence(
        (
            at_least("(9) as printed, smallest network: relative mismatch", smallest_mismatch(printed_law), EXACT),
            at_most("(9) with W⁽ˡ⁾W⁽ˡ⁾ᵀ, same network: relative mismatch", smallest_mismatch(corrected_law), EXACT),
            at_most(
                "(11) with X Xᵀ: relative distance of the minimizer from βΣ̂", distance_from_teacher(seed, MANY)[0], 1e-6
            ),
            at_most("a shift outside the one direction of (11): excess loss", excess, 1e-12, unit="nats"),
            at_least("its share outside that direction", outside, EXACT),
            at_least("separable labels: growth of ‖W‖ as the gradient falls 10⁻³ → 10⁻⁵", growth(seed), 0.05),
            *(_factor(seed, classes) for classes in (3, 4)),
        )
    )


CLAIMS = (
    Claim(
        key="erratum-9",
        source="erratum 9",
        statement="(9) should read W⁽ˡ⁺¹⁾ᵀW⁽ˡ⁺¹⁾ against W⁽ˡ⁾W⁽ˡ⁾ᵀ; (11) needs X Xᵀ, allows any common shift and has no "
        "finite minimizer for separable labels; the g of (16) and that of (17) differ by the factor 1/(K − 1).",
        hypotheses="Linear layers; Gaussian inputs for the factor, taken at equal singular values.",
        method="Exact rates in the smallest network; Newton's method on 40 samples; integrals of ∇F and G by separate "
        "panels.",
        measure=_erratum9,
        seconds=2.0,
    ),
)

"""Claims on bounds: a wrong bound, planted, turns the number; the printed ones fail where two numbers suffice to see it."""

import numpy as np
import pytest

from sharedtrunk import gaussian
from sharedtrunk.paper.claims import verdict
from sharedtrunk.paper.claims.equations import _convexity, _test_sets
from sharedtrunk.paper.claims.equations import _population_bounds as _bounds
from sharedtrunk.paper.claims.equations._random_problems import softmax

pytestmark = pytest.mark.float64


@pytest.mark.parametrize("upper", [False, True])
def test_tangents(upper):
    assert _convexity.smallest_gap(0, upper) >= -_convexity.ROUNDING

    def at_the_other_point(z, other):
        return np.sum(softmax(other) * (other - z), axis=0)

    assert _convexity.smallest_gap(0, upper, at_the_other_point) < -1e-3


@pytest.mark.parametrize("upper", [False, True])
def test_samples(upper):
    assert verdict(_convexity._in_samples(upper)(0, False)) == "holds"


@pytest.mark.parametrize("upper", [False, True])
def test_printed_bounds_fail_in_the_smallest_case(upper):
    assert _bounds.smallest_counterexample(upper).outcome == "fails"
    assert _bounds.smallest_counterexample(upper, printed=False).outcome == "holds"


def test_smallest_case_by_hand():
    """K = 2, s̄ = s_A = 1, s̃ = 2: the printed lower bound is zero, the benefit below."""
    triples, draws = _bounds.smallest_triples()
    n = triples.index((1, 1, 2))
    gap, error = _bounds.gaps(draws, printed=True, upper=False)
    # benefit from ∫ over t = z₁ − z₂: F = E ln 2 cosh(t/2), t ~ N(0, 2s²), and ⟨M, W⟩ = s/√π
    t = np.linspace(-12, 12, 20_001)
    weight = np.exp(-(t**2) / 2)
    weight /= weight.sum()
    free_energy = [float(np.log(2 * np.cosh(np.sqrt(2) * s * t / 2)) @ weight) for s in (1.0, 2.0)]
    benefit = free_energy[1] - free_energy[0] - 1 / np.sqrt(np.pi)
    assert abs(gap[n] - benefit) <= error[n] + 1e-6


def test_rank_one():
    assert verdict(_bounds._eq5(0, False)) == "fails"
    draws = _bounds.rank_one(0, 200)
    sides = (False, True)
    assert _bounds.violated(draws, sides).sum() > 20
    assert _bounds.violated(draws, sides, printed=False).sum() == 0


def test_a_wrong_moment_is_seen_on_test_sets():
    """The gaps of F hold for any moment; test sets of argmax labels do not."""
    assert _test_sets.inside(0, 3, rank_one=True).min() > _test_sets.FAR_OUT

    def twice(teacher):
        return tuple(2 * np.asarray(part) for part in gaussian.label_moment_with_error(teacher))

    for wrong in (gaussian.softmax_moment_with_error, twice):
        assert _test_sets.inside(0, 3, rank_one=True, moment=wrong).min() < -_test_sets.FAR_OUT
    hard = gaussian.label_moment_with_error
    assert _test_sets.inside(0, 3, rank_one=True, soft=True).min() > _test_sets.FAR_OUT
    assert _test_sets.inside(0, 3, rank_one=True, soft=True, moment=hard).min() < -_test_sets.FAR_OUT


def test_every_draw_has_a_teacher_of_its_own():
    """The interval of a share is one of independent draws."""
    assert len(np.unique(_bounds.general(0, 2, 40).label[:, 0, 0])) == 40


@pytest.mark.slow
def test_bounds_over_random_draws():
    for side in (False, True):
        evidence = _bounds._one_side(side)(0, False)
        assert verdict(evidence) == "fails"
        assert all(reading.outcome == "holds" for reading in evidence.instead)
    assert verdict(_bounds._erratum10(0, False)) == "holds"

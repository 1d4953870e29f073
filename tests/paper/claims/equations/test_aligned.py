"""The measuring of the aligned equations: a wrong equation must turn the verdict."""

import numpy as np
import pytest

from sharedtrunk import dynamics, gaussian
from sharedtrunk.paper.claims import verdict
from sharedtrunk.paper.claims.equations import _aligned
from sharedtrunk.paper.contrasts import APPROXIMATELY

pytestmark = pytest.mark.float64


@pytest.mark.long
def test_a_wrong_rank_one_equation_is_seen(monkeypatch):
    """At K = 2 (3) is the population flow; with a teacher ten per cent off it is not."""
    u = _aligned._class_vector(0, 2)
    assert _aligned.rank_one_error(u, None, 3.0).number < 1e-3
    right = dynamics.rank_one_flow

    def wrong(u, s, v, *, inverse_temperature):
        flow = right(u, s, v, inverse_temperature=inverse_temperature)
        return type(flow)(flow.left, flow.right, 1.1 * flow.target)

    monkeypatch.setattr(dynamics, "rank_one_flow", wrong)
    assert _aligned.rank_one_error(u, None, 3.0).number > APPROXIMATELY


def test_symmetric_nodes_are_what_makes_the_share_vanish():
    """Class vectors that are not Sylvester's turn, by the same nodes."""
    s = _aligned._spread(3)
    rule = gaussian.Characters(points=1024, scrambles=4)
    assert _aligned.turning_share(gaussian.hadamard_vectors(4), s[::-1] / 9, s, rule).share < 1e-12
    assert _aligned.turning_share(_aligned._centred_frame(0, 4), s[::-1] / 9, s, rule).share > 0.01


def test_readings_of_g_differ_by_their_factor():
    for classes in (2, 3):
        assert _aligned.reading_error(0, classes, "trace") == pytest.approx(classes - 2, abs=1e-3)
        assert _aligned.reading_error(0, classes, "per-class") < 1e-3


@pytest.mark.long
@pytest.mark.parametrize("claim", _aligned.CLAIMS[1:], ids=lambda claim: claim.key)
def test_verdicts(claim):
    expected = {"eq-17": "holds only if", "eq-18": "holds only if", "erratum-2": "holds", "erratum-3": "holds"}
    assert verdict(claim.measure(3, False)) == expected[claim.key]


def test_missed_share_is_geometry():
    """M = ±v̂/√(2π) on two classes, so the share outside û is √(1 − (max û − min û)²/2)."""
    u = _aligned._class_vector(1, 7)
    assert _aligned.missed_share(u) == pytest.approx(np.sqrt(1 - (u.max() - u.min()) ** 2 / 2), abs=1e-9)

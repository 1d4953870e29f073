"""Two aligned tasks: the readings turn when the equations are wrong."""

import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk import dynamics
from sharedtrunk.paper.claims import at_least, verdict
from sharedtrunk.paper.claims.equations import CLAIMS, _two_tasks

PROBLEMS = _two_tasks.Problems(np.full(5, 2.0), np.full(5, 1.0), np.full(5, 0.1), np.array(_two_tasks.RELATEDNESS))


def balanced(relatedness):
    """Balanced layers of two classes whose composites are s u vᵀ along directions of given relatedness."""
    r = np.array(relatedness)
    right = _two_tasks.Problems(r, r, r, r).right()
    composites = [_two_tasks.LEFT @ (s * np.swapaxes(v, -1, -2)) for s, v in zip((1.3, 0.7), right, strict=True)]
    return dynamics.balanced_start([jnp.asarray(W) for W in composites])


@pytest.mark.float64
def test_composite_is_exact_with_the_angle_and_wrong_with_r():
    r = np.array([0.0, 0.3, 0.6, 1.0])
    layers = balanced(r)
    heads, trunk = [np.asarray(head) for head in layers.heads], np.asarray(layers.trunk[0])
    assert _two_tasks.composite_error(heads, trunk, _two_tasks.overlap(heads)).max() < 1e-12
    printed = _two_tasks.composite_error(heads, trunk, r)
    assert printed[[0, 3]].max() < 1e-7
    assert printed[1:3].min() > 0.01


@pytest.mark.parametrize(
    ("wrong", "said"), [({}, "holds"), ({1: 0.01}, "holds only if"), ({4: 0.01}, "fails"), ({0: 0.01}, "fails")]
)
def test_printed_equations_are_judged_lane_by_lane(monkeypatch, wrong, said):
    """A relative error planted at one relatedness decides the verdict on (26)."""
    truth = np.ones((2, 5, 3))
    by_print = truth.copy()
    for lane, error in wrong.items():
        by_print[0, lane, 1] += error
    monkeypatch.setattr(_two_tasks, "both", lambda seed, thorough: (PROBLEMS, by_print, truth))
    assert verdict(CLAIMS["eq-26"].measure(0, False)) == said


def test_lead_compares_with_the_lane_alone():
    values = np.array([[1.0, 1.0], [1.0, 2.0], [1.0, 0.0], [5.0, 5.0], [5.0, 5.0], [6.0, 4.0]])
    np.testing.assert_array_equal(_two_tasks.lead(values, 3), [[[0.0, 1.0], [0.0, -1.0]], [[0.0, 0.0], [1.0, -1.0]]])


@pytest.mark.parametrize(("violation", "said"), [(0.0, "holds"), (-0.01, "fails")])
def test_sign_rule_needs_every_time(monkeypatch, violation, said):
    lanes = len(_two_tasks.lattice().main)
    values = np.ones((2, lanes, 81))
    values[0, 2, 40] += violation  # one lane of r = 1, once
    monkeypatch.setattr(_two_tasks, "_all_printed", lambda seed, thorough: values)
    monkeypatch.setattr(_two_tasks, "_while_b_grows", lambda seed, thorough: at_least("planted", 1.0, 0.0))
    assert verdict(CLAIMS["eq-28"].measure(0, False)) == said


@pytest.mark.slow
@pytest.mark.float64
def test_two_tasks_measured():
    said = {key: verdict(CLAIMS[key].measure(1, False)) for key in ("eq-26", "eq-27", "eq-28", "erratum-8")}
    assert said == {"eq-26": "holds only if", "eq-27": "holds only if", "eq-28": "fails", "erratum-8": "holds"}

"""The predicted benefit against the regression twin in JAX, its limits, and labels that both tasks share."""

import numpy as np
import pytest

from sharedtrunk import dynamics
from sharedtrunk.affinity._regression_twin import (
    START,
    Overlap,
    _consistent,
    _directions,
    _least_error,
    _times,
    predicted_benefit,
    twin_task,
)
from sharedtrunk.errors import InputError

STRONG = (0.9, 0.7)


def tasks(main=(0.5,), auxiliary=(0.9,), labels=(100, 1000), classes=(3, 3)):
    return tuple(
        twin_task(np.array(s), classes=K, labels=n) for s, n, K in zip((main, auxiliary), labels, classes, strict=True)
    )


def benefit(r, *, features=40, hidden=100, draws=60, overlap=None, alpha=1.0, **given):
    return predicted_benefit(
        *tasks(**given), r, features=features, hidden=hidden, draws=draws, overlap=overlap, alpha=alpha
    )


def test_least_error_is_that_of_the_twin():
    """Stacked noisy matrices, alone and beside B, against `dynamics.regression_benefit` on fine times."""
    rng = np.random.default_rng(0)
    clean = np.zeros((3, 20))
    clean[0, 0], clean[1, 1] = STRONG
    noisy = [clean + 0.12 * rng.normal(size=(3, 20)), 0.5 * rng.normal(size=(2, 20))]
    found = dynamics.regression_benefit(np.linspace(0, 60, 6001), noisy, clean, START)
    both = np.concatenate(noisy)[None]
    single, joint = (
        float(_least_error(part, clean, 100, _times(noisy[0][None]))[0]) for part in (noisy[0][None], both)
    )
    assert single == pytest.approx(float(found.single.min()), abs=2e-3)
    assert joint == pytest.approx(float(found.joint.min()), abs=2e-3)
    assert abs(single - joint) > 0.02


def test_a_narrow_trunk_carries_the_strongest_modes():
    """One hidden unit: the error of the best rank-one network on the stacked matrix, the strongest singular direction."""
    clean = np.eye(1, 6)
    noisy = np.concatenate([clean, 2 * np.eye(1, 6, 1)])[None]
    errors = [_least_error(noisy, clean, hidden, _times(clean[None]))[0] for hidden in (1, 2)]
    assert errors == pytest.approx([1, 0], abs=1e-3)


@pytest.mark.parametrize("R", [np.array([[0.3, 0.4]]), np.array([[1.0], [0.0]]), 0.5 * np.eye(2)])
def test_directions_have_the_cosines_asked_for(R):
    V_a, V_b = _directions(R, 7)
    np.testing.assert_allclose(V_b @ V_a.T, R, atol=1e-12)
    np.testing.assert_allclose(V_b @ V_b.T, np.eye(R.shape[0]), atol=1e-12)


def test_limits():
    """Strong related labels help, unrelated hurt, an auxiliary without signal does nothing, many main labels need none."""
    related, unrelated = benefit(1.0), benefit(0.0)
    assert related.benefit > 0.1 > 10 * related.standard_error
    assert unrelated.benefit < -0.01 < -2 * unrelated.standard_error
    assert related.single == unrelated.single
    # Noise of a well labelled task is small, so a task without signal stays out of the trunk.
    assert abs(benefit(np.zeros((0, 1)), auxiliary=()).benefit) < 5e-3
    for r in (0.0, 1.0):
        sizes = [abs(benefit(r, labels=(n, 1000)).benefit) for n in (100, 1000, 10_000)]
        assert sizes[0] > 3 * sizes[1] > 9 * sizes[2]
    assert benefit(1.0, alpha=0.0).benefit == pytest.approx(0, abs=1e-3)


def test_benefit_rises_with_the_auxiliary_labels_of_a_related_task():
    gains = [benefit(1.0, labels=(100, n)).benefit for n in (50, 200, 1000)]
    assert gains[0] < gains[1] < gains[2]


def test_a_narrow_trunk_makes_an_unrelated_task_hurt_more():
    """Two units for one main and two stronger auxiliary directions: no room for the main task's."""
    wide, narrow = (benefit(0.0, auxiliary=STRONG, labels=(1000, 1000), hidden=H).benefit for H in (3, 2))
    assert narrow < wide - 0.5


def test_a_number_is_that_multiple_of_the_identity():
    both = [benefit(r, main=(0.6, 0.5), auxiliary=STRONG) for r in (0.5, 0.5 * np.eye(2))]
    assert both[0] == both[1]


def test_class_directions_do_not_matter_without_shared_labels():
    """Noise is the same in every direction of the class side: only the draws differ."""
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(2, 2)))[0]
    main, auxiliary = tasks()
    turned = twin_task(auxiliary.values, classes=3, labels=1000, left=turn[:, :1])
    plain, other = (predicted_benefit(main, one, 0.7, features=40, hidden=9, draws=400) for one in (auxiliary, turned))
    assert abs(plain.benefit - other.benefit) < 4 * np.hypot(plain.standard_error, other.standard_error)


def test_a_copy_on_the_same_rows_brings_nothing_new():
    """R = I and Ω = I on all rows: B̂_B is B̂_A. On rows of its own the same labels help."""
    copy = Overlap(200, np.eye(2))
    given = {"main": (0.6, 0.5), "auxiliary": (0.6, 0.5), "labels": (200, 200)}
    same, own = benefit(1.0, overlap=copy, **given), benefit(1.0, **given)
    assert own.benefit > 0.05
    # Not exactly 0: twice the drive is the same path in half the time, but from a start that weighs less.
    assert abs(same.benefit) < own.benefit / 10


def test_signal_that_labels_imply_is_added():
    """Main labels that are a function of the auxiliary ones: B̄_A is then a function of B̄_B, seen there or not."""
    rng = np.random.default_rng(2)
    clean_a, clean_b = 0.7 * np.eye(1, 8), np.zeros((2, 8))
    Ω = np.array([[0.6], [0.8]])
    np.testing.assert_allclose(Ω.T @ _consistent(clean_a, clean_b, Ω), clean_a, atol=1e-12)
    # Half-dependent labels leave room for a signal of size √(1 − ω²) = 0.87 apart.
    np.testing.assert_array_equal(_consistent(clean_a, clean_b, Ω / 2), clean_b)
    full = rng.normal(size=(2, 8))
    np.testing.assert_allclose(_consistent(Ω.T @ full, full, Ω), full, atol=1e-12)


def test_labels_that_determine_the_main_ones_do_not_hurt_for_being_unseen():
    """Main labels are one direction of the auxiliary's on the same rows, where no signal stands out: no harm in that one."""
    determined = Overlap(200, np.array([[1.0], [0.0]]))
    given = {"main": (0.6,), "auxiliary": (), "classes": (2, 3), "labels": (200, 200)}
    # The same noise with no signal of its own costs 0.14.
    assert abs(benefit(np.zeros((0, 1)), overlap=determined, **given).benefit) < 0.02


def test_draws_shrink_the_error():
    few, many = (benefit(0.5, draws=n).standard_error for n in (40, 640))
    assert 2.5 < few / many < 6.5


def test_bad_input():
    main, auxiliary = tasks()
    with pytest.raises(InputError, match="K − 1 clean values"):
        twin_task([0.5, 0.4], classes=2, labels=10)
    with pytest.raises(InputError, match="main task with signal"):
        predicted_benefit(twin_task([], classes=2, labels=9), auxiliary, 0.5, features=4, hidden=4)
    with pytest.raises(InputError, match="norm at most 1"):
        predicted_benefit(main, auxiliary, 1.5, features=4, hidden=4)
    with pytest.raises(InputError, match="1 hidden unit"):
        predicted_benefit(main, auxiliary, 0.5, features=4, hidden=0)

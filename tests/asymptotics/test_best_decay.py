"""The best weight decay, and the benefit there."""

import jax
import numpy as np
import pytest

from sharedtrunk import asymptotics, gaussian, teachers
from sharedtrunk.errors import InputError
from sharedtrunk.flows.result import Result

pytestmark = [pytest.mark.float64, pytest.mark.long]

RULE = gaussian.Sobol(points=512, scrambles=8)


def fields(relatedness, features=100, singular_values=(3.0, 5.0)):
    pair = teachers.related_pair(
        jax.random.key(0), classes=3, features=features, singular_values=singular_values, relatedness=relatedness
    )
    return asymptotics.fields_of_teachers(pair, noise=1.0)


@pytest.mark.parametrize("criterion", ["oracle", "validation"])
def test_no_decay_of_a_fine_grid_is_better(criterion):
    best = asymptotics.best_weight_decay(fields(0.7), 2.0, criterion=criterion, rule=RULE)
    around = float(best.weight_decay) * np.geomspace(0.25, 4, 13)
    grid = asymptotics.of_fields(fields(0.7), 2.0, around, rule=RULE)
    of = {"oracle": lambda s: s.generalization_loss, "validation": lambda s: s.validation_loss}[criterion]
    assert of(best) <= of(grid).min() + 1e-4


def test_related_tasks_help_and_unrelated_ones_do_nothing():
    """Table 1(a) holds for weight decay where classes are about equally frequent."""
    related, unrelated = (asymptotics.benefit_at_best_decay(fields(r), 2.0, rule=RULE) for r in (1.0, 0.0))
    assert related.benefit > 2 * related.error
    assert abs(unrelated.benefit) <= unrelated.error + 1e-4
    assert unrelated.error < 0.02


def test_a_weak_task_has_its_best_decay_just_below_the_one_without_weights():
    """The loss falls by little there, and rises beyond chance at all smaller λ of the search."""
    weak = fields(0.0, singular_values=(0.3, 1.0))
    found = asymptotics.benefit_at_best_decay(weak, 1.0, rule=RULE)
    for arm in (found.single, found.joint):
        assert arm.result == Result.SUCCESS
        assert arm.generalization_loss < np.log(3) - 0.01
    assert abs(found.benefit) <= found.error + 1e-3
    around = float(found.single.weight_decay) * np.geomspace(0.6, 1.5, 7)
    grid = asymptotics.of_fields(weak.main(), 1.0, around, rule=RULE)
    assert found.single.generalization_loss <= grid.generalization_loss.min() + 1e-4


def test_fixed_points_that_are_not_reached_are_told():
    """They are not left out of the search: the best of the others would be called the best of all."""
    best = asymptotics.best_weight_decay(fields(1.0), 2.0, rule=RULE, most_iterations=1)
    assert best.result == Result.STEP_LIMIT
    assert np.isfinite(best.generalization_loss)


def test_bad_arguments():
    with pytest.raises(InputError, match="finite and > 0"):
        asymptotics.best_weight_decay(fields(1.0), -1.0)


def test_a_heavy_unrelated_task_hides_no_best_decay():
    """With α_B = 10 the weights of B come first, and the main task's loss stays at ln K for the first λ of the search."""
    found = asymptotics.benefit_at_best_decay(fields(0.0), 4.0, task_weights=(1.0, 10.0), rule=RULE)
    assert abs(found.benefit) < found.error + 2e-3
    assert found.joint.generalization_loss < np.log(3) - 0.1

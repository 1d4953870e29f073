"""The fixed point in the precision of the run, float64 or float32."""

import numpy as np

from sharedtrunk.asymptotics import fields_of_gram, of_fields
from sharedtrunk.flows.result import Result


def test_alike_classes_stay_alike():
    """Three classes with independent logits of equal variance: Q is a multiple of J, and the overlap with the teacher too."""
    found = of_fields(fields_of_gram(np.eye(3), np.eye(3), np.eye(3), classes=(3,)), 2.0, 0.1)
    assert found.result == Result.SUCCESS
    J = np.eye(3) - 1 / 3
    for matrix in (found.gram, found.overlap):
        mean, error = matrix.mean(axis=0), matrix.std(axis=0, ddof=1) / len(matrix) ** 0.5
        assert (np.abs(mean - 0.5 * mean.trace() * J) < 5 * error + 0.003 * mean.trace()).all()
    assert found.generalization_loss + found.error < np.log(3)
    assert found.training_loss[0] < found.generalization_loss

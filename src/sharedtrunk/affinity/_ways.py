"""The ways of using the labels of auxiliary tasks."""

from typing import Literal, TypeAlias

Way: TypeAlias = Literal["beside", "feature", "average"]

BESIDE, FEATURE, AVERAGE = "beside", "feature", "average"

WAYS: tuple[Way, ...] = (BESIDE, FEATURE, AVERAGE)
"""*beside*: trained beside the main task, with a shared trunk. *feature*: the predicted log odds of the auxiliary tasks are
features of the main task. *average*: the average of students alone, beside and with features."""

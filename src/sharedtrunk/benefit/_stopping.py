"""Where a student is evaluated: at the minimum of its generalization loss, or at the minimum of its validation loss.

This is not where training ends: training goes on until the minimum is bracketed (`flows.bracketing`).

*Oracle stopping*: the minimum over time of the generalization loss itself, as in the paper; in practice nobody can see this
loss. *Validation stopping*: the minimum of the loss on held-out points with noisy labels, which are the same for both arms.
Stopping is a decision about computed curves, so it is made on the host, in NumPy.
"""

import numpy as np
from jaxtyping import Int

from sharedtrunk._support.arguments import check_kind_of
from sharedtrunk.errors import invalid
from sharedtrunk.flows.minimum import first_minimum
from sharedtrunk.flows.trajectory import Trajectory


def oracle_stop(trajectory: Trajectory) -> Int[np.ndarray, "*lane"]:
    """Index of the saved time at which the generalization loss is smallest (section 4.4 of the paper).

    Raises `InputError` for a trajectory without that loss.

    Parameters
    ----------
    trajectory
        A training with its generalization loss.

    Returns
    -------
    index
        Number of the saved time (*lane,).
    """
    check_trajectory(trajectory)
    return first_minimum(known_curve(trajectory.generalization_loss, "generalization"))


def validation_stop(trajectory: Trajectory) -> Int[np.ndarray, "*lane"]:
    """Index of the saved time at which the validation loss is smallest.

    Raises `InputError` for a trajectory without that loss.

    Parameters
    ----------
    trajectory
        A training with its validation loss.

    Returns
    -------
    index
        Number of the saved time (*lane,).
    """
    check_trajectory(trajectory)
    return first_minimum(known_curve(trajectory.validation_loss, "validation"))


def check_trajectory(trajectory: object) -> None:
    """Raise `InputError` unless the object is a trajectory."""
    check_kind_of(trajectory, Trajectory, "The trajectory", "Use students.train or dynamics.solve")


def known_curve(curve, name: str):
    """Return `curve`. Raises `InputError` if it is None."""
    if curve is None:
        raise invalid(
            f"Stopping needs the {name} loss along the trajectory",
            received="none",
            hint=f"Fill it in with benefit.with_{name}_loss",
        )
    return curve

"""The multitask benefit: how much lower the main task's loss gets with the auxiliary task than without (section 4.4)."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from sharedtrunk._support.arguments import check_kind_of
from sharedtrunk._support.statistics import half_width
from sharedtrunk.benefit._stopping import oracle_stop, validation_stop
from sharedtrunk.errors import invalid
from sharedtrunk.flows.minimum import value_at
from sharedtrunk.flows.result import Result
from sharedtrunk.flows.stopped import Stopped
from sharedtrunk.flows.trajectory import Trajectory


class MultitaskBenefit(NamedTuple):
    """MT_{A←B} in nats (*lane,), positive where B helps A: by oracle and by validation stopping, and the error of the former.

    `error` is the numerical error of `oracle`: the half-width over scrambles of the difference if the same rule valued both
    arms, else the sum of both arms' errors, which may be correlated.

    Parameters
    ----------
    oracle
        Benefit where each arm stops at its lowest generalization loss (*lane,).
    validation
        Benefit where each arm stops at its lowest validation loss (*lane,); None where that was not evaluated.
    error
        Numerical error of `oracle` (*lane,); None where it is not known.
    """

    oracle: Float[np.ndarray, "*lane"]
    validation: Float[np.ndarray, "*lane"] | None
    error: Float[np.ndarray, "*lane"] | None


def multitask_benefit(
    joint: Trajectory | Stopped,
    single: Trajectory | Stopped,
    *,
    validation: tuple[Stopped, Stopped] | None = None,
) -> MultitaskBenefit:
    """MT_{A←B} = min_t L(W̃(t)) − min_t L(W_A(t)) in nats, W̃ the single arm, W_A the joint one (section 4.4), lane by lane.

    Parameters
    ----------
    joint, single
        The two arms on common random numbers: trajectories with their loss curves, which are stopped at a saved time, or
        students that were stopped and valued before (`value_at`).
    validation
        Stopped students (joint, single) by validation stopping; not needed for trajectories with validation losses.

    Returns
    -------
    MultitaskBenefit
        A lane is NaN if one of its arms failed. Only `bracketed` checks whether both minima are bracketed.

    Raises
    ------
    InputError
        For arms with different lanes, or trajectories without generalization loss.
    """
    for arm in (joint, single):
        check_kind_of(arm, (Trajectory, Stopped), "An arm", "Use students.train, or value_at")
    (loss_joint, *errors), (loss_single, error) = (_lowest(arm) for arm in (joint, single))
    if loss_joint.shape != loss_single.shape:
        raise invalid(
            "Both arms need the same lanes",
            received=f"{loss_joint.shape} joint and {loss_single.shape} single",
            hint="Repeat the shared baseline for every joint lane",
        )
    errors = [known for known in (*errors, error) if known is not None]
    paired = _paired_error(joint, single)
    total = paired if paired is not None else errors[0] + errors[1] if len(errors) == 2 else None
    return MultitaskBenefit(loss_single - loss_joint, _validation(joint, single, validation), total)


def _paired_error(joint: Trajectory | Stopped, single: Trajectory | Stopped):
    """The error of the difference if both arms have their scrambles, else None."""
    if not (isinstance(joint, Stopped) and isinstance(single, Stopped)):
        return None
    if joint.scrambles is None or single.scrambles is None:
        return None
    rest = sum(arm.refinement for arm in (single, joint) if arm.refinement is not None)
    return half_width(single.scrambles - joint.scrambles) + rest


def _lowest(arm: Trajectory | Stopped):
    """Loss at the minimum, and its error or None."""
    if isinstance(arm, Stopped):
        return arm.loss, arm.error
    index = oracle_stop(arm)
    return _loss_at(arm, index), None if arm.error is None else value_at(arm.error, index)


def _loss_at(arm: Trajectory, index):
    """The generalization loss at the stop; NaN in a lane that failed."""
    assert arm.generalization_loss is not None  # `oracle_stop` has checked it
    failed = ~np.isin(np.asarray(arm.result), (Result.SUCCESS, Result.NOT_BRACKETED))
    return np.where(failed, np.nan, value_at(arm.generalization_loss, index))


def _validation(joint, single, stopped):
    if stopped is not None:
        return stopped[1].loss - stopped[0].loss
    if isinstance(joint, Stopped) or isinstance(single, Stopped):
        return None
    if joint.validation_loss is None or single.validation_loss is None:
        return None
    losses = [_loss_at(arm, validation_stop(arm)) for arm in (single, joint)]
    return losses[0] - losses[1]

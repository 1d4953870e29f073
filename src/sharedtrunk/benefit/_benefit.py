"""The multitask benefit: how much lower the main task's loss gets with the auxiliary task than without (section 4.4)."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from sharedtrunk._support.arguments import check_kind_of
from sharedtrunk.benefit._stopping import at, honest_stop, oracle_stop
from sharedtrunk.benefit._value import Stopped, mean_with_error
from sharedtrunk.errors import invalid
from sharedtrunk.flows.trajectory import Result, Trajectory


class MultitaskBenefit(NamedTuple):
    """MT_{A←B} in nats, positive where B helps A: by oracle stopping, honestly stopped, and the numerical error.

    `error` estimates the numerical error of `oracle`: from differences scramble by scramble where both arms have been
    valued by the same rule, else both arms' errors added, because they may have one cause.
    """

    oracle: Float[np.ndarray, "*lane"]
    honest: Float[np.ndarray, "*lane"] | None
    error: Float[np.ndarray, "*lane"] | None


def multitask_benefit(
    joint: Trajectory | Stopped,
    single: Trajectory | Stopped,
    *,
    honest: tuple[Stopped, Stopped] | None = None,
) -> MultitaskBenefit:
    """MT_{A←B} = min_t L(W̃(t)) − min_t L(W_A(t)) (section 4.4), lane by lane.

    `joint` and `single` are the two arms on common random numbers, as trajectories with their loss curves, stopped at a
    saved time, or as students already stopped, mostly between saved times, and valued (`value_at`; then `honest` = (joint,
    single) adds the honest variant). Honest stopping from trajectories needs their validation curves. A lane of which one
    arm failed is NaN; whether both minima were seen from both sides is for `bracketed` to say. Raises `InputError` where the
    lanes do not match.
    """
    for arm in (joint, single):
        check_kind_of(arm, (Trajectory, Stopped), "An arm", "Use students.train, or value_at")
    stopped_joint, stopped_single = (_lowest(arm) for arm in (joint, single))
    if stopped_joint[0].shape != stopped_single[0].shape:
        raise invalid(
            "Both arms need the same lanes",
            received=f"{stopped_joint[0].shape} joint and {stopped_single[0].shape} single",
            hint="Repeat the shared baseline for every joint lane",
        )
    oracle = stopped_single[0] - stopped_joint[0]
    return MultitaskBenefit(oracle, _honest(joint, single, honest), _error(joint, single))


def _error(joint: Trajectory | Stopped, single: Trajectory | Stopped):
    arms = (single, joint)
    scrambles = [arm.scrambles for arm in arms if isinstance(arm, Stopped) and arm.scrambles is not None]
    if len(scrambles) == 2:
        _, paired = mean_with_error(scrambles[0] - scrambles[1])
        return paired + sum(arm.refinement for arm in arms if isinstance(arm, Stopped) and arm.refinement is not None)
    known = [error for error in (_lowest(arm)[1] for arm in arms) if error is not None]
    return known[0] + known[1] if len(known) == 2 else None


def _lowest(arm: Trajectory | Stopped):
    """Loss at the minimum and its error, where it is known."""
    if isinstance(arm, Stopped):
        return arm.loss, arm.error
    index = oracle_stop(arm)
    return _loss_at(arm, index), None if arm.error is None else at(arm.error, index)


def _loss_at(arm: Trajectory, index):
    """The generalization loss at the stop; a lane that failed has none."""
    assert arm.generalization_loss is not None  # stopping has made sure
    failed = np.isin(
        np.asarray(arm.result), (Result.DIVERGED, Result.STEP_LIMIT, Result.RAN_AWAY, Result.RULE_TOO_COARSE)
    )
    return np.where(failed, np.nan, at(arm.generalization_loss, index))


def _honest(joint, single, given):
    if given is not None:
        return given[1].loss - given[0].loss
    if isinstance(joint, Stopped) or isinstance(single, Stopped):
        return None
    if joint.validation_loss is None or single.validation_loss is None:
        return None
    losses = [_loss_at(arm, honest_stop(arm)) for arm in (single, joint)]
    return losses[0] - losses[1]

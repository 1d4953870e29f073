"""Two arms at their stops, whoever followed them: the benefit, its error, and its bounds."""

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from sharedtrunk import benefit, gaussian
from sharedtrunk.flows.result import Result
from sharedtrunk.flows.stopped import Stopped, Stops
from sharedtrunk.prediction._prediction import Way

BOUND_RULE = gaussian.Sobol(points=1024, scrambles=8)
"""For the bounds: their error is far below their width."""


def compared(joint: Stops, single: Stops, moments: Float[np.ndarray, "lane class feature"]) -> Way:
    """The benefit of the joint lanes over their baselines, lane by lane, bounded with the clean label moments."""
    arms = joint.oracle, single.oracle
    assert arms[0].weights is not None  # students here are linear
    assert arms[1].weights is not None
    found = benefit.multitask_benefit(*arms)
    known = np.asarray(np.isfinite(arms[0].weights + arms[1].weights).all(axis=(-2, -1)))
    safe = [jnp.asarray(np.where(known[:, None, None], arm.weights, 0)) for arm in arms]
    bounds = benefit.benefit_bounds(safe[0], safe[1], jnp.asarray(moments, safe[0].dtype), rule=BOUND_RULE)
    lower, upper, bound_error = (np.where(known, np.asarray(part, float), np.nan) for part in bounds)
    assert found.error is not None  # both arms bring their scrambles
    validation = None
    if joint.validation is not None and single.validation is not None:
        validation = _bracketed_loss(single.validation) - _bracketed_loss(joint.validation)
    return Way(
        benefit=found.oracle,
        error=found.error,
        lower=lower,
        upper=upper,
        bound_error=bound_error,
        loss_single=arms[1].loss,
        loss_joint=arms[0].loss,
        stop_single=arms[1].time,
        stop_joint=arms[0].time,
        result=np.where(arms[0].result != Result.SUCCESS, arms[0].result, arms[1].result),  # pyright: ignore[reportArgumentType]
        benefit_honest=validation,
    )


def _bracketed_loss(stopped: Stopped) -> np.ndarray:
    """The loss where validation stopping has found a minimum, NaN elsewhere."""
    return np.where(stopped.result == Result.SUCCESS, stopped.loss, np.nan)

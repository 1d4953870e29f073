"""Two arms at their stops, whoever followed them: the benefit, its error, and its bounds."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from sharedtrunk import benefit, gaussian
from sharedtrunk.flows.trajectory import Result
from sharedtrunk.prediction._prediction import Way

BOUND_RULE = gaussian.Sobol(points=1024, scrambles=8)
"""For the bounds: their error is far below their width."""


class Arm(NamedTuple):
    """Students at the lowest generalization loss, lane by lane; a failed lane is NaN."""

    loss: Float[np.ndarray, "lane"]
    scrambles: Float[np.ndarray, "lane scramble"]
    refinement: Float[np.ndarray, "lane"]
    time: Float[np.ndarray, "lane"]
    weights: Float[np.ndarray, "lane class feature"]
    result: Int[np.ndarray, "lane"]
    loss_honest: Float[np.ndarray, "lane"] | None = None

    def lanes(self, index) -> "Arm":
        """Some of the lanes, in the order of `index`."""
        return jax.tree.map(lambda part: part[index], self)

    def stopped(self) -> benefit.Stopped:
        """As `benefit` knows a stopped student; accuracies are not asked for here."""
        unknown = np.full(self.loss.shape, np.nan)
        return benefit.Stopped(self.loss, unknown, unknown, self.time, self.scrambles, self.refinement)


def compared(joint: Arm, single: Arm, moments: Float[np.ndarray, "lane class feature"]) -> Way:
    """The benefit of the joint lanes over their baselines, lane by lane, bounded with the clean label moments."""
    found = benefit.multitask_benefit(joint.stopped(), single.stopped())
    known = np.asarray(np.isfinite(joint.weights + single.weights).all(axis=(-2, -1)))
    safe = [jnp.asarray(np.where(known[:, None, None], arm.weights, 0)) for arm in (joint, single)]
    bounds = benefit.benefit_bounds(safe[0], safe[1], jnp.asarray(moments, safe[0].dtype), rule=BOUND_RULE)
    lower, upper, bound_error = (np.where(known, np.asarray(part, float), np.nan) for part in bounds)
    assert found.error is not None  # both arms bring their scrambles
    honest = None
    if joint.loss_honest is not None and single.loss_honest is not None:
        honest = single.loss_honest - joint.loss_honest
    return Way(
        benefit=found.oracle,
        error=found.error,
        lower=lower,
        upper=upper,
        bound_error=bound_error,
        loss_single=single.loss,
        loss_joint=joint.loss,
        stop_single=single.time,
        stop_joint=joint.time,
        result=np.where(joint.result != Result.SUCCESS, joint.result, single.result),
        benefit_honest=honest,
    )

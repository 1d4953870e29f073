"""A student at its stop: the record that both simulation and theory return. A benefit is the difference of two losses."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from sharedtrunk.flows.trajectory import Trajectory


class Stopped(NamedTuple):
    """Students or flows at the time at which each was stopped, lane by lane, on the host. A failed lane is NaN.

    Parameters
    ----------
    loss, error
        Generalization loss in nats (*lane,), and the half-width of its interval: 99 % over scrambles plus `refinement`.
    time
        Stopping time (*lane,).
    accuracy
        Share of inputs to which the student gives the clean teacher's class (*lane,).
    scrambles
        The loss by each scramble of the rule (*lane, scramble). Two students are compared scramble by scramble, because
        their quadrature errors are alike.
    refinement
        The rest of `error`: from the spacing of saved times, the rounding of the curve that decides, and the label moment.
    weights
        The main task's composite weights of linear students (*lane, class, feature).
    result
        `Result` codes (*lane,). A lane that is not bracketed has the lowest loss up to the time limit.
    trajectory
        The coarse curve on which the minimum was found, without weights.
    """

    loss: Float[np.ndarray, "*lane"]
    error: Float[np.ndarray, "*lane"]
    time: Float[np.ndarray, "*lane"]
    accuracy: Float[np.ndarray, "*lane"] | None = None
    scrambles: Float[np.ndarray, "*lane scramble"] | None = None
    refinement: Float[np.ndarray, "*lane"] | None = None
    weights: Float[np.ndarray, "*lane class feature"] | None = None
    result: Int[np.ndarray, "*lane"] | None = None
    trajectory: Trajectory | None = None

    def lanes(self, index) -> "Stopped":
        """Some of the lanes, in the order of `index`, without the trajectory."""
        some = {name: part[index] for name, part in self._asdict().items() if part is not None and name != "trajectory"}
        return Stopped(**some)


class Stops(NamedTuple):
    """The same students stopped by both rules: at the minimum of the generalization loss (oracle) and of the validation loss.

    Parameters
    ----------
    oracle
        Students at the minimum of the generalization loss.
    validation
        Students at the minimum of the validation loss; None for theory, which has no held-out points.
    """

    oracle: Stopped
    validation: Stopped | None = None

    def lanes(self, index) -> "Stops":
        """Some of the lanes, in the order of `index`."""
        return Stops(*(None if stop is None else stop.lanes(index) for stop in self))  # pyright: ignore[reportArgumentType]

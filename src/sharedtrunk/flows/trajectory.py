"""What every student and every flow returns: a training at its saved times.

A trajectory holds one training or a batch of them (leading `lane` axis on everything but `times`). Linear networks are
stored as their composite weights, from which every loss can be computed later. Networks with a nonlinearity carry the
losses that were evaluated in training. `result` says for every lane whether its numbers may be used.
"""

from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Float, Int

from sharedtrunk._support.axes import AnyArray
from sharedtrunk._support.notebook import ShowsItself, SmallTable
from sharedtrunk._support.words import counted, number
from sharedtrunk.flows.result import Result as Result


class Trajectory(ShowsItself, eqx.Module):
    """A training at its saved times.

    Parameters
    ----------
    times
        Saved times (time,): steps × step size.
    composites
        Composite weights of every task (*lane, time, class, feature); empty for nonlinear networks.
    result
        `Result` codes (*lane,).
    final
        The network, or the flow's state, at the last time; training can continue from it.
    generalization_loss, validation_loss
        Losses of the main task in nats (*lane, time), where they were evaluated.
    error
        Half-width of the 99 % interval of the generalization loss (*lane, time), where it was sampled.
    accuracy
        Share of inputs classified as by the clean teacher (*lane, time), where it was sampled.
    mean_step
        The solver's mean step, a good first step to continue with.
    gradient_evaluations
        Evaluations of the drive.
    networks
        All saved networks (*lane, time, …), if requested.
    """

    times: Float[AnyArray, "time"]
    composites: tuple[Float[AnyArray, "*lane time _ feature"], ...]
    result: Int[AnyArray, "*lane"]
    final: Any = None
    generalization_loss: Float[AnyArray, "*lane time"] | None = None
    error: Float[AnyArray, "*lane time"] | None = None
    validation_loss: Float[AnyArray, "*lane time"] | None = None
    accuracy: Float[AnyArray, "*lane time"] | None = None
    mean_step: Float[AnyArray, ""] | np.floating | None = None
    gradient_evaluations: Int[AnyArray, ""] | np.integer | None = None
    networks: Any = None

    def _table(self) -> SmallTable:
        times, results = np.asarray(self.times), np.asarray(self.result)
        title = f"Training at {counted(times.size, 'time')}, {number(times[0], '.4g')} to {number(times[-1], '.4g')}"
        losses = [] if self.generalization_loss is None else ["last loss (nats)", "lowest", "at time"]
        rows = (
            [", ".join(map(str, lane)) or "–", *self._losses_of(lane), Result(int(results[lane])).words]
            for lane in np.ndindex(results.shape)
        )
        return SmallTable(title, ["lane", *losses, "result"], rows, results.size)

    def _losses_of(self, lane: tuple[int, ...]) -> list[str]:
        """The last and the lowest loss of a lane, and the time of the lowest."""
        if self.generalization_loss is None:
            return []
        curve = np.asarray(self.generalization_loss[lane])
        lowest = int(np.nanargmin(curve)) if np.isfinite(curve).any() else -1
        numbers = curve[-1], curve[lowest], self.times[lowest] if lowest >= 0 else np.nan
        return [number(value, ".4g") for value in numbers]

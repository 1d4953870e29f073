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
from sharedtrunk._support.concrete import are_arrays
from sharedtrunk._support.notebook import ShowsItself, number
from sharedtrunk._support.words import counted
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

    def __repr__(self) -> str:
        return super().__repr__() if are_arrays(self) else eqx.tree_pformat(self)

    def _table(self) -> tuple[str, list[str], list[list[str]]]:
        times, results = np.asarray(self.times), np.asarray(self.result)
        title = f"Training at {counted(times.size, 'time')}, {number(times[0])} to {number(times[-1])}"
        headings, curves = ["lane", "result"], np.zeros((*results.shape, 0))
        if self.generalization_loss is not None:
            headings[1:1] = ["last loss (nats)", "lowest", "at time"]
            curves = np.asarray(self.generalization_loss)
        rows = []
        for lane in np.ndindex(results.shape):
            curve = curves[lane]
            row = [", ".join(map(str, lane)) or "–", Result(int(results[lane])).name.lower().replace("_", " ")]
            if self.generalization_loss is not None:
                known = np.isfinite(curve).any()
                place = int(np.nanargmin(curve)) if known else 0
                row[1:1] = [number(curve[-1]), number(curve[place]), number(times[place]) if known else "–"]
            rows.append(row)
        return title, headings, rows

"""What every student and every flow returns: the state of a training, seen at a list of times.

A trajectory holds one training or a batch of them (leading `lane` axis on everything but `times`). Linear networks
are known by their composite weights, from which every loss can be computed later; networks with a nonlinearity carry
the losses that were evaluated on the way. `result` says, lane by lane, whether the numbers may be used.
"""

from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import Float, Int

from sharedtrunk._support.axes import AnyArray
from sharedtrunk.flows.result import Result as Result


class Trajectory(eqx.Module):
    """A training at its saved times.

    `composites[k]` are the composite weights of task k (empty for nonlinear networks). `generalization_loss` and
    `validation_loss` are those of the main task (task 0), in nats, where they have been evaluated; `error` is the
    half-width of the 99 % interval of the generalization loss and `accuracy` the share of inputs classified as the
    clean teacher does. `networks` are the networks at all times (*lane, time first), where they were asked for. `final` is
    the network at the last time, from which training can go on; `mean_step` is the solver's mean step, a good first step
    to go on with.
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

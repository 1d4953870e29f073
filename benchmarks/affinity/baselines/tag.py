"""TAG: how much a step of the shared trunk on B's loss lowers A's loss (directed).

    Z_{B→A} = mean over steps of 1 − L_A(θ − η ∇_θ L_B(θ, B's head), A's head) / L_A(θ, A's head),   θ the trunk

C. Fifty, E. Amid, Z. Zhao, T. Yu, R. Anil, C. Finn, Efficiently identifying task groupings for multi-task learning,
NeurIPS 2021, section 3 (inter-task affinity and its average over training).

Where this differs: it uses full batches instead of mini-batches, and A's and B's points need not be the same; the look-ahead
is a plain gradient step with η = 0.1, while the network itself is trained jointly by Adam; the average ends at A's best
stopping loss, where a practitioner would stop, since beyond it A's training loss tends to zero and the ratio blows up.
The natural threshold is Z > 0.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from ..data import PairData
from ._budget import average_over_starts
from ._joint import watched_mean
from ._network import AUX, MAIN, Labelled, SharedTrunk

STEP = 0.1


def score(data: PairData, seed: int, seconds: float | None) -> float:
    """Z_{B→A}, averaged over training and over as many starts as fit into `seconds` (None: one start)."""

    def once(start: int) -> float:
        return watched_mean(data, start, affinity)

    return average_over_starts(once, seed, seconds)


def lookahead_affinity(
    main_loss: Callable[[], Tensor], aux_loss: Callable[[], Tensor], shared: Sequence[Tensor], step: float
) -> float:
    """1 − L_A(θ − step · ∇L_B(θ)) / L_A(θ) for losses that read the shared parameters θ; θ is left as it was."""
    gradient = torch.autograd.grad(aux_loss(), shared)
    with torch.no_grad():
        here = main_loss().item()
        kept = [parameter.clone() for parameter in shared]
        for parameter, slope in zip(shared, gradient, strict=True):
            parameter -= step * slope
        ahead = main_loss().item()
        # Values are copied back, because adding the step back would let rounding errors disturb the training.
        for parameter, value in zip(shared, kept, strict=True):
            parameter.copy_(value)
    return 1 - ahead / here


def affinity(network: SharedTrunk, main: Labelled, aux: Labelled) -> float:
    """Z_{B→A} of one step of size η down the gradient of B's loss on B's points, measured by A's loss on A's points."""

    def main_loss() -> Tensor:
        return network.loss(MAIN, main)

    def aux_loss() -> Tensor:
        return network.loss(AUX, aux)

    return lookahead_affinity(main_loss, aux_loss, list(network.trunk.parameters()), STEP)

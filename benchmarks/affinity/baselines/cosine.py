"""Cosine of the two tasks' gradients on the shared trunk, averaged over joint training (symmetric except for the stop).

    mean over steps of ⟨g_A, g_B⟩ / (‖g_A‖ ‖g_B‖),   g = ∇ of the task's loss with respect to the trunk's weights and biases

Y. Du, W. M. Czarnecki, S. M. Jayakumar, R. Pascanu, B. Lakshminarayanan, Adapting auxiliary losses using gradient similarity,
arXiv:1812.02224 (2018), section 3; the same cosine decides which gradients conflict in T. Yu et al., Gradient surgery for
multi-task learning, NeurIPS 2020, definition 1.

Where this differs: they use the cosine at each step to switch or project B's gradient; here its average over training is a
score of the pair. Batches are full, and the average runs to A's best stopping loss. Natural threshold: cosine > 0.
"""

import torch

from ..data import PairData
from ._budget import average_over_starts
from ._joint import watched_mean
from ._network import AUX, MAIN, Labelled, SharedTrunk


def score(data: PairData, seed: int, seconds: float | None) -> float:
    """Mean cosine, averaged over training and over as many starts as fit into the time (one without a budget)."""

    def once(start: int) -> float:
        return watched_mean(data, start, gradient_cosine)

    return average_over_starts(once, seed, seconds)


def gradient_cosine(network: SharedTrunk, main: Labelled, aux: Labelled) -> float:
    """Cosine between the trunk's gradients of the two losses; NaN where one of them vanishes."""
    shared = list(network.trunk.parameters())
    g_main, g_aux = (
        torch.cat([slope.flatten() for slope in torch.autograd.grad(network.loss(task, points), shared)])
        for task, points in ((MAIN, main), (AUX, aux))
    )
    return (torch.dot(g_main, g_aux) / (g_main.norm() * g_aux.norm())).item()

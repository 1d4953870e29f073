"""Gradient flow: the continuous-time limit of descent, dW/dt = −∇L, with its error controlled (2), (8).

All lanes of a batch share one step, chosen so that the worst lane meets the tolerance. Batches of similar lanes are therefore
faster.
"""

import dataclasses
from typing import Literal


@dataclasses.dataclass(frozen=True)
class Flow:
    """dW/dt = −∇L with its error controlled.

    Parameters
    ----------
    rtol, atol
        The local error stays below rtol·|W| + atol in the root mean square over each lane's weights. On the standard problem
        rtol = 1e-4 gives loss curves within 1e-4 nats of a descent of step 1e-3.
    max_steps
        The largest number of steps of one call; lanes that need more end with `Result.STEP_LIMIT`.
    stabilized
        Whether to use a Runge–Kutta–Chebyshev method of second order, whatever `order` says. Where stability, not accuracy,
        limits the step, this method is much faster, and it is accurate enough for ReLU students.
    order
        5 for Tsit5, 3 for Bogacki–Shampine, which needs half as many evaluations per step and takes steps three quarters as
        long where stability limits them.
    """

    rtol: float = 1e-4
    atol: float = 1e-6
    max_steps: int = 16384
    stabilized: bool = False
    order: Literal[3, 5] = 5

"""Gradient flow: the continuous-time limit of descent, dW/dt = −∇L, with its error controlled (2), (8).

All lanes of a batch share one step, chosen so that the worst lane meets the tolerance; batches should therefore hold
alike lanes.
"""

import dataclasses
from typing import Literal


@dataclasses.dataclass(frozen=True)
class Flow:
    """dW/dt = −∇L by Tsit5 with local error below rtol·|W| + atol in the root mean square over each lane's weights.

    On the standard problem rtol = 1e-4 gives loss curves within 1e-4 nats of a descent of step 1e-3. Where stability
    limits the step, not accuracy, other methods go farther: that of `order` 3, Bogacki and Shampine's, takes half as many
    evaluations a step and three quarters of its length; with `stabilized`, a Runge–Kutta–Chebyshev method of second order
    goes much farther, and is right enough for ReLU students. `max_steps` bounds the work of one call; a lane that is not
    done by then carries `Result.STEP_LIMIT`.
    """

    rtol: float = 1e-4
    atol: float = 1e-6
    max_steps: int = 16384
    stabilized: bool = False
    order: Literal[3, 5] = 5

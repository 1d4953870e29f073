"""Gradient flow: the continuous-time limit of descent, dW/dt = −∇L − λW, with its error controlled (2), (8).

All lanes of a batch share one step, chosen so that the worst lane meets the tolerance. Batches of similar lanes are therefore
faster.
"""

import dataclasses
from typing import Literal

from jaxtyping import Float

from sharedtrunk._support.axes import AnyArray


@dataclasses.dataclass(frozen=True)
class Flow:
    """dW/dt = −∇L − λW for every layer, with its error controlled.

    With weight decay λ > 0 training minimizes L + (λ/2) Σ_l ‖W⁽ˡ⁾‖²_F over all layers l. The composites of linear students
    with one hidden layer then converge, from almost every start, to the minimum that `minimize` finds, if there are at least
    as many hidden units as features or as classes of all tasks together.

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
    weight_decay
        λ ≥ 0 of all trunk layers and heads, in nats per squared weight; it may be traced. All values > 0 share a compiled
        program, and 0 costs nothing.
    """

    rtol: float = 1e-4
    atol: float = 1e-6
    max_steps: int = 16384
    stabilized: bool = False
    order: Literal[3, 5] = 5
    weight_decay: float | Float[AnyArray, ""] = 0.0

"""How a lane ended, as a code that is stored with the lane.

This module needs no JAX, so that stored lanes can be read where JAX is not installed.
"""

import enum


class Result(enum.IntEnum):
    """How a lane ended. A failed lane is NaN with a reason; the sweep goes on.

    Attributes
    ----------
    SUCCESS
        0: the minimum of the generalization loss is bracketed.
    DIVERGED
        1: the weights stopped being finite numbers.
    STEP_LIMIT
        2: the solver used up its steps before the last time.
    NOT_BRACKETED
        3: a minimum was not bracketed by the time limit.
    RAN_AWAY
        4: the weights grew beyond the ceiling before the minimum was bracketed.
    RULE_TOO_COARSE
        5: the error of the quadrature is no longer small beside the drive.
    """

    SUCCESS = 0
    DIVERGED = 1
    STEP_LIMIT = 2
    NOT_BRACKETED = 3
    RAN_AWAY = 4
    RULE_TOO_COARSE = 5

    @property
    def words(self) -> str:
        """The name in lower case: "step limit"."""
        return self.name.lower().replace("_", " ")

    @property
    def message(self) -> str:
        """The reason, as one line for a person."""
        return _MESSAGES[self]


_MESSAGES = {
    Result.SUCCESS: "trained; the minimum of the generalization loss is bracketed",
    Result.DIVERGED: "diverged: the weights stopped being finite numbers",
    Result.STEP_LIMIT: "the solver used up its steps before the last time",
    Result.NOT_BRACKETED: "the minimum of the generalization or the validation loss was not bracketed by the time limit",
    Result.RAN_AWAY: "ran away: the weights grew beyond the ceiling before the minimum of the loss was bracketed",
    Result.RULE_TOO_COARSE: "the quadrature rule is too coarse: its error is no longer small beside the drive of the weights",
}

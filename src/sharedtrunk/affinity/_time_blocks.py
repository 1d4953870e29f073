"""Splits in order of time: every split tests one block of rows, all later than those that it was trained and stopped on.

The judged rows are cut in order of time into up to `BLOCKS` blocks of about equal size; rows of one time are in one block.
Each of the last two thirds of the blocks is tested once. The blocks right before it decide when to stop, because they are
most like it, and all earlier rows are trained on, so that later splits have more of them.
"""

import numpy as np
from jaxtyping import Float, Int

from sharedtrunk.affinity._splits import LEFT_OUT, TEST, TRAIN, VALIDATION
from sharedtrunk.errors import invalid

BLOCKS = 15
"""With fifteen, ten are tested, by students that learn from two to eight tenths of the labels."""

VALIDATION_BLOCKS = 2
"""Blocks of fifteen that decide when to stop."""

LEAST_BLOCKS = 4
"""The smallest number of blocks: two are tested, and an interval needs two."""


def time_roles(times: Float[np.ndarray, "sample"], judged: int) -> Int[np.ndarray, "split sample"]:
    """Roles of all rows, of which the first `judged` are judged; one split per tested block, in order.

    Rows from the validation blocks on are not trained on, whether they are judged or not. Raises `InputError` for too few
    different times.
    """
    starts = _starts(np.sort(times[:judged]))
    blocks = len(starts)
    if blocks < LEAST_BLOCKS:
        raise invalid(
            f"Splits in order of time need at least {LEAST_BLOCKS} blocks of different times",
            received=f"{np.unique(times[:judged]).size} different times in {blocks} blocks",
            hint="Give finer times, or leave the column of times out.",
        )
    validation = max(1, round(blocks * VALIDATION_BLOCKS / BLOCKS))
    block_of = np.searchsorted(starts, times, side="right") - 1
    splits = []
    for tested in range(max(-(-blocks // 3), validation + 1), blocks):
        ahead = tested - block_of
        role = np.select([ahead < 0, ahead == 0, ahead <= validation], [LEFT_OUT, TEST, VALIDATION], TRAIN)
        role[judged:][role[judged:] != TRAIN] = LEFT_OUT
        splits.append(role)
    return np.stack(splits).astype(np.int64)


def _starts(times: np.ndarray) -> np.ndarray:
    """The first time of every block, for sorted times."""
    firsts = np.arange(BLOCKS) * len(times) // BLOCKS
    return np.unique(times[firsts])

"""The words of the four verdicts on a benefit.

`_effects` decides the verdict on a measured benefit, and `_explanation.verdict` the one on a predicted benefit.
"""

from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["helps", "no difference", "cannot tell yet", "hurts"]

HELPS, NO_DIFFERENCE, CANNOT_TELL, HURTS = "helps", "no difference", "cannot tell yet", "hurts"

VERDICTS: tuple[Verdict, ...] = (HELPS, NO_DIFFERENCE, CANNOT_TELL, HURTS)
"""From best to worst."""

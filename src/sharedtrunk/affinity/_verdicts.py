"""The words of the four verdicts on a benefit.

`_effects` decides whether a measured verdict is "helps", and `_explanation.verdict` decides a predicted one.
"""

from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["helps", "no difference", "cannot tell yet", "hurts"]

HELPS, NO_DIFFERENCE, CANNOT_TELL, HURTS = "helps", "no difference", "cannot tell yet", "hurts"

VERDICTS: tuple[Verdict, ...] = (HELPS, NO_DIFFERENCE, CANNOT_TELL, HURTS)
"""From best to worst."""

"""All thresholds of the figures and the claims for SNR, benefit and correlation, and the exception for a missing value.

A teacher's SNR is its singular value s, at unit noise. s = 1 is neither low nor high.
"""

LOW_SNR = 0.3
"""A teacher with s ≤ 0.3 has a low SNR, as in the averages of Figures 2 and 3."""

HIGH_SNR = 3.0
"""A teacher with s ≥ 3 has a high SNR."""

HOPELESS = 0.1
"""A main task with s ≤ 0.1 cannot be learned: nearly all of its labels are noise."""

LEARNABLE = 1.0
"""A main task with s ≥ 1 can be learned. Tasks between `HOPELESS` and `LEARNABLE` count for neither side of a claim."""

NEGLIGIBLE = 0.01
"""Benefits within ± 0.01 nats count as none. That is twenty times the numerical tolerance, and 0.4 % of ln 10."""

APPROXIMATELY = 0.05
"""What ≈, ≃ and "excellent agreement" in the paper allow: a relative error of 5 %."""

SIMILAR = 0.7
"""Two patterns over settings are similar from this correlation on: they share half of their variance."""

VERY_SIMILAR = 0.9
"""Two patterns are very similar from this correlation on: they share four fifths of their variance."""


class NotMeasured(Exception):
    """A dataset lacks a value that a contrast needs; the text is the reason."""

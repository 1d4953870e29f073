"""The lines that are drawn through SNR and benefit, and the word for a number that a dataset does not have.

"Low SNR" is a teacher with singular values up to 0.3, "high" one with 3 and more, at unit noise; 1 belongs to neither.
"""

LOW_SNR = 0.3
HIGH_SNR = 3.0

NEGLIGIBLE = 0.01
"""Benefits within ± this many nats count as none: twenty times the numerical tolerance, 0.4% of ln 10."""


class NotMeasured(Exception):
    """Raised where a dataset lacks a value that a contrast needs; its text is the reason."""

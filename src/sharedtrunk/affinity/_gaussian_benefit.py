"""The benefit for a numeric task in nats: of a Gaussian whose variance is the mean squared error.

    ½ ln(MSE_alone / MSE_joint),

the difference of the two losses per row once each has its own best variance. Its interval is that of the linearization (delta
method): a row's squared errors e_alone and e_joint contribute ½ (e_alone / MSE_alone − e_joint / MSE_joint).
"""

from dataclasses import replace

import numpy as np

from sharedtrunk._support.statistics import Estimate
from sharedtrunk.affinity._metrics import Scoring
from sharedtrunk.affinity._trials import Outcome


def gaussian_benefit(joint: Outcome, single: Outcome, scoring: Scoring) -> Estimate:
    """The benefit in nats with its 95 % interval; NaN where a mean squared error is 0 or unknown."""
    made = joint.made & single.made
    both = np.isfinite(joint.loss[made]) & np.isfinite(single.loss[made])
    alone, beside = (np.where(both, outcome.loss[made], np.nan) for outcome in (single, joint))
    mean_alone, mean_beside = scoring.by_row(alone).mean, scoring.by_row(beside).mean
    if not min(mean_alone, mean_beside) > 0:
        return Estimate(np.nan, np.nan, np.nan, np.nan, 0, int(made.sum()))
    linear = scoring.by_row(0.5 * (alone / mean_alone - beside / mean_beside))
    mean = float(0.5 * np.log(mean_alone / mean_beside))
    shift = mean - linear.mean
    return replace(linear, mean=mean, low=linear.low + shift, high=linear.high + shift)

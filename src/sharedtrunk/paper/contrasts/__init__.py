"""Numbers computed from a dataset of benefits, seed by seed: picked settings, averages and contrasts; and every threshold.

`at` and `between` pick settings; `average`, `benefit_by_snr` and `per_seed` form the means that the paper's summary
figures show; `slope`, `steps`, `signal` and `crossing` are read off one benefit, `correlation` compares two.
All settings share the seeds, so contrasts are formed within each seed, and errors come from the spread over seeds
(`sharedtrunk._support.statistics`). A dataset that lacks a value raises `NotMeasured`. Nothing here draws, judges or needs
JAX.
"""

from sharedtrunk.paper.contrasts._averages import average as average
from sharedtrunk.paper.contrasts._averages import benefit_by_snr as benefit_by_snr
from sharedtrunk.paper.contrasts._correlation_and_crossing import correlation as correlation
from sharedtrunk.paper.contrasts._correlation_and_crossing import crossing as crossing
from sharedtrunk.paper.contrasts._picking import at as at
from sharedtrunk.paper.contrasts._picking import between as between
from sharedtrunk.paper.contrasts._picking import by_aux_snr as by_aux_snr
from sharedtrunk.paper.contrasts._picking import levels as levels
from sharedtrunk.paper.contrasts._picking import per_seed as per_seed
from sharedtrunk.paper.contrasts._picking import signal as signal
from sharedtrunk.paper.contrasts._picking import slope as slope
from sharedtrunk.paper.contrasts._picking import steps as steps
from sharedtrunk.paper.contrasts._thresholds import APPROXIMATELY as APPROXIMATELY
from sharedtrunk.paper.contrasts._thresholds import HIGH_SNR as HIGH_SNR
from sharedtrunk.paper.contrasts._thresholds import HOPELESS as HOPELESS
from sharedtrunk.paper.contrasts._thresholds import LEARNABLE as LEARNABLE
from sharedtrunk.paper.contrasts._thresholds import LOW_SNR as LOW_SNR
from sharedtrunk.paper.contrasts._thresholds import NEGLIGIBLE as NEGLIGIBLE
from sharedtrunk.paper.contrasts._thresholds import SIMILAR as SIMILAR
from sharedtrunk.paper.contrasts._thresholds import VERY_SIMILAR as VERY_SIMILAR
from sharedtrunk.paper.contrasts._thresholds import NotMeasured as NotMeasured

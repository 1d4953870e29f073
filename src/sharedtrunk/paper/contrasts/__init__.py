"""What is read off a dataset of benefits, seed by seed: pick, average, contrast.

`at` and `between` pick settings; `average`, `benefit_by_snr` and `per_seed` form the means that the paper's summary
figures show; `slope`, `steps`, `signal` and `crossing` are read off one benefit, `correlation` compares two.
Every seed is a draw of its own that all settings share, so contrasts are formed within each seed; errors come from the
spread over seeds (`sharedtrunk._support.statistics`). A dataset that lacks a value raises `NotMeasured`. Nothing here
draws, judges or needs JAX.
"""

from sharedtrunk.paper.contrasts._averages import average as average
from sharedtrunk.paper.contrasts._averages import benefit_by_snr as benefit_by_snr
from sharedtrunk.paper.contrasts._comparisons import correlation as correlation
from sharedtrunk.paper.contrasts._comparisons import crossing as crossing
from sharedtrunk.paper.contrasts._limits import HIGH_SNR as HIGH_SNR
from sharedtrunk.paper.contrasts._limits import LOW_SNR as LOW_SNR
from sharedtrunk.paper.contrasts._limits import NEGLIGIBLE as NEGLIGIBLE
from sharedtrunk.paper.contrasts._limits import NotMeasured as NotMeasured
from sharedtrunk.paper.contrasts._measures import at as at
from sharedtrunk.paper.contrasts._measures import between as between
from sharedtrunk.paper.contrasts._measures import by_aux_snr as by_aux_snr
from sharedtrunk.paper.contrasts._measures import levels as levels
from sharedtrunk.paper.contrasts._measures import per_seed as per_seed
from sharedtrunk.paper.contrasts._measures import signal as signal
from sharedtrunk.paper.contrasts._measures import slope as slope
from sharedtrunk.paper.contrasts._measures import steps as steps

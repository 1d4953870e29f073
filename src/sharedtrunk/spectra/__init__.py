"""Random-matrix facts: the Marchenko–Pastur bulk of the noise, and what it does to a few singular values."""

from sharedtrunk.spectra._bulk import Edges as Edges
from sharedtrunk.spectra._bulk import bulk_density as bulk_density
from sharedtrunk.spectra._bulk import bulk_edges as bulk_edges
from sharedtrunk.spectra._spikes import Overlaps as Overlaps
from sharedtrunk.spectra._spikes import clean_value as clean_value
from sharedtrunk.spectra._spikes import spiked_overlaps as spiked_overlaps
from sharedtrunk.spectra._spikes import spiked_value as spiked_value
from sharedtrunk.spectra._spikes import threshold as threshold

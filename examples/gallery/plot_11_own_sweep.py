"""
A sweep of your own on two processes
====================================

`sharedtrunk.sweeps` runs any function on any grid. The function gets settings and a list of lanes, and returns arrays with
one row per lane. Finished chunks are stored at once, so a sweep that was killed goes on where it was. The function is
imported by name in the workers; here it is `largest` in the module `spike_lanes`:

.. literalinclude:: ../../examples/gallery/spike_lanes.py
   :pyobject: largest
"""

import tempfile

import matplotlib.pyplot as plt
import numpy as np

from sharedtrunk import spectra
from sharedtrunk.sweeps import Grid, Store, Sweep, Variable, collect, run

sweep = Sweep(
    "spikes",
    "spike_lanes:largest",
    Grid({"s": tuple(np.linspace(0.2, 3, 15).tolist()), "seed": tuple(range(8))}),
    {"value": Variable(long_name="largest singular value"), "overlap": Variable(long_name="squared overlap")},
    settings={"classes": 50, "features": 200},
)

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:  # in your own work: a folder that stays
        summary = run([sweep], Store(folder), processes=2)
        dataset = collect(sweep, Store(folder))
    mean, error = dataset.overlap.mean("seed"), dataset.overlap.std("seed", ddof=1) / np.sqrt(dataset.sizes["seed"])

    figure, axes = plt.subplots(figsize=(6, 3.5))
    axes.errorbar(dataset.s, mean, error, fmt="o", ms=4, capsize=2, label="8 seeds, mean ± standard error")
    axes.plot(dataset.s, spectra.spiked_overlaps(dataset.s.values, 50 / 200, 1.0).right, label="formula")
    axes.set(xlabel="clean singular value s̄", ylabel="squared overlap of feature vectors")
    axes.legend(frameon=False)
    figure.tight_layout()
    plt.show()

"""
Benefit over relatedness
========================

The same auxiliary task, turned step by step away from the main one. At r = 1 it looks at the same features and helps; at
r = 0 it looks at others and hurts. One call answers for all settings, by theory and by simulation on the same draws.
"""

import matplotlib.pyplot as plt
import numpy as np

from sharedtrunk import prediction

if __name__ == "__main__":
    levels = [0.0, 0.25, 0.5, 0.75, 1.0]
    found = prediction.predict_grid(
        [(160, 1.0, 10.0, r) for r in levels],
        simulate=True,
        seeds=3,
        classes=4,
        features=40,
        hidden=40,
        workers=1,
    )
    figure, axes = plt.subplots(figsize=(6, 3.5))
    for name, style in (("simulation", "o-"), ("closure", "s--"), ("population", "^:")):
        estimates = [one.ways[name].estimate() for one in found]
        mean = np.array([e.mean for e in estimates])
        error = np.array([e.standard_error for e in estimates])
        axes.errorbar(levels, mean, error, fmt=style, ms=4, capsize=2, label=name)
    axes.axhline(0, color="k", lw=0.8)
    axes.set(xlabel="relatedness r", ylabel="benefit (nats), mean ± standard error")
    axes.legend(frameon=False)
    figure.tight_layout()
    plt.show()

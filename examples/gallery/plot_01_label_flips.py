"""
How much noise a task has
=========================

A teacher's labels are the argmax of its weights plus noise (section 2.1). The signal is the singular value s of the clean
weights, the noise has entries of variance 1/N_f. This script computes the share of inputs whose label the noise flips:
almost all at small s, where the label says nothing, and almost none at large s.
"""

import jax
import matplotlib.pyplot as plt
import numpy as np

from sharedtrunk import teachers

key = jax.random.key(0)
signals = np.geomspace(0.1, 30, 9)
figure, axes = plt.subplots(figsize=(6, 3.5))
for classes, features in ((2, 50), (4, 50), (8, 50)):
    flips, errors = zip(
        *(
            teachers.flip_probability(
                teachers.random_teacher(key, classes=classes, features=features, singular_values=float(s))
            )
            for s in signals
        ),
        strict=True,
    )
    axes.errorbar(signals, flips, yerr=errors, marker="o", ms=4, label=f"{classes} classes")
    axes.axhline(1 - 1 / classes, color="0.8", lw=0.8, zorder=0)
axes.set(xscale="log", xlabel="singular value s of the clean weights", ylabel="share of flipped labels", ylim=(0, 1))
axes.legend(frameon=False)
figure.tight_layout()
plt.show()

# %%
# The grey lines are chance, 1 − 1/K: at small s a noisy label agrees with the clean one no more often than a random guess.

"""
Spikes leave the bulk
=====================

Noise alone has singular values between two edges, the Marchenko–Pastur bulk. A clean direction of singular value s̄ shows
above the bulk once s̄ exceeds a threshold, as ŝ > s̄: noise inflates singular values, it never shrinks them. Below the
threshold the direction is lost.
"""

import matplotlib.pyplot as plt
import numpy as np

from sharedtrunk import spectra

classes, features = 100, 400
aspect = classes / features
rng = np.random.default_rng(0)
clean = np.linspace(0.1, 3, 30)
left, right = np.eye(classes)[:, :1], np.eye(features)[:, :1]
noise = rng.normal(size=(classes, features)) / np.sqrt(features)
drawn = np.array([np.linalg.svd(s * left @ right.T + noise, compute_uv=False) for s in clean])

figure, axes = plt.subplots(figsize=(6, 3.5))
lower, upper = spectra.bulk_edges(aspect, 1.0)
axes.axhspan(lower, upper, color="0.9", label="bulk")
axes.plot(clean, drawn[:, 1:], ".", color="0.6", ms=1)
axes.plot(clean, drawn[:, 0], "o", ms=4, label="largest singular value, one draw")
axes.plot(clean, spectra.spiked_value(clean, aspect, 1.0), label="formula")
axes.axvline(spectra.threshold(aspect, 1.0), color="k", lw=0.8, ls=":", label="threshold")
axes.plot(clean, clean, color="0.4", lw=0.8, ls="--", label="without noise")
axes.set(xlabel="clean singular value s̄", ylabel="singular values with noise")
axes.legend(frameon=False, fontsize=8)
figure.tight_layout()
plt.show()

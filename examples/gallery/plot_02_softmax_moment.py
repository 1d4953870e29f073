"""
The pull of the softmax grows with its weights
==============================================

For K logits that are independent with variance s², the slope of the free energy, dF/ds = (K − 1) s g(s), says how hard the
student's own predictions pull back. Equation (15) of the paper says that s g(s) falls as s grows. It rises: F is convex, so
its slope along a ray can only grow. It tends to m_K, the expected maximum of K normal numbers.
"""

import matplotlib.pyplot as plt
import numpy as np

from sharedtrunk import gaussian

scales = np.geomspace(0.1, 100, 60)
figure, axes = plt.subplots(figsize=(6, 3.5))
for classes in (2, 3, 10, 100):
    (line,) = axes.plot(scales, gaussian.random_energy_slope(scales, classes), label=f"K = {classes}")
    axes.axhline(gaussian.expected_maximum(classes), color=line.get_color(), lw=0.8, ls=":")
axes.set(xscale="log", xlabel="standard deviation s of the logits", ylabel="dF/ds = (K − 1) s g(s)")
axes.legend(frameon=False)
figure.tight_layout()
plt.show()

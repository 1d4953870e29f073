"""
A start from which singular vectors stay
========================================

Equation (18) follows singular values alone. That needs the drive to be diagonal between the singular vectors, which is true
where teacher and student have Sylvester–Hadamard class vectors, at any singular values and any depth. Dots are the
singular values of the whole network, lines are equation (18).
"""

import jax
import matplotlib.pyplot as plt
import numpy as np

from sharedtrunk import dynamics

jax.config.update("jax_enable_x64", True)
teacher = np.array([4.0, 2.0, 1.0])  # K = 4 classes have three non-constant Sylvester columns
problem = dynamics.hadamard_problem(teacher, [np.full(3, 0.3), np.full(3, 0.3)], inverse_temperature=1.0)
times = np.linspace(0, 60, 61)
full = dynamics.solve(problem.full, problem.full_start, times)
aligned = dynamics.solve(problem.aligned, problem.aligned_start, times)


def values(trajectory):
    """The three singular values at every saved time, largest first."""
    return np.linalg.svd(np.asarray(trajectory.composites[0]), compute_uv=False)[:, :3]


figure, axes = plt.subplots(figsize=(6, 3.5))
axes.plot(times, values(aligned))
axes.set_prop_cycle(None)
axes.plot(times[::4], values(full)[::4], "o", ms=4)
for s in teacher:
    axes.axhline(s, color="0.8", lw=0.8, zorder=0)
axes.set(xlabel="training time", ylabel="singular values of W")
figure.tight_layout()
plt.show()

# %%
# The two agree within the tolerance of the solver:

print("largest difference:", np.abs(values(full) - values(aligned)).max())

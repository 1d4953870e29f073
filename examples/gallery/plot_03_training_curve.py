"""
One training curve, three ways
==============================

The generalization loss of one student over training time: trained on 160 samples; by the Gaussian closure, which knows the
second moments of these samples and trains on none of them; and by the population flow, which has infinitely many samples of
the same noisy teacher. All three start from the same weights.
"""

import jax
import matplotlib.pyplot as plt
import numpy as np

from sharedtrunk import benefit, dynamics, students, teachers

key = jax.random.key(1)
teacher = teachers.random_teacher(key, classes=4, features=40, singular_values=3.0)
x = teachers.draw_inputs(key, 160, features=40)
labels = teachers.hard_labels(teacher.noisy_weights, x)
moment, _ = teachers.clean_label_moment(teacher)
start = students.random_start(key, features=40, hidden=(40,), classes=(4,))
times = np.linspace(0, 40, 81)

# %%
# The student is trained on the samples; the two flows need its start only.

layers = dynamics.Layers(start.trunk, start.heads)
curves = {
    "students": students.train(start, students.make_problem(x, [labels], classes=4), times),
    "closure": dynamics.solve(dynamics.closure_flow([x], [labels], moment), layers, times),
    "population": dynamics.solve(dynamics.population_flow([teacher.noisy_weights]), layers, times),
}

figure, axes = plt.subplots(figsize=(6, 3.5))
for (name, trajectory), style in zip(curves.items(), ("-", "--", ":"), strict=True):
    curve = benefit.with_generalization_loss(trajectory, moment)
    stop = int(benefit.oracle_stop(curve))
    (line,) = axes.plot(times, curve.generalization_loss, style, label=name)
    axes.plot(times[stop], curve.generalization_loss[stop], "o", color=line.get_color())
axes.set(xlabel="training time", ylabel="generalization loss (nats)", ylim=(None, 1.5))
axes.legend(frameon=False)
figure.tight_layout()
plt.show()

# %%
# Dots mark the minima, where early stopping stops. The closure follows the students as long as they have not begun to fit
# their samples one by one; past its minimum it may run away.

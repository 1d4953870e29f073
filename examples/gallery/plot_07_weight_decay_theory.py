"""
The exact theory of weight decay
================================

A linear student of two layers that decays its weights is trained to the one minimum of a convex loss. As the numbers of
points and features grow at a fixed ratio, its generalization loss follows from a fixed point of a few equations. Dots are
students trained on samples of 200 features, the line is the theory.
"""

import jax
import matplotlib.pyplot as plt
import numpy as np

from sharedtrunk import asymptotics, gaussian, students, teachers

key = jax.random.key(0)
features, ratio = 200, 2
decays = np.geomspace(0.3, 0.02, 7)  # falling: each minimum starts from the one before
task = teachers.random_teacher(key, classes=3, features=features, singular_values=5.0)
moment, _ = teachers.clean_label_moment(task)

theory = asymptotics.of_teachers([task], samples_per_feature=float(ratio), weight_decay=decays)

x = teachers.draw_inputs(key, ratio * features, features=features)
problem = students.make_problem(x, [teachers.hard_labels(task.noisy_weights, x)], classes=3)
minimum = students.minimize(problem, decays)
drawn = gaussian.population_loss(minimum.composites[0], moment)

figure, axes = plt.subplots(figsize=(6, 3.5))
axes.errorbar(decays, theory.generalization_loss, theory.error, label="theory, infinite size")
axes.plot(decays, drawn, "o", label=f"one sample, {features} features")
axes.set(xscale="log", xlabel="weight decay λ", ylabel="generalization loss (nats)")
axes.set_xticks([0.02, 0.05, 0.1, 0.2], ["0.02", "0.05", "0.1", "0.2"])
axes.set_xticks([], minor=True)
axes.legend(frameon=False)
figure.tight_layout()
plt.show()

"""
Early stopping beside weight decay
==================================

An unrelated auxiliary task (r = 0) and the same samples, twice. Left: both students are followed in time and stop at their
lowest generalization loss. Right: both are trained to the minimum with weight decay λ, and the best λ is chosen. Early
stopping pays more for the unrelated task, because the shared trunk amplifies directions in which A has only noise.
"""

import jax
import matplotlib.pyplot as plt
import numpy as np

from sharedtrunk import benefit, gaussian, students, teachers

key = jax.random.key(5)
main, auxiliary = teachers.related_pair(key, relatedness=0.0, classes=4, features=60, singular_values=(1.0, 10.0))
x = teachers.draw_inputs(key, 240, features=60)
labels = [teachers.hard_labels(task.noisy_weights, x) for task in (main, auxiliary)]
moment, _ = teachers.clean_label_moment(main)
times, decays = np.linspace(0, 15, 61), np.geomspace(0.3, 0.03, 15)

figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.5), sharey=True)
lowest = {}
for tasks, name, style in ((1, "A alone", "-"), (2, "beside an unrelated B", "--")):
    problem = students.make_problem(x, labels[:tasks], classes=4)
    start = students.random_start(key, features=60, hidden=(60,), classes=(4,) * tasks)
    stopped = benefit.with_generalization_loss(students.train(start, problem, times), moment).generalization_loss
    decayed = np.asarray(gaussian.population_loss(students.minimize(problem, decays).composites[0], moment))
    left.plot(times, stopped, style, label=name)
    right.plot(decays, decayed, style, label=name)
    lowest[tasks] = float(stopped.min()), float(decayed.min())
left.set(xlabel="training time", ylabel="generalization loss (nats)", ylim=(None, 1.45))
right.set(xscale="log", xlabel="weight decay λ")
right.set_xticks([0.03, 0.1, 0.3], ["0.03", "0.1", "0.3"])
right.set_xticks([], minor=True)
for axes, number in ((left, 0), (right, 1)):
    axes.set_title(f"benefit {lowest[1][number] - lowest[2][number]:+.3f} nats", fontsize=10)
    axes.legend(frameon=False)
figure.tight_layout()
plt.show()

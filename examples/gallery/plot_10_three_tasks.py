"""
Three tasks on one trunk
========================

A main task with a related and an unrelated auxiliary task: alone, beside each, and beside both. Each curve is the main
task's generalization loss, and its dot is where early stopping stops.
"""

import jax
import matplotlib.pyplot as plt
import numpy as np

from sharedtrunk import benefit, students, teachers

key = jax.random.key(2)
tasks = teachers.related_teachers(
    key, relatedness=[0.9, 0.0], classes=4, features=40, singular_values=(1.0, 10.0, 10.0)
)
x = teachers.draw_inputs(key, 160, features=40)
labels = [teachers.hard_labels(task.noisy_weights, x) for task in tasks]
moment, _ = teachers.clean_label_moment(tasks[0])
times = np.linspace(0, 20, 81)

figure, axes = plt.subplots(figsize=(6, 3.5))
arms = {"A alone": [0], "A with related B": [0, 1], "A with unrelated C": [0, 2], "A with B and C": [0, 1, 2]}
for name, arm in arms.items():
    problem = students.make_problem(x, [labels[task] for task in arm], classes=4)
    start = students.random_start(key, features=40, hidden=(40,), classes=(4,) * len(arm))
    curve = benefit.with_generalization_loss(students.train(start, problem, times), moment)
    stop = int(benefit.oracle_stop(curve))
    (line,) = axes.plot(times, curve.generalization_loss, label=name)
    axes.plot(times[stop], curve.generalization_loss[stop], "o", color=line.get_color())
axes.set(xlabel="training time", ylabel="generalization loss of A (nats)", ylim=(None, 1.5))
axes.legend(frameon=False)
figure.tight_layout()
plt.show()

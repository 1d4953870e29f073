"""
The benefit between its bounds
==============================

The generalization loss is convex in the composite weights, so its tangents at the two students bound the benefit from both
sides, (22)–(25). With the label moment they always do. As printed, with G(W̄)W̄ in its place, they may miss it.
"""

import jax
import matplotlib.pyplot as plt
import numpy as np

from sharedtrunk import benefit, gaussian, students, teachers

key = jax.random.key(3)
main, auxiliary = teachers.related_pair(key, relatedness=0.9, classes=4, features=40, singular_values=(1.0, 10.0))
x = teachers.draw_inputs(key, 160, features=40)
labels = [teachers.hard_labels(task.noisy_weights, x) for task in (main, auxiliary)]
moment, _ = teachers.clean_label_moment(main)
times = np.linspace(0, 20, 21)
rule = gaussian.Sobol(points=1024, scrambles=4)


def train(tasks):
    """A student of the first `tasks` tasks, with its generalization loss."""
    start = students.random_start(key, features=40, hidden=(40,), classes=(4,) * tasks)
    problem = students.make_problem(x, labels[:tasks], classes=4)
    return benefit.with_generalization_loss(students.train(start, problem, times), moment)


joint, single = train(2), train(1)
true = benefit.benefit_bounds(joint.composites[0], single.composites[0], moment, rule=rule)
printed = benefit.printed_bounds(joint.composites[0], single.composites[0], main.weights, rule=rule)

figure, axes = plt.subplots(figsize=(6, 3.5))
axes.fill_between(times, true.lower, true.upper, alpha=0.3, lw=0, label="bounds with the label moment")
axes.fill_between(times, printed.lower, printed.upper, alpha=0.3, lw=0, label="bounds as printed")
axes.plot(times, single.generalization_loss - joint.generalization_loss, "k", label="benefit at equal times")
axes.set(xlabel="training time", ylabel="nats")
axes.set_ylim(top=0.3)
axes.legend(frameon=False, loc="upper left")
figure.tight_layout()
plt.show()

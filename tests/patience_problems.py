"""A small table whose main task has one helpful copy and tasks by chance, and a student that is trained in no time."""

import numpy as np

from sharedtrunk.affinity import Student
from sharedtrunk.tables import Table

QUICK = Student(hidden=(8,), activation="linear", learning_rate=0.02, max_steps=60)


def table(shift=0.0, names=("same", "coin")) -> Table:
    generator = np.random.default_rng(0)
    inputs = generator.normal(size=(80, 5))
    answer = (inputs[:, 0] > 0).astype(int)
    inputs[7, 3] += shift
    labels = {"main": answer} | {name: answer if name == "same" else generator.integers(0, 2, 80) for name in names}
    return Table(inputs, tuple("abcde"), labels, dict.fromkeys(labels, (0, 1)), ("made",))

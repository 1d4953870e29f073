"""Theory of weight decay minus simulation with the same teachers, as the number of features grows.

    python benchmarks/weight_decay.py [--features 100 200 400] [--draws 12] [--only K3]

For every setting and number of features: draws of teachers and inputs, the convex minimum by `students.minimize`, and
`asymptotics.state_evolution` with the very Gram matrices of these teachers. The table has means and standard errors of
simulation − theory over the draws (the draws fall as 1/features, to equal cost), and the last row of a setting is the
limit 1/N_f → 0 and the slope in 1/N_f of a weighted straight line.
"""

import argparse
import os
from typing import NamedTuple

os.environ["JAX_ENABLE_X64"] = "1"

import jax
import numpy as np

from sharedtrunk import asymptotics, gaussian, students, teachers

QUANTITIES = ("‖W_A‖²", "⟨W_A, Σ̂_A⟩", "training", "generalization", "accuracy", "benefit")


class Setting(NamedTuple):
    """One problem; `strength` is every singular value, `beta` None for hard labels."""

    name: str
    classes: int
    tasks: int
    layers: int
    a: float
    decay: float
    strength: float = 5.0
    relatedness: float = 1.0
    beta: float | None = None


SETTINGS = (
    Setting("K2 ridge", 2, 1, 1, 2.0, 0.05),
    Setting("K3 nuclear", 3, 1, 2, 0.5, 0.1),
    Setting("K3 ridge, 2 tasks", 3, 2, 1, 16.0, 0.02),
    Setting("K3 nuclear, 2 tasks", 3, 2, 2, 2.0, 0.06),
    Setting("K3 nuclear, 2 tasks, r = 0", 3, 2, 2, 4.0, 0.05, relatedness=0.0),
    Setting("K3 nuclear, 2 tasks, soft labels", 3, 2, 2, 4.0, 0.03, relatedness=0.5, beta=1.0),
    Setting("K3 nuclear, 3 tasks", 3, 3, 2, 4.0, 0.06),
    Setting("K10 nuclear, 2 tasks", 10, 2, 2, 4.0, 0.03, strength=10.0),
    Setting("K10 nuclear, 2 tasks, r = 0", 10, 2, 2, 4.0, 0.03, strength=10.0, relatedness=0.0),
    Setting("K2 nuclear, 2 tasks", 2, 2, 2, 4.0, 0.05),
    Setting("K10 ridge, 2 tasks", 10, 2, 1, 4.0, 0.02, strength=10.0),
    Setting("K10 few data", 10, 2, 2, 0.5, 0.05, strength=10.0),
    Setting("K10 many data", 10, 2, 2, 16.0, 0.01, strength=10.0),
    Setting("K10 soft labels", 10, 2, 2, 4.0, 0.02, strength=10.0, relatedness=0.5, beta=1.0),
)


def drawn(setting: Setting, features: int, seed: int):
    """Teachers of all tasks and inputs."""
    key, inputs_key = jax.random.split(jax.random.key(1000 * seed + features))
    found = teachers.related_teachers(
        key,
        relatedness=[setting.relatedness] * max(setting.tasks - 1, 1),
        classes=setting.classes,
        features=features,
        singular_values=setting.strength,
    )
    return found[: setting.tasks], jax.random.normal(inputs_key, (round(setting.a * features), features))


def simulated(setting: Setting, found, inputs) -> np.ndarray:
    """The quantities but for the benefit, of students trained on the given teachers' labels."""
    if setting.beta is None:
        labels = [teachers.hard_labels(teacher.noisy_weights, inputs) for teacher in found]
    else:
        labels = [teachers.soft_labels(teacher.noisy_weights, inputs, setting.beta) for teacher in found]
    problem = students.make_problem(inputs, labels, classes=setting.classes)
    W = students.minimize(problem, setting.decay, layers=setting.layers, tolerance=1e-6).composites[0][0]
    main = found[0]
    targets = labels[0].T if setting.beta is not None else jax.nn.one_hot(labels[0], setting.classes)
    logits = inputs @ W.T
    training = (jax.nn.logsumexp(logits, axis=1) - (targets * logits).sum(axis=1)).mean()
    loss = gaussian.population_loss(W, gaussian.label_moment(main.weights))
    return np.array([(W**2).sum(), (W * main.noisy_weights).sum(), training, loss, gaussian.accuracy(W, main.weights)])


def predicted(setting: Setting, fields) -> np.ndarray:
    """The same by the theory."""
    theory = asymptotics.of_fields(
        fields, setting.a, setting.decay, layers=setting.layers, inverse_temperature=setting.beta
    )
    K = setting.classes
    gram, overlap = theory.composite_gram[:K, :K], theory.overlap.mean(axis=0)[:K, :K]
    values = [gram.trace(), overlap.trace(), theory.training_loss[0], theory.generalization_loss, theory.accuracy]
    return np.array([*values, theory.error])


def difference(setting: Setting, features: int, seed: int) -> np.ndarray:
    """Simulation − theory of one draw, with the benefit at this λ; the last number is the theory's own error."""
    found, inputs = drawn(setting, features, seed)
    fields = asymptotics.fields_of_teachers(found)
    joint, theory = simulated(setting, found, inputs), predicted(setting, fields)
    if setting.tasks == 1:
        return np.array([*(joint - theory[:-1]), np.nan, theory[-1]])
    single, alone = simulated(setting, found[:1], inputs), predicted(setting, fields.main())
    benefit = (single[3] - joint[3]) - (alone[3] - theory[3])
    return np.array([*(joint - theory[:-1]), benefit, theory[-1]])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--features", type=int, nargs="+", default=[100, 200, 400])
    parser.add_argument("--draws", type=int, default=12, help="draws at the smallest number of features")
    parser.add_argument("--only", default="", help="settings whose names begin so")
    options = parser.parse_args()
    print("setting | N_f | draws |", " | ".join(QUANTITIES), "| theory's half-width (nats)")
    for setting in SETTINGS:
        if not setting.name.startswith(options.only):
            continue
        means, errors = [], []
        for features in options.features:
            count = max(4, round(options.draws * options.features[0] / features))
            values = np.array([difference(setting, features, seed) for seed in range(count)])
            means.append(values.mean(axis=0)[:-1])
            errors.append(values.std(axis=0, ddof=1)[:-1] / count**0.5)
            cells = [f"{mean:+.4f} ± {error:.4f}" for mean, error in zip(means[-1], errors[-1], strict=True)]
            print(setting.name, features, count, *cells, f"{values[:, -1].mean():.4f}", sep=" | ", flush=True)
        if len(means) > 1:
            print(setting.name, "limit, slope", "", *lines(options.features, means, errors), sep=" | ", flush=True)


def lines(features, means, errors) -> list[str]:
    """Limit and slope of simulation − theory in 1/N_f for every quantity."""
    design = np.stack([np.ones(len(features)), 1 / np.asarray(features, float)], axis=1)
    cells = []
    for mean, error in zip(np.transpose(means), np.transpose(errors), strict=True):
        if np.isnan(mean).any():
            cells.append("")
            continue
        covariance = np.linalg.inv((design / error[:, None] ** 2).T @ design)
        limit, slope = covariance @ (design / error[:, None] ** 2).T @ mean
        spread = np.sqrt(np.diagonal(covariance))
        cells.append(f"{limit:+.4f} ± {spread[0]:.4f}, {slope:+.2f} ± {spread[1]:.2f}")
    return cells


if __name__ == "__main__":
    main()

"""Problems small enough for slow references."""

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import students


def small_problem(key, *, tasks=2, activation="linear", hidden=(7,), soft=False, masked=False):
    """A lane with unequal numbers of classes, weights and (if asked) missing labels."""
    classes = (4, 3)[:tasks]
    keys = jax.random.split(key, 8)
    inputs = jax.random.normal(keys[0], (12, 6))
    labels = []
    for task, size in enumerate(classes):
        z = jax.random.normal(keys[1 + task], (size, 12))
        labels.append(jax.nn.softmax(z, axis=0) if soft else jnp.argmax(z, axis=0))
    masks = [jnp.arange(12) % 3 != 0, jnp.arange(12) < 5][:tasks] if masked else None
    alphas = (1.0, 0.3)[:tasks]
    problem = students.make_problem(inputs, labels, classes=classes, masks=masks, task_weights=alphas)
    start = students.random_start(keys[4], features=6, hidden=hidden, classes=classes, scale=1.2, activation=activation)
    one_hot = [np.asarray(y if soft else jax.nn.one_hot(y, k, axis=0)) for y, k in zip(labels, classes, strict=True)]
    plain_masks = [np.ones(12) if masks is None else np.asarray(m, float) for m in (masks or [None] * tasks)]
    return start, problem, (np.asarray(inputs), one_hot, plain_masks, alphas)

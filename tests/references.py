"""Slow, obvious NumPy implementations to hold the fast ones against. Nothing here imports sharedtrunk."""

import itertools

import numpy as np
from scipy import optimize


def softmax(z):
    e = np.exp(z - z.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


def forward(trunk, head, x, relu):
    """Hidden layers (before the head), for inputs in columns."""
    hidden = [x]
    for layer in trunk:
        z = layer @ hidden[-1]
        hidden.append(np.maximum(z, 0) if relu else z)
    return hidden, head @ hidden[-1]


def gradient(trunk, heads, inputs, labels, masks, alphas, relu=False):
    """−∇L of the layered network by textbook backpropagation, one task after the other.

    inputs (sample, feature); labels[t] one-hot or soft (class, sample); masks[t] (sample,) of 0 and 1.
    """
    x = inputs.T
    trunk_drive = [np.zeros_like(layer) for layer in trunk]
    head_drive = []
    for head, y, mask, alpha in zip(heads, labels, masks, alphas, strict=True):
        hidden, z = forward(trunk, head, x, relu)
        delta = alpha * (y - softmax(z)) * mask / mask.sum()
        head_drive.append(delta @ hidden[-1].T)
        back = head.T @ delta
        for index in reversed(range(len(trunk))):
            if relu:
                back = back * (hidden[index + 1] > 0)
            trunk_drive[index] = trunk_drive[index] + back @ hidden[index].T
            back = trunk[index].T @ back
    return trunk_drive, head_drive


def descend(trunk, heads, inputs, labels, masks, alphas, step, steps, relu=False):
    """Composite weights of every task (linear) after 0 … `steps` plain gradient steps, and the final layers."""
    trunk, heads = [w.copy() for w in trunk], [w.copy() for w in heads]
    seen = [composites(trunk, heads)]
    for _ in range(steps):
        trunk_drive, head_drive = gradient(trunk, heads, inputs, labels, masks, alphas, relu)
        trunk = [w + step * d for w, d in zip(trunk, trunk_drive, strict=True)]
        heads = [w + step * d for w, d in zip(heads, head_drive, strict=True)]
        seen.append(composites(trunk, heads))
    return [np.stack([s[t] for s in seen]) for t in range(len(heads))], trunk, heads


def flow_by_runge_kutta(trunk, heads, inputs, labels, masks, alphas, times, substeps):
    """Composite weights at `times` by the classical fourth-order Runge–Kutta method with tiny fixed steps."""
    state = [*trunk, *heads]
    depth = len(trunk)

    def slope(layers):
        a, b = gradient(layers[:depth], layers[depth:], inputs, labels, masks, alphas)
        return [*a, *b]

    seen = [composites(state[:depth], state[depth:])]
    for start, end in itertools.pairwise(times):
        h = (end - start) / substeps
        for _ in range(substeps):
            k1 = slope(state)
            k2 = slope([w + h / 2 * k for w, k in zip(state, k1, strict=True)])
            k3 = slope([w + h / 2 * k for w, k in zip(state, k2, strict=True)])
            k4 = slope([w + h * k for w, k in zip(state, k3, strict=True)])
            state = [w + h / 6 * (a + 2 * b + 2 * c + d) for w, a, b, c, d in zip(state, k1, k2, k3, k4, strict=True)]
        seen.append(composites(state[:depth], state[depth:]))
    return [np.stack([s[t] for s in seen]) for t in range(len(heads))]


def least_of_decayed_layers(inputs, labels, classes, alphas, decay, hidden):
    """Loss plus (λ/2) of the squares of trunk and heads, with intercepts, minimized over the layers by L-BFGS.

    inputs (sample, feature); labels[t] (sample,), negative where missing.
    """
    shapes = [(hidden, inputs.shape[1]), *((size, hidden) for size in classes), *((size,) for size in classes)]
    cuts = np.cumsum([np.prod(shape) for shape in shapes])[:-1]

    def objective(x):
        trunk, *rest = [part.reshape(shape) for part, shape in zip(np.split(x, cuts), shapes, strict=True)]
        heads, intercepts = rest[: len(classes)], rest[len(classes) :]
        value = decay / 2 * sum((layer**2).sum() for layer in (trunk, *heads))
        slopes = [decay * trunk, *(decay * head for head in heads), *map(np.zeros_like, intercepts)]
        for task, (y, alpha) in enumerate(zip(labels, alphas, strict=True)):
            rows = np.flatnonzero(y >= 0)
            units = trunk @ inputs[rows].T
            p = softmax(heads[task] @ units + intercepts[task][:, None])
            value -= alpha * np.log(p[y[rows], np.arange(len(rows))]).mean()
            delta = alpha / len(rows) * (p - np.eye(classes[task])[y[rows]].T)
            slopes[0] += heads[task].T @ delta @ inputs[rows]
            slopes[1 + task] += delta @ units.T
            slopes[1 + len(classes) + task] += delta.sum(axis=1)
        return value, np.concatenate([slope.ravel() for slope in slopes])

    start = 0.1 * np.random.default_rng(0).normal(size=sum(np.prod(shape) for shape in shapes))
    options = {"maxiter": 20_000, "maxfun": 40_000, "ftol": 1e-15, "gtol": 1e-7}
    return optimize.minimize(objective, start, jac=True, options=options, method="L-BFGS-B").fun


def composites(trunk, heads):
    product = trunk[0]
    for layer in trunk[1:]:
        product = layer @ product
    return [head @ product for head in heads]


def cross_entropy(weights, inputs, labels):
    """Mean cross-entropy and its standard error over a sampled test set."""
    z = weights @ inputs.T
    z = z - z.max(axis=0, keepdims=True)
    losses = np.log(np.exp(z).sum(axis=0)) - z[labels, np.arange(labels.size)]
    return losses.mean(), losses.std(ddof=1) / np.sqrt(losses.size)

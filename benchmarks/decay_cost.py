"""What weight decay costs: the theory's fixed points with their errors, and the convex minimum beside other solvers.

    python benchmarks/decay_cost.py theory | path | minimum

- theory: CPU seconds of one fixed point, standard errors of the loss and of the benefit, at several settings, and once more
  for teachers with ten times as many features and points.
- path: 20 weight decays one after the other, K = 10, two tasks.
- minimum: `students.minimize` with one layer beside scikit-learn's `LogisticRegression`, and with two layers beside the same
  proximal gradient as a loop in PyTorch; objectives in nats, and wall seconds (best of three, compiled before).
"""

import argparse
import os
import time
from collections.abc import Callable, Iterator

os.environ["JAX_ENABLE_X64"] = "1"

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import asymptotics, students, teachers

SETTINGS = (
    # K, tasks, N/N_f, λ, r
    (3, 1, 4.0, 0.05, 1.0),
    (3, 2, 4.0, 0.05, 1.0),
    (3, 2, 0.5, 0.1, 0.5),
    (3, 3, 4.0, 0.05, 0.5),
    (10, 1, 4.0, 0.03, 1.0),
    (10, 2, 0.5, 0.05, 1.0),
    (10, 2, 4.0, 0.03, 0.0),
    (10, 2, 4.0, 0.03, 0.5),
    (10, 2, 4.0, 0.03, 1.0),
    (10, 2, 16.0, 0.01, 1.0),
)
REPEATS = 3


def drawn(classes: int, tasks: int, relatedness: float, features: int = 100) -> tuple[teachers.Teacher, ...]:
    """Teachers of the standard problem with s = 10."""
    levels = [relatedness] * max(tasks - 1, 1)
    key = jax.random.key(0)
    found = teachers.related_teachers(key, relatedness=levels, classes=classes, features=features, singular_values=10.0)
    return found[:tasks]


def theory() -> None:
    """Print the table of fixed points."""
    print("K | tasks | N/N_f | λ | r | N_f | CPU s | iterations | loss (nats) | benefit (nats), ± standard errors")
    for classes, tasks, a, decay, relatedness in SETTINGS:
        for features in (100, 1000) if (classes, tasks, relatedness, a) == (10, 2, 0.5, 4.0) else (100,):
            fields = asymptotics.fields_of_teachers(drawn(classes, tasks, relatedness, features))
            seconds, joint = cpu(lambda fields=fields, a=a, decay=decay: asymptotics.of_fields(fields, a, decay))
            cells = [classes, tasks, f"{a:g}", decay, relatedness, features, f"{seconds:.2f}", joint.iterations]
            cells.append(with_error(joint.losses[:, 0]))
            if tasks > 1:
                alone = asymptotics.of_fields(fields.main(), a, decay)
                cells.append(with_error(alone.losses[:, 0] - joint.losses[:, 0]))
            print(*cells, sep=" | ", flush=True)


def path() -> None:
    """Print the time of a curve over λ."""
    fields, decays = asymptotics.fields_of_teachers(drawn(10, 2, 1.0)), np.geomspace(0.1, 0.01, 20)
    for points in (0, 4096, asymptotics.QUICK_POINTS):
        seconds, found = cpu(lambda points=points: asymptotics.of_fields(fields, 4.0, decays, quick_points=points))
        error = found.losses[..., 0].std(axis=1, ddof=1).max() / found.losses.shape[1] ** 0.5
        print(f"{points} quick points: {seconds:.1f} s of CPU, standard errors up to {error:.4f}", flush=True)


def cpu(function: Callable):
    """Least CPU seconds of some calls after a first one, and what they return."""
    found, seconds = function(), []
    for _ in range(REPEATS):
        start = time.process_time()
        found = function()
        seconds.append(time.process_time() - start)
    return min(seconds), found


def with_error(values: np.ndarray) -> str:
    """Mean over scrambles with its standard error."""
    return f"{values.mean():.4f} ± {values.std(ddof=1) / len(values) ** 0.5:.4f}"


def minimum() -> None:
    """Print the table of solvers."""
    print("solver | K | tasks | N | N_f | λ | objective (nats) | wall s")
    for classes, tasks, layers, samples, features, decay in (
        (3, 1, 1, 800, 200, 0.02),
        (10, 1, 1, 1600, 400, 0.01),
        (10, 2, 2, 400, 100, 0.03),
        (10, 2, 2, 1600, 400, 0.03),
    ):
        found = drawn(classes, tasks, 1.0, features)
        inputs = jax.random.normal(jax.random.key(1), (samples, features))
        labels = [teachers.hard_labels(each.noisy_weights, inputs) for each in found]
        for name, seconds, value in solvers(inputs, labels, classes, decay, layers):
            print(
                name, classes, tasks, samples, features, decay, f"{value:.8f}", f"{seconds:.3f}", sep=" | ", flush=True
            )


def solvers(inputs, labels, classes: int, decay: float, layers: int) -> Iterator[tuple[str, float, float]]:
    """Name, wall seconds and objective of every solver of one problem."""
    problem = students.make_problem(inputs, labels, classes=classes)

    def ours():
        found = students.minimize(problem, decay, layers=layers, tolerance=1e-7)
        return np.concatenate([np.asarray(part[0]) for part in found.composites])

    others = {"students.minimize": ours}
    x, y = np.asarray(inputs), [np.asarray(each) for each in labels]
    if layers == 1:
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=1 / (decay * len(x)), fit_intercept=False, tol=1e-8, max_iter=10_000)
        others["scikit-learn LogisticRegression"] = lambda: model.fit(x, y[0]).coef_
    else:
        others["PyTorch, accelerated proximal gradient"] = lambda: proximal_gradient(x, y, classes, decay)
    for name, solve in others.items():
        W, seconds = solve(), []
        for _ in range(REPEATS):
            start = time.perf_counter()
            solve()
            seconds.append(time.perf_counter() - start)
        yield name, min(seconds), objective(x, y, W, decay, layers)


def objective(inputs: np.ndarray, labels: list[np.ndarray], W: np.ndarray, decay: float, layers: int) -> float:
    """The training loss with the penalty of the layers."""
    loss = 0.0
    for part, label in zip(np.split(W, len(labels)), labels, strict=True):
        logits = jnp.asarray(inputs @ part.T)
        loss += float((jax.nn.logsumexp(logits, axis=1) - logits[np.arange(len(label)), label]).mean())
    if layers == 1:
        return loss + 0.5 * decay * float((W**2).sum())
    return loss + decay * float(np.linalg.svd(W, compute_uv=False).sum())


def proximal_gradient(inputs, labels, classes: int, decay: float, tolerance: float = 1e-9) -> np.ndarray:
    """FISTA with restarts as one would write it in PyTorch; the step is that of the largest curvature."""
    import torch

    x = torch.as_tensor(np.array(inputs))
    y = [torch.as_tensor(np.array(each)) for each in labels]
    step = 2 / float(torch.linalg.eigvalsh(x.T @ x / len(x))[-1])
    W = torch.zeros(len(y) * classes, x.shape[1], dtype=x.dtype)
    Z, momentum = W.clone(), 1.0
    for _ in range(20_000):
        Z.requires_grad_(True)
        parts = zip((x @ Z.T).split(classes, dim=1), y, strict=True)
        loss = torch.stack([torch.nn.functional.cross_entropy(*both) for both in parts]).sum()
        (slope,) = torch.autograd.grad(loss, Z)
        with torch.no_grad():
            U, s, V = torch.linalg.svd(Z - step * slope, full_matrices=False)
            new = (U * (s - step * decay).clamp(min=0)) @ V
            if ((Z - new) * (new - W)).sum() > 0:
                momentum = 1.0
            following = 0.5 * (1 + (1 + 4 * momentum**2) ** 0.5)
            change = new - W
            Z, W, momentum = new + (momentum - 1) / following * change, new, following
            if change.norm() <= tolerance * W.norm():
                break
    return W.numpy()


PARTS = {"theory": theory, "path": path, "minimum": minimum}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", nargs="?", choices=PARTS, default="theory")
    PARTS[parser.parse_args().part]()

"""Student-steps a second and core: the composite drive of a chunk of lanes against JAX written the plain way.

    python benchmarks/lanes.py [--repeats 15]

Both do the same full-batch gradient step of the standard problem (two tasks, float32) for a chunk of lanes that share
their inputs; the plain way is vmap of grad of the layered loss. Single-threaded; the two are timed in turn, and what is
printed is the median, the share of the core's matrix-multiply rate measured beside them, and the median ratio.
"""

import argparse
import os
import time

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["NPROC"] = "1"  # XLA sizes its own thread pool from this; the flag above does not bind its matrix products

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import students, teachers

CHUNKS = {100: 12, 400: 12, 800: 12, 1600: 12}
CLASSES, FEATURES, HIDDEN = 10, 100, 100


def chunk(samples: int, lanes: int):
    key = jax.random.key(0)
    inputs = teachers.draw_inputs(key, samples, FEATURES, dtype=jnp.float32)
    labels = []
    for task in range(2):
        weights = jax.random.normal(jax.random.fold_in(key, task), (lanes, CLASSES, FEATURES), jnp.float32)
        labels.append(teachers.hard_labels(weights, inputs))
    problem = students.make_problem(inputs, labels, classes=CLASSES)
    start = students.random_start(key, features=FEATURES, classes=(CLASSES, CLASSES), dtype=jnp.float32)
    return jax.tree.map(lambda w: jnp.broadcast_to(w[None], (lanes, *w.shape)), start), problem


def median_times(functions, repeats: int) -> np.ndarray:
    """Seconds a call, (function, repeat), timed in turn after a warm-up."""
    for function in functions:
        jax.block_until_ready(function())
    times = np.empty((len(functions), repeats))
    for repeat in range(repeats):
        for index, function in enumerate(functions):
            begin = time.perf_counter()
            jax.block_until_ready(function())
            times[index, repeat] = time.perf_counter() - begin
    return times


def measure(samples: int, lanes: int, repeats: int) -> str:
    from sharedtrunk.students._drive import label_moments
    from sharedtrunk.students._train import lane_axes

    network, problem = chunk(samples, lanes)
    axes = lane_axes(problem)
    moments = jax.vmap(label_moments, in_axes=(axes,))(problem)
    ours = jax.jit(jax.vmap(students.drive, in_axes=(0, axes, 0)))
    plain = jax.jit(jax.vmap(jax.grad(students.training_loss), in_axes=(0, axes)))
    a, b = ours(network, problem, moments), plain(network, problem)
    worst = max(float(jnp.abs(x + y).max()) for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))
    assert worst < 1e-5, f"the two gradients differ by {worst}"
    square = jnp.ones((512, 512), jnp.float32)
    product = jax.jit(lambda m: m @ m)
    times = median_times(
        [lambda: ours(network, problem, moments), lambda: plain(network, problem), lambda: product(square)], repeats
    )
    composite, layered, multiply = np.median(times, axis=1)
    peak = 2 * 512**3 / multiply
    # two passes over the data and three products with the trunk for each of the two tasks
    work = lanes * 2 * CLASSES * (2 * 2 * FEATURES * samples + 3 * 2 * FEATURES * HIDDEN)
    return (
        f"| {samples} | {lanes} | {lanes / composite:,.0f} | {lanes / layered:,.0f} | "
        f"{np.median(times[1] / times[0]):.1f} | {work / composite / 1e9:.0f} of {peak / 1e9:.0f} |"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    print("| N | lanes | composite, student-steps/s | plain, student-steps/s | ratio | GFLOP/s, of matmul |")
    print("|---|---|---|---|---|---|")
    for samples, lanes in CHUNKS.items():
        print(measure(samples, lanes, repeats))

"""Speed and accuracy of the exact theory of the standard problem, solved for a grid of settings at once.

    python benchmarks/theory.py [--seeds 2] [--processes 4] [--skip-accuracy]

A setting is a joint flow and its share of the baseline, followed until the minimum of the generalization loss is bracketed,
in float32 with the fast rules; its time includes the teachers and their label moments. The grid is cut into one part per
single-threaded process, with programs compiled beforehand. Three tables show population flow and closure by strength of the
main task, the cost against the number of features (measured in turn), and benefits against a tight reference in float64.
"""

import argparse
import concurrent.futures
import functools
import itertools
import multiprocessing
import os
import time

SINGLE = {
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
    "NPROC": "1",  # XLA sizes its own thread pool from this; the flag above does not limit its matrix products
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "JAX_ENABLE_X64": "1",
}
MAIN, AUXILIARY, RELATEDNESS = (0.1, 0.3, 1.0, 3.0, 10.0), (0.1, 1.0, 3.0, 10.0), (0.0, 0.25, 0.75, 1.0)
SAMPLES = 400
TIGHT = {"points": 16384, "label_points": 1024, "rtol": 1e-6, "atol": 1e-8, "order": 5}
FAST = {"points": 2048, "label_points": 64, "rtol": 1e-4, "atol": 1e-6, "order": 3}


@functools.cache
def weights_of(features, dtype):
    """A program, compiled once: lanes (s_main, s_aux, r) → noisy weights of both teachers and the main one's clean frame."""
    import jax

    from sharedtrunk import teachers

    def one(key, s_main, s_aux, r):
        main, auxiliary = teachers.related_pair(
            key, relatedness=r, singular_values=(s_main, s_aux), features=features, dtype=dtype
        )
        return main.noisy_weights, auxiliary.noisy_weights, main.left @ main.right.T

    return jax.jit(jax.vmap(one, in_axes=(None, 0, 0, 0)))


def arms(kind, seed, cells, precision, accuracy, features=100, hidden=100):
    """Losses at the minimum of the joint lanes and of their baselines, their times, and the CPU time of the solves."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    from sharedtrunk import dynamics, gaussian, students, teachers
    from sharedtrunk._support.randomness import stream

    dtype, key = jnp.dtype(precision), jax.random.key(seed)
    rule = gaussian.Sobol(points=accuracy["points"], scrambles=1)
    labels = gaussian.Pairs(points=accuracy["label_points"], scrambles=4)
    tolerance = dynamics.Tolerance(accuracy["rtol"], accuracy["atol"], order=accuracy["order"])
    strengths = sorted({cell[0] for cell in cells})
    solving = []

    def batch(cells, tasks):
        columns = [jnp.asarray(column, dtype) for column in zip(*cells, strict=True)]
        noisy = weights_of(features, dtype)(key, *columns)
        scale = gaussian.expected_maximum(10) / 9
        frame = noisy[2]
        clean_moment = jnp.asarray(scale, dtype) * (frame - frame.mean(axis=1, keepdims=True))
        sizes = {"features": features, "hidden": (hidden,), "classes": (10,) * tasks}
        start = students.random_start(stream(key, "student"), dtype=dtype, **sizes)
        lanes = jax.tree.map(
            lambda w: np.broadcast_to(w, (len(cells), *w.shape)), dynamics.Layers(start.trunk, start.heads)
        )
        if kind == "population":
            known = [moments(noisy[task], [cell[: 1 + 2 * task] for cell in cells]) for task in range(tasks)]
            alphas = jnp.ones(tasks, dtype)
            flow = dynamics.PopulationFlow(
                moments=tuple(known),
                task_weights=alphas,
                root=None,
                rule=rule,
                judge=dynamics.Judge(clean_moment, None, rule),
            )
        else:
            inputs = teachers.draw_inputs(key, SAMPLES, features, dtype=dtype)
            drawn = [teachers.hard_labels(noisy[task], inputs) for task in range(tasks)]
            flow = dynamics.closure_flow([inputs] * tasks, drawn, clean_moment, rule=rule)
        begin = time.process_time()
        found = dynamics.solve_until_bracketed(flow, lanes, tolerance=tolerance)
        solving.append(time.process_time() - begin)
        return found

    def moments(noisy, settings):
        """Label moments, computed once per distinct teacher."""
        first = {setting: index for index, setting in reversed(list(enumerate(settings)))}
        order = {setting: place for place, setting in enumerate(first)}
        values, _ = dynamics.label_moments(noisy[np.array(list(first.values()))], rule=labels)
        return values[np.array([order[setting] for setting in settings])]

    joint = batch(cells, 2)
    single = batch([(s, 1.0, 0.0) for s in strengths], 1)
    shared = np.array([strengths.index(cell[0]) for cell in cells])
    return joint.loss, single.loss[shared], joint.time, single.time[shared], sum(solving)


def part(job):
    """One process's part: compile, then time it."""
    kind, seeds, cells, sizes = job
    arms(kind, seeds[0], cells, "float32", FAST, *sizes)
    begin, cpu = time.perf_counter(), time.process_time()
    found = [arms(kind, seed, cells, "float32", FAST, *sizes) for seed in seeds]
    return time.perf_counter() - begin, time.process_time() - cpu, found


def reference(job):
    """Benefits of one seed: in float64 with the tight settings, and in float32 with the fast ones."""
    kind, seed, cells = job
    tight = arms(kind, seed, cells, "float64", TIGHT)
    fast = arms(kind, seed, cells, "float32", FAST)
    return [found[1] - found[0] for found in (tight, fast)]


def speed(pool, processes: int, seeds: int) -> None:
    print("| flow | s_main | settings | minima at t | wall, ms a setting | CPU, ms a setting | of which solving |")
    print("|---|---|---|---|---|---|---|")
    for kind in ("population", "closure"):
        for s in MAIN:
            cells = list(itertools.product((s,), AUXILIARY, RELATEDNESS))
            jobs = [(kind, list(range(n * seeds, (n + 1) * seeds)), cells, ()) for n in range(processes)]
            done = list(pool.map(part, jobs))
            count = processes * seeds * len(cells)
            stops = [stop for _, _, found in done for arm in found for times in arm[2:4] for stop in times]
            wall, cpu = max(d[0] for d in done), sum(d[1] for d in done)
            solves = sum(arm[4] for _, _, found in done for arm in found)
            print(
                f"| {kind} | {s:g} | {count} | {min(stops):.3g} … {max(stops):.3g} | {1e3 * wall / count:.1f} |"
                f" {1e3 * cpu / count:.0f} | {1e3 * solves / count:.0f} |",
                flush=True,
            )


def growth(pool, repeats: int = 3) -> None:
    """Cost in one process, sizes in turn, 10 hidden units: of the solves alone, and with teachers and label moments."""
    cells = list(itertools.product((0.3,), AUXILIARY, RELATEDNESS))
    sizes = (100, 1_000, 10_000)
    seen = {size: [] for size in sizes}
    for _, size in itertools.product(range(repeats), sizes):
        _, cpu, (found,) = next(iter(pool.map(part, [("population", [0], cells, (size, 10))])))
        seen[size].append((found[4], cpu))
    print("\n| features (hidden 10, s_main 0.3) | solving, CPU ms a setting (median) | all, CPU ms a setting |")
    print("|---|---|---|")
    for size in sizes:
        solving, cpu = (1e3 * sorted(column)[repeats // 2] / len(cells) for column in zip(*seen[size], strict=True))
        print(f"| {size:,} | {solving:.1f} | {cpu:.1f} |", flush=True)


def matmul_rate(_) -> float:
    """GFLOP/s of one core's single-precision matrix product now: how much of the machine is free."""
    import jax
    import jax.numpy as jnp

    square = jnp.ones((512, 512), jnp.float32)
    product = jax.jit(lambda m: m @ m)
    jax.block_until_ready(product(square))
    walls = []
    for _ in range(50):
        begin = time.perf_counter()
        jax.block_until_ready(product(square))
        walls.append(time.perf_counter() - begin)
    return 2 * 512**3 / sorted(walls)[25] / 1e9


def accuracy(pool) -> None:
    import numpy as np

    print("\n| flow | settings | benefits | largest difference from the tight reference, nats | root mean square |")
    print("|---|---|---|---|---|")
    cells = [c for c in itertools.product((0.1, 0.3, 1.0, 3.0), (1.0, 10.0), (0.0, 0.5, 1.0)) if c[1] > 1 or c[2] == 0]
    for kind in ("population", "closure"):
        done = list(pool.map(reference, [(kind, seed, cells) for seed in range(4)]))
        tight, fast = (np.concatenate([pair[k] for pair in done]) for k in (0, 1))
        difference = fast - tight
        print(
            f"| {kind} | {difference.size} | {tight.min():.4f} … {tight.max():.4f} | {np.abs(difference).max():.1e} |"
            f" {np.sqrt(np.mean(difference**2)):.1e} |",
            flush=True,
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2, help="seeds for every process")
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--skip-accuracy", action="store_true")
    options = parser.parse_args()
    os.environ.update(SINGLE)
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(options.processes, mp_context=spawn) as pool:
        rates = list(pool.map(matmul_rate, range(options.processes)))
        print(f"Matrix products at {min(rates):.0f} … {max(rates):.0f} GFLOP/s a core.\n", flush=True)
        speed(pool, options.processes, options.seeds)
        growth(pool)
        if not options.skip_accuracy:
            accuracy(pool)

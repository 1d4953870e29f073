"""Milliseconds per setting, and accuracy, of the aligned equations (18), (26) and (3) for a batch of settings.

    python benchmarks/aligned.py [--settings 256] [--points 64 256 1024] [--rtol 1e-4] [--workers 4]

A setting is a pair of noisy-teacher strengths and a relatedness. All settings have K = 10 classes, rank 9, singular
values spread by ±20 %, random left vectors and start 0.1, and are followed to t = 60 in float32. Chunks of lanes run
side by side on threads. The table also has the CPU time, which depends less on other work on the machine, and the
median and largest error of the singular values along the way, relative to the teacher's (or to the start, if that is
larger). The reference, for about 8 of the settings, uses float64, 8,192 points and a tolerance of 1e-7.
"""

import argparse
import functools
import os
import time
from concurrent.futures import ThreadPoolExecutor

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
os.environ["NPROC"] = "1"  # every chunk has its own thread
os.environ["JAX_ENABLE_X64"] = "1"  # for the reference; the batch is float32 throughout

import jax
import jax.numpy as jnp
import numpy as np

from sharedtrunk import dynamics, gaussian
from sharedtrunk.dynamics._line_integral import mean_variance

CLASSES, RANK, START, CHUNK = 10, 9, 0.1, 32
TIMES = np.linspace(0, 60, 31)
TIGHT = dynamics.Tolerance(rtol=1e-7, atol=1e-10)
REFERENCE = gaussian.Sobol(points=8192, scrambles=1, seed=7)


def settings(count: int, dtype):
    """Left vectors of both tasks, teachers' singular values (setting, rank) and relatedness (setting,)."""
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(2, CLASSES, RANK))
    lefts = [np.linalg.qr(draw - draw.mean(axis=0))[0].astype(dtype) for draw in draws]
    shape = np.linspace(0.8, 1.2, RANK)
    strengths = np.exp(rng.uniform(np.log(0.1), np.log(10), size=(2, count)))
    # sorted, so that the lanes of a chunk need steps of similar size
    order = np.argsort(strengths.max(axis=0))
    values = [(each[order, None] * shape).astype(dtype) for each in strengths]
    return lefts, values, rng.uniform(size=count).astype(dtype)


def two_tasks(part, rule):
    """(26), one lane per setting."""
    lefts, values, r = part
    dtype = r.dtype
    targets = tuple(response(U, s, rule) for U, s in zip(lefts, values, strict=True))
    eye = jnp.eye(RANK, dtype=dtype)
    flow = dynamics.TwoTaskFlow(tuple(map(jnp.asarray, lefts)), (eye, eye), targets, jnp.asarray(r), "exact", rule)
    both = np.full((len(r), RANK), START, dtype)
    trunk = (both**2 * (1 + r[:, None])) ** 0.25
    return flow, dynamics.TwoTaskValues(jnp.asarray(both / trunk), jnp.asarray(both / trunk))


def one_task(part, rule):
    """(18) with two layers, one lane per setting."""
    lefts, values, r = part
    flow = dynamics.AlignedFlow(
        jnp.asarray(lefts[0]), jnp.eye(RANK, dtype=r.dtype), response(lefts[0], values[0], rule), "exact", rule
    )
    layer = jnp.full((len(r), RANK), START**0.5, r.dtype)
    return flow, dynamics.SingularValues((layer, layer))


def rank_one(part, rule):
    """(3), one lane per setting."""
    lefts, values, r = part
    u = jnp.asarray(lefts[0][:, 0])
    flow = dynamics.rank_one_flow(u, 1.0, jnp.ones(1, r.dtype), inverse_temperature=1.0)
    s = jnp.asarray(values[0][:, 0])
    return dynamics.RankOneFlow(u, flow.right, s * variances(u, s)), jnp.full(len(r), START, r.dtype)


@functools.partial(jax.jit, static_argnames="rule")
def response(U, s, rule):
    return jax.vmap(lambda values: dynamics.aligned_response(U, values, "exact", rule))(s)


@jax.jit
def variances(u, s):
    return jax.vmap(lambda value: mean_variance(u, value))(s)


def run(problem, part, rule, tolerance, workers: int, chunk: int) -> np.ndarray:
    """Singular values of the main task along the way, (setting, time, rank)."""
    lefts, values, r = part
    chunks = [slice(i, i + chunk) for i in range(0, len(r), chunk)]

    def solve(lanes):
        flow, start = problem((lefts, [each[lanes] for each in values], r[lanes]), rule)
        seen = dynamics.solve(flow, start, TIMES, tolerance)
        assert not np.any(seen.result), "a lane failed"
        left = lefts[0] if problem is not rank_one else lefts[0][:, :1]
        return np.einsum("ck,ltck->ltk", left, np.asarray(seen.composites[0]))

    with ThreadPoolExecutor(workers) as pool:
        return np.concatenate(list(pool.map(solve, chunks)))


def line(name: str, problem, points: int, count: int, rtol: float, workers: int) -> str:
    loose = dynamics.Tolerance(rtol=rtol, atol=1e-2 * rtol)
    rule, part = gaussian.Sobol(points=points, scrambles=1), settings(count, np.float32)
    run(problem, part, rule, loose, workers, CHUNK)
    begin, cpu = time.perf_counter(), time.process_time()
    seen = run(problem, part, rule, loose, workers, CHUNK)
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    few = slice(None, None, count // 8)
    lefts, values, r = settings(count, np.float64)
    truth = run(problem, (lefts, [each[few] for each in values], r[few]), REFERENCE, TIGHT, workers, 2)
    scale = np.maximum(values[0][few], START)[:, None, : truth.shape[-1]]
    error = (np.abs(seen[few] - truth) / scale).max(axis=(1, 2))
    nodes = "672" if problem is rank_one else str(points)
    times = f"{wall / count * 1e3:.2f} | {cpu / count * 1e3:.2f}"
    return f"| {name} | {nodes} | {times} | {np.median(error):.1e} | {error.max():.1e} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--settings", type=int, default=256)
    parser.add_argument("--points", type=int, nargs="+", default=[64, 256, 1024])
    parser.add_argument("--rtol", type=float, default=1e-4)
    parser.add_argument("--workers", type=int, default=4)
    given = parser.parse_args()
    print(f"load average before: {os.getloadavg()[0]:.1f}")
    print("| equation | nodes | wall, ms a setting | CPU, ms a setting | median error | largest error |")
    print("|---|---|---|---|---|---|")
    for name, problem in (("(26), two tasks", two_tasks), ("(18), one task", one_task), ("(3), rank one", rank_one)):
        for points in given.points if problem is not rank_one else given.points[:1]:
            print(line(name, problem, points, given.settings, given.rtol, given.workers), flush=True)

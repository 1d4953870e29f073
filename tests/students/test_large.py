"""Memory where there are many classes and samples: no array of a training grows with the logits of all samples."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from jax.extend.core import jaxprs_in_params

from sharedtrunk import students
from sharedtrunk.students import _batch

FEATURES, CLASSES, SAMPLES = 20, 300, 100_000


def largest_array(lanes: int, samples: int = SAMPLES) -> int:
    """Bytes of the largest array that the program of a training makes; nothing is computed."""
    times = jnp.asarray([0.0, 1.0], jnp.float32)  # known before tracing

    def final(trunk, head, inputs, targets, coefficients):
        start = students.SharedTrunk((trunk,), (head,))
        problem = students.Problem(inputs, (targets,), (coefficients,))
        return students.train(start, problem, times, students.Descent(step=1.0)).final

    shapes = (lanes, 10, FEATURES), (lanes, CLASSES, 10), (FEATURES, samples), (CLASSES, samples), (samples,)
    program = jax.make_jaxpr(final)(*(jax.ShapeDtypeStruct(shape, jnp.float32) for shape in shapes))
    return max(made(program.jaxpr))


def made(program):
    """Bytes of every array that a program makes, in loops and calls too."""
    for equation in program.eqns:
        yield from (math.prod(v.aval.shape) * v.aval.dtype.itemsize for v in equation.outvars)
        for inner in jaxprs_in_params(equation.params):
            yield from made(inner)


@pytest.mark.parametrize("lanes", [1, 16, 256])
def test_no_array_is_larger_than_the_data_or_a_block(lanes):
    """All logits would be 120 MB times lanes. Of the data, what fills up the last block is at most a sample a block."""
    data = 4 * max(FEATURES, CLASSES) * (SAMPLES + 4 * lanes * CLASSES * SAMPLES // _batch.BLOCK_BYTES + 1)
    assert largest_array(lanes) <= max(data, _batch.BLOCK_BYTES)


def test_without_blocks_it_would_be(monkeypatch):
    """So the count above sees the logits where they are."""
    monkeypatch.setattr(_batch, "BLOCK_BYTES", 2**60)
    samples = SAMPLES - 1  # JAX keeps the traces of programs, and knows the other one
    assert largest_array(16, samples) >= 16 * 4 * CLASSES * samples


LARGE = """
import json
from pathlib import Path
import jax, jax.numpy as jnp, numpy as np
from sharedtrunk import students

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))

def train(samples, size):
    draw = np.random.default_rng(0)
    inputs = draw.standard_normal((samples, size), np.float32)
    problem = students.make_problem(inputs, [draw.integers(0, size, samples)], classes=size)
    start = students.random_start(jax.random.key(0), features=size, classes=(size,), dtype=jnp.float32)
    trained = students.train(start, problem, jnp.asarray([0.0, 1e-2, 2e-2], jnp.float32), students.Descent(step=1e-2))
    memory = peak()
    return memory, [float(students.training_loss(network, problem)) for network in (start, trained.final)]

small, _ = train(100, 10)
memory, losses = train(100_000, 1000)
print(json.dumps({"small": small, "peak": memory, "losses": losses}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read off Linux's /proc")
def test_a_thousand_classes_on_a_hundred_thousand_samples():
    """1,000 features × 1,000 classes × 100,000 samples: inputs, targets and all logits are 400 MB each, float32.

    Five such arrays there must be: the caller's inputs, the problem's, its targets, and the inputs in blocks, in both
    layouts. While these are laid out, XLA may hold two more. Beside them stand a small training's memory (libraries and
    compiler) and at most four arrays of a block. The students are judged after the reading.
    """
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NPROC": "1"}
    ran = subprocess.run([sys.executable, "-c", LARGE], env={**os.environ, **threads}, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert told["losses"][1] < told["losses"][0]
    assert told["peak"] <= told["small"] + 7 * 4 * 1000 * 100_000 + 4 * _batch.BLOCK_BYTES

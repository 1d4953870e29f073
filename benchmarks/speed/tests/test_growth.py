"""How growth is counted, fitted and measured, on tiny sizes."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from benchmarks import growth
from benchmarks.growth import Sizes
from benchmarks.speed.problem import Case
from benchmarks.speed.work import student_step
from jax.extend.core import jaxprs_in_params

from sharedtrunk import students

TINY = Sizes(samples=40, features=6, hidden=5, classes=3, lanes=2)


@pytest.mark.parametrize("samples", [100, 1600])
def test_operations_are_those_of_the_student_step(samples):
    assert growth.operations(Sizes(samples=samples, lanes=7)) == 7 * student_step(Case(samples))


@pytest.mark.parametrize(
    "change", [{"hidden": 11, "features": 17}, {"classes": 9, "lanes": 5}, {"tasks": 1, "samples": 13}], ids=str
)
def test_operations_are_the_products_of_a_step_of_the_batch(change):
    """Only the products in the body of the loop over steps count, not those before it (label moments) or after it."""
    sizes = dataclasses.replace(TINY, **change)
    train = growth.Training(sizes)
    times = jnp.asarray([0.0, growth.STEP], jnp.float32)

    def final(start):
        return students.train(start, train.problem, times, train.method).final

    assert max(products_in_loops(jax.make_jaxpr(final)(train.start).jaxpr)) == growth.operations(sizes)


def products_in_loops(program):
    """Operations of the matrix products in the body of every `while` loop."""
    for equation in program.eqns:
        for inner in jaxprs_in_params(equation.params):
            if equation.primitive.name == "while":
                yield products(inner)
            yield from products_in_loops(inner)


def products(program) -> int:
    total = 0
    for equation in program.eqns:
        if equation.primitive.name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            terms = np.prod([equation.invars[0].aval.shape[axis] for axis in contracted])
            total += 2 * int(np.prod(equation.outvars[0].aval.shape) * terms)
        total += sum(products(inner) for inner in jaxprs_in_params(equation.params))
    return total


def test_a_power_law_has_its_exponent_and_no_error():
    values = [1, 2, 4, 8, 16, 32, 64]
    found = growth.slope(values, [5 * value**1.5 for value in values])
    assert found.value == pytest.approx(1.5)
    assert found.error == pytest.approx(0, abs=1e-12)


def test_an_exponent_is_that_of_the_upper_half():
    bent = growth.slope([1, 2, 4, 8, 16, 32, 64], [1, 1, 1, 1, 2, 4, 8])
    assert bent.value == pytest.approx(1)
    straying = growth.slope([1, 2, 4, 8], [1, 2, 8, 8])
    x, y = np.log([2, 4, 8]), np.log([2, 8, 8])
    (value, _), covariance = np.polyfit(x, y, 1, cov=True)
    assert straying.value == pytest.approx(value)
    assert straying.error == pytest.approx(covariance[0, 0] ** 0.5)


def test_what_a_call_costs_besides_its_steps_is_subtracted(monkeypatch):
    now = [0.0]

    def train(steps: int) -> None:
        now[0] += 5.0 + 0.1 * steps

    def clock() -> float:
        return now[0]

    interleaved, steps_for = growth.timing.interleaved, growth.timing.steps_for
    monkeypatch.setattr(growth.timing, "interleaved", lambda blocks, rounds: interleaved(blocks, rounds, clock))
    monkeypatch.setattr(growth.timing, "steps_for", lambda train, seconds: steps_for(train, seconds, clock))
    np.testing.assert_allclose(growth.seconds_a_step([train], 3, 60.0), [0.1])


def test_a_row_holds_what_is_measured(monkeypatch):
    monkeypatch.setattr(growth, "seconds_a_step", lambda trainings, *_: 1e-4 * np.arange(1, 1 + len(trainings)))
    row = growth.measure("lanes", (1, 2, 4), rounds=1, block_seconds=1.0)
    # one more lane needs at least its own targets, start and result
    lane = growth.bytes_needed(Sizes(lanes=2)) - growth.bytes_needed(Sizes(lanes=1))
    assert (np.diff(row["memory"]) >= 0.8 * lane * np.asarray([1, 2])).all()
    assert (np.asarray(row["memory"]) >= row["expected"]["memory"]).all()
    assert "| lanes 1–4 | 100–75 | 1.00 / " in growth.table([row])


def test_the_picture_is_drawn(tmp_path):
    row = {"axis": "samples", "values": [400, 800], "lanes": [12, 12], "time": [1e-3, 2e-3], "memory": [2**20, 2**21]}
    row["expected"] = {"time": [1, 2], "memory": [1, 2]}
    growth.draw([row], tmp_path / "growth.png")
    assert 1000 < (tmp_path / "growth.png").stat().st_size < 150_000


def test_a_student_that_diverges_is_not_timed():
    train = growth.Training(TINY)
    train.start = jax.tree.map(lambda w: w * 1e30, train.start)
    with pytest.raises(FloatingPointError, match="diverged"):
        train(2)

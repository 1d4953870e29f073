"""The operations of a student-step, by hand and by counting the products in the gradient's program."""

import math

import jax
import jax.numpy as jnp
import pytest
from benchmarks.speed.problem import Case
from benchmarks.speed.work import student_step
from jax.extend.core import jaxprs_in_params

from sharedtrunk import students
from sharedtrunk.errors import InputError


def test_a_linear_step_by_hand():
    # multiplications per task: 100,000 each for W X and P Xᵀ on 100 points, and three products of 10 × 100 × 100
    assert student_step(Case(100)) == 2 * 2 * (2 * 100_000 + 3 * 100_000) == 2_000_000


@pytest.mark.parametrize("layers", [1, 3])
def test_a_relu_step_is_the_products_of_its_gradient(layers):
    samples = 7
    start = students.random_start(
        jax.random.key(0), features=100, hidden=(100,) * layers, classes=(10, 10), activation="relu"
    )
    labels = [jnp.zeros(samples, jnp.int32)] * 2
    problem = students.make_problem(jnp.ones((samples, 100)), labels, classes=10)
    program = jax.make_jaxpr(jax.grad(students.training_loss))(start, problem)
    assert student_step(Case(samples, "relu", layers)) == products(program.jaxpr)


def products(program) -> int:
    """Twice the number of multiplications in all matrix products of a program."""
    total = 0
    for equation in program.eqns:
        if equation.primitive.name == "dot_general":
            (contracted, _), _ = equation.params["dimension_numbers"]
            left = equation.invars[0].aval.shape
            total += 2 * math.prod(equation.outvars[0].aval.shape) * math.prod(left[axis] for axis in contracted)
        for inner in jaxprs_in_params(equation.params):
            total += products(inner)
    return total


def test_deep_linear_students_are_not_counted():
    with pytest.raises(InputError, match="one hidden layer"):
        student_step(Case(100, "linear", 2))

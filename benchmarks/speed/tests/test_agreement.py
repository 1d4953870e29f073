"""Every path gives the trajectory of the module in a loop, and one that does not is refused."""

import shutil

import numpy as np
import pytest
from benchmarks.speed import agreement, paths, peers
from benchmarks.speed.problem import Case, draw

from sharedtrunk.errors import InputError

SMALL = 40
CASES = [Case(SMALL), Case(SMALL, "relu", 2, "float64")]


def reference(case):
    lanes = draw(case, 4).first(agreement.LANES)
    return lanes, paths.build(paths.MODULE, lanes)(agreement.steps_of(case))


@pytest.mark.parametrize("name", [paths.OURS, paths.VMAPPED, paths.PLAIN])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_path_gives_the_trajectory_of_the_module(name, case):
    lanes, expected = reference(case)
    train = paths.build(name, draw(case, 4))  # more lanes than are compared
    assert agreement.check(name, train, lanes, expected) <= 1


def test_a_path_of_fewer_lanes_is_compared_on_those():
    lanes, expected = reference(CASES[0])
    train = paths.build(paths.MODULE, lanes.first(1))
    assert agreement.check(paths.MODULE, train, lanes, expected) <= 1


@pytest.mark.slow
@pytest.mark.filterwarnings(
    "ignore:.*torch.jit:DeprecationWarning"
)  # PyTorch's compiler calls functions that PyTorch deprecates
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_the_compiled_peer_is_compiled_and_gives_the_trajectory_too():
    lanes, expected = reference(CASES[0])
    peers.forget_compiled()
    before = peers.compiled_graphs()
    assert agreement.check(paths.COMPILED, paths.build(paths.COMPILED, draw(CASES[0], 4)), lanes, expected) <= 1
    assert peers.compiled_graphs() == before + 1


def test_lanes_are_trained_on_their_own_labels():
    _, weights = reference(CASES[0])
    assert all(np.abs(layer[0] - layer[2]).max() > 1e-3 for layer in weights)


@pytest.mark.parametrize("wrong", ["one step more", "lanes exchanged", "not a number"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_path_that_strays_is_refused(wrong, case):
    lanes, expected = reference(case)
    right = paths.build(paths.MODULE, lanes)

    def train(steps):
        weights = right(steps + 1 if wrong == "one step more" else steps)
        if wrong == "lanes exchanged":
            return [w[::-1] for w in weights]
        return [w * np.nan for w in weights] if wrong == "not a number" else weights

    with pytest.raises(InputError, match="by vmapped on"):
        agreement.check(paths.VMAPPED, train, lanes, expected)


def test_a_tolerance_that_lets_mistakes_pass_is_refused():
    case = Case(SMALL, "relu", 1, "float32")  # so few points that one of them moves the weights far
    lanes, expected = reference(case)
    with pytest.raises(InputError, match="distance that the weights travel"):
        agreement.check(paths.MODULE, paths.build(paths.MODULE, lanes), lanes, expected)


def test_one_step_follows_the_gradient_of_the_training_loss():
    import jax

    from sharedtrunk import students

    case = CASES[1]
    lanes = draw(case, 1)
    problem = students.make_problem(lanes.inputs, [labels[0] for labels in lanes.labels], classes=10)
    start = students.SharedTrunk(
        tuple(map(jax.numpy.asarray, lanes.trunk)), tuple(map(jax.numpy.asarray, lanes.heads)), "relu"
    )
    slopes = jax.tree.leaves(jax.grad(students.training_loss)(start, problem))
    moved = paths.build(paths.MODULE, lanes)(1)
    for before, slope, after in zip((*lanes.trunk, *lanes.heads), slopes, moved, strict=True):
        np.testing.assert_allclose(after[0], before - 0.1 * np.asarray(slope), rtol=0, atol=1e-15)

"""What every public function of the numerical rooms does with values that are no finite numbers, or no numbers at all."""

import jax
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest

import value_problems
from sharedtrunk import dynamics, gaussian, prediction, spectra, teachers
from sharedtrunk.errors import InputError
from sharedtrunk.flows.trajectory import Trajectory

pytestmark = pytest.mark.float64

FAILED_LANES = {("bracketed", (0, 1))}
"""Curves of failed lanes are NaN by design, in trajectories as alone; what is finite of a curve has a minimum."""


@pytest.fixture(autouse=True)
def unchecked(monkeypatch):
    """As users run it: the run-time type checks are the test suite's own."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


def is_floating(leaf):
    return isinstance(leaf, float) or (hasattr(leaf, "dtype") and jnp.issubdtype(leaf.dtype, jnp.floating))


def spoilt(value, bad):
    """Copies of an argument, each with one entry of one of its arrays made NaN or infinite."""
    leaves, tree = jax.tree.flatten(value)
    for n, leaf in enumerate(leaves):
        if is_floating(leaf):
            array = np.array(leaf, copy=True)
            array[(0,) * array.ndim] = bad
            new = bad if isinstance(leaf, float) else jnp.asarray(array) if isinstance(leaf, jax.Array) else array
            yield jax.tree.unflatten(tree, [*leaves[:n], new, *leaves[n + 1 :]])


def outcome(room, name, call):
    """What came out, or None where the call was refused."""
    args, kwargs = call
    try:
        return value_problems.function(room, name)(*args, **kwargs)
    except InputError:
        return None


def all_finite(tree):
    return all(np.isfinite(np.asarray(leaf)).all() for leaf in jax.tree.leaves(tree) if is_floating(leaf))


NAMES = [(room, name) for room in value_problems.ROOMS for name in value_problems.public_functions(room)]


@pytest.mark.long
@pytest.mark.parametrize(("room", "name"), [pair for pair in NAMES if pair[1] not in value_problems.ELSEWHERE])
def test_what_is_not_finite_never_becomes_finite(room, name):
    """Also that every public function has a call here: the table and the rooms' names are the same."""
    call = value_problems.calls()[room][name]
    for where in value_problems.arguments(call):
        if (name, where) in FAILED_LANES or isinstance(value_problems.at(call, where), Trajectory):
            continue
        if isinstance(value_problems.at(call, where), dynamics.AbstractFlow):
            continue  # its makers, which are public functions too, have checked what is in it
        for bad in (np.nan, np.inf):
            for value in spoilt(value_problems.at(call, where), bad):
                out = outcome(room, name, value_problems.spoiled(call, where, value))
                result = getattr(out, "result", None)
                told = result is not None and np.any(np.asarray(result) != 0)
                assert out is None or told or not all_finite(out), (where, bad)


def test_every_public_function_has_a_call():
    named = {(room, name) for room, calls in value_problems.calls().items() for name in calls}
    assert {pair for pair in NAMES if pair[1] not in value_problems.ELSEWHERE} <= named
    assert all(callable(value_problems.function(room, name)) for room, name in named)


@pytest.mark.parametrize("bad", ["text", [[1.0, 2.0], [3.0]]], ids=["text", "ragged"])
@pytest.mark.parametrize(("room", "name"), [pair for pair in NAMES if pair[1] not in value_problems.ELSEWHERE])
def test_text_in_place_of_any_argument_is_refused(room, name, bad):
    call = value_problems.calls()[room][name]
    for where in value_problems.arguments(call):
        args, kwargs = value_problems.spoiled(call, where, bad)
        with pytest.raises((InputError, TypeError)) as caught:
            value_problems.function(room, name)(*args, **kwargs)
        # equinox and the dataclasses say it well; what comes from the depths names no rule
        assert caught.type is InputError or "must be" in str(caught.value) or "xpected" in str(caught.value), where


TEXTS = ["text", None, object(), [[1.0, 2.0], [3.0]], np.array(["a", "b"]), np.array([1j, 2.0])]


@pytest.mark.parametrize(
    "call",
    [
        gaussian.free_energy,
        gaussian.softmax_moment,
        gaussian.label_moment,
        gaussian.anisotropy,
        gaussian.mean_and_error,
        gaussian.expected_maximum,
        lambda x: gaussian.random_energy_slope(x, 3),
        lambda x: gaussian.free_energy(value_problems.W, covariance=[] if x is None else x),
        lambda x: gaussian.population_loss(value_problems.W, x),
        lambda x: spectra.spiked_value(x, 0.1, 1.0),
        lambda x: teachers.hard_labels(x, value_problems.X),
        lambda x: teachers.soft_labels(value_problems.W, value_problems.X, x),
        lambda x: teachers.sample(jax.random.key(0), x, 5),
        lambda x: dynamics.predicted_sign(x, value_problems.S),
        lambda x: gaussian.Sobol(points=x),
        lambda x: gaussian.Pairs(scrambles=x),
        lambda x: gaussian.Panels(order=x),
    ],
)
@pytest.mark.parametrize("value", TEXTS, ids=lambda value: type(value).__name__)
def test_what_is_no_number_is_refused(call, value):
    with pytest.raises(InputError):
        call(value)


def test_rules_have_limits():
    for make in (gaussian.Sobol, gaussian.Characters, gaussian.Pairs):
        with pytest.raises(InputError, match=r"scrambles must be a whole number from \d to 4096; got int 100000"):
            make(scrambles=100000)
        with pytest.raises(InputError, match="points must be a whole number from 16 to 16777216"):
            make(points=2**30)
        with pytest.raises(InputError, match="points times scrambles is at most 16777216; got 65536 times 512"):
            make(points=65536, scrambles=512)
        with pytest.raises(InputError, match="power of two"):
            make(points=1000)
        with pytest.raises(InputError, match="seed must be a whole number"):
            make(seed=-1)


def test_finite_never_becomes_infinite():
    """(26): the trunk (a² + r b²)^¼ of very small and large values is what it is, or the range is said."""
    start = dynamics.two_task_start(1e-300, 1e-300, 0.5)
    assert float(start.main) == pytest.approx(1e-150 / 1.5**0.25, rel=1e-14)
    start = dynamics.two_task_start(1e200, 1e-200, 0.0)
    assert float(start.main) == pytest.approx(1e100, rel=1e-14)
    start = dynamics.two_task_start(1e-300, 1e6, 0.0)
    assert float(start.main) == pytest.approx(1e-150, rel=1e-14)
    assert float(start.auxiliary) == pytest.approx(1e156, rel=1e-14)
    with pytest.raises(InputError, match=r"within ±2e\+308, the range of float64"):
        dynamics.two_task_start(1e-300, 1e300, 0.0)
    with pytest.raises(InputError, match="range of float64"):
        spectra.bulk_edges(1e300, 1e300)
    with pytest.raises(InputError, match="range of float64"):
        spectra.bulk_density(0.0, 1e-200, 1e-200)


@pytest.mark.parametrize("bad", [np.nan, np.inf, "text", None])
@pytest.mark.parametrize("name", ["samples", "s_main", "s_aux", "relatedness", "noise", "start_scale", "time_limit"])
def test_predict_refuses_at_once(name, bad):
    with pytest.raises(InputError):
        prediction.predict(**{name: bad})

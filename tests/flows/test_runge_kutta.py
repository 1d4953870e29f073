"""Steps written out against diffrax's own Tsit5, and their order."""

import diffrax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk.students import _diffrax


def pendulum(_, y, args):
    return {"angle": y["speed"], "speed": -jnp.sin(y["angle"]) * args}


def solved(solver, times, step, see=lambda y: y["angle"]):
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(pendulum),
        solver,
        t0=times[0],
        t1=times[-1],
        dt0=step,
        y0={"angle": jnp.array([1.0, 0.3]), "speed": jnp.array([0.0, 0.5])},
        args=jnp.array([1.0, 2.0]),
        saveat=diffrax.SaveAt(ts=times, fn=lambda t, y, args: see(y)),
        stepsize_controller=diffrax.ConstantStepSize(),
    )
    return solution.ys


@pytest.mark.long
@pytest.mark.parametrize(
    ("ours", "theirs"), [(_diffrax.Tsitouras, diffrax.Tsit5), (_diffrax.BogackiShampine, diffrax.Bosh3)], ids=["5", "3"]
)
def test_the_numbers_are_those_of_diffrax_between_the_steps_too(ours, theirs):
    times = jnp.linspace(0.0, 3.0, 23)
    ours, theirs = (solved(solver(), times, 0.4) for solver in (ours, theirs))
    # eight steps of some eight roundings each
    np.testing.assert_allclose(ours, theirs, atol=64 * np.finfo(ours.dtype).eps)


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize(("solver", "order"), [(_diffrax.Tsitouras, 5), (_diffrax.BogackiShampine, 3)], ids=["5", "3"])
def test_the_order_is_what_it_says(solver, order):
    times = jnp.array([0.0, 3.0])
    exact = solved(_diffrax.Tsitouras(), times, 0.01)[-1]
    errors = [float(jnp.abs(solved(solver(), times, step)[-1] - exact).max()) for step in (0.3, 0.15)]
    assert order - 0.5 < np.log2(errors[0] / errors[1]) < order + 1.5


@pytest.mark.long
@pytest.mark.float64
@pytest.mark.parametrize(
    ("solver", "order", "steps"),
    [(_diffrax.Tsitouras, 5, (0.4, 0.2)), (_diffrax.BogackiShampine, 3, (0.2, 0.1))],
    ids=["5", "3"],
)
def test_what_is_looked_at_is_followed_between_the_steps(solver, order, steps):
    """A product of the state's parts, as composite weights are, at times that are nobody's steps."""
    times = jnp.linspace(0.0, 2.0, 29)

    def look(y):
        return {"product": y["angle"] * y["speed"], "angle": y["angle"]}

    exact = solved(_diffrax.Tsitouras(), times, 0.01, look)
    errors = []
    for step in steps:
        looking = _diffrax.ObservingSolver(solver(), look)
        seen = solved(looking, times, step, lambda y: y.observed if isinstance(y, _diffrax.Observation) else look(y))
        errors.append(max(float(jnp.abs(seen[name] - exact[name]).max()) for name in exact))
    assert order - 0.5 < np.log2(errors[0] / errors[1]) < order + 1.5

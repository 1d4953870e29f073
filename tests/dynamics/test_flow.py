"""What every flow declares: arrays with named axes, a kind of state, and from these what `solve` must know."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jaxtyping import Array, Float

from dynamics_problems import RULE
from sharedtrunk import dynamics
from sharedtrunk.dynamics._flow import AbstractFlow, axes_of
from sharedtrunk.errors import InputError

W = np.diag([1.0, 2.0, 3.0])
U = np.linalg.svd(np.eye(3) - 1 / 3)[0][:, :2]
V, S = np.eye(4)[:, :2], np.ones(2)
X, Y = np.ones((5, 3)), np.array([0, 1, 2, 0, 1])
HOT = {"inverse_temperature": 1.0}

FLOWS = {
    "population": lambda: dynamics.population_flow([W, W], rule=RULE, **HOT),
    "judged": lambda: dynamics.population_flow([W, W], judge=W, covariance=np.eye(3), rule=RULE, **HOT),
    "closure": lambda: dynamics.closure_flow([X, X], [Y, Y], W, covariance=np.eye(3), rule=RULE),
    "regression": lambda: dynamics.regression_flow([W]),
    "aligned": lambda: dynamics.aligned_flow(U, S, V, rule=RULE, **HOT),
    "aligned without soft labels": lambda: dynamics.AlignedFlow(jnp.asarray(U), jnp.asarray(V), jnp.asarray(S)),
    "rank one": lambda: dynamics.rank_one_flow(U[:, 0], 1.0, V[:, 0], **HOT),
    "two tasks": lambda: dynamics.two_task_flow((U, S, V), (U, S, V), 0.5, rule=RULE, **HOT),
}


@pytest.mark.parametrize("name", FLOWS)
def test_axes_follow_from_the_annotations(name):
    """One number of axes per array, in the order of the leaves; a lane axis in front does not count."""
    flow = FLOWS[name]()
    assert [len(names) for names in axes_of(flow)] == [leaf.ndim for leaf in jax.tree.leaves(flow)]
    lanes = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), flow)
    assert axes_of(lanes) == axes_of(flow)


@pytest.mark.parametrize(("name", "rank"), [("population", 2), ("aligned", 1), ("rank one", 0), ("two tasks", 1)])
def test_the_rank_of_a_state_follows_from_its_kind(name, rank):
    assert FLOWS[name]().state_rank == rank


class Scales(eqx.Module):
    """A state of a new equation."""

    values: Float[Array, "*lane mode"]


class Decay(AbstractFlow):
    """ds/dt = −rate ⊙ s: a new equation is a drive and its composites."""

    state: ClassVar = Scales
    start_form: ClassVar[str] = "Scales(values)"
    rate: Float[Array, "... mode"]

    def drive(self, state):
        return Scales(-self.rate * state.values)

    def composites(self, state):
        return (jnp.diag(state.values),)


@pytest.mark.long
@pytest.mark.float64
def test_a_new_equation_needs_a_drive_and_its_composites():
    """Solved for one lane, and as a batch with shared and with its own rates, against e^{−rate t}."""
    times, rate = np.array([0.0, 1.0]), jnp.asarray([1.0, 2.0])
    start = Scales(jnp.ones(2))
    one = dynamics.solve(Decay(rate), start, times)
    np.testing.assert_allclose(one.composites[0][1], np.diag(np.exp(-rate)), atol=1e-6)
    batch = jax.tree.map(lambda leaf: jnp.stack([leaf, 2 * leaf]), start)
    for rates in (rate, jnp.stack([rate, 3 * rate])):
        many = dynamics.solve(Decay(rates), batch, times)
        exact = np.exp(-np.broadcast_to(rates, (2, 2))) * np.array([[1.0], [2.0]])
        np.testing.assert_allclose(np.diagonal(many.composites[0][:, 1], axis1=1, axis2=2), exact, atol=1e-6)
    with pytest.raises(InputError, match=r"A Decay starts from Scales; got .*Give Scales\(values\)"):
        dynamics.solve(Decay(rate), np.ones(2), times)

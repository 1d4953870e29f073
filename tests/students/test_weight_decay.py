"""Weight decay in training: against the convex minimum, laws that are exact, and automatic differentiation."""

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import jaxtyping
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from sharedtrunk import students
from sharedtrunk.errors import InputError
from sharedtrunk.flows.trajectory import Result
from sharedtrunk.students import _train
from sharedtrunk.students._batch import batch_drive, prepare
from sharedtrunk.students._problem import lane_axes
from sharedtrunk.students._stiffness import power_step
from small_problems import small_problem

DOUBLE = jax.config.jax_enable_x64


def flow(rtol=1e-9, **given):
    rtol = max(rtol, 1e-9 if DOUBLE else 1e-6)
    return students.Flow(rtol=rtol, atol=rtol / 10, max_steps=1 << 17, **given)


RELU_RTOL = 1e-5
"""The drive of ReLU students jumps, so that smaller tolerances take very many steps."""


def penalized(network, problem, decay):
    """L + (λ/2) Σ_l ‖W⁽ˡ⁾‖²_F, what training minimizes."""
    squares = sum(jnp.sum(layer**2) for layer in jax.tree.leaves(network))
    return students.training_loss(network, problem) + decay / 2 * squares


def composite_pull(problem, composites):
    """−∇L with respect to the stacked composites, by automatic differentiation."""

    def loss(parts):
        logits = [W @ problem.inputs for W in parts]
        entropies = zip(logits, problem.targets, problem.coefficients, strict=True)
        return sum(jnp.sum(c * jax.nn.logsumexp(z, axis=0)) - jnp.sum(y * z) for z, y, c in entropies)

    return -np.concatenate(jax.jit(jax.grad(loss))(tuple(composites)))


def watched(problem, start):
    """What `train` asks for besides a ReLU student; a linear one is seen by its composites."""
    if start.activation == "linear":
        return {}
    labels = jnp.zeros(problem.inputs.shape[1], int)
    return {"evaluation": students.FreshInputs(problem.inputs, labels, problem.inputs, labels)}


def without_labels(key, **case):
    """A problem whose tasks all have weight 0, so that decay is all there is."""
    start, problem, _ = small_problem(key, **case)
    return start, dataclasses.replace(
        problem, **{name: jax.tree.map(jnp.zeros_like, getattr(problem, name)) for name in ("targets", "coefficients")}
    )


@pytest.mark.long
@pytest.mark.parametrize(
    "method", [flow(), flow(stabilized=True), students.Descent(step=0.5)], ids=["flow", "stabilized", "descent"]
)
def test_two_layers_end_at_the_convex_minimum_wherever_they_start(key, method):
    """`minimize` takes proximal steps on composites and knows no layers; both lanes end there."""
    _, problem, _ = small_problem(key, masked=True)
    decay = 0.15
    starts = [
        students.random_start(k, features=6, hidden=(7,), classes=(4, 3), scale=scale)
        for k, scale in zip(jax.random.split(key), (0.3, 2.0), strict=True)
    ]
    lanes = jax.tree.map(lambda *w: jnp.stack(w), *starts)
    method = dataclasses.replace(method, weight_decay=decay)
    seen = students.train(lanes, problem, jnp.asarray([0.0, 800.0]), method)
    found = students.minimize(problem, decay, tolerance=1e-11 if DOUBLE else 5e-6)
    assert [*seen.result.tolist(), int(found.result[0])] == [Result.SUCCESS] * 3
    values = jnp.linalg.svd(jnp.concatenate([W[0] for W in found.composites]), compute_uv=False)
    least = float(found.training_loss[0] + decay * values.sum())
    for lane in range(2):
        end = jax.tree.map(lambda w, lane=lane: w[lane], seen.final)
        assert float(penalized(end, problem, decay)) == pytest.approx(least, abs=1e-9 if DOUBLE else 1e-5)
        for ours, theirs in zip(seen.composites, found.composites, strict=True):
            np.testing.assert_allclose(ours[lane, -1], theirs[0], atol=1e-5 if DOUBLE else 3e-3)
    assert float(values[1]) > 0.1  # neither zero nor a ray


@pytest.mark.long
@pytest.mark.parametrize("activation", ["linear", "relu"])
def test_layers_become_balanced_at_twice_the_decay(key, activation):
    """W⁽ˡ⁺¹⁾ᵀW⁽ˡ⁺¹⁾ − W⁽ˡ⁾W⁽ˡ⁾ᵀ falls as exp(−2λt) along the path, whatever the data are; of ReLU its diagonal."""
    start, problem, _ = small_problem(key, hidden=(7, 5), activation=activation)
    times, decay = jnp.asarray([0.0, 1.0, 4.0, 12.0]), 0.1
    method, bound = flow(weight_decay=decay), 1e-7 if DOUBLE else 1e-4
    if activation == "relu":
        method, bound = flow(RELU_RTOL, weight_decay=decay), 1e-3
    networks = students.train(start, problem, times, method, networks=True, **watched(problem, start)).networks
    layers = [*networks.trunk, jnp.concatenate(networks.heads, axis=1)]
    for below, above in itertools.pairwise(layers):
        balance = jnp.swapaxes(above, 1, 2) @ above - below @ jnp.swapaxes(below, 1, 2)
        if activation == "relu":
            balance = jnp.diagonal(balance, axis1=1, axis2=2)
        shrunk = jnp.exp(-2 * decay * times).reshape(-1, *[1] * (balance.ndim - 1)) * balance[:1]
        np.testing.assert_allclose(balance, shrunk, atol=bound)
        assert float(jnp.abs(balance[0]).max()) > 0.5
    assert float(jnp.abs(layers[0][-1] - jnp.exp(-decay * 12) * layers[0][0]).max()) > 0.1  # the data pull


@pytest.mark.long
def test_three_layers_end_where_the_pull_balances_the_decay(key):
    """−∇L = Λ(Q) W on the range of W, Q = W Wᵀ, Λ = λ Q^{1/L − 1}: a direction with value s is pulled by λ s^{2/L − 1}."""
    start, problem, _ = small_problem(key, hidden=(7, 8))
    decay = 0.05
    seen = students.train(start, problem, jnp.asarray([0.0, 600.0]), flow(weight_decay=decay))
    composites = [W[-1] for W in seen.composites]
    U, s, Vt = np.linalg.svd(np.concatenate(composites))
    rank = int((s > 1e-3).sum())
    assert rank >= 2
    assert s[rank] < 1e-5
    pull = composite_pull(problem, composites)
    left, right = U[:, :rank], Vt[:rank].T
    expected = decay * s[:rank] ** (2 / 3 - 1)
    bound = 1e-6 if DOUBLE else 1e-4
    np.testing.assert_allclose(pull @ right, left * expected, atol=bound)
    np.testing.assert_allclose(left.T @ pull, (right * expected).T, atol=bound)


@pytest.mark.long
@pytest.mark.parametrize(
    ("case", "given"),
    [
        ({}, {}),
        ({"hidden": (7, 5)}, {"order": 3}),
        ({"hidden": (7, 5), "activation": "relu"}, {"stabilized": True}),
    ],
    ids=str,
)
def test_without_data_weights_shrink_exponentially(key, case, given):
    start, problem = without_labels(key, **case)
    final = students.train(
        start, problem, jnp.asarray([0.0, 3.0]), flow(weight_decay=0.7, **given), **watched(problem, start)
    ).final
    for end, begin in zip(jax.tree.leaves(final), jax.tree.leaves(start), strict=True):
        np.testing.assert_allclose(end, np.exp(-2.1) * begin, atol=1e-6 if DOUBLE else 1e-4)


@pytest.mark.parametrize("batch_size", [None, 5])
def test_without_data_a_step_of_descent_takes_its_share(key, batch_size):
    start, problem = without_labels(key)
    method = students.Descent(step=0.25, batch_size=batch_size, weight_decay=0.4)
    final = students.train(start, problem, jnp.asarray([0.0, 5.0]), method).final
    for end, begin in zip(jax.tree.leaves(final), jax.tree.leaves(start), strict=True):
        np.testing.assert_allclose(end, 0.9**20 * begin, rtol=1e-12 if DOUBLE else 1e-5)


@pytest.mark.parametrize(
    "case", [{}, {"hidden": (7, 5), "masked": True}, {"hidden": (7, 5), "activation": "relu"}], ids=str
)
def test_descent_steps_down_the_penalized_loss(key, case):
    start, problem, _ = small_problem(key, **case)
    method = students.Descent(step=0.1, weight_decay=0.3)
    final = students.train(start, problem, jnp.asarray([0.0, 2.0]), method, **watched(problem, start)).final
    slope = jax.jit(jax.grad(penalized))
    network = start
    for _ in range(20):
        network = jax.tree.map(lambda w, g: w - 0.1 * g, network, slope(network, problem, 0.3))
    for ours, theirs in zip(jax.tree.leaves(final), jax.tree.leaves(network), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-12 if DOUBLE else 1e-5)


@pytest.mark.long
@pytest.mark.parametrize("given", [{}, {"stabilized": True}], ids=str)
@pytest.mark.parametrize("case", [{}, {"hidden": (7, 5), "activation": "relu"}], ids=str)
def test_flow_follows_the_slope_of_the_penalized_loss(key, case, given):
    """Against the midpoint rule with short steps and automatic differentiation."""
    start, problem, _ = small_problem(key, **case)
    h, slope = 1e-3, jax.grad(penalized)

    def step(network, _):
        middle = jax.tree.map(lambda w, g: w - h / 2 * g, network, slope(network, problem, 0.3))
        return jax.tree.map(lambda w, g: w - h * g, network, slope(middle, problem, 0.3)), None

    network = jax.jit(lambda start: jax.lax.scan(step, start, None, length=2000)[0])(start)
    relu = start.activation == "relu"
    method = flow(RELU_RTOL if relu else 1e-9, weight_decay=0.3, **given)
    final = students.train(start, problem, jnp.asarray([0.0, 2.0]), method, **watched(problem, start)).final
    for ours, theirs in zip(jax.tree.leaves(final), jax.tree.leaves(network), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-3 if relu else 1e-6 if DOUBLE else 1e-4)


@pytest.mark.parametrize("decay", [None, 30.0])
def test_the_stiffness_includes_the_decay(key, decay):
    """The power method finds the largest curvature of the penalized loss, on which the stabilized step's stages depend."""
    start, problem, _ = small_problem(key)
    axes, lanes = lane_axes(problem), jax.tree.map(lambda w: w[None], start)
    prepared = prepare(lanes, problem, axes)
    flat, network = ravel_pytree(start)
    traced = None if decay is None else jnp.asarray(decay, flat.dtype)

    def field(state):
        return batch_drive(state, prepared, axes, traced)

    slope = field(lanes)
    advance = jax.jit(lambda direction: power_step(field, lanes, slope, direction))
    rate, direction = advance(slope)
    for _ in range(40):
        rate, direction = advance(direction)
    curvatures = jnp.linalg.eigvalsh(jax.jit(jax.hessian(lambda w: penalized(network(w), problem, decay or 0.0)))(flat))
    assert float(rate) == pytest.approx(float(jnp.abs(curvatures).max()), rel=0.05)


@pytest.mark.long
def test_stabilized_steps_are_long_where_the_decay_is_stiff(key):
    """At λ = 300 an explicit method of fifth order takes steps of at most 3.3/λ."""
    start, problem, _ = small_problem(key)
    times = jnp.asarray([0.0, 20.0])
    stiff, plain = (
        students.train(start, problem, times, students.Flow(weight_decay=300.0, stabilized=s)) for s in (True, False)
    )
    for seen in (stiff, plain):
        assert int(seen.result) == Result.SUCCESS
        assert all(float(jnp.abs(w).max()) < 1e-5 for w in jax.tree.leaves(seen.final))
    assert int(stiff.gradient_evaluations) < int(plain.gradient_evaluations) / 3


@pytest.mark.long
@pytest.mark.parametrize("method", [students.Flow(), students.Descent(step=0.25)], ids=["flow", "descent"])
def test_decay_of_zero_is_no_decay_to_the_bit(key, method):
    start, problem, _ = small_problem(key)
    times = jnp.asarray([0.0, 2.0])
    plain = students.train(start, problem, times, method).final
    for zero in (0.0, -0.0):
        zeroed = dataclasses.replace(method, weight_decay=zero)
        assert _train._weight_decay(zeroed, plain.trunk[0].dtype) is None  # no decay is computed
        same = students.train(start, problem, times, zeroed).final
        jax.tree.map(np.testing.assert_array_equal, same, plain)
    other = students.train(start, problem, times, dataclasses.replace(method, weight_decay=1e-3)).final
    assert float(jnp.abs(other.trunk[0] - plain.trunk[0]).max()) > 1e-4


@pytest.mark.long
@pytest.mark.parametrize("method", [students.Flow(order=3), students.Descent(step=0.25)], ids=["flow", "descent"])
def test_all_decays_share_a_program(key, method, monkeypatch):
    start, problem, _ = small_problem(key, hidden=(11,))  # of a shape that no other test traces
    traced = []
    monkeypatch.setattr(_train, "prepare", lambda *given: traced.append(1) or prepare(*given))
    monkeypatch.setattr("sharedtrunk.students._descent.prepare", _train.prepare)
    for decay in (0.1, 0.2, 3.0):
        students.train(start, problem, jnp.asarray([0.0, 1.0]), dataclasses.replace(method, weight_decay=decay))
    assert len(traced) == 1


@pytest.mark.parametrize("make", [students.Flow, students.Descent])
@pytest.mark.parametrize("decay", [-0.1, np.nan, np.inf, "0.1", None, [0.1], True, 1j, 10**400], ids=str)
def test_a_decay_is_a_finite_number_that_is_not_negative(key, make, decay, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as users run it
    start, problem, _ = small_problem(key)
    with pytest.raises(InputError, match="The weight decay must be one finite number ≥ 0"):
        students.train(start, problem, jnp.asarray([0.0, 1.0]), make(weight_decay=decay))


def test_a_decay_that_single_precision_cannot_hold_is_refused(key):
    start, problem = jax.tree.map(lambda leaf: leaf.astype(jnp.float32), small_problem(key)[:2])
    with pytest.raises(InputError, match="weight decay"):
        students.train(start, problem, jnp.asarray([0.0, 1.0]), students.Flow(weight_decay=1e39))


@pytest.mark.long
def test_decays_may_be_traced(key):
    """Lanes with decays of their own, 0 among them."""
    start, problem, _ = small_problem(key)
    times, decays = jnp.asarray([0.0, 3.0]), [0.0, 0.1, 0.5]

    def end(decay):
        return students.train(start, problem, times, students.Descent(step=0.5, weight_decay=decay)).composites[0][-1]

    together = jax.vmap(end)(jnp.asarray(decays))
    for ours, decay in zip(together, decays, strict=True):
        np.testing.assert_allclose(ours, end(decay), atol=1e-12 if DOUBLE else 1e-5)

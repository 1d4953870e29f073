"""The aligned equations (18), (3), (26) against closed forms, the full flow, and a slow integration."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import interpolate

from dynamics_problems import RULE, runge_kutta, slow
from sharedtrunk import dynamics, gaussian
from sharedtrunk.dynamics._line_integral import mean_variance
from sharedtrunk.flows.trajectory import Result

TIMES = np.linspace(0, 12, 13)
FINE = gaussian.Sobol(points=4096, scrambles=1)


def orthonormal(rows, columns, seed=0):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(rows, columns)))[0]


def slope_of(s, classes):
    return float(gaussian.random_energy_slope(s, classes)) / (classes - 1)


@pytest.mark.long
@pytest.mark.parametrize("classes", [4, slow(8)])
@pytest.mark.parametrize("s", [0.01, 1.0, 30.0])
def test_readings_in_the_closed_case(classes, s):
    """Equal singular values on the simplex: exact and per-class are s g(s); the trace reading is K − 1 times that."""
    U, values = jnp.asarray(gaussian.hadamard_vectors(classes)), jnp.full(classes - 1, s)
    truth = slope_of(s, classes)
    np.testing.assert_allclose(dynamics.aligned_response(U, values, "exact", FINE), truth, rtol=2e-3)
    np.testing.assert_allclose(dynamics.aligned_response(U, values, "per-class", FINE), truth, rtol=2e-3)
    np.testing.assert_allclose(dynamics.aligned_response(U, values, "trace", FINE), (classes - 1) * truth, rtol=2e-3)


def test_components_can_fall_but_not_along_a_ray():
    """(15) says that components of g(s)s fall with ‖s‖. One does where the others grow; Σ s_k h_k(λs) rises with λ always."""
    U, s = gaussian.hadamard_vectors(4), np.array([3.0, 1.0, 0.3])

    def h(values):
        return np.asarray(dynamics.aligned_response(U, values, "exact", FINE))

    assert h(np.array([10.0, 2.0, 2.0]))[1] < h(np.full(3, 2.0))[1] - 0.02
    along = [s @ h(scale * s) for scale in (0.1, 0.3, 1.0, 3.0, 10.0)]
    assert (np.diff(along) > 0).all()


def test_hard_target_closed_form():
    classes = 4
    flow = dynamics.aligned_flow(
        gaussian.hadamard_vectors(classes), np.full(3, 2.0), orthonormal(6, 3), inverse_temperature=None, rule=RULE
    )
    np.testing.assert_allclose(flow.target, gaussian.expected_maximum(classes) / (classes - 1), rtol=1e-6)


@pytest.mark.float64
@pytest.mark.parametrize("reading", [slow("exact"), slow("per-class"), slow("trace")])
def test_fixed_point_is_the_teacher(reading):
    """s → β ŝ at finite β, in every reading."""
    U, V = gaussian.hadamard_vectors(4), orthonormal(6, 3)
    s_hat = np.full(3, 1.6)
    flow = dynamics.aligned_flow(U, s_hat, V, inverse_temperature=0.5, reading=reading, rule=RULE)
    first = dynamics.SingularValues((jnp.full(3, 0.6), jnp.full(3, 0.5)))
    trajectory = dynamics.solve(flow, first, np.array([0.0, 2000.0]))
    np.testing.assert_allclose(dynamics.aligned_values(flow, trajectory.composites[0])[-1], 0.8, atol=1e-5)


@pytest.mark.parametrize("classes", [2, 20])
@pytest.mark.parametrize("s", [1e-3, 0.3, 10.0, 1e3])
def test_rank_one_variance_against_panels(classes, s):
    """û·Gû of the one-dimensional integral against the adaptive panels of `gaussian`."""
    u = orthonormal(classes, 1)[:, 0]
    G = gaussian.softmax_covariance(s * u[:, None], rule=gaussian.Panels(order=12))
    np.testing.assert_allclose(mean_variance(jnp.asarray(u), jnp.asarray(s)), u @ G @ u, rtol=2e-5)


@pytest.mark.float64
def test_rank_one_limits():
    u = jnp.array([1.0, -1.0]) / jnp.sqrt(2.0)
    np.testing.assert_allclose(1e6 * mean_variance(u, jnp.asarray(1e6)), 1 / np.pi**0.5, rtol=1e-8)
    np.testing.assert_allclose(mean_variance(u, jnp.asarray(0.0)), 0.5, rtol=1e-12)
    v = orthonormal(20, 1)[:, 0]
    flow = dynamics.rank_one_flow(v, 2.0, orthonormal(5, 1)[:, 0], inverse_temperature=None)
    moment = gaussian.label_moment(2.0 * v[:, None] * orthonormal(5, 1)[:, 0])
    np.testing.assert_allclose(flow.target, v @ moment @ orthonormal(5, 1)[:, 0], rtol=1e-10)


@pytest.mark.parametrize(
    ("u", "exact"),
    [
        ([1, -1], True),
        ([1, 0, -1], True),
        ([1, 1, -1, -1], True),
        ([2, -1, -1], True),
        ([3, 1, -1, -3], False),
        ([3, -1, -2], False),
    ],
)
def test_where_the_rank_one_equation_is_exact(u, exact):
    """(3) is the flow where û is an eigenvector of G(sûv̂ᵀ): by symmetry for few û, for a general û not."""
    u = np.asarray(u, float) / np.linalg.norm(u)
    Gu = np.asarray(gaussian.softmax_covariance(jnp.asarray(4.0 * u[:, None]))) @ u
    outside = np.linalg.norm(Gu - u * (u @ Gu)) / np.linalg.norm(Gu)
    assert (outside < 1e-5) == exact
    assert exact or outside > 0.03


@pytest.mark.slow
def test_rank_one_lanes():
    u, v = orthonormal(5, 1)[:, 0], orthonormal(6, 1)[:, 0]
    flow = dynamics.rank_one_flow(u, 3.0, v, inverse_temperature=1.0)
    starts = jnp.array([0.01, 0.1, 1.0])
    batch = dynamics.solve(flow, starts, TIMES)
    assert batch.composites[0].shape == (3, 13, 5, 6)
    alone = dynamics.solve(flow, starts[1], TIMES)
    np.testing.assert_allclose(batch.final[1], alone.final, rtol=1e-4)


def two_tasks(r, classes=3):
    """Equal singular values on the simplex, where h(s) = s g(s) is known."""
    U = np.linalg.svd(np.eye(classes) - 1 / classes)[0][:, : classes - 1]
    V = orthonormal(9, 2 * (classes - 1))
    pair = [(U, np.full(classes - 1, s), V[:, k : k + classes - 1]) for s, k in ((2.0, 0), (0.7, classes - 1))]
    return dynamics.two_task_flow(*pair, r, inverse_temperature=1.0, rule=FINE)


@pytest.mark.long
@pytest.mark.parametrize("r", [slow(0.0), 0.4, slow(1.0)])
def test_two_tasks_against_slow_integration(r):
    """(26) with h by its one-dimensional integral, tabulated, and Runge–Kutta in NumPy."""
    times = np.linspace(0, 6, 4)
    first = dynamics.two_task_start(np.full(2, 0.2), np.full(2, 0.3), r)
    trajectory = dynamics.solve(two_tasks(r), first, times)
    grid = np.linspace(0, 3, 61)
    table = interpolate.CubicSpline(grid, gaussian.random_energy_slope(grid, 3))

    def slope(state):
        a, b = (float(x) for x in state)
        trunk = (a * a + r * b * b) ** 0.5
        h = table(np.array([2.0, a * trunk, 0.7, b * trunk])) / 2
        return [trunk * (h[0] - h[1]), r * trunk * (h[2] - h[3])]

    state = [np.asarray(first.main[0], float), np.asarray(first.auxiliary[0], float)]
    a, b = runge_kutta(slope, state, times, 6)[-1]
    np.testing.assert_allclose(trajectory.final.main, a, rtol=2e-3)
    np.testing.assert_allclose(trajectory.final.auxiliary, b, rtol=2e-3)
    assert trajectory.result == Result.SUCCESS


@pytest.mark.slow
def test_two_tasks_start_and_the_limit_r_zero():
    """Composites start the same for every r; at r = 0 task B stands still and A trains alone, as in (18)."""
    a, b = np.array([0.2, 0.2]), np.array([0.3, 0.3])
    norms = []
    for r in (0.0, 0.4, 1.0):
        flow, first = two_tasks(r), dynamics.two_task_start(a, b, r)
        trunk = np.sqrt(first.main**2 + r * first.auxiliary**2)
        np.testing.assert_allclose(first.main * trunk, a, rtol=1e-6)
        np.testing.assert_allclose(first.auxiliary * trunk, b, rtol=1e-6)
        norms.append(np.linalg.norm(dynamics.solve(flow, first, TIMES).composites[0], axis=(1, 2)))
    zero, first = two_tasks(0.0), dynamics.two_task_start(a, b, 0.0)
    joint = dynamics.solve(zero, first, TIMES)
    np.testing.assert_array_equal(joint.final.auxiliary, first.auxiliary)
    alone = dynamics.AlignedFlow(zero.lefts[0], zero.rights[0], zero.targets[0], "exact", FINE)
    layer = jnp.sqrt(jnp.asarray(a))
    single = dynamics.solve(alone, dynamics.SingularValues((layer, layer)), TIMES)
    np.testing.assert_allclose(joint.composites[0], single.composites[0], atol=1e-4)
    # (28) says s(r) ≥ s̃ at all times from a start below the teacher. Of its own equations that is true early on, and
    # false later: task B's head and with it the trunk shrink towards the weaker teacher (0.7, from above), and A slows.
    assert (dynamics.predicted_sign(a, np.full(2, 2.0)) == 1).all()
    assert (norms[2][1:10] > norms[1][1:10]).all()
    assert (norms[1][1:10] > norms[0][1:10]).all()
    assert norms[2][-1] < norms[0][-1] - 1e-3


@pytest.mark.slow
def test_two_tasks_lanes_over_relatedness():
    """The flow's arrays may carry the lane axis: here only r does."""
    rs = jnp.array([0.0, 0.4])
    flows = two_tasks(0.0)
    flow = dynamics.TwoTaskFlow(flows.lefts, flows.rights, flows.targets, rs, "exact", FINE)
    starts = [dynamics.two_task_start(np.full(2, 0.2), np.full(2, 0.3), float(r)) for r in rs]
    batch = dynamics.solve(flow, jax.tree.map(lambda *leaves: jnp.stack(leaves), *starts), TIMES)
    alone = dynamics.solve(two_tasks(0.4), starts[1], TIMES)
    np.testing.assert_allclose(batch.composites[0][1], alone.composites[0], atol=1e-4)

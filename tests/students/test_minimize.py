"""The convex minimum with weight decay, against scikit-learn, its own certificate, and a two-layer network that decays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from sharedtrunk import students, teachers
from sharedtrunk.errors import InputError
from sharedtrunk.flows.result import Result

pytestmark = pytest.mark.float64

POINTS, FEATURES, CLASSES = 120, 20, 4


def sample(seed: int, tasks: int = 2):
    key = jax.random.key(seed)
    pair = teachers.related_pair(key, classes=CLASSES, features=FEATURES, singular_values=(3.0, 3.0), relatedness=0.5)
    inputs = jax.random.normal(jax.random.fold_in(key, 1), (POINTS, FEATURES))
    labels = [teachers.hard_labels(teacher.noisy_weights, inputs) for teacher in pair[:tasks]]
    return inputs, labels, students.make_problem(inputs, labels, classes=CLASSES)


def objective(problem, composites, decay, layers):
    logits = [W @ problem.inputs for W in composites]
    loss = sum(
        jnp.sum(c * jax.nn.logsumexp(z, axis=0)) - jnp.sum(y * z)
        for z, y, c in zip(logits, problem.targets, problem.coefficients, strict=True)
    )
    values = jnp.linalg.svd(jnp.concatenate(composites), compute_uv=False)
    return float(loss + (decay / 2 * jnp.sum(values**2) if layers == 1 else decay * jnp.sum(values)))


def test_ridge_is_scikit_learns_logistic_regression():
    inputs, labels, problem = sample(0, tasks=1)
    found = students.minimize(problem, 0.02, layers=1, tolerance=1e-12)
    reference = LogisticRegression(C=1 / (0.02 * POINTS), fit_intercept=False, tol=1e-10, max_iter=10_000)
    reference.fit(np.asarray(inputs), np.asarray(labels[0]))
    np.testing.assert_allclose(found.composites[0][0], reference.coef_, atol=1e-5)
    ours, theirs = (objective(problem, [W], 0.02, 1) for W in (found.composites[0][0], jnp.asarray(reference.coef_)))
    assert ours == pytest.approx(theirs, abs=1e-9)
    assert ours <= theirs + 1e-12


@pytest.mark.parametrize("layers", [1, 2])
def test_the_gap_bounds_the_distance_to_the_minimum(layers):
    _, _, problem = sample(1)
    best = students.minimize(problem, 0.03, layers=layers, tolerance=1e-12)
    least = objective(problem, [W[0] for W in best.composites], 0.03, layers)
    for tolerance in (1e-1, 1e-2, 1e-4):
        rough = students.minimize(problem, 0.03, layers=layers, tolerance=tolerance)
        excess = objective(problem, [W[0] for W in rough.composites], 0.03, layers) - least
        assert -1e-11 <= excess <= float(rough.gap[0]) <= tolerance


def test_two_layers_that_decay_end_at_the_minimum_of_the_nuclear_norm():
    """Independent of any proximal step: gradient descent on a trunk and two heads with decay of all layers."""
    _, _, problem = sample(2)
    decay = 0.03
    found = students.minimize(problem, decay, tolerance=1e-10)
    network = students.random_start(jax.random.key(0), features=FEATURES, hidden=(8,), classes=(CLASSES, CLASSES))

    @jax.jit
    def follow(network):
        def step(network, _):
            drive = students.drive(network, problem)
            return jax.tree.map(lambda w, d: w + 0.5 * (d - decay * w), network, drive), None

        return jax.lax.scan(step, network, None, length=4000)[0]

    network = follow(network)
    total = float(students.training_loss(network, problem)) + decay / 2 * sum(
        float(jnp.sum(layer**2)) for layer in (*network.trunk, *network.heads)
    )
    assert total == pytest.approx(objective(problem, [W[0] for W in found.composites], decay, 2), abs=1e-6)
    for mine, theirs in zip(found.composites, students.composites(network), strict=True):
        np.testing.assert_allclose(mine[0], theirs, atol=2e-3)


def test_balanced_layers_have_these_composites_and_the_least_decay():
    _, _, problem = sample(3)
    found = students.minimize(problem, 0.03)
    composites = [W[0] for W in found.composites]
    values = np.linalg.svd(np.concatenate(composites), compute_uv=False)
    for hidden in ((8,), (8, 9), (30, 8, 12)):
        network = students.balanced(composites, hidden=hidden)
        layers = len(hidden) + 1
        for mine, theirs in zip(students.composites(network), composites, strict=True):
            np.testing.assert_allclose(mine, theirs, atol=1e-10)
        decay = sum(float(jnp.sum(layer**2)) for layer in (*network.trunk, *network.heads))
        assert decay == pytest.approx(layers * np.sum(values ** (2 / layers)), rel=1e-6)


def test_a_path_is_its_minima_and_rank_falls_to_zero():
    _, _, problem = sample(4)
    decays = np.geomspace(1.0, 0.01, 8)
    path = students.minimize(problem, decays, tolerance=1e-8)
    assert (np.asarray(path.result) == Result.SUCCESS).all()
    assert path.composites[0].shape == (8, CLASSES, FEATURES)
    ranks = [np.linalg.matrix_rank(np.concatenate([W[i] for W in path.composites]), tol=1e-6) for i in range(8)]
    assert ranks[0] == 0
    assert ranks == sorted(ranks)
    alone = students.minimize(problem, decays[-1], tolerance=1e-10)
    np.testing.assert_allclose(path.composites[0][-1], alone.composites[0][0], atol=1e-4)


def test_lanes_are_followed_together():
    problems = [sample(seed)[2] for seed in (5, 6)]
    together = jax.tree.map(lambda *leaves: jnp.stack(leaves), *problems)
    both = students.minimize(together, [0.1, 0.03], tolerance=1e-10)
    for lane, problem in enumerate(problems):
        alone = students.minimize(problem, [0.1, 0.03], tolerance=1e-10)
        np.testing.assert_allclose(both.composites[1][lane], alone.composites[1], atol=1e-5)
    assert both.gap.shape == (2, 2)


def test_a_task_of_weight_zero_has_no_weights_and_changes_nothing():
    inputs, labels, _ = sample(7)
    without = students.make_problem(inputs, labels, classes=CLASSES, task_weights=[1.0, 0.0])
    both = students.minimize(without, 0.03, tolerance=1e-9)
    alone = students.minimize(students.make_problem(inputs, labels[:1], classes=CLASSES), 0.03, tolerance=1e-9)
    np.testing.assert_allclose(both.composites[0], alone.composites[0], atol=1e-5)
    assert float(jnp.abs(both.composites[1]).max()) == 0
    assert both.result[0] == Result.SUCCESS


@pytest.mark.parametrize("layers", [1, 2])
def test_single_precision_reaches_its_default_tolerance(layers):
    inputs, labels, _ = sample(8)
    problem = students.make_problem(jnp.asarray(inputs, jnp.float32), labels, classes=CLASSES)
    found = students.minimize(problem, [0.3, 0.1, 0.03], layers=layers)
    assert found.gap.dtype == jnp.float32
    assert (np.asarray(found.result) == Result.SUCCESS).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight_decays": [0.1, 0.2]}, "falling"),
        ({"weight_decays": 0.0}, "> 0"),
        ({"weight_decays": 0.1, "layers": 3}, "from 1 to 2"),
        ({"weight_decays": 0.1, "tolerance": 0.0}, "tolerance"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(InputError, match=message):
        students.minimize(sample(0)[2], **arguments)


def test_narrow_hidden_layers_are_refused():
    with pytest.raises(InputError, match="rank 3"):
        students.balanced([jnp.eye(3)], hidden=(2,))

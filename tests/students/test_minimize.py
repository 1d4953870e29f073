"""The convex minimum with weight decay, against scikit-learn, its own certificate, and a two-layer network that decays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge

from references import least_of_decayed_layers
from sharedtrunk import students, teachers
from sharedtrunk.errors import InputError
from sharedtrunk.flows.result import Result
from sharedtrunk.students._minimize import _summing_to_zero

pytestmark = pytest.mark.float64

POINTS, FEATURES, CLASSES = 120, 20, 4


def sample(seed: int, tasks: int = 2):
    key = jax.random.key(seed)
    pair = teachers.related_pair(key, classes=CLASSES, features=FEATURES, singular_values=(3.0, 3.0), relatedness=0.5)
    inputs = jax.random.normal(jax.random.fold_in(key, 1), (POINTS, FEATURES))
    labels = [teachers.hard_labels(teacher.noisy_weights, inputs) for teacher in pair[:tasks]]
    return inputs, labels, students.make_problem(inputs, labels, classes=CLASSES)


def uneven(seed: int):
    """Inputs far from the origin, and three tasks: rare classes, few labels, a weight of ½; one label in three is missing."""
    random = np.random.default_rng(seed)
    inputs = random.normal(size=(POINTS, 6)) + np.array([9, -5, 3, 0, 1, 2])
    labels = []
    for classes in (4, 2, 3):
        logits = (inputs - inputs.mean(axis=0)) @ random.normal(size=(6, classes)) - np.arange(classes)
        labels.append((logits + random.gumbel(size=logits.shape)).argmax(axis=1))
    labels[1] = np.where(random.uniform(size=POINTS) < 1 / 3, -1, labels[1])
    labels[2] = np.where(np.arange(POINTS) < 30, labels[2], -1)
    weights = [1.0, 0.5, 2.0]
    return inputs, labels, weights, students.make_problem(inputs, labels, classes=[4, 2, 3], task_weights=weights)


def objective(problem, composites, decay, layers, intercepts=None):
    logits = [W @ problem.inputs for W in composites]
    if intercepts is not None:
        logits = [z + b[:, None] for z, b in zip(logits, intercepts, strict=True)]
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


@pytest.mark.long
def test_ridge_with_intercepts_is_scikit_learns_logistic_regression_of_every_task():
    inputs, labels, weights, problem = uneven(0)
    found = students.minimize(problem, 0.02, layers=1, intercept=True, tolerance=1e-12)
    theirs = []
    for y, weight in zip(labels, weights, strict=True):
        rows, two = y >= 0, y.max() == 1  # of two classes scikit-learn has the difference w: ‖±w/2‖² is half of ‖w‖²
        model = LogisticRegression(C=(1 + two) * weight / (0.02 * rows.sum()), tol=1e-11, max_iter=10_000)
        model.fit(inputs[rows], y[rows])
        both = np.array([[-0.5], [0.5]]) if two else np.eye(len(model.classes_))
        theirs.append((both @ model.coef_, both @ model.intercept_))
    mine = [(W[0], b[0]) for W, b in zip(found.composites, found.intercepts, strict=True)]
    losses = [objective(problem, [W for W, _ in each], 0.02, 1, [b for _, b in each]) for each in (mine, theirs)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-9)
    for (W, b), (W_theirs, b_theirs) in zip(mine, theirs, strict=True):
        ours, reference = (
            jax.nn.softmax(A @ problem.inputs + c[:, None], axis=0) for A, c in ((W, b), (W_theirs, b_theirs))
        )
        np.testing.assert_allclose(ours, reference, atol=2e-5)


@pytest.mark.long
def test_two_layers_with_intercepts_are_at_the_minimum_over_the_layers():
    """Tasks of different classes, weights and missing labels; the other route knows no norm, proximal step or path."""
    inputs, labels, weights, problem = uneven(1)
    decay = 0.05
    found = students.minimize(problem, decay, intercept=True, tolerance=1e-10)
    mine = objective(problem, [W[0] for W in found.composites], decay, 2, [b[0] for b in found.intercepts])
    assert mine == pytest.approx(least_of_decayed_layers(inputs, labels, (4, 2, 3), weights, decay, 6), abs=1e-7)


@pytest.mark.long
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
def test_the_gap_bounds_the_distance_to_the_minimum(layers, intercept):
    problem, decays = uneven(2)[3], np.geomspace(0.1, 0.003, 6)

    def totals(found):
        return [
            objective(problem, [W[n] for W in found.composites], decay, layers, [b[n] for b in found.intercepts])
            for n, decay in enumerate(decays)
        ]

    options = {"layers": layers, "intercept": intercept, "tolerance": 1e-12}
    least = totals(students.minimize(problem, decays, **options))
    rough = students.minimize(problem, decays, most_iterations=10, **options)
    assert (np.asarray(rough.result) == Result.STEP_LIMIT).all()
    excess = np.subtract(totals(rough), least)
    assert (excess > 1e-9).all()
    assert (excess <= rough.gap).all()


def test_dual_points_are_feasible_beside_free_intercepts():
    """Mixtures q ≥ 0 that sum to the coefficients, with the classes' sums of the targets, from any predictions."""
    random = np.random.default_rng(0)
    for _ in range(20):
        c = random.dirichlet(np.ones(30)) * (random.uniform(size=30) < 0.7)
        y = c * np.eye(3)[random.integers(3, size=30)].T
        r = y - c * random.dirichlet(np.ones(3) / 3, size=30).T
        q = y - np.asarray(_summing_to_zero(*map(jnp.asarray, (r, y, c))))
        assert (q >= 0).all()
        np.testing.assert_allclose(q.sum(axis=0), c, atol=1e-15)
        np.testing.assert_allclose(q.sum(axis=1), y.sum(axis=1), atol=1e-15)


@pytest.mark.parametrize("layers", [1, 2])
def test_intercepts_take_up_a_shift_of_the_inputs(layers):
    inputs, labels, weights, problem = uneven(3)
    options = {"layers": layers, "intercept": True, "tolerance": 1e-11}
    moved = students.make_problem(inputs + 1e3, labels, classes=[4, 2, 3], task_weights=weights)
    here, there = (students.minimize(each, [0.1, 0.03], **options) for each in (problem, moved))
    for W, W_there, b, b_there in zip(
        here.composites, there.composites, here.intercepts, there.intercepts, strict=True
    ):
        np.testing.assert_allclose(W_there, W, atol=1e-4)
        np.testing.assert_allclose(b_there + 1e3 * W_there.sum(-1), b, atol=1e-3)


@pytest.mark.long
def test_at_the_largest_decay_intercepts_are_the_logarithms_of_frequencies():
    _, labels, _, problem = uneven(4)
    found = students.minimize(problem, 100.0, intercept=True)
    for W, b, y in zip(found.composites, found.intercepts, labels, strict=True):
        np.testing.assert_array_equal(W, 0)
        frequencies = np.bincount(y[y >= 0]) / (y >= 0).sum()
        np.testing.assert_allclose(jax.nn.softmax(b[0]), frequencies, rtol=1e-6)
    without = students.minimize(problem, 0.1)
    assert all((np.asarray(b) == 0).all() for b in without.intercepts)


@pytest.mark.parametrize("layers", [1, 2])
def test_a_class_without_labels_is_left_out_where_there_are_intercepts(layers):
    inputs, labels, _, _ = uneven(5)
    found, without = (
        students.minimize(
            students.make_problem(inputs, labels[:1], classes=classes),
            0.1,
            layers=layers,
            intercept=True,
            tolerance=1e-5,
        )
        for classes in (6, 4)
    )
    assert found.result[0] == Result.SUCCESS
    (composite,), (intercept,) = (list(map(np.asarray, each)) for each in (found.composites, found.intercepts))
    np.testing.assert_allclose(composite[0, :4], without.composites[0][0], atol=0.01)
    np.testing.assert_array_equal(composite[0, 4:], 0)
    np.testing.assert_allclose(intercept[0, :4], without.intercepts[0][0], atol=0.01)
    np.testing.assert_array_equal(intercept[0, 4:], -np.inf)
    assert float(found.training_loss[0]) == pytest.approx(float(without.training_loss[0]), abs=1e-4)


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.long
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


@pytest.mark.long
@pytest.mark.parametrize("intercept", [False, True])
def test_lanes_are_followed_together(intercept):
    problems = [sample(seed)[2] for seed in (5, 6)]
    together = jax.tree.map(lambda *leaves: jnp.stack(leaves), *problems)
    both = students.minimize(together, [0.1, 0.03], intercept=intercept, tolerance=1e-10)
    for lane, problem in enumerate(problems):
        alone = students.minimize(problem, [0.1, 0.03], intercept=intercept, tolerance=1e-10)
        np.testing.assert_allclose(both.composites[1][lane], alone.composites[1], atol=1e-5)
        np.testing.assert_allclose(both.intercepts[1][lane], alone.intercepts[1], atol=1e-5)
    assert both.gap.shape == (2, 2)


@pytest.mark.long
@pytest.mark.parametrize("intercept", [False, True])
def test_a_task_of_weight_zero_has_no_weights_and_changes_nothing(intercept):
    inputs, labels, _ = sample(7)
    without = students.make_problem(inputs, labels, classes=CLASSES, task_weights=[1.0, 0.0])
    options = {"intercept": intercept, "tolerance": 1e-9}
    both = students.minimize(without, 0.03, **options)
    alone = students.minimize(students.make_problem(inputs, labels[:1], classes=CLASSES), 0.03, **options)
    np.testing.assert_allclose(both.composites[0], alone.composites[0], atol=1e-5)
    np.testing.assert_allclose(both.intercepts[0], alone.intercepts[0], atol=1e-5)
    assert float(jnp.abs(both.composites[1]).max()) == 0
    assert float(jnp.abs(both.intercepts[1]).max()) == 0
    assert both.result[0] == Result.SUCCESS


@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
def test_single_precision_reaches_its_default_tolerance(layers, intercept):
    inputs, labels, _ = sample(8)
    problem = students.make_problem(jnp.asarray(inputs, jnp.float32), labels, classes=CLASSES)
    found = students.minimize(problem, [0.3, 0.1, 0.03], layers=layers, intercept=intercept)
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


def numbers(seed: int):
    """Inputs far from the origin; a task of classes, and two of numbers, which lack some labels and have other weights."""
    random = np.random.default_rng(seed)
    inputs, labels, _, _ = uneven(seed)
    targets = [
        2 + (inputs - inputs.mean(axis=0)) @ random.normal(size=6) + random.normal(size=POINTS) for _ in range(2)
    ]
    targets[1] = np.where(random.uniform(size=POINTS) < 1 / 3, np.nan, targets[1])
    weights, squared = [1.0, 0.5, 2.0], [False, True, True]
    problem = students.make_problem(inputs, [labels[0], *targets], classes=4, task_weights=weights, squared=squared)
    return inputs, [labels[0], *targets], weights, problem


def mixed_objective(labels, weights, inputs, composites, intercepts, decay, layers):
    """Cross entropy of the first task, half squared errors of the others, and the penalty: written out row by row."""
    total = 0.0
    for task, (y, alpha, W, b) in enumerate(zip(labels, weights, composites, intercepts, strict=True)):
        losses = []
        for x, label in zip(inputs, y, strict=True):
            z = np.asarray(W) @ x + np.asarray(b)
            if task == 0:
                losses.append(np.log(np.exp(z - z.max()).sum()) + z.max() - z[label])
            elif not np.isnan(label):
                losses.append(0.5 * (z[0] - label) ** 2)
        total += alpha * np.mean(losses)
    values = np.linalg.svd(np.concatenate(composites), compute_uv=False)
    return total + (decay / 2 * np.sum(values**2) if layers == 1 else decay * np.sum(values))


def test_one_layer_of_numbers_is_scikit_learns_ridge():
    inputs, labels, weights, problem = numbers(0)
    decays = np.array([1.0, 0.1, 0.01])
    found = students.minimize(problem, decays, layers=1, intercept=True, tolerance=1e-14)
    assert (np.asarray(found.result) == Result.SUCCESS).all() or (np.asarray(found.gap) < 1e-12).all()
    for task in (1, 2):
        known = ~np.isnan(labels[task])
        for n, decay in enumerate(decays):
            ridge = Ridge(alpha=decay * known.sum() / weights[task], tol=1e-14).fit(inputs[known], labels[task][known])
            np.testing.assert_allclose(found.composites[task][n, 0], ridge.coef_, atol=1e-6)
            assert float(found.intercepts[task][n, 0]) == pytest.approx(ridge.intercept_, abs=1e-5)


@pytest.mark.parametrize("layers", [1, 2])
def test_classes_and_numbers_on_one_trunk_are_at_the_minimum(layers):
    inputs, labels, weights, problem = numbers(1)
    decay = 0.1
    found = students.minimize(problem, decay, layers=layers, intercept=True, tolerance=1e-12)
    shapes = [W[0].shape for W in found.composites]

    def unpacked(flat):
        parts = np.split(flat, np.cumsum([rows * (columns + 1) for rows, columns in shapes])[:-1])
        both = [part.reshape(rows, columns + 1) for part, (rows, columns) in zip(parts, shapes, strict=True)]
        return [each[:, :-1] for each in both], [each[:, -1] for each in both]

    mine = np.concatenate(
        [np.column_stack([W[0], b[0]]).ravel() for W, b in zip(found.composites, found.intercepts, strict=True)]
    )
    least = mixed_objective(labels, weights, inputs, *unpacked(mine), decay, layers)
    random = np.random.default_rng(0)
    for size in (1e-1, 1e-2, 1e-3, 1e-4):  # the objective is convex: no point near a minimum is lower
        for _ in range(5):
            other = mixed_objective(
                labels, weights, inputs, *unpacked(mine + size * random.normal(size=mine.size)), decay, layers
            )
            assert other >= least - 1e-10
    loss = mixed_objective(labels, weights, inputs, *unpacked(mine), 0.0, layers)
    assert float(found.training_loss[0]) == pytest.approx(loss, abs=1e-9)


@pytest.mark.long
@pytest.mark.parametrize("intercept", [False, True])
@pytest.mark.parametrize("layers", [1, 2])
def test_the_gap_bounds_the_distance_to_the_minimum_with_squared_errors(layers, intercept):
    inputs, labels, weights, problem = numbers(2)
    decays = np.geomspace(1, 0.03, 4)
    options = {"layers": layers, "intercept": intercept, "tolerance": 1e-12}

    def totals(found):
        return [
            mixed_objective(
                labels,
                weights,
                inputs,
                [W[n] for W in found.composites],
                [b[n] for b in found.intercepts],
                decay,
                layers,
            )
            for n, decay in enumerate(decays)
        ]

    least = totals(students.minimize(problem, decays, **options))
    rough = students.minimize(problem, decays, most_iterations=10, **options)
    excess = np.subtract(totals(rough), least)
    assert (excess > 1e-10).any()
    assert (excess <= np.asarray(rough.gap) + 1e-10).all()


def test_at_the_largest_decay_the_intercept_of_numbers_is_their_mean():
    _, labels, _, problem = numbers(3)
    found = students.minimize(problem, 1e4, intercept=True)
    for task in (1, 2):
        np.testing.assert_array_equal(found.composites[task], 0)
        assert float(found.intercepts[task][0, 0]) == pytest.approx(np.nanmean(labels[task]), abs=1e-9)


def test_squared_errors_are_for_the_minimum_alone():
    _, _, _, problem = numbers(4)
    network = students.random_start(jax.random.key(0), features=6, hidden=(8,), classes=(4, 1, 1))
    for call in (
        lambda *given: students.train(*given, times=np.array([0.0, 1.0])),
        students.drive,
        students.training_loss,
    ):
        with pytest.raises(InputError, match=r"cross entropy; got squared errors in task 1"):
            call(network, problem)
    with pytest.raises(InputError, match=r"Task 0's numbers must be finite"):
        students.make_problem(np.ones((2, 1)), [np.array([1.0, np.inf])], squared=[True])
    with pytest.raises(InputError, match="at least one labelled sample"):
        students.make_problem(np.ones((2, 1)), [np.full(2, np.nan)], squared=[True])

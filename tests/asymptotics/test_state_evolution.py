"""The theory of weight decay against independent routes: a scalar fixed point, the population, simulation, exact cases."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit
from scipy.stats import norm

from sharedtrunk import gaussian, students, teachers
from sharedtrunk.asymptotics import (
    RULE,
    _fixed_point,
    _nodes,
    fields_of_gram,
    fields_of_teachers,
    of_fields,
    of_teachers,
    state_evolution,
)
from sharedtrunk.asymptotics._nodes import exact_nodes, few_of, labels_of, quick_normals
from sharedtrunk.asymptotics._solver import Solver
from sharedtrunk.errors import InputError
from sharedtrunk.flows.result import Result

pytestmark = pytest.mark.float64


def pair(seed=0, *, classes=3, features=100, strengths=(5.0, 5.0), relatedness=1.0):
    return teachers.related_pair(
        jax.random.key(seed), classes=classes, features=features, singular_values=strengths, relatedness=relatedness
    )


def logistic_fixed_point(a, decay):
    """K = 2, one layer, by scalars: w = W₁ − W₀ of logistic regression with penalty λ/4 ‖w‖².

    These are the equations of Salehi, Abbasi and Hassibi (2019) for labels sign z of a teacher's field z. Before a point is
    trained on, w x = m z + q ξ; by symmetry all labels are +1 and z > 0.
    """
    roots, weights = np.polynomial.legendre.leggauss(100)
    z = 4.5 * (roots + 1)[:, None]
    xi = 9 * roots[None, :]
    density = 2 * 4.5 * weights[:, None] * 9 * weights[None, :] * np.exp(-0.5 * (z**2 + xi**2)) / (2 * np.pi)
    assert density.sum() == pytest.approx(1)

    def proximal(omega, v):
        low, high = omega, omega + v
        for _ in range(50):
            middle = 0.5 * (low + high)
            below = middle < omega + v * expit(-middle)
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return 0.5 * (low + high)

    m, q, v = 1.0, 1.0, 1.0
    for _ in range(200):
        t = proximal(m * z + q * xi, v)
        sigma = expit(-t)  # −ℓ'(t)
        second = sigma * (1 - sigma)
        curvature = np.sum(density * second / (1 + v * second))
        pull = np.sum(density * sigma * z) + curvature * m
        scatter = np.sum(density * sigma**2)
        B = 1 / (decay / 2 + curvature)
        new = B * pull, np.sqrt(B**2 * scatter / a), B / a
        m, q, v = (0.5 * old + 0.5 * fresh for old, fresh in zip((m, q, v), new, strict=True))
    return m, q, v


@pytest.mark.parametrize(
    ("a", "decay"),
    [(2.0, 0.02), pytest.param(0.5, 0.05, marks=pytest.mark.long), pytest.param(8.0, 0.1, marks=pytest.mark.long)],
)
def test_two_classes_of_one_layer_are_ridge_logistic_regression(a, decay):
    teacher = teachers.random_teacher(jax.random.key(1), classes=2, features=50, singular_values=2.0)
    fields = fields_of_teachers([teacher], noise=1.0)
    found = of_fields(fields, a, decay, layers=1)
    m, q, _ = logistic_fixed_point(a, decay)
    difference = np.array([-1.0, 1.0])
    length = found.gram @ difference @ difference
    assert length.mean() == pytest.approx(m**2 + q**2, abs=5 * length.std(ddof=1) / 8**0.5 + 1e-4 * (m**2 + q**2))
    step = difference @ np.asarray(fields.noisy)
    along = found.overlap @ difference @ difference / np.linalg.norm(step)
    assert along.mean() == pytest.approx(m, abs=5 * along.std(ddof=1) / 8**0.5 + 1e-4 * m)
    assert found.result == Result.SUCCESS


def population_minimum(fields, decay, layers):
    """The minimizer of F(W) − ⟨M, W⟩ of every task with the penalty, in the directions of the fields: proximal gradient."""
    rows = np.cumsum([0, *fields.classes])
    blocks = list(itertools.pairwise(rows))
    moments = jnp.concatenate([gaussian.label_moment(fields.noisy[i:j]) for i, j in blocks])
    rule = gaussian.Sobol(points=8192, scrambles=4)
    slope = jax.jit(
        lambda W: jnp.concatenate([gaussian.softmax_moment(W[i:j], rule=rule) for i, j in blocks]) - moments
    )
    W = jnp.zeros_like(fields.noisy)
    for _ in range(600):
        W = W - 2.0 * slope(W)
        left, values, right = jnp.linalg.svd(W, full_matrices=False)
        values = values / (1 + 2.0 * decay) if layers == 1 else jnp.maximum(values - 2.0 * decay, 0)
        W = (left * values[None, :]) @ right
    return np.asarray(W)


def bayes_optimal_error(a):
    """Error of the posterior's most probable class, K = 3, clean teachers with independent normal weights.

    The equations of Cornacchia et al. (2022): the overlap q = q̂/(1 + q̂) with q̂ = a E[|∇ ln P(y|ω)|²] per dimension, where
    P(y|ω) is the probability that y has the largest of the logits ω + √(1 − q) ξ. Its authors' code gives .3303 at a = 1.5
    (message passing on one draw of 1,000 points).
    """
    t, weights = np.polynomial.hermite_e.hermegauss(60)
    weights /= weights.sum()
    frame = np.linalg.qr(np.eye(3)[:, :2] - 1 / 3)[0]
    plane = np.stack(np.meshgrid(t, t, indexing="ij"), axis=-1).reshape(-1, 2)
    there, q, last = np.outer(weights, weights).ravel(), 0.5, 0.0
    while abs(q - last) > 1e-9:
        last, spread, omega = q, np.sqrt(1 - q), np.sqrt(q) * plane @ frame.T
        probability, gradient = np.zeros(omega.shape), np.zeros((3, *omega.shape))
        for k, i, j in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            above = [(omega[:, [k]] - omega[:, [other]]) / spread + t for other in (i, j)]
            mass, density = [norm.cdf(each) for each in above], [norm.pdf(each) for each in above]
            probability[:, k] = (mass[0] * mass[1]) @ weights
            gradient[k][:, i], gradient[k][:, j] = -(density[0] * mass[1]) @ weights, -(mass[0] * density[1]) @ weights
            gradient[k][:, k] = -gradient[k].sum(axis=1)
        scores = ((gradient @ frame / spread) ** 2).sum(axis=-1) / probability.T
        information = a * there @ scores.sum(axis=0) / 2
        q = information / (1 + information)
    return 1 - there @ probability.max(axis=1)


@pytest.mark.long
@pytest.mark.parametrize("a", [0.5, 1.0, 1.5, 2.0])
def test_the_best_ridge_is_close_to_the_bayes_optimal_error(a):
    fields = fields_of_gram(np.eye(3), np.eye(3), np.eye(3), classes=(3,))
    ridge = of_fields(fields, a, np.array([0.3, 0.2, 0.1, 0.05, 0.03, 0.02]), layers=1)
    excess = 1 - ridge.accuracy.max() - bayes_optimal_error(a)
    assert -5e-4 < excess < 2.5e-3  # accuracies are means over 32,768 Sobol points


@pytest.mark.parametrize("layers", [pytest.param(1, marks=pytest.mark.long), 2])
def test_many_points_per_feature_give_the_minimum_of_the_population(layers):
    fields = fields_of_teachers(pair(strengths=(2.0, 3.0), relatedness=0.5), noise=1.0)
    found = of_fields(fields, 1e5, 0.05, layers=layers)
    W = population_minimum(fields, 0.05, layers)
    scatter = 4 * found.gram.std(axis=0, ddof=1).max() / RULE.scrambles**0.5
    np.testing.assert_allclose(found.gram.mean(axis=0), W @ W.T, atol=scatter + 2e-3)
    np.testing.assert_allclose(found.overlap.mean(axis=0), W @ np.asarray(fields.noisy).T, atol=scatter + 2e-3)


ALIKE, RARE = np.eye(3), np.diag([1.0, 1.0, 0.05])
"""Noisy logits whose three classes are equally frequent, and whose third class is rare."""


def unrelated(covariance):
    """Two tasks with independent noisy logits of one covariance, which are the main task's clean logits too."""
    cross = np.concatenate([covariance, np.zeros_like(covariance)])
    return fields_of_gram(np.kron(np.eye(2), 4 * covariance), 2 * cross, covariance, classes=(3, 3))


@pytest.mark.long
@pytest.mark.parametrize(("covariance", "decouple"), [(ALIKE, True), (RARE, False)])
def test_independent_tasks_decouple_where_classes_are_equally_frequent(covariance, decouple):
    """E[g_A g_Bᵀ] = E[g_A] E[g_B]ᵀ, and E[g] = E[y − p] vanishes by symmetry; else both tasks fit the mean of the sample."""
    joint = of_fields(unrelated(covariance), 1.0, 0.05)
    shared = joint.gram[:, :3, 3:] / joint.gram[:, :3, :3].trace(axis1=-2, axis2=-1)[:, None, None]
    mean, error = shared.mean(axis=0), shared.std(axis=0, ddof=1) / RULE.scrambles**0.5
    assert error.max() < 0.01
    assert (np.abs(mean) < 5 * error).all() == decouple


def test_the_main_task_alone_has_the_nodes_of_the_joint_problem():
    fields = fields_of_teachers(pair(), noise=1.0)
    both = [(each, labels_of(each, None, ones, ones)) for each, ones in ((fields, (1.0, 1.0)), (fields.main(), (1.0,)))]
    joint, alone = (exact_nodes(each, labels, RULE) for each, labels in both)
    np.testing.assert_array_equal(joint.z, alone.z)
    np.testing.assert_array_equal(joint.xi[..., :2, :], alone.xi)
    np.testing.assert_array_equal(joint.targets[..., :3, :], alone.targets)
    joint, alone = (quick_normals(labels, 1024, 0)(3, 1.0) for _, labels in both)
    np.testing.assert_allclose(joint[: len(alone)], alone, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(joint @ joint.T / joint.shape[1], np.eye(len(joint)), atol=1e-5)


def test_every_chunk_is_a_sample_of_all_groups_of_points():
    """The curvature is exact at some chunks only, which must hold points with every set of labels in its share."""
    three = teachers.related_teachers(jax.random.key(0), relatedness=[1.0, 0.5], classes=3, features=30)
    rule = gaussian.Sobol(points=2048, scrambles=4)
    fields, shares = fields_of_teachers(three), (1.0, 0.5, 0.25)
    nodes = exact_nodes(fields, labels_of(fields, None, (1.0, 1.0, 1.0), shares), rule)
    few = few_of(nodes, 4)
    for part, total in ((nodes, 4), (few, 1)):
        labelled, share = np.asarray(part.weight > 0), np.asarray(part.share)
        for task, expected in enumerate(shares):
            found = np.sum(share * labelled[:, task], axis=-1) / np.sum(share, axis=-1)
            np.testing.assert_allclose(found, expected, rtol=1e-6)
        np.testing.assert_allclose(np.sum(share), total, rtol=1e-6)


@pytest.mark.long
def test_scales_of_the_loss():
    """α = 2 at 2 λ is α = 1 at λ, and half of the labels at 4 points per feature are all labels at 2."""
    fields = fields_of_teachers(pair(), noise=1.0)
    usual = of_fields(fields, 2.0, 0.05)
    for other in (
        of_fields(fields, 2.0, 0.1, task_weights=[2.0, 2.0]),
        of_fields(fields, 4.0, 0.05, label_shares=[0.5, 0.5]),
    ):
        np.testing.assert_allclose(other.losses.mean(axis=0), usual.losses.mean(axis=0), atol=1e-4)
        np.testing.assert_allclose(other.losses, usual.losses, atol=1e-3)  # blocks are solved less closely


@pytest.mark.long
def test_where_quick_nodes_need_too_many_steps_exact_ones_decide(monkeypatch):
    fields = fields_of_teachers(pair()[:1], noise=1.0)
    without = of_fields(fields, 2.0, 0.05, quick_points=0)
    monkeypatch.setattr(_fixed_point, "_QUICK_STEPS", ())
    found = of_fields(fields, 2.0, 0.05)
    assert found.result == Result.SUCCESS
    np.testing.assert_allclose(found.losses, without.losses, atol=1e-3)


@pytest.mark.long
def test_strong_teachers_are_teachers_without_noise():
    """s → ∞: hard labels depend on the direction of the noisy weights alone."""
    strong, clean = (
        of_fields(fields_of_teachers(pair(strengths=(s, s), relatedness=0.5), noise=noise), 2.0, 0.05)
        for s, noise in ((1e4, 1.0), (1.0, 0.0))
    )
    np.testing.assert_allclose(strong.losses.mean(axis=0), clean.losses.mean(axis=0), atol=2e-3)
    error = np.hypot(strong.losses.std(axis=0, ddof=1), clean.losses.std(axis=0, ddof=1)) / RULE.scrambles**0.5
    assert (np.abs(strong.losses.mean(axis=0) - clean.losses.mean(axis=0)) < 4 * error).all()


@pytest.mark.long
def test_accuracy_and_confidence_of_a_calibrated_student():
    """Labels with probabilities softmax(u), many points and little decay: the student is the teacher, and calibrated."""
    fields = fields_of_gram(4 * np.eye(3), 4 * np.eye(3), 4 * np.eye(3), classes=(3,))
    found = of_fields(fields, 1e4, 1e-5, inverse_temperature=1.0)
    assert found.accuracy == pytest.approx(1.0, abs=0.01)  # on clean labels
    root = 2 * gaussian.standard_nodes(gaussian.FINE, 3)
    probabilities = np.asarray(jax.nn.softmax(root, axis=1)).max(axis=1)
    assert found.confidence == pytest.approx(probabilities.mean(), abs=0.005)
    assert 0 < found.accuracy_error < 0.02


@pytest.mark.long
@pytest.mark.parametrize(("a", "decay"), [(0.3, 1e-2), (16.0, 1e-3)])
def test_few_and_many_points_per_feature_converge(a, decay):
    found = of_fields(fields_of_teachers(pair()[:1], noise=1.0), a, decay)
    assert found.result == Result.SUCCESS


def test_a_related_task_helps():
    fields = fields_of_teachers(pair(relatedness=1.0), noise=1.0)
    joint, single = (of_fields(each, 2.0, 0.05) for each in (fields, fields.main()))
    difference = single.losses[:, 0] - joint.losses[:, 0]
    assert difference.mean() > 4 * difference.std(ddof=1) / RULE.scrambles**0.5


def largest_pull(fields, a):
    """The λ above which all weights are zero, from the labels' moments: the pull of W = 0 is E[(y − 1/K) xᵀ]."""
    moment = np.asarray(gaussian.label_moment(fields.noisy))
    K = fields.classes[0]
    own = np.eye(K) / K - 1 / K**2
    return np.sqrt(np.linalg.eigvalsh(moment @ moment.T + own / a)[-1])


def test_beyond_a_decay_all_weights_are_zero():
    fields = fields_of_gram(np.eye(3), np.eye(3), np.eye(3), classes=(3,))  # all classes alike
    threshold = largest_pull(fields, 2.0)
    found = of_fields(fields, 2.0, np.array([0.9, 1.1]) * threshold)
    assert (found.result == Result.SUCCESS).all()
    assert found.gram[0].trace(axis1=-2, axis2=-1).min() > 1e-3
    assert (found.gram[1] == 0).all()
    assert found.generalization_loss[1] == pytest.approx(np.log(3), abs=1e-9)


@pytest.mark.long
@pytest.mark.parametrize(("a", "decay", "relatedness"), [(2.0, 0.05, 0.5), (16.0, 0.01, 1.0)])
def test_quick_points_change_the_error_and_nothing_else(a, decay, relatedness):
    """Against the fixed point of 16 times as many nodes that are all solved to the end."""
    fields = fields_of_teachers(pair(relatedness=relatedness), noise=1.0)
    known = of_fields(fields, a, decay, rule=gaussian.Sobol(points=16_384, scrambles=8), quick_points=0)
    coarse, usual = (of_fields(fields, a, decay, quick_points=points) for points in (0, 32_768))
    for found in (coarse, usual):
        shift = np.abs(known.losses.mean(axis=0) - found.losses.mean(axis=0))
        spread = np.hypot(known.losses.std(axis=0, ddof=1), found.losses.std(axis=0, ddof=1)) / 8**0.5
        assert (shift <= 4 * spread).all(), (shift, spread)
    assert (usual.losses.std(axis=0) < 0.6 * coarse.losses.std(axis=0)).all()


@pytest.mark.long
def test_few_nodes_have_no_bias():
    """Scrambles share their fixed point, so that its bias c/n is that of all their nodes."""
    fields = fields_of_teachers(pair(strengths=(10.0, 10.0))[:1], noise=1.0)
    usual = of_fields(fields, 16.0, 0.003)
    few = [
        of_fields(fields, 16.0, 0.003, rule=gaussian.Sobol(points=512, scrambles=4, seed=seed), quick_points=0)
        for seed in range(8)
    ]
    losses = np.array([each.generalization_loss for each in few])
    scatter = np.hypot(losses.std(ddof=1) / 8**0.5, usual.error)
    assert abs(losses.mean() - usual.generalization_loss) < 4 * scatter


def test_the_same_from_gram_matrices_and_from_teachers():
    drawn = pair(relatedness=0.5)
    noisy = np.concatenate([np.asarray(each.noisy_weights) for each in drawn])
    clean = np.asarray(drawn[0].weights)
    settings = {"samples_per_feature": 2.0, "weight_decay": 0.05, "quick_points": 0}
    by_gram = state_evolution(noisy @ noisy.T, noisy @ clean.T, clean @ clean.T, classes=(3, 3), **settings)
    by_teachers = of_teachers(drawn, **settings)
    np.testing.assert_allclose(by_gram.losses, by_teachers.losses, atol=1e-6)
    assert by_gram.training_loss.shape == (2,)
    assert by_gram.composite_gram.shape == (6, 6)
    assert by_gram.error > 0


def test_shares_of_one_and_weights_of_one_change_nothing_and_a_batch_is_its_settings():
    fields = fields_of_teachers(pair(relatedness=0.5), noise=1.0)
    a = np.array([1.0, 4.0])
    ones = {"task_weights": [1.0, 1.0], "label_shares": [1.0, 1.0]}
    exact = of_fields(fields, a, 0.05, quick_points=0)
    said = of_fields(fields, 4.0, 0.05, quick_points=0, **ones)
    np.testing.assert_allclose(exact[1].losses, said.losses, atol=2e-4)  # each setting begins at the one before
    batch, said = of_fields(fields, a, 0.05), of_fields(fields, 4.0, 0.05, **ones)
    # quick nodes are asked near the fixed point, not at it, and the way there differs
    np.testing.assert_allclose(batch[1].generalization_loss, said.generalization_loss, atol=0.1 * said.error)
    assert batch.losses.shape == (2, RULE.scrambles, 4)  # generalization, validation, training of two tasks


@pytest.mark.long
def test_quick_nodes_of_another_setting_do_not_count_where_they_are_refused(monkeypatch):
    fields = fields_of_teachers(pair(relatedness=0.5), noise=1.0)
    decays = np.array([0.1, 0.05])
    alone = of_fields(fields, 4.0, decays, quick_points=0)
    monkeypatch.setattr(
        _fixed_point, "_quick_steps", lambda problem, setting, *_: 6 if setting.weight_decay > 0.07 else 0
    )
    both = of_fields(fields, 4.0, decays, quick_points=4096)
    assert abs(both.losses[0] - alone.losses[0]).max() > 1e-3
    np.testing.assert_allclose(both[1].losses.mean(axis=0), alone[1].losses.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(both[1].losses, alone[1].losses, atol=1e-3)  # blocks are solved less closely


def trained(drawn, inputs, decay, layers, shares, beta):
    """The main task's composite, and its labels as probabilities (class, sample)."""
    count = inputs.shape[0]
    if beta is None:
        labels = [teachers.hard_labels(teacher.noisy_weights, inputs) for teacher in drawn]
        target = jax.nn.one_hot(labels[0], 3, axis=0)
    else:
        labels = [teachers.soft_labels(teacher.noisy_weights, inputs, beta) for teacher in drawn]
        target = labels[0]
    masks = [np.arange(count) < share * count for share in shares]
    problem = students.make_problem(inputs, labels, classes=3, masks=masks)
    start = students.minimize(problem, decay, layers=min(layers, 2), tolerance=1e-7)
    if layers <= 2:
        return start.composites[0][0], target
    network = students.balanced([part[0] for part in start.composites], hidden=(8,) * (layers - 1))
    path = students.train(network, problem, np.array([0.0, 400.0]), students.Flow(weight_decay=decay))
    return students.composites(path.final)[0], target


def of_student(W, target, inputs, main, share):
    """‖W‖², overlap with the teacher, losses on clean labels and on the labelled training points, and accuracy."""
    labelled = slice(round(share * inputs.shape[0]))
    logits = W @ inputs.T
    losses = jax.nn.logsumexp(logits, axis=0) - jnp.sum(target * logits, axis=0)
    loss = gaussian.population_loss(W, gaussian.label_moment(main.weights))
    overlap = jnp.sum(W * main.noisy_weights)
    return np.array([jnp.sum(W**2), overlap, loss, losses[labelled].mean(), gaussian.accuracy(W, main.weights)])


@pytest.mark.long
@pytest.mark.parametrize(
    ("a", "decay", "layers", "shares", "relatedness", "beta"),
    [
        (2.0, 0.06, 2, (1.0, 1.0), [1.0], None),
        (4.0, 0.03, 1, (1.0, 1.0), [1.0], None),
        (0.5, 0.1, 2, (1.0, 1.0), [1.0], None),
        (4.0, 0.06, 2, (0.5, 1.0), [1.0], None),
        (4.0, 0.05, 2, (1.0, 1.0, 1.0), [1.0, 0.5], None),
        (4.0, 0.03, 2, (1.0, 1.0), [0.5], 1.0),
        (4.0, 0.02, 3, (1.0, 1.0), [1.0], None),
    ],
)
def test_the_minimum_on_drawn_samples_is_the_theorys(a, decay, layers, shares, relatedness, beta):
    """Paired: theory with the Gram matrices of the very teachers that label the sample. Finite size leaves about 10/N_f."""
    features, differences = 400, []
    for seed in range(6):
        drawn = teachers.related_teachers(
            jax.random.key(seed), relatedness=relatedness, classes=3, features=features, singular_values=10.0
        )
        inputs = jax.random.normal(jax.random.key(100 + seed), (int(a * features), features))
        theory = of_fields(
            fields_of_teachers(drawn), a, decay, layers=layers, label_shares=shares, inverse_temperature=beta
        )
        assert theory.result == Result.SUCCESS
        gram, overlap = (matrix.mean(axis=0)[:3, :3].trace() for matrix in (theory.gram, theory.overlap))
        values = [gram, overlap, theory.generalization_loss, theory.training_loss[0], theory.accuracy]
        W, target = trained(drawn, inputs, decay, layers, shares, beta)
        differences.append(of_student(W, target, inputs, drawn[0], shares[0]) / np.array(values) - 1)
    mean, scatter = np.mean(differences, axis=0), np.std(differences, axis=0, ddof=1) / 6**0.5
    assert (np.abs(mean) <= 4 * scatter + 10 / features).all(), (mean, scatter)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"weight_decay": 0.0}, "finite and > 0"),
        ({"quick_points": -1}, "Quick points"),
        ({"samples_per_feature": -1.0}, "finite and > 0"),
        ({"task_weights": [1.0]}, "one per task"),
        ({"label_shares": [1.0, 2.0]}, "one per task"),
        ({"layers": 0}, "Layers"),
        ({"inverse_temperature": -1.0}, "β"),
        ({"rule": gaussian.Sobol(points=1024, scrambles=1)}, "scrambles"),
    ],
)
def test_bad_arguments(arguments, message):
    usual = {"samples_per_feature": 2.0, "weight_decay": 0.05}
    with pytest.raises(InputError, match=message):
        of_fields(fields_of_teachers(pair()), **{**usual, **arguments})


def test_matrices_that_are_no_covariances_are_refused():
    with pytest.raises(InputError, match="semidefinite"):
        fields_of_gram(np.eye(3), 2 * np.eye(3), np.eye(3), classes=(3,))
    with pytest.raises(InputError, match="Covariances of tasks"):
        fields_of_gram(np.eye(3), np.eye(3), np.eye(3), classes=(4,))


@pytest.mark.long
@pytest.mark.parametrize("layers", [2, 3])
def test_where_few_nodes_do_not_lead_to_many_all_of_them_iterate(layers, monkeypatch):
    fields = fields_of_teachers(pair(strengths=(10.0, 10.0)), noise=1.0)
    monkeypatch.setattr(_nodes, "_FEW", 1)
    solver = Solver(fields, layers=layers, rule=gaussian.Sobol(points=512, scrambles=8))
    found = solver.at(16.0, 0.002)
    usual = of_fields(fields, 16.0, 0.002, layers=layers)
    assert found.result == usual.result == Result.SUCCESS
    assert abs(found.generalization_loss - usual.generalization_loss) < np.hypot(found.error, usual.error)

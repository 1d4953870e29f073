"""How the classifier lays its rows out for the engine: what trains, what validates, and what is only there for the shape."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from sharedtrunk.affinity import _fit
from sharedtrunk.affinity._fit import BLANK, Recipe, _arranged, _lane, _padded, _schedule, fit_network
from sharedtrunk.affinity._network import initial_network, logits
from sharedtrunk.affinity._student import Student

STUDENT = Student(hidden=(6,), learning_rate=0.02, max_steps=300, patience=40, tol=0.001)
RECIPE = Recipe(STUDENT, True, (2.0, 0.5), (2.0, 0.5), None)


def table(rows=100):
    """Inputs and codes (task, sample) of two learnable tasks, some labels missing; the last fifth is held out."""
    random = np.random.default_rng(0)
    inputs = random.normal(size=(rows, 4))
    codes = np.stack([(inputs @ random.normal(size=(4, 3))).argmax(axis=1), inputs[:, 0] > 0]).astype(int)
    codes[1, ::7] = -1
    codes[:, 0] = -1
    return inputs, codes, np.arange(rows) >= rows - rows // 5


@pytest.mark.parametrize("rows", [1, 31, 32, 33, 64, 65, 100, 1000, 1438])
def test_few_sizes_and_few_blanks(rows):
    filled = _padded(np.arange(rows), np.random.default_rng(0))
    assert sorted(filled[filled != BLANK]) == list(range(rows))
    odd = len(filled) // (len(filled) & -len(filled))
    assert odd <= 7
    assert len(filled) <= max(1.25 * rows, 32)


@pytest.mark.long
def test_rows_and_weights_of_the_lane():
    """Every coefficient by its definition: α over the number of the task's training labels, where the row trains."""
    _, codes, held = table()
    labelled = (codes >= 0).any(axis=0)
    rows = _arranged(held, ~held & labelled, labelled, np.random.default_rng(0))
    labels = np.where(rows.indices == BLANK, -1, codes[:, rows.indices])
    start = initial_network(jax.random.key(0), 4, (6,), (3, 2), "relu", jnp.dtype("float32"))
    lanes = _lane(start, labels, rows, RECIPE)
    assert (rows.validating, rows.judged, len(rows.indices)) == (32, 32, 32 + 80)
    for task, alpha in enumerate(RECIPE.task_weights):
        training = (codes[task] >= 0) & ~held
        validation = (codes[task] >= 0) & held
        for index, row in enumerate(rows.indices):
            trains = row != BLANK and training[row]
            validates = row != BLANK and validation[row]
            expected = alpha / training.sum() if trains else 0
            np.testing.assert_allclose(lanes.coefficients[0, task, index], expected, rtol=1e-6)
            if index < rows.judged:
                expected = 1 / validation.sum() if validates else 0
                np.testing.assert_allclose(lanes.validation[0, task, index], expected, rtol=1e-6)
    np.testing.assert_allclose(lanes.criteria[0, 0], [0.8, 0.2], rtol=1e-6)
    without = _lane(
        start,
        np.where(np.arange(len(rows.indices)) < 32, [labels[0], np.full(len(rows.indices), -1)], labels),
        rows,
        RECIPE,
    )
    np.testing.assert_array_equal(without.criteria[0, 0], [1, 0])  # a task without validation labels decides nothing


def test_without_validation_rows_training_rows_are_judged(monkeypatch):
    _, codes, _ = table()
    labelled = (codes >= 0).any(axis=0)
    nobody = np.zeros(100, bool)
    rows = _arranged(nobody, labelled, labelled, np.random.default_rng(0))
    assert (rows.validating, rows.judged) == (0, len(rows.indices))
    assert sorted(rows.indices[rows.indices != BLANK]) == np.flatnonzero(labelled).tolist()
    monkeypatch.setattr(_fit, "MOST_HELD_OUT", 40)
    deciding = np.arange(100) % 4 == 1
    rows = _arranged(nobody, labelled, deciding, np.random.default_rng(0))
    assert rows.judged == 40
    assert sorted(rows.indices[rows.indices != BLANK]) == np.flatnonzero(labelled).tolist()
    assert set(np.flatnonzero(deciding)) <= set(rows.indices[:40])  # rows that can decide are judged


@pytest.mark.long
def test_blank_rows_change_nothing(monkeypatch):
    inputs, codes, held = table()
    few = fit_network(inputs, codes, (3, 2), held, RECIPE, seed=1)
    monkeypatch.setattr(_fit, "FEWEST", 160)
    many = fit_network(inputs, codes, (3, 2), held, RECIPE, seed=1)
    assert few.best_step > 20
    for ours, theirs in zip(few.network.log_probabilities(inputs), many.network.log_probabilities(inputs), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=2e-3)  # of sums in another order, in single precision


def adam(weights, slopes, mean, square, step):
    """One step of Adam as its authors write it."""
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, slopes)
    square = jax.tree.map(lambda s, g: 0.999 * s + 0.001 * g**2, square, slopes)

    def moved(w, m, s):
        return w - STUDENT.learning_rate * (m / (1 - 0.9**step)) / (jnp.sqrt(s / (1 - 0.999**step)) + 1e-8)

    return jax.tree.map(moved, weights, mean, square), mean, square


def validation_path(inputs, codes, held, steps):
    """Losses (step, task) of the held-out rows along full-batch training from the same start, written out."""
    scaled = (inputs - inputs[~held].mean(axis=0)) / inputs[~held].std(axis=0)
    scaled, known = jnp.asarray(scaled, jnp.float32), codes >= 0

    def losses(network, chosen):
        logarithms = [jax.nn.log_softmax(z) for z in logits(network, scaled)]
        rows = [np.flatnonzero(each) for each in chosen]
        return jnp.stack(
            [-each[own, codes[task, own]].mean() for task, (each, own) in enumerate(zip(logarithms, rows, strict=True))]
        )

    alphas = jnp.asarray(RECIPE.task_weights, jnp.float32)
    slope = jax.jit(jax.grad(lambda network: jnp.sum(alphas * losses(network, known & ~held))))
    judge = jax.jit(lambda network: losses(network, known & held))
    network = initial_network(jax.random.key(1), 4, (6,), (3, 2), "relu", jnp.dtype("float32"))
    mean = square = jax.tree.map(jnp.zeros_like, network)
    path = [judge(network)]
    for step in range(1, steps + 1):
        network, mean, square = adam(network, slope(network), mean, square, step)
        path.append(judge(network))
    return np.array(path)


@pytest.mark.long
def test_the_step_kept_is_the_best_of_the_tasks_that_decide():
    """Against a plain loop: each criterion's lowest value among the checks, every fifth step, of the same training."""
    inputs, codes, held = table()
    random = np.random.default_rng(2)  # wrong labels: both are overfitted, each at its own step
    wrong = (random.uniform(size=codes.shape) < [[0.3], [0.6]]) & (codes >= 0)
    codes = np.where(wrong, random.integers([[3], [2]], size=codes.shape), codes)
    path = validation_path(inputs, codes, held, 150)[::5]
    kept = {}
    for weights in ((2.0, 0.0), (0.0, 0.5), (2.0, 0.5)):
        student = dataclasses.replace(STUDENT, max_steps=150, patience=150)
        recipe = dataclasses.replace(RECIPE, student=student, stop_weights=weights)
        kept[weights] = fit_network(inputs, codes, (3, 2), held, recipe, seed=1).best_step
        assert kept[weights] == 5 * np.argmin(path @ weights)
    assert len(set(kept.values())) == 3


@pytest.mark.parametrize(
    ("training", "batch_size", "batch"), [(1024, None, 1200), (1025, None, 512), (400, 100, 100), (100, 100, 1200)]
)
def test_all_rows_a_step_or_batches(training, batch_size, batch):
    rows = _fit._Rows(np.zeros(1200, int), 0, 100)
    plan = _schedule(dataclasses.replace(RECIPE, batch_size=batch_size), rows, training)
    assert plan.judged_batch + plan.rest_batch == batch
    # judged training rows have their share of a batch, judged validation rows none
    assert plan.judged_batch == -(-100 * batch // 1200)
    assert _schedule(RECIPE, rows._replace(validating=100), training).judged_batch == 0


@pytest.mark.parametrize(("max_iter", "every"), [(1000, 5), (12, 4), (7, 1)])
def test_checks_end_on_the_last_step(max_iter, every):
    rows = _fit._Rows(np.zeros(50, int), 0, 50)
    recipe = dataclasses.replace(RECIPE, student=dataclasses.replace(STUDENT, max_steps=max_iter))
    assert _schedule(recipe, rows, 50).check_every == every

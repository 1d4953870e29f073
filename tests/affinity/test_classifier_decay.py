"""The classifier with weight decay: its minimum by other routes, the λ that validation chooses, and what it refuses."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils import check_random_state

from references import least_of_decayed_layers
from sharedtrunk.affinity import SharedTrunkClassifier
from sharedtrunk.affinity._holdout import held_out
from sharedtrunk.errors import InputError

ROWS, FEATURES, CLASSES, ALPHAS = 150, 5, (4, 2, 3), (1.0, 0.5, 2.0)


@pytest.fixture(scope="module")
def table():
    """Features far from the origin, and three tasks, of two of which labels are missing."""
    random = np.random.default_rng(0)
    X = random.normal(size=(ROWS, FEATURES)) * [1, 2, 0.5, 1, 3] + [9, -5, 3, 0, 1]
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    common = random.normal(size=(FEATURES, 2))
    logits = [2 * Z @ common @ random.normal(size=(2, size)) - np.arange(size) for size in CLASSES]
    Y = np.stack([(z + random.gumbel(size=z.shape)).argmax(axis=1) for z in logits], axis=1).astype(float)
    Y[random.uniform(size=ROWS) < 1 / 3, 1] = np.nan
    Y[40:, 2] = np.nan
    return X, Y


def decayed(decay, hidden=(8,), **parameters):
    usual = {"task_weights": ALPHAS, "dtype": "float64", "tol": 1e-10, "max_iter": 20_000, "random_state": 0}
    return SharedTrunkClassifier(hidden, "linear", weight_decay=decay, **{**usual, **parameters})


def decay_of(model):
    network = model.network_
    return sum((layer**2).sum() for layer in (*network.trunk, *network.heads)) / 2


def objective(model, decay, alphas=ALPHAS):
    return np.dot(alphas, model.loss_) + decay * decay_of(model)


@pytest.mark.long
def test_without_a_trunk_it_is_scikit_learns_logistic_regression(table):
    X, Y = table[0], table[1][:, 0]
    decay = 0.02
    model = decayed(decay, (), task_weights=None).fit(X, Y)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    theirs = LogisticRegression(C=1 / (decay * ROWS), tol=1e-10, max_iter=10_000).fit(Z, Y)
    np.testing.assert_allclose(model.predict_proba(X), theirs.predict_proba(Z), atol=1e-5)
    loss = -np.log(theirs.predict_proba(Z)[np.arange(ROWS), Y.astype(int)]).mean()
    assert objective(model, decay, [1]) == pytest.approx(loss + decay / 2 * (theirs.coef_**2).sum(), abs=1e-9)
    assert (model.weight_decay_, model.validation_loss_) == (decay, None)
    assert 0 < model.gap_ <= 1e-10
    assert model.n_iter_ == model.best_iter_ > 0


@pytest.mark.long
def test_a_trunk_and_its_heads_are_at_the_minimum_over_their_layers(table):
    """Three tasks with weights and missing labels, by a route without norms; and the gap holds before the minimum."""
    X, Y = table
    decay = 0.05
    model = decayed(decay).fit(X, Y)
    labels = np.where(np.isnan(Y), -1, Y).astype(int).T
    least = least_of_decayed_layers((X - X.mean(axis=0)) / X.std(axis=0), labels, CLASSES, ALPHAS, decay, hidden=8)
    assert objective(model, decay) == pytest.approx(least, abs=1e-7)
    assert objective(model, decay) <= least + 1e-9
    with pytest.warns(ConvergenceWarning, match=r"max_iter=10 steps were made before the duality gap .*\d nats\)"):
        rough = decayed(decay, max_iter=10).fit(X, Y)
    assert 1e-6 < objective(rough, decay) - least <= rough.gap_
    trunk, heads = model.network_.trunk[0], np.concatenate(model.network_.heads, axis=1)
    assert decay_of(model) == pytest.approx(
        np.linalg.svd(trunk @ heads, compute_uv=False).sum()
    )  # the layers are balanced


@pytest.mark.parametrize(("hidden", "power"), [((), 2), ((8,), 1)])
def test_units_of_the_features(table, hidden, power):
    """Standardized features have none. Raw ones, all multiplied by s, are decayed as before by λ s² (ridge), λ s (trunk)."""
    X, Y = table
    probabilities = decayed(0.03, hidden).fit(X, Y).predict_proba(X)
    moved = X * [3, 0.1, 1, 7, 2] + 5
    for mine, theirs in zip(decayed(0.03, hidden).fit(moved, Y).predict_proba(moved), probabilities, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)
    raw = decayed(0.03, hidden, standardize=False).fit(X, Y)
    scaled = decayed(0.03 * 4**power, hidden, standardize=False).fit(4 * X, Y)
    for mine, theirs in zip(scaled.predict_proba(4 * X), raw.predict_proba(X), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)
    assert max(abs(a - b).max() for a, b in zip(raw.predict_proba(X), probabilities, strict=True)) > 1e-2


@pytest.mark.long
@pytest.mark.parametrize(("hidden", "stop_on"), [((), None), ((8,), [0, 2])])
def test_validation_chooses_the_decay_of_the_lowest_loss_on_held_out_rows(table, hidden, stop_on):
    X, Y = table
    model = decayed("validation", hidden, stop_on=stop_on).fit(X, Y)
    codes = np.where(np.isnan(Y), -1, Y).astype(int).T
    decides = np.isin(range(3), [0, 1, 2] if stop_on is None else stop_on)
    held = held_out(codes[decides], 0.2, check_random_state(0), codes[~decides])
    # λ at which weights first appear: residuals of the classes' frequencies, times the training inputs
    Z = (X - X[~held].mean(axis=0)) / X[~held].std(axis=0)
    slopes = []
    for alpha, size, labels in zip(ALPHAS, CLASSES, codes, strict=True):
        rows = np.flatnonzero(~held & (labels >= 0))
        onehot = np.eye(size)[labels[rows]]
        slopes.append(alpha * (onehot - onehot.mean(axis=0)).T @ Z[rows] / len(rows))
    decays = np.linalg.svd(np.concatenate(slopes), compute_uv=False)[0] * np.geomspace(1, 1e-3, 20)
    losses = []
    for decay in decays:
        alone = decayed(decay, hidden, tol=1e-4).fit(X[~held], Y[~held])
        losses.append(alone.log_loss(X[held], Y[held]))
    criteria = np.array(losses) @ (np.array(ALPHAS) * decides)
    best = int(np.argmin(criteria))
    assert 0 < best < 19
    assert model.weight_decay_ == pytest.approx(decays[best])
    np.testing.assert_allclose(model.validation_loss_, losses[best], atol=1e-3)
    refit = decayed(model.weight_decay_, hidden).fit(X, Y)  # on all rows
    np.testing.assert_allclose(model.loss_, refit.loss_, atol=1e-7)
    np.testing.assert_allclose(model.loss_, model.log_loss(X, Y))
    assert len(model.validation_score_) == 3


def test_weights_vanish_at_the_largest_decay_and_not_below(table):
    X, Y = table
    Z, onehot = (X - X.mean(axis=0)) / X.std(axis=0), np.eye(4)[Y[:, 0].astype(int)]
    largest = np.linalg.norm((onehot - onehot.mean(axis=0)).T @ Z / ROWS, 2)
    none, some = (decayed(share * largest, task_weights=None).fit(X, Y[:, 0]) for share in (1.001, 0.99))
    assert decay_of(none) == 0
    assert decay_of(some) > 0
    np.testing.assert_allclose(none.predict_proba(X)[0], onehot.mean(axis=0), rtol=1e-6)


@pytest.mark.long
def test_single_precision_is_near(table):
    X, Y = table
    usual = {"dtype": "float32", "tol": 0.003, "max_iter": 1000}
    for hidden in ((), (8,)):
        single, double = decayed(0.01, hidden, **usual).fit(X, Y), decayed(0.01, hidden).fit(X, Y)
        assert abs(objective(single, 0.01) - objective(double, 0.01)) < 1e-5
        assert single.network_.heads[0].dtype == np.float32
    assert clone(single).get_params() == single.get_params()


@pytest.mark.long
def test_a_task_of_weight_zero_is_not_trained(table):
    X, Y = table
    model = decayed("validation", task_weights={1: 0, 2: 0}).fit(X, Y)
    alone = decayed("validation", task_weights=None).fit(X, Y[:, 0])
    np.testing.assert_allclose(model.predict_proba(X)[0], alone.predict_proba(X), atol=1e-5)
    np.testing.assert_array_equal(model.predict_proba(X)[1], 0.5)
    assert model.weight_decay_ == alone.weight_decay_


@pytest.mark.long
def test_constant_features_and_inputs_that_say_nothing(table):
    X, Y = table
    X = np.hstack([X, np.full((ROWS, 1), 7.0)])
    model = decayed(0.03).fit(X, Y)
    np.testing.assert_array_equal(model.network_.trunk[0][-1], 0)
    same = decayed("validation").fit(np.ones((ROWS, 2)), Y)
    np.testing.assert_allclose(same.predict_proba(X[:1, :2])[0][0], np.bincount(Y[:, 0].astype(int)) / ROWS, rtol=1e-5)
    assert np.isfinite(same.weight_decay_)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"weight_decay": 0}, r"weight_decay is None, 'validation', or a number between 1e-30 and 1e\+30 .*; got 0"),
        ({"weight_decay": -1.0}, "got -1.0. 'validation' chooses one"),
        ({"weight_decay": np.inf}, "got inf"),
        ({"weight_decay": np.nan}, "got nan"),
        ({"weight_decay": 10**400}, "got 1000"),
        ({"weight_decay": True}, "got True"),
        ({"weight_decay": "cv"}, "got 'cv'"),
        ({"weight_decay": np.array([0.1, 0.2])}, "got array"),
        (
            {"activation": "relu"},
            r"needs a linear student .* at least 3 units .*; got activation='relu', hidden=\(8,\)",
        ),
        ({"hidden": (2,)}, r"at least 3 units .*; got activation='linear', hidden=\(2,\)\. Give .*hidden=\(100,\)"),
        ({"hidden": (8, 8)}, r"no hidden layer, or with one .*; got activation='linear', hidden=\(8, 8\)"),
    ],
)
def test_what_has_no_convex_minimum_says_so(table, parameters, message):
    model = decayed(0.1).set_params(task_weights=None, **parameters)
    with pytest.raises(InputError, match=message):
        model.fit(table[0][:, :3], table[1][:, 0])


def test_without_a_hidden_layer_there_is_nothing_to_activate(table):
    X, Y = table
    either = [decayed(0.1, ()).set_params(activation=each).fit(X, Y).loss_ for each in ("relu", "linear")]
    np.testing.assert_array_equal(*either)


@pytest.mark.long
def test_too_few_rows_and_too_large_inputs_say_so(table):
    X, Y = table
    with pytest.raises(InputError, match=r"weight_decay='validation' needs validation rows .*; got n_samples = 2"):
        decayed("validation", task_weights=None).fit(X[:2], [0, 1])
    with pytest.raises(InputError, match="inputs must be small enough to compute with; got values up to"):
        decayed(0.1, dtype="float32", standardize=False).fit(1e17 * X, Y)

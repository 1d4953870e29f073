"""Features in all the forms that users have them: sparse, constant, tiny and huge, and of repeated names."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from joblib import Parallel, delayed
from sklearn.datasets import load_breast_cancer
from sklearn.feature_extraction.text import CountVectorizer

from sharedtrunk.affinity import AuxiliaryTaskAdvisor, SharedTrunkClassifier
from sharedtrunk.affinity._explanation import signals
from sharedtrunk.affinity._parameters import recipe_of
from sharedtrunk.affinity._rows import prepared_rows
from sharedtrunk.errors import InputError
from sharedtrunk.tables import Table, dense, from_arrays, standardized

RANDOM = np.random.default_rng(5)
X = RANDOM.normal(size=(120, 4))
Y = np.stack([X[:, 0] + 0.3 * RANDOM.normal(size=120) > 0, X[:, 1] > 0], axis=1).astype(int)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def classifier(**parameters):
    return SharedTrunkClassifier(**({"hidden": (10,), "max_iter": 40, "random_state": 0} | parameters))


def probabilities(model, X):
    return np.stack(model.predict_proba(X))


# --- constant features


@pytest.mark.parametrize("activation", ["relu", "linear"])
@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize("hidden", [(10,), ()])
@pytest.mark.parametrize("value", [0.0, 3.0, -1e6])
def test_a_feature_that_was_constant_takes_no_part(activation, standardize, hidden, value):
    constant = X.copy()
    constant[:, 2] = value
    model = classifier(activation=activation, standardize=standardize, hidden=hidden).fit(constant, Y)
    for other in (value + 1, -7.5, 1e9, -1e300):
        moved = constant.copy()
        moved[:, 2] = other
        np.testing.assert_array_equal(probabilities(model, moved), probabilities(model, constant))
    weights = model.network_.trunk[0] if hidden else np.hstack(model.network_.heads)
    np.testing.assert_array_equal(weights[2], 0)
    assert (weights[[0, 1, 3]] != 0).any(axis=1).all()


def test_a_feature_that_was_constant_up_to_rounding_takes_no_part():
    rounded = X.copy()
    rounded[:, 3] = [sum(RANDOM.permutation([0.1, 0.1, 0.1, 0.3, 0.7])) for _ in rounded]  # 1.3 in any order
    assert np.ptp(rounded[:, 3]) > 0
    model = classifier().fit(rounded, Y)
    moved = rounded.copy()
    moved[:, 3] += 1
    np.testing.assert_array_equal(probabilities(model, moved), probabilities(model, rounded))


def test_a_feature_that_varies_among_validation_rows_only_takes_no_part():
    """It was constant in what the student learnt from."""
    rare = X.copy()
    held = classifier()._held_out(Y.T, _recipe(), [0, 1], np.random.RandomState(0))
    rare[:, 2] = np.where(held, X[:, 2], 1.0)
    model = classifier().fit(rare, Y)
    moved = rare.copy()
    moved[:, 2] = 4.0
    np.testing.assert_array_equal(probabilities(model, moved), probabilities(model, rare))


def _recipe():
    return recipe_of(classifier(), [0, 1])


def test_a_constant_among_real_features_does_not_move_the_probabilities():
    """The number of the report: up to .34 on real tables."""
    features, label = load_breast_cancer(return_X_y=True)
    features = np.column_stack([features, np.full(len(features), 3.0)])
    model = classifier(hidden=(100,)).fit(features, label)
    moved = features.copy()
    moved[:, -1] = 4.0
    assert np.abs(model.predict_proba(moved) - model.predict_proba(features)).max() == 0


def test_the_advisor_leaves_constants_out():
    constant = X.copy()
    constant[:, 2] = 3.0
    assert from_arrays(constant, Y).feature_names == ("x0", "x1", "x3")
    codes = {"a": Y[:, 0], "b": Y[:, 1]}
    by_hand = Table(constant, ("a", "b", "c", "d"), codes, {"a": (0, 1), "b": (0, 1)}, ())
    rows = prepared_rows(by_hand, ["a", "b"], ["a"], seed=0)
    np.testing.assert_array_equal(rows.inputs.of(np.arange(len(X)) % 2 == 0, "float32")[0][:, 2], 0)


# --- tiny and huge features


@pytest.mark.parametrize("size", [1e-310, 1e-180, 1e180, 1e299])
def test_the_size_of_a_feature_does_not_matter(size):
    sized = X * np.array([1.0, size / np.abs(X[:, 1]).max(), 1.0, 1.0])
    model, usual = classifier().fit(sized, Y), classifier().fit(X, Y)
    np.testing.assert_allclose(probabilities(model, sized), probabilities(usual, X), atol=1e-4)
    table = from_arrays(sized, Y)
    expected = standardized(X)[0]
    np.testing.assert_allclose(standardized(table.features)[0], expected, rtol=1e-6, atol=1e-6)
    found = signals(standardized(table.features)[0], table.labels, seed=0)["task1"]
    assert found.rank == 1


def test_features_too_large_for_a_double_say_so():
    with pytest.raises(InputError, match=r"features are below 1e\+300; got 3\.3e\+307\. Rescale them"):
        classifier().fit(np.where(X > 1, 3.3e307, X), Y)
    model = classifier().fit(X * 1e-200, Y)
    with pytest.raises(InputError, match=r"small enough for the network to compute with.*; got values up to 1e\+290"):
        model.predict_proba(np.full((1, 4), 1e290))
    with pytest.raises(InputError, match="small enough for the network to compute with"):
        model.hidden_units(np.full((1, 4), 1e290))


def test_a_validation_row_out_of_all_scale_says_in_which_unit():
    far = X * 1e-30
    held = classifier()._held_out(Y.T, _recipe(), [0, 1], np.random.RandomState(0))
    far[np.flatnonzero(held)[0], 1] = 1.0
    with pytest.raises(
        InputError, match=r"small enough for float32 to square; got values up to .*e\+29 standard deviations"
    ):
        classifier().fit(far, Y)


# --- sparse features


CONTAINERS = {
    "csr matrix": scipy.sparse.csr_matrix,
    "csr array": scipy.sparse.csr_array,
    "csc array": scipy.sparse.csc_array,
    "coo array": scipy.sparse.coo_array,
    "lil matrix": scipy.sparse.lil_matrix,
    "dok array": scipy.sparse.dok_array,
    "bits": lambda values: scipy.sparse.csr_array(values.astype(bool)),
    "frame": lambda values: pd.DataFrame.sparse.from_spmatrix(scipy.sparse.csr_matrix(values)).rename(columns=str),
    "frame of booleans": lambda values: pd.DataFrame(values.astype(bool)).rename(columns=str),
}
FINGERPRINTS = (np.random.default_rng(6).random(size=(120, 30)) < 0.2).astype(float)
ACTIVE = np.stack([FINGERPRINTS[:, 0] + FINGERPRINTS[:, 1] > 0, FINGERPRINTS[:, 0] > 0], axis=1).astype(int)


@pytest.mark.filterwarnings("ignore:.*check dok sparse matrix for nan or inf:UserWarning")
@pytest.mark.parametrize("container", CONTAINERS)
def test_sparse_features_are_those_of_the_dense_array(container):
    sparse = CONTAINERS[container](FINGERPRINTS)
    model, usual = classifier().fit(sparse, ACTIVE), classifier().fit(FINGERPRINTS, ACTIVE)
    np.testing.assert_array_equal(probabilities(model, sparse), probabilities(usual, FINGERPRINTS))
    np.testing.assert_array_equal(model.hidden_units(sparse), usual.hidden_units(FINGERPRINTS))
    assert model.score(sparse, ACTIVE) == usual.score(FINGERPRINTS, ACTIVE)


def test_counts_of_words_train():
    texts = ["good film", "bad film", "good cast", "bad plot"] * 15
    counts = CountVectorizer().fit_transform(texts)
    model = classifier(max_iter=200).fit(counts, ["good" in text for text in texts])
    assert model.score(counts, ["good" in text for text in texts]) == 1


@pytest.mark.long
def test_sparse_features_beyond_the_bound_are_refused():
    wide = scipy.sparse.random(2000, 100_000, density=1e-5, format="csr", random_state=0)
    hint = r"shape \(2000, 100000\), about 1\.5 GiB\. Give fewer rows, or fewer columns \(sklearn's TruncatedSVD"
    for fit in (classifier().fit, AuxiliaryTaskAdvisor().fit):
        with pytest.raises(InputError, match=rf"made dense up to 1 GiB, at 8 bytes per number; got {hint}"):
            fit(wide, np.arange(2000) % 2)


@pytest.mark.parametrize("container", ["csr matrix", "coo array", "dok array", "bits"])
def test_the_advisor_takes_sparse_features(container, monkeypatch):
    tables = []

    def seen(table, *_, **__):
        tables.append(table)
        raise KeyboardInterrupt  # before any training

    monkeypatch.setattr("sharedtrunk.affinity._advisor.advise", seen)
    with pytest.raises(KeyboardInterrupt):
        AuxiliaryTaskAdvisor().fit(CONTAINERS[container](FINGERPRINTS), ACTIVE)
    np.testing.assert_array_equal(tables[0].features, FINGERPRINTS)


def test_dense_features_are_passed_on():
    assert dense(X) is X


# --- names


def frames():
    yield "pandas", pd.DataFrame
    if importlib.util.find_spec("pyarrow"):
        import pyarrow

        yield "pyarrow", lambda columns: pyarrow.table(list(columns.values()), names=list(columns))
    if importlib.util.find_spec("polars"):
        import polars

        yield "polars", polars.DataFrame


FRAMES = dict(frames())


@pytest.mark.parametrize("frame", FRAMES)
def test_columns_of_any_frame_name_the_tasks(frame):
    pairs = FRAMES[frame]({"left": Y[:, 0], "right": Y[:, 1]})
    model = classifier(task_weights={"right": 0.5}, stop_on="left").fit(X, pairs)
    assert model.task_names_ == ["left", "right"]
    usual = classifier(task_weights=[1, 0.5], stop_on=0).fit(X, Y)
    np.testing.assert_array_equal(probabilities(model, X), probabilities(usual, X))
    assert model.score(X, pairs) == usual.score(X, Y)


@pytest.mark.parametrize("frame", [name for name in FRAMES if name != "polars"])  # polars has no repeated names
def test_repeated_names_are_refused(frame):
    make = FRAMES[frame]
    twice = _twice(frame, Y[:, 0], Y[:, 1])
    with pytest.raises(InputError, match=r"tasks have different names; got 'a' more than once\. Rename one of each\."):
        classifier().fit(X, twice)
    for parameters in ({"task_weights": {"a": 2.0}}, {"stop_on": "a"}):
        with pytest.raises(InputError, match="tasks have different names; got 'a' more than once"):
            classifier(**parameters).fit(X, twice)
    repeated = _twice(frame, X[:, 0], X[:, 1])
    with pytest.raises(
        InputError, match=r"columns of X have different names; got 'a' more than once\. Rename one of each\."
    ):
        classifier().fit(repeated, Y)
    model = classifier().fit(make({"a": X[:, 0], "b": X[:, 1]}), Y)
    with pytest.raises(InputError, match="columns of X have different names; got 'a'"):
        model.predict(repeated)


def _twice(frame, first, second):
    if frame == "pandas":
        return pd.DataFrame({"a": first, "b": second}).set_axis(["a", "a"], axis=1)
    import pyarrow

    return pyarrow.table([first, second], names=["a", "a"])


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"task_weights": {"a": 1.0, 0: 2.0}}, r"task_weights names each task once; got \['a', 0\]\. A task's name"),
        ({"stop_on": ["b", 1]}, r"stop_on names each task once; got \['b', 1\]"),
        ({"stop_on": ["a", "a"]}, r"stop_on names each task once; got \['a', 'a'\]"),
    ],
)
def test_a_task_is_named_once(parameters, message):
    with pytest.raises(InputError, match=message):
        classifier(**parameters).fit(X, pd.DataFrame(Y, columns=["a", "b"]))


# --- the number of classes


def test_ages_are_refused_as_the_advisor_refuses_them():
    years = np.random.default_rng(0).integers(18, 91, 120)  # as texts: numbers are no classes for the advisor
    ages = pd.DataFrame({"age": [f"{age} years" for age in years], "right": Y[:, 1]})
    said = []
    for fit in (classifier().fit, AuxiliaryTaskAdvisor("right").fit):
        with pytest.raises(
            InputError, match=rf"rows per class.*; got {ages.age.nunique()} classes in the 120 .*'age'"
        ) as refused:
            fit(X, ages)
        said.append(str(refused.value))
    assert said[0] == said[1]


def test_many_classes_with_rows_enough_are_taken():
    model = classifier(max_iter=5).fit(X, np.arange(120) % 24)
    assert model.n_classes_ == 24


@pytest.mark.parametrize(
    "y", [pd.DataFrame(index=range(120)), np.zeros((120, 0)), [np.zeros((2, 3)), np.zeros((2, 4))]]
)
def test_labels_without_columns_say_so(y):
    with pytest.raises(InputError, match=r"one column per task|one label per task"):
        classifier().fit(X, y)


# --- workers


@pytest.mark.long
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_workers_find_the_same_numbers(dtype):
    """joblib's workers start with JAX's float64 off; here it is on, or off in the run in single precision."""
    model = classifier(dtype=dtype)
    here = classifier(dtype=dtype).fit(X, Y)
    there = Parallel(n_jobs=2)(delayed(model.fit)(X, Y) for _ in range(2))
    for each in there:
        assert each.network_.trunk[0].dtype == dtype
        np.testing.assert_array_equal(each.network_.trunk[0], here.network_.trunk[0])
        np.testing.assert_array_equal(each.validation_loss_, here.validation_loss_)

"""Random tables and parameters to `SharedTrunkClassifier`: probabilities come out, or an error that a user understands."""

import random
import traceback
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
from fuzzing import main
from sklearn.exceptions import ConvergenceWarning, DataConversionWarning

from sharedtrunk.affinity import SharedTrunkClassifier
from sharedtrunk.errors import InputError

ROWS, FEATURES = 40, 3  # every table has these, so that few programs are compiled
LONGEST = 500  # characters of an error

STRANGE = (np.nan, np.inf, -np.inf, 1e308, -1e308, 1e300, 1e180, 1e38, 1e19, 1e-180, 1e-310, 5e-324, 0.0, -0.0, 2.0**53)

COLUMNS: tuple[Callable[[np.random.Generator], np.ndarray], ...] = (
    lambda draw: np.full(ROWS, draw.choice([0.0, 1.0, -3.5, 1e9, 1e300])),
    lambda draw: draw.normal(size=ROWS) * 10.0 ** draw.uniform(-320, 300),
    lambda draw: 1e6 + draw.normal(size=ROWS) * 10.0 ** draw.uniform(-12, 0),
    lambda draw: draw.integers(0, 2, ROWS).astype(float),
    lambda draw: np.eye(ROWS)[draw.integers(ROWS)] * draw.choice([1.0, 1e300, 1e-300]),
)

DTYPES = (
    "float32",
    "float16",
    "longdouble",
    "int8",
    "int64",
    "uint64",
    "bool",
    "object",
    "str",
    "S8",
    "complex",
    "M8[s]",
)

SPARSE = ("csr", "csc", "coo", "lil", "dok", "bsr", "dia")


def _named(draw: random.Random, values: np.ndarray, kind: str) -> Any:
    """A frame of the columns, sometimes with strange or repeated names."""
    number = values.shape[1]
    names = draw.choice(
        [
            [f"c{place}" for place in range(number)],
            list(range(number)),
            ["same"] * number,
            ["", "a" * 300, "naïve"][:number] + [f"d{place}" for place in range(number - 3)],
            [("a", place) for place in range(number)],
            ["1", 1, "1"][:number] + [f"d{place}" for place in range(number - 3)],
        ]
    )
    if kind == "pandas":
        return pd.DataFrame(values).set_axis(pd.Index(names, tupleize_cols=draw.random() < 0.5), axis=1)
    import pyarrow

    values = values.astype(float) if values.dtype == np.longdouble else values  # pyarrow has no such numbers
    return pyarrow.table([pyarrow.array(column.tolist()) for column in values.T], names=[str(name) for name in names])


def _features(draw: random.Random) -> Any:
    numbers = np.random.default_rng(draw.getrandbits(32))
    X = numbers.normal(size=(ROWS, FEATURES))
    for place in range(FEATURES):
        if draw.random() < 0.3:
            X[:, place] = draw.choice(COLUMNS)(numbers)
    if draw.random() < 0.15:
        X[numbers.random(X.shape) < 0.02] = draw.choice(STRANGE)
    if draw.random() < 0.1:
        return draw.choice(
            [None, "words", object(), 7, [], X[:0], X[:, :0], X[0], X[None], X[:-1], {"a": 1}, [[1], [2, 3]]]
        )
    if draw.random() < 0.2:
        try:
            with np.errstate(all="ignore"):
                X = X.astype(draw.choice(DTYPES))
        except (ValueError, TypeError, OverflowError):
            return X
    if draw.random() < 0.5:
        return X
    kind = draw.choice(["list", "pandas", "pyarrow", "sparse", "sparse array", "sparse frame", "masked", "fortran"])
    try:
        return {
            "list": lambda: X.tolist(),
            "pandas": lambda: _named(draw, X, "pandas"),
            "pyarrow": lambda: _named(draw, X, "pyarrow"),
            "sparse": lambda: scipy.sparse.csr_matrix(X).asformat(draw.choice(SPARSE)),
            "sparse array": lambda: scipy.sparse.csr_array(X).asformat(draw.choice(SPARSE)),
            "sparse frame": lambda: pd.DataFrame.sparse.from_spmatrix(scipy.sparse.csr_matrix(X)),
            "masked": lambda: np.ma.masked_invalid(X),
            "fortran": lambda: np.asfortranarray(X),
        }[kind]()
    except (ValueError, TypeError, OverflowError, ImportError):  # such a container does not exist
        return X


LABELS: tuple[Callable[[np.random.Generator], Any], ...] = (
    lambda draw: draw.integers(0, 2, ROWS),
    lambda draw: draw.integers(0, 2, ROWS).astype(bool),
    lambda draw: draw.choice(["yes", "no"], ROWS),
    lambda draw: draw.choice(np.array([0.0, 1.0, np.nan]), ROWS),
    lambda draw: draw.choice(np.array(["a", 1, None], object), ROWS),
    lambda draw: draw.choice(np.array([2**53, 2**53 + 1]), ROWS),
    lambda draw: draw.choice(np.array([(1, 2), (3, 4)], "i,i"), ROWS),
    lambda draw: draw.choice(np.array(["2024-01-01", "2025-01-01"], "M8[D]"), ROWS),
)

STRANGE_LABELS: tuple[Callable[[np.random.Generator], Any], ...] = (
    lambda draw: draw.normal(size=ROWS),
    lambda draw: draw.integers(18, 90, ROWS),
    lambda draw: np.arange(ROWS),
    lambda draw: np.full(ROWS, np.nan),
    lambda draw: np.zeros(ROWS),
    lambda draw: np.where(draw.random(ROWS) < 0.1, np.inf, 0.0),
    lambda draw: np.array([[1], {}] * (ROWS // 2), object),
    lambda draw: draw.integers(0, 2, (ROWS, 2, 2)),
    lambda draw: draw.integers(0, 2, ROWS + 1),
    lambda draw: np.eye(ROWS)[0].astype(int),
    lambda draw: scipy.sparse.csr_matrix(draw.integers(0, 2, (ROWS, 2))),
    lambda draw: [[0], [1, 2]] * (ROWS // 2),
    lambda draw: [np.zeros((2, 3)), np.zeros((2, 4))],
    lambda draw: [draw.integers(0, 2, ROWS), None],
    lambda draw: None,
    lambda draw: "words",
    lambda draw: 3,
    lambda draw: pd.DataFrame(index=range(ROWS)),
)


def _labels(draw: random.Random) -> Any:
    numbers = np.random.default_rng(draw.getrandbits(32))
    if draw.random() < 0.2:
        return draw.choice(STRANGE_LABELS)(numbers)
    columns = [draw.choice(LABELS)(numbers) for _ in range(draw.choice([1, 1, 2]))]
    if len(columns) == 1 and draw.random() < 0.7:
        return draw.choice(
            [columns[0], columns[0].tolist(), pd.Series(columns[0].tolist(), name=draw.choice([None, "a", 0]))]
        )
    values = np.empty((ROWS, len(columns)), object)
    for place, column in enumerate(columns):
        values[:, place] = column.tolist()
    kind = draw.choice(["array", "list", "pandas", "pyarrow"])
    try:
        return {"array": lambda: values, "list": lambda: values.tolist()}.get(
            kind, lambda: _named(draw, values, kind)
        )()
    except (ValueError, TypeError, ImportError):
        return values


PARAMETERS: dict[str, tuple[tuple, tuple]] = {
    "activation": (("relu", "linear"), ("tanh", None, np.array(["relu"] * 2))),
    "hidden": (((4,), 4, (), [4, 4]), (0, -1, 2.5, "wide", (4, None), 10**400, np.array([[4]]))),
    "task_weights": (
        (None, [1], [1, 0.5], {0: 2.0}),
        ("ab", [0], {"a": 1}, {0: 1, 1: np.nan}, [-1, 1], {"same": 1}, 1e400),
    ),
    "stop_on": ((None, 0, [0]), ("same", [0, 0], -1, 2, [], [[0]], {}, np.nan)),
    "weight_decay": ((None, 0.01, 1e-29, 1e29, "validation"), (0, -1, np.nan, 10**400, "cv", True)),
    "standardize": ((True, False), (None, "yes", 2)),
    "early_stopping": ((True, False), (None, np.array([True, False]))),
    "validation_fraction": ((0.2, 0.5), (0, 1, np.nan, "half", 1e-300, 0.999)),
    "learning_rate_init": ((0.003, 1.0), (0, -1, np.inf, np.nan, 1e300, 1e-300, "fast")),
    "max_iter": ((2,), (0, 10**10, None, True)),
    "n_iter_no_change": ((1,), (0, 10**30, "2")),
    "tol": ((0.003, 0.0), (-1, np.inf, np.nan, None)),
    "batch_size": (("auto", 16), (0, "all", 1.5, 10**30)),
    "dtype": (("float32",) * 7 + ("float64",), ("float16", np.float32, None)),
    "random_state": ((0, None), (-1, "seed", 2**32, 1.5)),
}


def _parameters(draw: random.Random) -> dict[str, Any]:
    given = {"hidden": (4,), "max_iter": 2, "n_iter_no_change": 1}
    for name, (valid, strange) in PARAMETERS.items():
        if draw.random() < 0.15:
            given[name] = draw.choice(valid if draw.random() < 0.7 else strange)
    return given


def classifier(draw: random.Random) -> str | None:
    """Fit and predict one random table; a fault where the error is nobody's, or the probabilities are none."""
    X, y, parameters = _features(draw), _labels(draw), _parameters(draw)
    tried = f"X {_brief(X)}, y {_brief(y)}, {parameters}"
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        for kind in (ConvergenceWarning, DataConversionWarning, UserWarning, DeprecationWarning):
            warnings.simplefilter("ignore", kind)
        try:
            model = SharedTrunkClassifier(**parameters).fit(X, y)
            fault = _wrong(model, X, model.predict_proba(X)) or _moved_by_constants(model, X)
            other = _features(draw)
        except Exception as error:
            fault = _unclear(error)
            return fault and f"{fault}; fit of {tried}"
        try:
            fault = fault or _wrong(model, other, model.predict_proba(other))
        except Exception as error:
            fault = _unclear(error)
    return fault and f"{fault}; fit of {tried}, then X {_brief(other)}"


def _wrong(model: SharedTrunkClassifier, X: Any, found: Any) -> str | None:
    """What is wrong with predicted probabilities."""
    for each in [found] if model.n_outputs_ == 1 else found:
        if not np.isfinite(each).all():
            return "probabilities are not finite"
        if not np.allclose(each.sum(axis=1), 1, atol=1e-9) or each.min() < 0:
            return "probabilities do not sum to one"
    if len(model.predict(X)) != len([found, *found][model.n_outputs_ > 1]):
        return "predictions of another number of rows"
    return None


def _moved_by_constants(model: SharedTrunkClassifier, X: Any) -> str | None:
    """Features that are constant take no part, so other values of them change nothing."""
    if not (isinstance(X, np.ndarray) and X.dtype == float):
        return None
    moved = np.where(np.ptp(X, axis=0) == 0, -3.0, X)
    before, after = (np.hstack(model.predict_proba(each)) for each in (X, moved))
    return None if np.array_equal(before, after) else "a constant feature moves the probabilities"


def _unclear(error: Exception) -> str | None:
    """The error in words, where it is neither ours nor scikit-learn's (which checks with NumPy and narwhals)."""
    text = str(error)
    if isinstance(error, InputError):
        return f"an error of many lines: {text!r}" if "\n" in text or len(text) > LONGEST else None
    deepest = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    ours = [place for place, name in enumerate(deepest) if "sharedtrunk" in name]
    called = deepest[max(ours, default=-1) + 1 :]
    if isinstance(error, ValueError | TypeError | RuntimeWarning) and called and "sklearn" in called[0]:
        return None
    return "".join(traceback.format_exception(error)[-6:])


def _brief(given: Any) -> str:
    shape = getattr(given, "shape", None)
    return f"{type(given).__name__} {getattr(given, 'dtype', '')} {shape}" if shape is not None else repr(given)[:80]


if __name__ == "__main__":
    main(classifier)

"""Tables that come with scikit-learn and statsmodels, with several tasks for each row.

If a task is made from a measurement, the measurement and columns derived from it are removed from the features, because
these give the label away. `~ x` means "high where x is above its median, else low".

=============  ======  =========================  ====================================================================
name           rows    main (classes)             other tasks, and the features that are removed for them
=============  ======  =========================  ====================================================================
digits         1797    digit (10)                 parity (odd, even), loop (a closed loop: 0, 6, 8, 9), half (5 and
                                                  more), prime (2, 3, 5, 7), third (remainder by 3): functions of the
                                                  digit; features are the 64 pixels, nothing is removed
breast_cancer  569     diagnosis (benign,         size (~ mean radius; all 9 of radius, perimeter, area), texture,
                       malignant)                 smoothness, concavity, symmetry, fractal (~ its mean; all 3 of mean,
                                                  error and worst; concavity takes concave points along)
wine           178     cultivar (3)               alcohol, color, hue, proline, malic (~ of that column, which is removed)
iris           150     species (3)                sepal_width, sepal_length (~ of that column, which is removed)
anes96         944     vote (Clinton, Dole)       PID, selfLR, ClinLR, DoleLR, educ, income, TVnews: each in bands of its
                                                  answers; its column is removed. Features: age, popul, logpopul
                                                  and the questions that are not among the tasks
=============  ======  =========================  ====================================================================

Digits, breast cancer, wine and iris come with scikit-learn; ANES 1996 with statsmodels (an extra). Nothing is downloaded.
"""

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np

from sharedtrunk._support.words import closest, shown
from sharedtrunk.errors import invalid
from sharedtrunk.tables import _limits
from sharedtrunk.tables._arrays import from_arrays
from sharedtrunk.tables._table import Table


@dataclass(frozen=True)
class _Source:
    """Features (sample, feature), their names, labels by task, the features that each task removes, the default tasks."""

    features: np.ndarray
    names: tuple[str, ...]
    labels: dict[str, np.ndarray]
    removed_by: dict[str, tuple[str, ...]]
    default_tasks: tuple[str, ...]


def bundled(
    name: str, *, tasks: Sequence[str] | None = None, labels: int | None = None, seed: int = 0
) -> tuple[Table, str]:
    """Load a table that comes with scikit-learn or statsmodels, and the name of its main task.

    The tasks are described at the top of this module. Nothing is downloaded.

    Parameters
    ----------
    name
        One of `BUNDLED`.
    tasks
        Which of its tasks, the main one first; None: the default tasks.
    labels
        Number of rows that keep the main label; all others lose it. None: all rows keep it.
    seed
        Seed of the draw of those rows.

    Returns
    -------
    Table, str

    Raises
    ------
    InputError
        For an unknown name or task, a package that is not installed, and too few or too many labels.
    """
    if name not in _SOURCES:
        hint = f"{closest(name, BUNDLED)} A file of yours is read by its path."
        raise invalid("the name is that of a bundled table", received=shown(name), hint=hint)
    source = _SOURCES[name]()
    chosen = tuple(tasks) if tasks is not None else source.default_tasks
    for task in chosen:
        if task not in source.labels:
            rule = f"a task must be one of those that {name} has"
            raise invalid(rule, received=shown(task), hint=closest(task, list(source.labels)))
    if not chosen or len(set(chosen)) < len(chosen):
        raise invalid("one task or more are named, each once", received=list(chosen), hint="Correct the names.")
    removed = {column for task in chosen for column in source.removed_by.get(task, ())}
    kept = [j for j, column in enumerate(source.names) if column not in removed]
    table = from_arrays(
        source.features[:, kept],
        {task: source.labels[task] for task in chosen},
        feature_names=[source.names[j] for j in kept],
    )
    return _with_fewer_labels(table, chosen[0], labels, seed), chosen[0]


def _with_fewer_labels(table: Table, main: str, labels: int | None, seed: int) -> Table:
    if labels is None:
        return table
    codes = table.labels[main]
    rows = np.flatnonzero(codes >= 0)
    if not _limits.LEAST_LABELLED <= labels <= len(rows):
        rule = f"between {_limits.LEAST_LABELLED} and {len(rows)} rows keep the main label"
        raise invalid(rule, received=str(labels), hint="Ask for another number of labels.")
    kept = np.random.default_rng(seed).permutation(rows)[:labels]
    fewer = np.full_like(codes, -1)
    fewer[kept] = codes[kept]
    note = f"The label of {shown(main)} is kept in {labels} random rows of {len(rows)}."
    return replace(table, labels={**table.labels, main: fewer}, notes=(*table.notes, note))


def _digits() -> _Source:
    loaded = _library("sklearn.datasets", "scikit-learn").load_digits()
    digit = loaded.target
    labels = {
        "digit": digit,
        "parity": np.where(digit % 2 == 0, "even", "odd"),
        "loop": np.where(np.isin(digit, (0, 6, 8, 9)), "loop", "no loop"),
        "half": np.where(digit >= 5, "upper", "lower"),
        "prime": np.where(np.isin(digit, (2, 3, 5, 7)), "prime", "not prime"),
        "third": digit % 3,
    }
    return _Source(loaded.data, tuple(loaded.feature_names), labels, {}, tuple(labels))


def _breast_cancer() -> _Source:
    loaded = _library("sklearn.datasets", "scikit-learn").load_breast_cancer()
    names = tuple(str(name) for name in loaded.feature_names)
    stems = {
        "size": ("radius", "perimeter", "area"),
        "texture": ("texture",),
        "smoothness": ("smoothness",),
        "concavity": ("concavity", "concave points"),
        "symmetry": ("symmetry",),
        "fractal": ("fractal dimension",),
    }
    labels = {"diagnosis": np.array(["malignant", "benign"])[loaded.target]}
    labels |= {task: _halves(loaded.data[:, names.index(f"mean {stem[0]}")]) for task, stem in stems.items()}
    removed_by = {task: tuple(name for name in names if any(s in name for s in stem)) for task, stem in stems.items()}
    return _Source(loaded.data, names, labels, removed_by, ("diagnosis", "texture", "smoothness", "symmetry"))


def _wine() -> _Source:
    loaded = _library("sklearn.datasets", "scikit-learn").load_wine()
    columns = {
        "alcohol": "alcohol",
        "color": "color_intensity",
        "hue": "hue",
        "proline": "proline",
        "malic": "malic_acid",
    }
    names = tuple(loaded.feature_names)
    return _measured(
        loaded.data, names, {"cultivar": loaded.target}, columns, ("cultivar", "alcohol", "color", "malic")
    )


def _iris() -> _Source:
    loaded = _library("sklearn.datasets", "scikit-learn").load_iris()
    columns = {"sepal_width": "sepal width (cm)", "sepal_length": "sepal length (cm)"}
    species = np.array([str(name) for name in loaded.target_names])[loaded.target]
    names = tuple(loaded.feature_names)
    return _measured(loaded.data, names, {"species": species}, columns, ("species", "sepal_width", "sepal_length"))


def _measured(
    features: np.ndarray,
    names: tuple[str, ...],
    main: dict[str, np.ndarray],
    columns: dict[str, str],
    default_tasks: tuple[str, ...],
) -> _Source:
    """The main task, and one task for each of the columns: whether its value is above the median."""
    labels = main | {task: _halves(features[:, names.index(column)]) for task, column in columns.items()}
    return _Source(features, names, labels, {task: (column,) for task, column in columns.items()}, default_tasks)


def _halves(values: np.ndarray) -> np.ndarray:
    return np.where(values > np.median(values), "high", "low")


def _anes96() -> _Source:
    frame = _library("statsmodels.datasets.anes96", "statsmodels").load_pandas().data
    bands = {
        "vote": ((1,), ("Clinton", "Dole")),
        "PID": ((2, 5), ("Democrat", "independent", "Republican")),
        "selfLR": ((4, 5), ("liberal", "moderate", "conservative")),
        "ClinLR": ((3, 4), ("liberal", "slightly liberal", "moderate or conservative")),
        "DoleLR": ((5, 6), ("moderate or liberal", "slightly conservative", "conservative")),
        "educ": ((4, 6), ("levels 1 to 3", "levels 4 and 5", "levels 6 and 7")),
        "income": ((15, 20), ("below 25,000", "25,000 to 50,000", "50,000 and more")),
        "TVnews": ((2, 6), ("0 or 1", "2 to 5", "6 or 7")),
    }
    labels = {
        task: np.array(names)[np.searchsorted(edges, frame[task].to_numpy(), side="right")]
        for task, (edges, names) in bands.items()
    }
    default_tasks = ("vote", "PID", "educ", "TVnews")
    columns = tuple(str(name) for name in frame.columns)
    return _Source(frame.to_numpy(np.float64), columns, labels, {task: (task,) for task in bands}, default_tasks)


def _library(module: str, package: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ImportError as error:
        hint = f"Install it: pip install {package}."
        raise invalid(f"this table comes with {package}", received=f"no {package} here", hint=hint) from error


_SOURCES: dict[str, Callable[[], _Source]] = {
    "digits": _digits,
    "breast_cancer": _breast_cancer,
    "wine": _wine,
    "iris": _iris,
    "anes96": _anes96,
}

BUNDLED = tuple(_SOURCES)
"""The names of the bundled tables."""

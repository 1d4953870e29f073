"""The bundled tables: the tasks mean what they say, the label is not among the features, labels are thinned as asked."""

import numpy as np
import pytest

from sharedtrunk.errors import InputError
from sharedtrunk.tables import BUNDLED, bundled, leaks


def _names(table, task):
    return np.array(table.classes[task], object)[table.labels[task]]


@pytest.mark.parametrize("name", BUNDLED)
def test_every_table_is_whole_and_its_features_hold_no_label(name):
    if name == "anes96":
        pytest.importorskip("statsmodels")
    table, main = bundled(name)
    rows = len(table.features)
    assert main == next(iter(table.labels))
    assert len(table.labels) >= 3
    for task, codes in table.labels.items():
        times = np.bincount(codes, minlength=len(table.classes[task]))
        assert len(codes) == rows
        assert times.min() >= 0.15 * rows / (len(times) - 1)  # no class is a handful of rows
    assert np.isfinite(table.features).all()
    assert not [leak for leak in leaks(table, main) if leak.kind.startswith("feature")]


def test_digits():
    table, main = bundled("digits")
    assert (main, table.features.shape) == ("digit", (1797, 61))
    digit = _names(table, "digit").astype(int)
    expected = {
        "parity": {"odd": {1, 3, 5, 7, 9}},
        "loop": {"loop": {0, 6, 8, 9}},
        "half": {"upper": {5, 6, 7, 8, 9}},
        "prime": {"prime": {2, 3, 5, 7}},
        "third": {0: {0, 3, 6, 9}, 1: {1, 4, 7}},
    }
    for task, classes in expected.items():
        for name, digits in classes.items():
            assert set(digit[_names(table, task) == name]) == digits
    found = {leak.other for leak in leaks(table, main) if leak.kind == "auxiliary follows from main"}
    assert found == set(expected)


def test_what_a_task_is_made_of_leaves_the_features_only_with_the_task():
    table, _ = bundled("breast_cancer", tasks=("diagnosis", "size", "concavity"))
    assert len(table.feature_names) == 30 - 9 - 6
    assert not [name for name in table.feature_names if "radius" in name or "concav" in name]
    assert "mean texture" in table.feature_names
    assert (_names(bundled("breast_cancer")[0], "diagnosis") == "malignant").sum() == 212


def test_the_label_of_a_measurement_is_its_upper_half():
    import sklearn.datasets

    table, main = bundled("wine", tasks=("hue", "cultivar"))
    hue = sklearn.datasets.load_wine(as_frame=True).data["hue"].to_numpy()
    assert main == "hue"
    assert "hue" not in table.feature_names
    np.testing.assert_array_equal(_names(table, "hue") == "high", hue > np.median(hue))


def test_anes96_questions_are_tasks_or_features():
    pytest.importorskip("statsmodels")
    table, _ = bundled("anes96", tasks=("vote", "income"))
    assert set(table.feature_names) == {
        "popul", "TVnews", "selfLR", "ClinLR", "DoleLR", "PID", "age", "educ", "logpopul",
    }  # fmt: skip
    assert np.bincount(table.labels["vote"]).tolist() == [551, 393]


def test_labels_of_the_main_task_are_thinned_at_random():
    whole, _ = bundled("digits")
    table, main = bundled("digits", labels=200, seed=1)
    kept = table.labels[main] >= 0
    assert kept.sum() == 200
    np.testing.assert_array_equal(table.labels[main][kept], whole.labels[main][kept])
    np.testing.assert_array_equal(table.labels["parity"], whole.labels["parity"])
    other = bundled("digits", labels=200, seed=2)[0].labels[main] >= 0
    assert (kept & other).sum() < 60  # two draws of 200 of 1797 share about 22
    np.testing.assert_array_equal(bundled("digits", labels=200, seed=1)[0].labels[main], table.labels[main])
    counts = sum((bundled("digits", labels=200, seed=s)[0].labels[main] >= 0).astype(int) for s in range(8))
    assert counts.max() <= 7  # expected 0.9; the first rows are not preferred


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("digit", {}, "the name is that of a bundled table; got 'digit'. Did you mean 'digits'"),
        (
            "digits",
            {"tasks": ["loops"]},
            "a task must be one of those that digits has; got 'loops'. Did you mean 'loop'",
        ),
        ("digits", {"tasks": []}, "one task or more"),
        ("digits", {"tasks": ["loop", "loop"]}, "each once"),
        ("iris", {"labels": 151}, "between 30 and 150 rows keep the main label; got 151"),
        ("iris", {"labels": 10}, "between 30 and 150"),
    ],
)
def test_bad_requests(name, arguments, message):
    with pytest.raises(InputError, match=message):
        bundled(name, **arguments)


def test_a_missing_package_is_named(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "statsmodels", None)
    monkeypatch.setitem(sys.modules, "statsmodels.datasets.anes96", None)
    with pytest.raises(InputError, match=r"no statsmodels here. Install it: pip install statsmodels"):
        bundled("anes96")


def test_importing_the_room_imports_no_heavy_library():
    import subprocess
    import sys

    heavy = "{'jax', 'sklearn', 'pandas', 'pyarrow', 'statsmodels', 'matplotlib'}"
    code = f"import sys, sharedtrunk.tables; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""Arrays from the cache: the same bits, made once, and never an error."""

import numpy as np
import pytest

from sharedtrunk import gaussian
from sharedtrunk._support.cache import arrays
from sharedtrunk._support.cache.arrays import stored_arrays
from sharedtrunk._support.cache.folder import VARIABLE
from sharedtrunk.gaussian import _control_variate_tables, _rules

ARRAYS = [np.arange(6.0).reshape(2, 3) / 7, np.array(0.1), np.zeros((0, 2))]


class Maker:
    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return ARRAYS


def assert_same(found):
    assert [array.dtype for array in found] == [array.dtype for array in ARRAYS]
    assert [array.tobytes() for array in found] == [array.tobytes() for array in ARRAYS]
    assert [array.shape for array in found] == [array.shape for array in ARRAYS]


def test_arrays_are_made_once_for_the_same_words(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    make = Maker()
    for _ in range(2):
        assert_same(stored_arrays(("words", 1), make))
    assert make.calls == 1
    stored_arrays(("words", 2), make)
    assert make.calls == 2


def test_other_code_makes_them_anew(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    make = Maker()
    for code in ("one", "two"):
        monkeypatch.setattr(arrays, "process_fingerprint", lambda code=code: code)
        stored_arrays("words", make)
    assert make.calls == 2


def test_without_a_folder_nothing_is_written(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, "")
    monkeypatch.chdir(tmp_path)
    make = Maker()
    for _ in range(2):
        assert_same(stored_arrays("words", make))
    assert make.calls == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", [lambda content: content[:40], lambda content: b"", lambda _: b"no zip file at all"])
def test_a_damaged_file_is_made_anew(monkeypatch, tmp_path, damage):
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    make = Maker()
    stored_arrays("words", make)
    (path,) = tmp_path.iterdir()
    path.write_bytes(damage(path.read_bytes()))
    assert_same(stored_arrays("words", make))
    assert make.calls == 2
    assert_same(stored_arrays("words", make))
    assert make.calls == 2


def test_a_folder_that_cannot_be_written_is_no_error(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file"))
    assert_same(stored_arrays("words", Maker()))


def test_nodes_and_tables_come_back_bit_by_bit(monkeypatch, tmp_path):
    rule = gaussian.Sobol(points=64, scrambles=4)

    def fresh():
        _rules.half_nodes.cache_clear()
        _control_variate_tables.tables.cache_clear()
        return [_rules.half_nodes(rule, 3), *_control_variate_tables.tables(rule, 4, second_order=True)]

    monkeypatch.setenv(VARIABLE, "")
    made = fresh()
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    fresh()
    monkeypatch.setattr(_rules, "antithetic_half", None)
    monkeypatch.setattr(_control_variate_tables, "_over_nodes", None)
    assert [array.tobytes() for array in fresh()] == [array.tobytes() for array in made]

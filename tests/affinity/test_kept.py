"""Kept trainings: the computed outcome bit for bit, found again after a stop, never for another question."""

import ast
import dataclasses
from pathlib import Path

import pytest

from patience_problems import QUICK, table
from sharedtrunk.affinity import _kept, _trials, advise, affinity_matrix
from sharedtrunk.affinity._kept import Kept
from sharedtrunk.affinity._rows import prepared_rows
from sharedtrunk.affinity._splits import nested_ranks, split_roles, with_rest
from sharedtrunk.affinity._trials import Arm, run_trials
from sharedtrunk.errors import InputError

ARMS = [Arm((1.0, 0.0, 0.0)), Arm((1.0, 1.0, 0.0)), Arm((1.0, 0.0, 1.0), judged=(0, 2))]


def _outcomes(kept, of=None, student=QUICK, seed=0, **how):
    rows = prepared_rows(of or table(), ["main", "same", "coin"], ["main", "coin"], seed=0)
    strata = rows.codes[0, : rows.judged]
    roles = with_rest(split_roles(strata, folds=10, repeats=1, seed=0)[:4], len(rows.numbers) - rows.judged)
    return run_trials(rows, ARMS, roles, nested_ranks(strata, seed=0), student, seed=seed, kept=kept, **how)


def _bits(found):
    return {case: [(part.dtype, part.tobytes()) for part in outcome] for case, outcome in found.items()}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_kept_outcome_is_the_computed_one_bit_for_bit(tmp_path, dtype):
    student = dataclasses.replace(QUICK, dtype=dtype)
    made = _bits(_outcomes(None, student=student))
    first, second = Kept(tmp_path), Kept(tmp_path)
    assert _bits(_outcomes(first, student=student)) == made
    assert _bits(_outcomes(second, student=student)) == made
    assert (first.found, second.found) == (0, 4 * len(ARMS))


def test_another_question_finds_nothing(tmp_path, monkeypatch):
    _outcomes(Kept(tmp_path))
    for other in ({"of": table(shift=1e-9)}, {"student": dataclasses.replace(QUICK, tol=0.002)}, {"seed": 1}):
        kept = Kept(tmp_path)
        _outcomes(kept, **other)
        assert kept.found == 0
    monkeypatch.setattr(_kept, "training_code", lambda: b"other code")
    kept = Kept(tmp_path)
    _outcomes(kept)
    assert kept.found == 0


def test_a_damaged_file_is_made_again(tmp_path):
    made = _bits(_outcomes(Kept(tmp_path)))
    files = sorted(tmp_path.iterdir())
    assert len(files) == 4 * len(ARMS)
    files[0].write_bytes(files[0].read_bytes()[:-1] + b"?")
    files[1].write_bytes(b"")
    for found in (len(files) - 2, len(files)):
        kept = Kept(tmp_path)
        assert _bits(_outcomes(kept)) == made
        assert kept.found == found


def test_what_was_stopped_goes_on(tmp_path):
    made, seen = _bits(_outcomes(None)), []
    part = _outcomes(Kept(tmp_path), progress=seen.append, stop=lambda: bool(seen))
    trained = sum(int(part[arm, 0].trained.sum()) for arm in ARMS)
    assert trained > 0  # how many batches end before the others are cancelled is a matter of time
    kept = Kept(tmp_path)
    assert _bits(_outcomes(kept)) == made
    assert kept.found >= trained  # batches that were running are kept too


def test_the_key_covers_every_module_that_trains():
    covered = {Path(str(module.__file__)) for module in (*_kept.MODULES, _trials)}
    folder = Path(str(_trials.__file__)).parent
    for file in covered:
        if file.parent == folder:
            nodes = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
            names = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
            inside = {name.rsplit(".", 1)[1] for name in names if name.startswith("sharedtrunk.affinity._")}
            assert {folder / f"{name}.py" for name in inside - {"_kept"}} <= covered, file


def test_the_cache_is_used_unless_it_is_off_and_the_oldest_go_first(tmp_path, monkeypatch):
    monkeypatch.setenv("SHAREDTRUNK_CACHE_DIR", "")
    assert Kept().folder is None
    monkeypatch.setenv("SHAREDTRUNK_CACHE_DIR", str(tmp_path / "cache"))
    where = Kept().folder
    assert where == tmp_path / "cache" / "trainings"
    _outcomes(Kept())
    files = sorted(where.iterdir(), key=lambda file: file.stat().st_mtime)
    monkeypatch.setattr(_kept, "MOST_BYTES", sum(file.stat().st_size for file in files[-3:]))
    Kept()
    assert sorted(where.iterdir()) == sorted(files[-3:])


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError):
        Kept(tmp_path / "file" / "folder")


def test_the_same_advice_and_matrix_with_everything_kept(tmp_path):
    how = {"student": QUICK, "repeats": 1, "keep": tmp_path}
    made, again = (advise(table(), "main", ["same", "coin"], **how) for _ in range(2))
    assert (made.conditions.kept, again.conditions.kept) == (0, again.conditions.trainings)
    assert (again.sets, again.alphas, again.best_set) == (made.sets, made.alphas, made.best_set)
    assert again.curve == made.curve
    assert not again.unfinished
    matrices = [affinity_matrix(table(), ["main", "same", "coin"], **how) for _ in range(2)]
    assert matrices[0].effects == matrices[1].effects
    assert [matrix.conditions["main"].kept for matrix in matrices] == [0, 60]


def test_a_folder_without_a_name_is_refused():
    with pytest.raises(InputError, match="a folder for trainings can be written; got an empty name"):
        Kept("")

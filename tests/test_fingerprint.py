import shutil
from pathlib import Path

from sharedtrunk import _fingerprint as fingerprint


def copy_of_package(tmp_path, monkeypatch):
    package = tmp_path / "sharedtrunk"
    shutil.copytree(Path(fingerprint.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprint, "__file__", str(package / "_fingerprint.py"))
    return package


def test_same_sources_anywhere_give_the_same_print(tmp_path, monkeypatch):
    before = fingerprint.fingerprint()
    copy_of_package(tmp_path, monkeypatch)
    assert fingerprint.fingerprint() == before
    assert len(before) == 16


def test_it_changes_with_numerical_code_and_not_with_pictures(tmp_path, monkeypatch):
    package = copy_of_package(tmp_path, monkeypatch)
    before = fingerprint.fingerprint()
    (package / "plots" / "_stripes.py").write_text("# another picture\n")
    (package / "cli.py").write_text("# another command line\n")
    assert fingerprint.fingerprint() == before
    seen = {before}
    for place in ("trajectory.py", "_randomness.py", "teachers/_new.py", "gaussian/deep/_new.py"):
        path = package / place
        path.parent.mkdir(exist_ok=True)
        path.write_text("# changed\n")
        seen.add(fingerprint.fingerprint())
    assert len(seen) == 5


def test_it_changes_with_a_librarys_version(monkeypatch):
    before = fingerprint.fingerprint()
    monkeypatch.setattr(fingerprint, "library_versions", lambda names: dict.fromkeys(names, "9.9"))
    assert fingerprint.fingerprint() != before


def test_a_library_that_is_not_installed_is_absent():
    assert fingerprint.library_versions(("no_such_library_here",)) == {"no_such_library_here": "absent"}

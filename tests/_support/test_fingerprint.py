import shutil
import subprocess
import sys
from pathlib import Path

from sharedtrunk._support.cache import fingerprint


def copy_of_package(tmp_path, monkeypatch):
    package = tmp_path / "sharedtrunk"
    shutil.copytree(Path(fingerprint.__file__).parents[2], package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprint, "__file__", str(package / "_support" / "cache" / "fingerprint.py"))
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
    (package / "cli" / "_advise.py").write_text("# another command line\n")
    assert fingerprint.fingerprint() == before
    seen = {before}
    for name in ("flows/trajectory.py", "_support/randomness.py", "teachers/_new.py", "gaussian/deep/_new.py"):
        path = package / name
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


def test_it_covers_every_source_that_the_point_functions_import():
    code = (
        "import sys, sharedtrunk.prediction\n"
        "print(*[m.__file__ for n, m in sys.modules.items() if n.split('.')[0] == 'sharedtrunk'], sep='\\n')"
    )
    output = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    package = Path(fingerprint.__file__).parents[2]
    loaded = {Path(line).relative_to(package).as_posix() for line in output.splitlines()}
    covered = {name for name, _ in fingerprint._sources(package)}
    assert {"experiments/__init__.py", "flows/trajectory.py", "__init__.py"} <= loaded
    # Only the checks of what a caller gives, the wording of errors, how results are shown, and the writing and naming of
    # files decide no number.
    cache = "__init__ arrays entries fingerprint folder programs structure"
    undecided = [
        "checksum",
        "environment",
        "files",
        "forked",
        "json_files",
        "limits",
        "notebook",
        "words",
        *(f"cache/{x}" for x in cache.split()),
    ]
    assert loaded - covered == {"errors.py", *(f"_support/{name}.py" for name in undecided)}


def test_every_stored_program_is_covered():
    """A program whose code could change without the fingerprint would be loaded as it was before the change."""
    package = Path(fingerprint.__file__).parents[2]
    users = [path.relative_to(package) for path in package.rglob("*.py") if "\n@program\n" in path.read_text()]
    assert users
    assert {path.parts[0] for path in users} <= set(fingerprint.NUMERICAL_SOURCES)

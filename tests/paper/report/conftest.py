"""What the tests of this room share: a folder of results with a planted answer, and a headless browser."""

import shutil

import pytest

from report_problems import make_check, make_cube, make_decay, make_png, make_rows
from sharedtrunk import sweeps
from sharedtrunk._support.json_files import write_json
from sharedtrunk.paper import claims, figures


@pytest.fixture
def results(tmp_path):
    """Write a folder: `results(names, checks=…, theory=…, with_ledger=…)` → the folder."""
    folder = tmp_path / "results"

    def put(names=("fig2-left", "a1"), *, checks=None, theory=True, with_ledger=True, size="standard"):
        folder.mkdir(exist_ok=True)
        for name in names:
            figure = figures.FIGURES[name]
            judged = checks if checks is not None else [make_check(), make_check(stopping="honest", number=0.2)]
            record = {
                "figure": name,
                "checks": [check.record() for check in judged],
                "lanes": {"total": 108, "without_value": 0, "failures": {}, "largest_error": 1e-4},
                "provenance": {"command": f"sharedtrunk reproduce {name}", "seeds": [0, 1, 2], "commit": "c0ffee"},
            }
            write_json(folder / f"{figure.stem(size)}.json", record, checksum=True)
            for ending in figure.pictures:
                (folder / f"{figure.stem(size)}{ending}.png").write_bytes(make_png())
            if name in ("a1", "fig2-right"):
                dataset = make_cube(theory=theory).assign_attrs(figure=name, size=size)
                sweeps.write_dataset(dataset, folder / f"{figure.stem(size)}.nc")
            if name == "weight-decay":
                sweeps.write_dataset(
                    make_decay().assign_attrs(figure=name, size=size), folder / f"{figure.stem(size)}.nc"
                )
        if with_ledger:
            claims.write_json(folder / "ledger.json", make_rows(), seed=0, thorough=False)
        return folder

    return put


@pytest.fixture(scope="module")
def chromium():
    """A headless Chromium of the machine; tests that need one are skipped where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"none of {', '.join(names)} is on the PATH")
    playwright = pytest.importorskip("playwright.sync_api")
    switches = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
    switches += ("--disable-component-update", "--disable-sync")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=list(switches))
        yield browser
        browser.close()

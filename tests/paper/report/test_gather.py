"""What is read from a folder, and what is said of a folder that is none, or damaged."""

import base64
import io
import json

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from report_problems import make_check, make_cube, make_png, rewrite
from sharedtrunk import cli, sweeps
from sharedtrunk.errors import InputError
from sharedtrunk.paper import report
from sharedtrunk.paper.report import _png as pictures
from sharedtrunk.paper.report._gather import gather


def call(*words):
    return CliRunner().invoke(cli.app, [str(word) for word in words])


def spoil(folder, name, content):
    (folder / name).write_bytes(content)


def change(folder, **entries):
    rewrite(folder / "fig2-left.json", **entries)


def change_check(folder, **entries):
    record = json.loads((folder / "fig2-left.json").read_text())
    change(folder, checks=[{**record["checks"][0], **entries}])


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (lambda folder: spoil(folder, "fig2-left.json", b"{"), "must hold the checks of fig2-left"),
        (lambda folder: spoil(folder, "fig2-left.json", b"\xff\xfe"), "must hold the checks of fig2-left"),
        (lambda folder: spoil(folder, "fig2-left.json", b"[]"), "must hold the checks of fig2-left"),
        (lambda folder: change(folder, figure="fig2-right"), "the checks of fig2-right"),
        (lambda folder: change(folder, checks=[{"id": "x"}]), "KeyError"),
        (lambda folder: change_check(folder, number="many"), "ValueError"),
        (lambda folder: change_check(folder, verdict="certainly"), "no verdict is called 'certainly'"),
        (lambda folder: change_check(folder, colour="red"), "TypeError"),
        (lambda folder: change(folder, provenance=3), "TypeError"),
        (lambda folder: spoil(folder, "fig2-left.png", b"GIF89a"), "must be a PNG file"),
        (lambda folder: spoil(folder, "a1.nc", b"CDF\x01"), "must be a whole NetCDF file"),
        (lambda folder: spoil(folder, "ledger.json", b"{}"), "a stored ledger must be one"),
        (lambda folder: spoil(folder, "ledger.json", b"[" * 100_000), "ledger.json (it has no checksum"),
        (lambda folder: spoil(folder, "fig2-left.json", b"[" * 100_000), "fig2-left.json (it has no checksum"),
    ],
)
def test_damaged_files_are_told_in_one_line(results, damage, complaint):
    folder = results()
    damage(folder)
    done = call("report", "--out", folder)
    assert done.exit_code == 2
    assert complaint in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (folder / "report.html").exists()


@pytest.mark.long
def test_one_changed_byte_is_refused_with_the_command_that_makes_the_file_again(results):
    folder = results(["fig2-left"])
    commands = {
        "fig2-left.json": "Make it again: sharedtrunk reproduce fig2-left",
        "fig2-left.png": "Make it again: sharedtrunk reproduce fig2-left",
        "ledger.json": "Make it again: sharedtrunk claims --json",
    }
    for name, command in commands.items():
        whole = (folder / name).read_bytes()
        for place in range(0, len(whole), 7):
            changed = bytearray(whole)
            changed[place] ^= 1
            spoil(folder, name, bytes(changed))
            with pytest.raises(InputError) as refused:
                gather(folder)
            assert name in str(refused.value), place
            assert command in str(refused.value), place
        spoil(folder, name, whole)
    assert len(gather(folder).figures) == 1


def test_a_shortened_picture_is_refused(results):
    folder = results(["fig2-left"])
    spoil(folder, "fig2-left.png", (folder / "fig2-left.png").read_bytes()[:-20])
    with pytest.raises(InputError, match="a whole PNG file"):
        gather(folder)


def test_folders_that_are_none(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    (tmp_path / "empty").mkdir()
    for folder, received in ((tmp_path / "none", "no folder"), (file, "a file"), (tmp_path / "empty", "without any")):
        with pytest.raises(InputError, match=f"got .*{received}.*sharedtrunk reproduce all --out") as error:
            report.write(folder)
        assert str(folder) in str(error.value)
    assert not (tmp_path / "none").exists()


def test_a_folder_of_quick_figures_alone_says_how_to_report_them(results):
    folder = results(["a1"])
    (folder / "a1.json").rename(folder / "a1-quick.json")
    with pytest.raises(InputError, match=r"a folder without any but quick ones, .*\. Add --quick\.$"):
        gather(folder)


def test_a_page_that_cannot_be_written(results, tmp_path):
    folder = results()
    done = call("report", "--out", folder, "--page", tmp_path)
    assert done.exit_code == 2
    assert "a folder" in done.stderr


def test_the_command_says_where_the_page_is_and_what_is_missing(results, tmp_path):
    folder = results(["fig2-left"], with_ledger=False)
    done = call("report", "--out", folder, "--page", tmp_path / "page.html")
    assert done.exit_code == 0
    assert (tmp_path / "page.html").is_file()
    assert "1 figure, " in done.stdout
    assert f"Missing   Figure A1 (a1): sharedtrunk reproduce a1 --out {folder}" in done.stdout
    assert f"sharedtrunk claims --json {folder / 'ledger.json'}" in done.stdout


def test_a_folder_with_spaces_is_quoted(results, tmp_path):
    folder = tmp_path / "my results"
    results(["fig2-left"]).rename(folder)
    assert all(f"--out '{folder}'" in gap.command for gap in gather(folder).missing)


def test_the_first_cube_is_a1_and_figure_2_stands_in(results):
    assert gather(results(["fig2-right"])).cube[0].name == "fig2-right"
    assert gather(results(["fig2-right", "a1"])).cube[0].name == "a1"


def test_a_dataset_that_is_no_cube_is_no_explorer(results):
    folder = results(["a1"])
    flat = make_cube().isel(n_samples=0, drop=True).assign_attrs(figure="a1", size="standard")
    sweeps.write_dataset(flat, folder / "a1.nc")
    assert gather(folder).cube is None


def test_stored_rows_are_judged_from_the_folder_not_from_the_file(results):
    folder = results()
    path = folder / "ledger.json"
    rows = {row.claim.key: row for row in gather(folder).ledger.rows}
    stored = json.loads(path.read_text())
    ours = next(key for key in rows if rows[key].claim.figures == ("fig2-left",))
    stale = {**stored["claims"][0], "key": ours}
    rewrite(path, claims=[*stored["claims"], stale])
    again = {row.claim.key: row for row in gather(folder).ledger.rows}
    assert again[ours].claim.statement == rows[ours].claim.statement
    assert len(again) == len(rows)


def test_a_check_without_numbers_is_read(results):
    folder = results(checks=[make_check(verdict="not measured", number=float("nan"), low=float("nan"))])
    assert gather(folder).figures[0].checks[0].verdict == "not measured"
    assert "not measured" in report.write(folder).path.read_text()


def test_large_pictures_lose_colours_but_keep_their_own(tmp_path):
    quiet = np.random.default_rng(0).integers(0, 30, (200, 300, 3), dtype=np.uint8)
    quiet[:100] = (13, 8, 135)  # a plain area, as of a plot's line
    noisy = io.BytesIO()
    Image.fromarray(quiet).save(noisy, "PNG")
    (tmp_path / "noisy.png").write_bytes(noisy.getvalue())
    picture = pictures.read_picture(tmp_path / "noisy.png", "")
    assert (picture.width, picture.height) == (300, 200)
    several = {("noisy", ""): picture}
    assert pictures.fitted(several, limit=len(picture.content)) == several
    smaller = pictures.fitted(several, limit=1)["noisy", ""]
    assert len(smaller.content) < len(picture.content)
    with Image.open(io.BytesIO(smaller.content)) as image:
        assert image.size == (300, 200)
        assert np.abs(np.asarray(image.convert("RGB"), int)[:100] - (13, 8, 135)).max() <= 2


def test_pictures_below_the_limit_stay_as_they_are(results):
    page = report.write(results(["fig2-left"])).path.read_text()
    assert base64.b64encode(make_png()).decode() in page

"""The page as text: what stands in it, and that nothing in it points outside."""

import dataclasses
import html
import json
import re
import subprocess
import sys

import pytest

from report_problems import GRID, benefit, make_check, rewrite
from sharedtrunk.paper import report
from sharedtrunk.paper.figures import FIGURES
from sharedtrunk.paper.report import _page


def page_of(folder, **how):
    made = report.write(folder, **how)
    text = made.path.read_text(encoding="utf-8")
    assert made.bytes == len(text.encode())
    return text


def said(page):
    """The words of the page without its markup, style and scripts."""
    body = re.sub(r"<(style|script).*?</\1>", "", page, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def test_the_numbers_of_the_checks_stand_on_the_page(results):
    words = said(page_of(results(checks=[make_check(number=0.1234567, standard_error=0.0089, low=0.08, high=0.16)])))
    assert "+0.1235 ± 0.0089 nats" in words
    assert "+0.0800 … +0.1600" in words
    assert "What grows-with-relatedness says (N = 800)." in words
    assert "holds 1 of 1 checks with oracle stopping" in words


def test_details_are_listed_but_not_counted(results):
    detail = dataclasses.replace(make_check("under-one-choice", "fails"), detail=True)
    words = said(page_of(results(["fig2-left"], checks=[make_check(), detail])))
    assert "holds 1 of 1 checks with oracle stopping" in words
    assert "2 checks Checks of Figure 2, left" in words


def test_a_figure_that_knows_no_stopping_counts_all_its_checks(results):
    words = said(
        page_of(results(["fig2-left"], checks=[make_check("one", stopping=""), make_check("two", stopping="")]))
    )
    assert "holds 2 of 2 checks 2 checks Checks of" in words


def test_every_row_of_the_ledger_stands_on_the_page(results):
    words = said(page_of(results()))
    for part in ("(2)", "Only if K = 2.", "K = 9: 0.4 (limit: ≤ 0.05)", "Counterexample: K = 9", "training follows"):
        assert part.lower() in words.lower()


def test_the_explorer_of_weight_decay_has_every_axis(results):
    page = page_of(results(["weight-decay"]))
    data = json.loads(re.search(r'id="decay-data">(.*?)</script>', page, re.S)[1])
    axes = {axis["symbol"]: axis for axis in data["axes"]}
    assert (axes["s_aux"]["values"], axes["s_aux"]["places"], axes["s_aux"]["base"]) == ([1.0, 10.0], [1, 0], 1)
    assert axes["N_f"]["others"] == "s_aux = 10"
    flat = (1 * 3 + 1) * 2 + 1  # K = 10, s_aux = 1, r = 1
    assert data["values"]["benefit"]["mean"][flat] == pytest.approx(0.01, abs=1e-5)


def test_without_its_dataset_there_is_no_explorer_of_weight_decay(results):
    assert "decay-data" not in re.sub(r"<script>.*?</script>", "", page_of(results(["a1"])), flags=re.S)


def test_the_explorer_has_the_cube(results):
    page = page_of(results())
    cube = json.loads(re.search(r'id="cube">(.*?)</script>', page, re.S)[1])
    place = [GRID[axis].index(value) for axis, value in zip(GRID, (800, 1.0, 10.0, 1.0), strict=False)]
    flat = 0
    for axis, index in zip(GRID, place, strict=False):
        flat = flat * len(GRID[axis]) + index
    assert cube["values"]["benefit"]["mean"][flat] == pytest.approx(benefit(800, 1.0, 10.0, 1.0, 1), abs=1e-5)
    # seeds at −0.01, 0, 0.01: deviation 0.01, over √3
    assert cube["values"]["benefit"]["error"][flat] == pytest.approx(0.01 / 3**0.5, abs=1e-5)
    assert cube["values"]["benefit"]["seeds"][flat] == 3


def test_nothing_on_the_page_points_outside(results):
    page = page_of(results())
    addresses = re.findall(r"""(?:src|href|srcset|action|data)=["']([^"']*)["']""", page)
    assert addresses
    assert all(address.startswith(("#", "data:")) for address in addresses)
    assert not re.search(r"url\(|@import|<link[^>]+stylesheet|<iframe|\bfetch\(|XMLHttpRequest|import\(", page)
    assert "default-src 'none'" in page


def test_whatever_comes_from_data_is_escaped(results):
    hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    check = make_check(statement=hostile, case=hostile, reason=hostile, criterion='"><b>')
    folder = results(checks=[check])
    rewrite(folder / "fig2-left.json", provenance={"command": hostile, "settings": {"<i>": [hostile]}})
    page = page_of(folder)
    assert "<img src=x" not in page
    assert "alert(1)</script>" not in page
    assert "<b>W & V</b>" not in page
    assert hostile.lower() in said(page).lower() or html.escape(hostile).lower() in page.lower()


def test_json_cannot_end_its_element():
    text = str(_page.embedded({"name": "</script><!--\u2028"}))
    assert "<" not in text
    assert json.loads(text) == {"name": "</script><!--\u2028"}


def test_code_is_marked_and_escaped():
    assert _page.with_code("say `a < b` & go") == "say <code>a &lt; b</code> &amp; go"
    assert _page.with_code("one ` alone") == "one  alone"


def test_what_is_missing_is_named_with_its_command(results):
    folder = results(["fig2-left"], with_ledger=False)
    made = report.write(folder)
    words = said(made.path.read_text())
    for name in set(FIGURES) - {"fig2-left"}:
        assert f"sharedtrunk reproduce {name} --out {folder}" in words
    assert f"sharedtrunk claims --json {folder / 'ledger.json'}" in words
    assert f"The explorer needs the dataset of Figure A1: sharedtrunk reproduce a1 --out {folder}" in words
    assert len(made.missing) == len(FIGURES) - 1 + 1


def test_a_figure_without_its_picture_says_how_to_draw_it(results):
    folder = results(["a1"])
    (folder / "a1.png").unlink()
    (folder / "a1-honest.png").unlink()
    assert f"sharedtrunk redraw a1 --out {folder}" in said(page_of(folder))


def test_figures_stand_in_the_order_of_the_registry(results):
    page = page_of(results(["a1", "fig2-right", "fig2-left"]))
    there = re.findall(r'<article class="figure" id="([^"]+)"', page)
    assert there == [name for name in FIGURES if name in ("a1", "fig2-right", "fig2-left")]


def test_a_companion_picture_has_a_switch(results):
    page = page_of(results(["fig2-left", "a1"]))
    assert re.findall(r'data-pictures="([^"]+)"', page) == ["a1"]
    assert page.count('<img src="data:image/png;base64,') == 3
    alts = re.findall(r'alt="([^"]*)"', page)
    assert all("Claim:" in alt and "Checks: " in alt for alt in alts)
    assert {"validation stopping" in alt for alt in alts if alt.startswith("Figure A1")} == {True, False}


def test_a_cube_without_theory_says_so(results):
    page = page_of(results(theory=False))
    assert "This dataset has no theory" in page
    assert re.search(r'id="theory" disabled', page)
    assert not re.search(r'id="theory" disabled', page_of(results(theory=True)))


def test_quick_figures_have_a_page_of_their_own(results):
    folder = results(size="quick")
    made = report.write(folder, size="quick")
    assert made.path == folder / "report-quick.html"
    assert "Quick grid" in made.path.read_text()


def test_the_same_files_give_the_same_bytes(results):
    folder = results()
    first = report.write(folder).path.read_bytes()
    assert report.write(folder, page=folder / "again.html").path.read_bytes() == first


@pytest.mark.long
def test_the_page_is_made_where_jax_is_not_installed(results):
    folder = results()
    block = "import sys; sys.modules.update(dict.fromkeys(['jax', 'jaxlib', 'equinox', 'diffrax', 'jaxtyping']))"
    code = f"{block}; sys.argv = ['', 'report', '--out', {str(folder)!r}]\nfrom sharedtrunk.cli import main\nmain()"
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert f"Page      {folder / 'report.html'}" in told
    assert (folder / "report.html").stat().st_size > 10_000

"""The page in a real browser, opened from disk with no network: sliders move the curve, filters filter, nothing complains."""

import re

import pytest

from report_problems import benefit, make_check
from sharedtrunk.paper import report

PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}


@pytest.fixture
def opened(chromium, results):
    """`opened(**how)` → the page, opened offline; whatever the console says or the page asks for fails the test."""
    complaints, contexts = [], []

    def watch(tab):
        tab.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: complaints.append(request.url) if is_outside(request.url) else None)

    def open_page(*, viewport=DESKTOP, scheme="light", **material):
        wide = make_check("wide", "undecided", "population", unit="nats per unit relatedness", case="N = 1600, " * 9)
        checks = [make_check(), make_check(stopping="honest"), make_check("unrelated-hurts", "fails"), wide]
        made = report.write(results(["fig2-left", "a1"], checks=checks, **material))
        contexts.append(chromium.new_context(viewport=viewport, color_scheme=scheme, offline=True))
        tab = contexts[-1].new_page()
        watch(tab)
        tab.goto(made.path.as_uri())
        return tab

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def is_outside(url):
    return not url.startswith(("file:", "data:"))


def state(tab):
    """What the explorer shows: the number, the chosen curve, the colours of the map."""
    return (
        tab.inner_text("#reading"),
        tab.get_attribute("#curve .chosen", "d"),
        tab.eval_on_selector_all("#map .cell", "cells => cells.map(cell => cell.style.fill).join()"),
    )


def visible_rows(tab):
    return tab.eval_on_selector_all("#rows tbody tr", "rows => rows.filter(row => !row.hidden).map(row => row.id)")


def number(tab):
    """The benefit that the explorer says, in nats."""
    return float(re.search(r"Benefit ([+−][\d.]+)", tab.inner_text("#reading"))[1].replace("−", "-"))


@pytest.mark.parametrize("axis", ["n_samples", "s_main", "s_aux", "relatedness"])
def test_the_keyboard_moves_a_slider_and_the_explorer_follows(opened, axis):
    tab = opened()
    before = state(tab)
    assert number(tab) == pytest.approx(benefit(800, 10.0, 10.0, 1.0, 1), abs=1e-3)
    tab.focus(f"#at-{axis}")
    tab.keyboard.press("ArrowLeft")
    after = state(tab)
    assert after[0] != before[0]
    moved = {"n_samples": 100, "s_main": 1.0, "s_aux": 1.0, "relatedness": 0.5}
    at = {"n_samples": 800, "s_main": 10.0, "s_aux": 10.0, "relatedness": 1.0, axis: moved[axis]}
    assert number(tab) == pytest.approx(benefit(**at, seed=1), abs=1e-3)
    assert tab.get_attribute(f"#at-{axis}", "aria-valuetext") == f"{moved[axis]:g}"
    # The planted benefit knows nothing of s_main, and a curve over s_aux nothing of the point on it.
    assert (after[1] != before[1]) == (axis in ("n_samples", "relatedness"))
    assert (after[2] != before[2]) == (axis == "n_samples")


def test_the_mouse_moves_a_slider_and_chooses_a_cell(opened):
    tab = opened()
    before = state(tab)
    tab.click("#at-relatedness", position={"x": 4, "y": 10})
    after = state(tab)
    assert tab.inner_text("#value-relatedness") == "0"
    assert after[1] != before[1]
    assert number(tab) == pytest.approx(benefit(800, 10.0, 10.0, 0.0, 1), abs=1e-3)
    tab.locator("#map .cell").first.click()  # the lowest row and column
    assert (tab.inner_text("#value-s_aux"), tab.inner_text("#value-relatedness")) == ("0.1", "0")
    assert number(tab) == pytest.approx(benefit(800, 10.0, 0.1, 0.0, 1), abs=1e-3)


def test_the_explorer_of_weight_decay_follows_its_controls(chromium, results):
    tab = chromium.new_page()
    tab.goto(report.write(results(["weight-decay", "a1"])).path.as_uri())
    table = "#decay-numbers tbody"

    def cells():
        tab.evaluate("document.querySelector('#decay-explorer details').open = true")
        return [row.split("\t") for row in tab.inner_text(table).splitlines()]

    tab.select_option("#decay-axis", label="Auxiliary task’s SNR s_aux")
    assert [row[:2] for row in cells()] == [["1", "+0.0333 ± 0.0058"], ["10", "+0.3333 ± 0.0058"]]
    assert tab.locator("#decay-curve .dashed").count() == 1
    before = tab.get_attribute("#decay-curve .chosen", "d")
    tab.check("[name=decay-classes] >> nth=1")
    assert cells()[1][1].startswith("+0.1000")
    tab.check("[name=decay-kind][value=stopping]")
    assert tab.locator("#decay-curve .dashed").count() == 0
    assert tab.get_attribute("#decay-curve .chosen", "d") != before
    tab.focus("#decay-relatedness")
    tab.keyboard.press("ArrowLeft")
    assert cells()[1][1].startswith("−0.0100")
    tab.close()


def test_the_theory_comes_and_goes(opened):
    tab = opened()
    assert tab.locator("#curve .dashed").count() == tab.locator("#curve .bounds").count() == 1
    assert "Closure: +0.770" in tab.inner_text("#reading")
    assert "Bounds: +0.650 … +0.850" in tab.inner_text("#reading")
    tab.uncheck("#theory")
    assert tab.locator("#curve .dashed").count() == tab.locator("#curve .bounds").count() == 0
    assert "Closure" not in tab.inner_text("#reading")


def test_theory_that_is_not_stored_cannot_be_asked_for(opened):
    tab = opened(theory=False)
    assert tab.is_disabled("#theory")
    assert "has no theory" in tab.inner_text("#theory-reason")
    assert tab.locator("#curve .dashed").count() == 0


def test_validation_stopping_has_numbers_of_its_own_and_no_theory(opened):
    tab = opened()
    before = state(tab)
    tab.check(".controls [value=benefit_honest]")
    after = state(tab)
    assert number(tab) == pytest.approx(benefit(800, 10.0, 10.0, 1.0, 1) / 2, abs=1e-3)
    assert "validation stopping" in after[0]
    assert after[2] != before[2]
    assert tab.locator("#curve .dashed").count() == 0
    assert "not drawn" in tab.inner_text("#key")


def test_a_figure_switches_to_its_companion(opened):
    tab = opened()
    pictures = tab.locator("#a1 .picture")
    assert [pictures.nth(place).is_visible() for place in (0, 1)] == [True, False]
    tab.check("#a1 [value=-honest]")
    assert [pictures.nth(place).is_visible() for place in (0, 1)] == [False, True]


def test_the_ledger_is_searched_filtered_and_sorted(opened):
    tab = opened()
    every = visible_rows(tab)
    tab.fill("#search", "EQUATION enough")
    assert visible_rows(tab) == ["claim-eq-3"]
    assert tab.inner_text("#shown") == f"1 of {len(every)} rows"
    tab.fill("#search", "no such words anywhere")
    assert visible_rows(tab) == []
    tab.fill("#search", "")
    tab.click("[data-verdict=fails] >> nth=0")
    assert "claim-eq-24" in visible_rows(tab)
    assert "claim-eq-2" not in visible_rows(tab)
    tab.click(".filters button >> nth=0")
    assert visible_rows(tab) == every
    tab.click("[data-sort=place]")
    assert visible_rows(tab) == every[::-1]
    tab.click("[data-sort=verdict]")
    assert visible_rows(tab)[0] == "claim-eq-24"
    assert tab.locator("th[aria-sort]").count() == 1


@pytest.mark.parametrize("viewport", [PHONE, {"width": 390, "height": 844}, DESKTOP])
def test_the_page_never_scrolls_sideways(opened, viewport):
    tab = opened(viewport=viewport)
    for place in ("closed", "open"):
        width = tab.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], place
        tab.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")


def test_the_plots_follow_the_width(opened):
    tab = opened()
    wide = tab.get_attribute("#curve", "viewBox")
    tab.set_viewport_size(PHONE)
    tab.wait_for_function(f"document.getElementById('curve').getAttribute('viewBox') !== '{wide}'")
    assert int(tab.get_attribute("#curve", "viewBox").split()[2]) < PHONE["width"]


@pytest.mark.long
def test_dark_follows_the_system_and_the_button(opened):
    ink = "getComputedStyle(document.body).color"
    paper = "getComputedStyle(document.body).backgroundColor"
    light, dark = opened(), opened(scheme="dark")
    colours = [tab.evaluate(f"[{ink}, {paper}]") for tab in (light, dark)]
    assert all(one != other for one, other in zip(*colours, strict=True))
    light.click("#theme")
    assert light.evaluate(f"[{ink}, {paper}]") == colours[1]
    light.click("#theme")
    assert light.evaluate(f"[{ink}, {paper}]") == colours[0]


def contrast(one, other):
    """The contrast ratio of WCAG 2 between two colours "rgb(r, g, b)"."""

    def luminance(colour):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_stand_out_from_the_paper(opened, scheme):
    tab = opened(scheme=scheme)
    paper = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    for place in ("body", ".aside", ".answer", ".chip.holds", ".chip.fails", ".chip.holds-only-if", "#key", "summary"):
        ink = tab.evaluate(f"getComputedStyle(document.querySelector('{place}')).color")
        assert contrast(ink, paper) >= 4.5, place


def test_every_control_is_reached_by_the_tab_key_and_shows_it(opened):
    tab = opened()
    reached = []
    for _ in range(60):
        tab.keyboard.press("Tab")
        where = tab.evaluate(
            "(e => e.id || e.dataset.verdict || e.dataset.sort || e.textContent)(document.activeElement)"
        )
        reached.append(where)
        if where not in ("", None):
            style = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert style != "none", where
    wanted = ["theme", "at-n_samples", "at-s_main", "at-s_aux", "at-relatedness", "theory", "search", "fails", "place"]
    places = [reached.index(name) for name in wanted]
    assert reached[0] == "Skip to the summary"
    assert places == sorted(places)


def test_every_control_has_a_name(opened):
    tab = opened()
    nameless = tab.eval_on_selector_all(
        "input, button",
        """all => all
            .filter(e => !(e.labels?.[0]?.textContent ?? e.textContent ?? "").trim() && !e.ariaLabel)
            .map(e => e.outerHTML)""",
    )
    assert nameless == []


def test_the_page_reads_without_scripts(chromium, results):
    made = report.write(results())
    context = chromium.new_context(java_script_enabled=False, offline=True)
    tab = context.new_page()
    tab.goto(made.path.as_uri())
    assert tab.is_visible("text=Does the paper’s picture hold?")
    assert tab.is_visible("#a1 .picture img >> nth=0")
    assert tab.is_visible("#claim-eq-24")
    assert tab.is_visible("noscript p")
    assert not tab.is_visible(".controls")
    context.close()

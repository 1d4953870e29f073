import json

import numpy as np
import pytest
from test_checks import quiver

from sharedtrunk import plots, sweeps
from sharedtrunk.paper import claims, contrasts, figures
from sharedtrunk.paper.figures import _sensitivity as sensitivity
from sharedtrunk.paper.figures import _sensitivity_choices as choices
from sharedtrunk.paper.figures import _survival as survival

GRID = {axis: values for axis, values in choices.GRID.items() if axis != "choice"}
NAMES = ("standard", "noise: 2", "width: 30", choices.ALIGNED)
HELPS = claims.figure_claim(
    "helps", "fully related tasks help", claims.POSITIVE, lambda b: {"": contrasts.per_seed(b.sel(relatedness=1.0))}
)


def as_the_paper(n_samples, s_aux, relatedness, seed, **_):
    height = np.select([n_samples <= 100, n_samples < 1600], [0.0, 0.3], 0.001)
    return height * (relatedness - 0.2) * s_aux / (1 + s_aux) + 0.1 * quiver(seed)


@pytest.fixture
def by_choice(benefits):
    """A dataset over choices, each with a benefit of its own (a function) or the paper's."""

    def make(**other):
        def benefit(choice, **place):
            values = as_the_paper(**place)
            for name, function in other.items():
                values = np.where(choice == name, function(**place), values)
            return values

        return benefits(benefit, **GRID, choice=NAMES).transpose("choice", ...)

    return make


def constant(value):
    return lambda seed, **_: value + quiver(seed)


def fate(dataset):
    (found,) = survival.survivals([HELPS], dataset["benefit"], "oracle")
    return found


def test_every_choice_is_one_that_students_know_and_differs_from_the_standard():
    experiments = pytest.importorskip("sharedtrunk.experiments")
    standard = figures.StandardProblem().settings()
    for name, other in choices.CHOICES.items():
        experiments.StandardSettings.parse({**standard, **other, "tasks": 2})
        different = {key for key, value in other.items() if standard[key] != value}
        assert bool(different) == (name != choices.STANDARD), name
        # one thing at a time; the step is descent's own
        assert len(different - {"step"}) <= 1, name
    assert next(iter(choices.CHOICES)) == "standard"
    assert choices.CHOICES["start: aligned (TA)"] == {"start": "aligned"}
    assert set(choices.QUICK_GRID["choice"]) <= set(choices.CHOICES)


def test_the_grid_holds_all_that_figure_2_asks_for(by_choice):
    checks = figures.get("sensitivity").judge(by_choice())
    assert {check.verdict for check in checks if check.stopping == "oracle"} == {"holds"}
    figure_2 = {
        check.id for name in ("fig2-left", "fig2-right") for check in figures.get(name).judge(_one(by_choice()))
    }
    asked = {check.id.removesuffix("-under-every-choice") for check in checks if check.id.endswith("every-choice")}
    assert asked == figure_2
    assert len({(check.id, check.stopping) for check in checks}) == len(checks)


def _one(dataset):
    return dataset.isel(choice=0, drop=True)


def test_the_weakest_choice_decides_what_holds_under_every_one(by_choice):
    found = fate(by_choice(**{"noise: 2": constant(0.02)}))
    assert found.by_choice["standard"].verdict == "holds"
    assert found.by_choice["noise: 2"].verdict == found.under_every.verdict == "holds"
    assert found.under_every.case == "noise: 2"
    assert found.under_every.number == pytest.approx(found.by_choice["noise: 2"].number)
    assert found.under_every.cases == len(NAMES)
    left = figures.get("sensitivity").judge(by_choice(**{"width: 30": constant(-0.5)}))
    steps = next(c for c in left if (c.id, c.stopping) == ("related-helps-everywhere-under-every-choice", "oracle"))
    assert (steps.verdict, steps.case.split(", ")[0]) == ("fails", "width: 30")
    assert steps.case.startswith("width: 30, s_main = ")


@pytest.mark.parametrize(
    ("other", "verdict", "number", "said"),
    [
        ({}, "holds", 0, "standard: holds"),
        ({"noise: 2": constant(-0.5)}, "fails", 1, "standard: holds; fails under noise: 2"),
        ({"noise: 2": constant(0.0)}, "undecided", 1, "standard: holds; undecided under noise: 2"),
        (
            {"noise: 2": constant(0.0), "width: 30": constant(-0.5)},
            "fails",
            2,
            "standard: holds; undecided under noise: 2; fails under width: 30",
        ),
        ({name: constant(-0.5) for name in NAMES}, "holds", 0, "standard: fails"),
        ({name: constant(0.0) for name in NAMES}, "undecided", 0, "standard: undecided"),
        ({"standard": constant(0.0)}, "undecided", 3, f"standard: undecided; holds under {', '.join(NAMES[1:])}"),
    ],
)
def test_whether_the_verdict_is_that_of_the_standard_choice(by_choice, other, verdict, number, said):
    found = fate(by_choice(**other))
    check = found.as_standard
    assert (check.verdict, check.number, check.case) == (verdict, number, said)
    assert len(found.differing()) == number


def test_without_the_standard_choice_there_is_nothing_to_compare_with(by_choice):
    found = fate(by_choice().isel(choice=slice(1, None)))
    assert (found.as_standard.verdict, found.as_standard.reason) == ("not measured", "needs the choice standard")
    assert found.under_every.verdict == "holds"
    assert found.differing() == []


def test_the_picture_frames_who_differs_and_counts_them(by_choice):
    dataset = by_choice(**{"noise: 2": constant(-0.5)})
    figure = figures.get("sensitivity").draw(dataset)
    checks = [check for check in figures.get("sensitivity").judge(dataset) if check.stopping == "oracle"]
    by_name = {check.id: check for check in checks}
    differing = [check for check in checks if check.detail and check.verdict != by_name[_standard_of(check.id)].verdict]
    assert differing
    framed = [patch for axes in figure.axes for patch in axes.patches if patch.get_linewidth() > 1.5]
    assert len(framed) == len(differing)
    survivors = sum(check.verdict == "holds" for check in checks if check.id.endswith("-as-standard"))
    assert f" {survivors} have the same verdict under every choice" in figure.texts[1].get_text().replace("\n", " ")
    assert plots.render(figures.get("sensitivity").draw_validation(dataset), "png").startswith(b"\x89PNG")


def _standard_of(name):
    return f"{name.split(' / ')[0]} / standard"


def test_made_on_the_quick_grid_and_the_command_shows_no_details(tmp_path, toy_registry, blank_pictures):
    from sharedtrunk.cli import _terminal

    (outcome,) = figures.reproduce(["sensitivity"], tmp_path, quick=True, processes=1, seeds=2).outcomes
    dataset = sweeps.read_dataset(outcome.files["nc"])
    assert tuple(dataset["choice"].values.tolist()) == choices.QUICK_GRID["choice"]
    assert dataset["benefit"].dims == tuple(choices.GRID)
    stored = json.loads(outcome.files["json"].read_text())["checks"]
    details = [check for check in stored if check["detail"]]
    claims = sum(map(len, sensitivity.CLAIMS.values()))
    assert len(details) == 2 * claims * len(choices.QUICK_GRID["choice"])
    assert {check["verdict"] for check in details} >= {"holds"}
    shown = {check.statement for check in outcome.checks if not check.detail}
    assert _terminal.outcome_table(outcome).row_count == len(shown) == 2 * claims + 1
    assert {"png", "png-honest"} <= set(outcome.files)

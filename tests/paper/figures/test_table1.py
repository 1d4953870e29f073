import numpy as np
import pytest
from test_checks import quiver

from sharedtrunk import plots, sweeps
from sharedtrunk.paper import figures
from sharedtrunk.paper.claims import captions
from sharedtrunk.paper.figures import _table1 as table1

WAYS = ("oracle", "honest", "closure", "population")


@pytest.fixture
def tables(benefits):
    """A dataset with theory: every way says the same, the population flow what is said of a million points."""

    def make(function, **axes):
        dataset = benefits(function, **axes)
        infinite = benefits(function, **{**axes, "n_samples": (10**6,)})["benefit"].isel(n_samples=0, drop=True)
        return dataset.assign(benefit_closure=dataset["benefit"].copy(), benefit_population=infinite)

    return make


def as_the_table(n_samples, s_aux, relatedness, seed, **_):
    height = np.select([n_samples < 1600], [0.3], 0.003)
    return height * relatedness * (0.2 + s_aux / (1 + s_aux)) + 0.1 * quiver(seed)


def judged(dataset):
    return {(check.id, check.stopping): check for check in figures.get("table1").judge(dataset)}


def test_all_rows_hold_by_every_way_where_the_table_is_right(tables):
    checks = judged(tables(as_the_table))
    assert {check.verdict for check in checks.values()} == {"holds"}
    by_way = {way: {name for name, stopping in checks if stopping == way} for way in WAYS}
    assert by_way["oracle"] == by_way["honest"] == by_way["closure"]
    # what is said of limited data is not statement of infinite data
    assert by_way["oracle"] - by_way["population"] == {
        "c-weakly-related-grows", "c-weakly-related-grows-anywhere", "d-shrinks-with-data"
    }  # fmt: skip
    assert {name[0] for name in by_way["oracle"]} == {"a", "b", "c", "d"}


def test_all_rows_fail_where_it_is_wrong(tables):
    def against(n_samples, s_aux, relatedness, seed, **_):
        height = np.select([n_samples < 1600], [0.3], 0.9)
        return height * ((0.5 - relatedness) * s_aux / (1 + s_aux) + 0.2 * (1 - relatedness)) + 0.1 * quiver(seed)

    assert {check.verdict for check in judged(tables(against)).values()} == {"fails"}


@pytest.mark.parametrize(
    ("where", "row", "case"),
    [
        ({"n_samples": 200, "s_aux": 3.0, "relatedness": 0.0}, "a-unrelated-brings-nothing", "N = 200, s_aux = 3"),
        ({"n_samples": 800, "s_aux": 0.1, "relatedness": 0.5}, "b-related-grows-with-aux-snr", "N = 800, r = 0.5"),
        ({"n_samples": 400, "s_aux": 0.01, "relatedness": 0.0}, "c-weakly-related-grows", "N = 400, s_aux = 0.01"),
        ({"n_samples": 1600, "s_aux": 1.0, "relatedness": 0.75}, "d-small-with-abundant-data", "s_aux = 1, r = 0.75"),
    ],
)
def test_any_means_that_one_setting_decides_and_it_is_named(tables, where, row, case):
    dataset = tables(as_the_table)
    dataset["benefit"].loc[where] += 1.5
    checks = judged(dataset)
    found = checks[f"{row}-anywhere", "oracle"]
    assert found.verdict == "fails"
    assert set(found.case.split(", ")) == set(case.split(", "))
    assert found.cases > 1
    assert checks[row, "oracle"].number != checks[row, "honest"].number
    assert {checks[f"{row}-anywhere", way].verdict for way in ("honest", "closure")} == {"holds"}


def test_numbers_against_direct_sums(tables):
    dataset = tables(lambda n_samples, s_main, s_aux, relatedness, seed: np.sin(n_samples + 3 * s_main * s_aux + seed))
    checks, values = judged(dataset), dataset["benefit"]
    weak = values.sel(relatedness=0.25) - values.sel(relatedness=0.0)
    assert checks["c-weakly-related-grows", "oracle"].number == pytest.approx(float(weak[:3].mean()), abs=1e-12)
    size = float(abs(values.sel(n_samples=1600).mean("s_main")).mean())
    assert checks["d-small-with-abundant-data", "oracle"].number == pytest.approx(size)
    related = values.sel(relatedness=slice(0.25, 1.0))
    signal = related.sel(s_aux=slice(3, 100)).mean("s_aux") - related.sel(s_aux=slice(0.01, 0.3)).mean("s_aux")
    assert checks["b-related-grows-with-aux-snr", "oracle"].number == pytest.approx(float(signal.mean()))
    infinite = float(abs(dataset["benefit_population"].mean("s_main")).mean())
    assert checks["d-small-with-abundant-data", "population"].number == pytest.approx(infinite)


def test_what_is_lacking_is_told_or_left_out(tables):
    few = judged(tables(as_the_table, relatedness=(0.0, 0.5, 1.0), n_samples=(100, 1600)))
    lacking = {name for (name, way), check in few.items() if check.verdict == "not measured" and way == "oracle"}
    assert lacking == {"c-weakly-related-grows", "c-weakly-related-grows-anywhere", "d-shrinks-with-data"}
    assert "needs relatedness = 0.25" in few["c-weakly-related-grows", "oracle"].reason
    simulated = judged(tables(as_the_table)[["benefit", "benefit_honest"]])
    assert {way for _, way in simulated} == {"oracle", "honest"}


def test_the_picture_says_what_the_checks_say(tables):
    dataset = tables(as_the_table)
    figure = figures.get("table1").draw(dataset)
    checks = judged(dataset)
    written = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert written.count("✓ holds") == len(checks)
    assert {text.get_text() for text in figure.texts} >= set(captions.TABLE_1)
    assert [len(axes.patches) for axes in figure.axes] == [len(row) for row in captions.TABLE_1.values()]
    assert set(table1.STYLES) == {"oracle", "validation", "closure", "population"}
    assert plots.render(figure, "png").startswith(b"\x89PNG")


def test_made_on_the_quick_grid_the_population_has_no_number_of_samples(tmp_path, toy_registry, blank_pictures):
    (outcome,) = figures.reproduce(["table1"], tmp_path, quick=True, processes=1).outcomes
    dataset = sweeps.read_dataset(outcome.files["nc"])
    assert dataset["benefit_population"].dims == ("s_main", "s_aux", "relatedness", "seed")
    assert dataset["benefit_closure"].dims == ("n_samples", "s_main", "s_aux", "relatedness", "seed")
    assert {check.stopping for check in outcome.checks} == set(WAYS)
    assert "not measured" not in {check.verdict for check in outcome.checks}

import math

import numpy as np
import pytest

from sharedtrunk._support.statistics import estimate, paired
from sharedtrunk.paper import claims, contrasts, figures
from sharedtrunk.paper.figures import _checks as checks

QUIVER = np.array([-0.02, 0.01, 0.0, 0.02, -0.01])
LIMITS = {
    "positive": claims.POSITIVE,
    "negative": claims.NEGATIVE,
    "not positive": claims.NOT_POSITIVE,
    "negligible": claims.NO_EFFECT,
}


def quiver(seed):
    """Seed noise that all settings of a seed share, and so cancels in every contrast."""
    return QUIVER[seed.astype(int)]


def claim(says, cases):
    return claims.figure_claim("id", "statement", LIMITS[says], lambda benefit: cases)


def verdicts(name, dataset, stopping="oracle"):
    return {check.id: check for check in figures.get(name).judge(dataset) if check.stopping == stopping}


@pytest.mark.parametrize(
    ("says", "centre", "verdict"),
    [
        ("positive", 0.1, "holds"),
        ("positive", -0.1, "fails"),
        ("positive", 0.005, "undecided"),
        ("negative", -0.1, "holds"),
        ("negative", 0.1, "fails"),
        ("negative", 0.0, "undecided"),
        ("not positive", -0.1, "holds"),
        ("not positive", 0.1, "fails"),
        ("not positive", 0.01, "undecided"),
        ("negligible", 0.1, "fails"),
        ("negligible", -0.1, "fails"),
        ("negligible", 0.01, "undecided"),
    ],
)
def test_verdict_comes_from_the_interval(says, centre, verdict):
    check = checks.judge(claim(says, {"": centre + QUIVER}), None, "oracle")
    expected = estimate(centre + QUIVER)
    assert check.verdict == verdict
    assert (check.number, check.standard_error) == (expected.mean, expected.standard_error)
    assert (check.low, check.high, check.n_seeds) == (expected.low, expected.high, 5)


def test_small_and_sure_is_negligible():
    assert checks.judge(claim("negligible", {"": 0.002 + 0.01 * QUIVER}), None, "oracle").verdict == "holds"
    assert checks.judge(claim("not positive", {"": 0.002 + 0.01 * QUIVER}), None, "oracle").verdict == "holds"


@pytest.mark.parametrize(
    ("centres", "verdict", "case"),
    [
        ({"a": 0.2, "b": 0.1}, "holds", "b"),
        ({"a": 0.2, "b": 0.0}, "undecided", "b"),
        ({"a": -0.2, "b": 0.0, "c": 0.1}, "fails", "a"),
    ],
)
def test_the_weakest_case_decides(centres, verdict, case):
    check = checks.judge(claim("positive", {name: c + QUIVER for name, c in centres.items()}), None, "oracle")
    assert (check.verdict, check.case, check.cases) == (verdict, case, len(centres))


def test_one_of_many_cases_fails_only_where_chance_among_so_many_would_not():
    """At 95 % a case lies beyond 0 by chance once in 40; among 20 cases that is no failure of the claim."""
    beyond = estimate(QUIVER).high + 0.005
    few, many = {"a": QUIVER - beyond}, {"a": QUIVER - beyond} | {f"fine {i}": QUIVER + 0.1 for i in range(19)}
    assert checks.judge(claim("positive", few), None, "oracle").verdict == "fails"
    check = checks.judge(claim("positive", many), None, "oracle")
    assert (check.verdict, check.case, check.cases) == ("undecided", "a", 20)
    assert check.high < 0
    assert checks.judge(claim("positive", many | {"b": QUIVER - 1.0}), None, "oracle").verdict == "fails"


def test_one_seed_is_undecided_and_says_why():
    check = checks.judge(claim("positive", {"": np.array([5.0])}), None, "oracle")
    assert (check.verdict, check.reason, check.number) == ("undecided", "one seed has no standard error", 5.0)
    assert check.record()["standard_error"] is None
    check = checks.judge(claim("positive", {"a": np.array([5.0, 6.0]), "b": np.full(2, np.nan)}), None, "oracle")
    assert (check.verdict, check.case, check.seeds_left_out) == ("undecided", "b", 2)
    assert "no seed has all the lanes" in check.reason
    assert math.isnan(check.number)


def test_slope_and_steps_against_polyfit(benefits):
    dataset = benefits(lambda relatedness, seed, **_: (1 + seed) * relatedness**2, n_samples=(800,), s_main=(1.0,))
    benefit = contrasts.at(dataset["benefit"], n_samples=800, s_aux=10)
    r = benefit["relatedness"].values
    expected = [np.polyfit(r, (1 + seed) * r**2, 1)[0] for seed in range(5)]
    np.testing.assert_allclose(contrasts.slope(benefit), expected, rtol=1e-12)
    # The order in which the grid lists relatedness does not matter.
    np.testing.assert_allclose(contrasts.slope(benefit.isel(relatedness=slice(None, None, -1))), expected, rtol=1e-12)
    steps = contrasts.steps(benefit)
    assert list(steps) == ["r: 0 → 0.25", "r: 0.25 → 0.5", "r: 0.5 → 0.75", "r: 0.75 → 1"]
    np.testing.assert_allclose(steps["r: 0.25 → 0.5"], (1 + np.arange(5)) * 3 / 16, rtol=1e-12)


def test_left_claims_hold_where_the_paper_is_right(benefits):
    dataset = benefits(
        lambda relatedness, s_aux, seed, **_: (relatedness - 0.4) * s_aux / (1 + s_aux) + quiver(seed), n_samples=(800,)
    )
    got = verdicts("fig2-left", dataset)
    assert {check.verdict for check in got.values()} == {"holds"}
    # Shared seed noise cancels in contrasts: paired errors vanish, those of plain means do not.
    assert got["grows-with-relatedness"].number == pytest.approx(10 / 11)
    assert got["grows-with-relatedness"].standard_error < 1e-15
    assert got["related-helps"].number == pytest.approx(0.6 * 10 / 11)
    assert got["related-helps"].standard_error == pytest.approx(estimate(QUIVER).standard_error)


def test_left_claims_fail_where_it_is_wrong(benefits):
    dataset = benefits(
        lambda relatedness, s_aux, seed, **_: (0.4 - relatedness) * s_aux / (1 + s_aux) + 0.1 * quiver(seed),
        n_samples=(800,),
    )
    assert {check.verdict for check in verdicts("fig2-left", dataset).values()} == {"fails"}


def test_claims_about_each_value_find_the_one_exception(benefits):
    dataset = benefits(
        lambda s_main, relatedness, seed, **_: np.where(s_main == 3, -0.2, 0.5) + 0 * relatedness + quiver(seed),
        n_samples=(800,),
    )
    got = verdicts("fig2-left", dataset)
    assert got["related-helps"].verdict == "holds"
    assert (got["related-helps-everywhere"].verdict, got["related-helps-everywhere"].case) == (
        "fails",
        "s_main = 3",
    )
    assert got["related-helps-everywhere"].cases == 4
    # Settings below s_main = 1 belong to none of these claims.
    weak = dataset["s_main"] < 1
    got_again = verdicts("fig2-left", dataset.where(~weak, -9.0))
    assert got_again["related-helps"] == got["related-helps"]


def test_right_claims_on_both_sides(benefits):
    def as_the_paper(n_samples, s_aux, relatedness, seed, **_):
        height = np.select([n_samples <= 200, n_samples < 1600], [0.0, 0.3], 0.001)
        return height * (relatedness - 0.4) * (s_aux >= 3) + 0.1 * quiver(seed)

    dataset = benefits(as_the_paper)
    assert {check.verdict for check in verdicts("fig2-right", dataset).values()} == {"holds"}

    def against(n_samples, s_aux, relatedness, seed, **_):
        height = np.select([n_samples <= 200, n_samples < 1600], [0.3, -0.3], 0.5)
        return height * (s_aux >= 3) + 0.1 * quiver(seed)

    got = verdicts("fig2-right", benefits(against))
    assert {check.verdict for check in got.values()} == {"fails"}
    high = np.full(5, 0.5) + 0.1 * QUIVER - (-0.3 + 0.1 * QUIVER) / 4
    assert got["declines-with-data"].number == pytest.approx(paired(high, np.zeros(5)).mean)


@pytest.mark.parametrize(
    ("name", "axes", "missing", "reason"),
    [
        ("fig2-left", {"n_samples": (200,)}, "related-helps", "needs n_samples = 800; this grid has 200"),
        ("fig2-left", {"s_aux": (0.1, 1.0)}, "unrelated-hurts", "needs s_aux = 10; this grid has 0.1, 1"),
        ("fig2-left", {"relatedness": (0.5,)}, "grows-with-relatedness", "needs two values of relatedness"),
        ("fig2-left", {"s_main": (0.1,)}, "unrelated-hurts", "needs 1 ≤ s_main; this grid has 0.1"),
        ("fig2-left", {"s_aux": (1.0, 10.0)}, "related-grows-with-aux-snr", "needs a value s_aux ≤ 0.3"),
        (
            "fig2-right",
            {"n_samples": (100, 200)},
            "benefit-above-200",
            "needs 200 < n_samples < 1600; this grid has 100, 200",
        ),
        ("fig2-right", {"relatedness": (0.0, 0.5)}, "no-benefit-at-100", "needs relatedness = 1; this grid has 0, 0.5"),
    ],
)
def test_what_the_grid_lacks_is_not_measured(benefits, name, axes, missing, reason):
    axes = {"n_samples": (800,), **axes} if name == "fig2-left" else axes
    check = verdicts(name, benefits(lambda relatedness, **_: relatedness, **axes))[missing]
    assert check.verdict == "not measured"
    assert reason in check.reason
    assert check.record()["number"] is None


def test_a_missing_lane_leaves_its_seed_out(benefits):
    dataset = benefits(lambda relatedness, seed, **_: relatedness + quiver(seed), n_samples=(800,))
    dataset["benefit"].loc[{"s_aux": 10.0, "s_main": 3.0, "relatedness": 1.0, "seed": 2}] = np.nan
    got = verdicts("fig2-left", dataset)
    assert (got["related-helps"].n_seeds, got["related-helps"].seeds_left_out) == (4, 1)
    assert got["related-helps"].number == pytest.approx(1 + QUIVER[[0, 1, 3, 4]].mean())
    assert got["unrelated-hurts"].n_seeds == 5
    assert verdicts("fig2-left", dataset, "honest")["related-helps"].n_seeds == 5

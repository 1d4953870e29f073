"""Claims judged from datasets whose answer is known: a planted benefit, the reversed one, one that is noise over seeds."""

import subprocess
import sys

import numpy as np
import pytest

from sharedtrunk import sweeps
from sharedtrunk._support.statistics import estimate
from sharedtrunk.errors import InputError
from sharedtrunk.paper import claims, figures
from sharedtrunk.paper.claims import captions

QUIVER = np.array([-0.02, 0.01, 0.0, 0.02, -0.01])
NOISE = np.array([-2.0, 3.0, -1.0, 2.0, -1.5])
"""A factor for each seed with a mean near 0: every contrast over seeds is noise."""


def quiver(seed):
    """What all settings of a seed share, so that it cancels in contrasts."""
    return 0.1 * QUIVER[seed.astype(int)]


def trends(s_aux, relatedness, seed, **_):
    """The paper's three trends, everywhere alike."""
    return (relatedness - 0.4) * s_aux / (1 + s_aux) + quiver(seed)


def by_amount(n_samples, s_aux, relatedness, seed, **_):
    """Help between 200 and 1,600 points, none before and after."""
    height = np.select([n_samples <= 200, n_samples < 1600], [0.0, 0.3], 0.001)
    return height * (relatedness - 0.4) * (s_aux >= 3) + quiver(seed)


def by_amount_reversed(n_samples, s_aux, seed, **_):
    """Help at 100 points and at 1,600, harm between."""
    return np.select([n_samples <= 200, n_samples < 1600], [0.3, -0.3], 0.5) * (s_aux >= 3) + quiver(seed)


def shrinking_harm(n_aux, s_aux, relatedness, seed, **_):
    """Unrelated tasks do less harm the more data they have, and never help; related ones help ever more."""
    doublings = np.log2(n_aux / 100)
    return (relatedness * (0.1 + 0.1 * doublings) - (1 - relatedness) * (0.04 - 0.01 * doublings)) * (
        s_aux >= 3
    ) + 0.01 * quiver(seed)


def growing_help(n_aux, s_aux, seed, **_):
    """However related."""
    return (0.1 + 0.1 * np.log2(n_aux / 100)) * (s_aux >= 3) + 0.01 * quiver(seed)


def reversed_at_full_relatedness(student, relatedness, s_aux, seed, **_):
    """Nonlinear students gain less than linear ones, but for fully related tasks of high SNR."""
    gained = np.where(relatedness == 1, 0.05 * (s_aux >= 3), -0.05)
    return relatedness - 0.4 + gained * (depth_of(student) > 0) + quiver(seed) * (1 + depth_of(student))


def nothing(seed, **_):
    return 0.1 * quiver(seed)


def harm(seed, **_):
    return quiver(seed) - 0.1


def more_data(n_aux, **columns):
    """The trends, growing with the auxiliary data."""
    return (0.2 + np.log2(n_aux / 100)) * trends(**columns)


def depth_of(student):
    """0 for the linear student."""
    names = [f"ReLU, {depth} layer" for depth in (1, 2, 3, 4)]
    return sum((depth + 1) * np.char.startswith(student, name) for depth, name in enumerate(names))


def students(student, s_main, s_aux, relatedness, seed, *, shift, **_):
    """The trends in every student, better with clean main tasks; with each layer less help by `shift`."""
    depth = depth_of(student)
    signal = (1 + np.log10(s_main)) * s_aux / (1 + s_aux)
    return (relatedness - 0.4 - shift * depth) * signal * (1 + 0.1 * depth) - shift * depth + quiver(seed)


def shifted_down(**columns):
    return students(**columns, shift=0.05)


def shifted_up(**columns):
    return students(**columns, shift=-0.05)


def opposite(student, **columns):
    """Every nonlinear student does the opposite of the linear one."""
    return np.where(depth_of(student) > 0, -1, 1) * shifted_down(student=student, **columns)


def minus(function):
    return lambda **columns: -function(**columns)


def fading(n_samples, **columns):
    """The trends, smaller with more data."""
    return (2 - n_samples / 1600) * trends(**columns)


def same_starts(choice, **columns):
    return fading(**columns) + 0.001 * (choice == "standard")


def smaller_from_random_starts(choice, s_aux, relatedness, n_samples, seed, **_):
    """As much less at r = 1 as more at r = 0: the mean over settings is the same."""
    less = 0.02 * np.select([relatedness == 1, relatedness == 0], [-1, 1]) * (s_aux >= 3)
    return fading(n_samples=n_samples, s_aux=s_aux, relatedness=relatedness, seed=seed) + less * (choice == "standard")


def other_starts(choice, **columns):
    return np.where(choice == "standard", -1, 1) * fading(**columns)


PLANTED = {
    "start-agreement": (same_starts, other_starts),
    "start-size": (same_starts, other_starts),
    "start-signs": (same_starts, other_starts),
    "start-table-1a": (nothing, harm),
    "start-table-1b": (trends, minus(trends)),
    "start-table-1c": (trends, minus(trends)),
    "start-table-1d": (nothing, by_amount_reversed),
    "caption-2-left-relatedness": (trends, minus(trends)),
    "caption-2-left-signal": (trends, minus(trends)),
    "caption-2-right-few": (by_amount, by_amount_reversed),
    "caption-2-right-some": (by_amount, by_amount_reversed),
    "caption-2-right-many": (by_amount, by_amount_reversed),
    "caption-a1-relatedness": (trends, minus(trends)),
    "caption-a1-signal-related": (trends, minus(trends)),
    "caption-a1-signal-unrelated": (trends, minus(trends)),
    "rank-similar": (trends, minus(trends)),
    "caption-a2": (trends, minus(trends)),
    "efficiency-related": (more_data, minus(more_data)),
    "efficiency-unrelated": (more_data, minus(more_data)),
    "efficiency-trade-offs": (more_data, minus(more_data)),
    "caption-3-left": (more_data, minus(more_data)),
    "caption-a3": (more_data, minus(more_data)),
    "depth-similar": (shifted_down, opposite),
    "depth-relatedness": (shifted_down, opposite),
    "depth-auxiliary-signal": (shifted_down, opposite),
    "depth-main-signal": (shifted_down, opposite),
    "depth-shift": (shifted_down, shifted_up),
    "depth-more-related": (shifted_down, shifted_up),
    "caption-3-right": (shifted_down, opposite),
    "caption-a4": (shifted_down, opposite),
}
"""By claim: a benefit of which it is true, and one of which it is not."""

CONDITIONAL = {"start-table-1b", "caption-a3"}
"""True of their planted benefit within their condition only."""


def judged(folder, key, **how):
    (row,) = captions.judge_stored(folder, [key], **how)
    return row


def test_every_stored_claim_has_a_planted_benefit_and_words():
    assert list(captions.STORED) == list(PLANTED)
    for claim in captions.STORED.values():
        assert all((claim.key, claim.source, claim.statement, claim.method, claim.figures))
    reached = {figure for claim in captions.STORED.values() for figure in claim.figures}
    # the first half of the ledger measures Figure 1 and Table 1, and the paper claims nothing about weight decay
    assert reached == set(figures.FIGURES) - {"fig1", "table1", "weight-decay"}


def test_a_direction_that_the_ta_start_does_not_have_decides_nothing(stored):
    def no_direction(choice, seed, **columns):
        return np.where(choice == "standard", 1.0, NOISE[seed.astype(int)]) * fading(seed=seed, **columns)

    row = judged(stored(no_direction, ["sensitivity"]), "start-signs")
    assert row.verdict == "undecided"
    assert all(np.isnan(reading.error) for reading in row.evidence.within)


@pytest.mark.parametrize("key", PLANTED)
def test_holds_of_the_planted_benefit_and_fails_of_the_reversed(stored, key):
    needed = captions.STORED[key].figures
    true, false = PLANTED[key]
    row = judged(stored(true, needed), key)
    assert row.verdict == ("holds only if" if key in CONDITIONAL else "holds"), claims.number_lines(row)
    row = judged(stored(false, needed), key)
    assert row.verdict == "fails", claims.number_lines(row)


def test_pattern_and_size_of_two_starts_are_told_apart(stored):
    """Differences of opposite sign at r = 1 and r = 0 cancel in a mean over settings, and are seen all the same."""
    folder = stored(smaller_from_random_starts, ["sensitivity"])
    assert judged(folder, "start-agreement").verdict == "holds"
    row = judged(folder, "start-size")
    assert row.verdict == "fails"
    assert [reading.number for reading in row.evidence.within] == pytest.approx([-0.02] * 4 + [0.02] * 4, rel=1e-9)
    assert claims.sentence(row.claim.truth) in claims.number_lines(row)[-1]
    assert claims.sentence(row.claim.truth) not in claims.number_lines(
        judged(stored(other_starts, ["sensitivity"]), row.claim.key)
    )


def test_harm_that_shrinks_is_no_benefit(stored):
    """More data of unrelated tasks: less harm is told as such, and not taken for a greatly improved performance."""
    folder = stored(shrinking_harm, ["a3"])
    row = judged(folder, "efficiency-unrelated")
    assert row.verdict == "fails"
    assert "n_aux: 100 → 800: 0.03 " in claims.number_lines(row)[0]
    assert claims.sentence(row.claim.truth) in claims.number_lines(row)[1]
    assert judged(folder, "caption-a3").verdict == "holds only if"
    folder = stored(growing_help, ["a3"])
    row = judged(folder, "efficiency-unrelated")
    assert row.verdict == "fails"
    assert claims.sentence(row.claim.truth) not in claims.number_lines(row)[1]
    assert judged(folder, "caption-a3").verdict == "holds"


def test_one_doubling_within_the_noise_does_not_hide_the_whole_span(stored):
    def noisy_steps(n_aux, relatedness, seed, **columns):
        shaken = 0.015 * (-1.0) ** seed * np.isin(n_aux, (200, 400)) * (1 - 2 * (n_aux == 400))
        return shrinking_harm(n_aux, relatedness=relatedness, seed=seed, **columns) + shaken * (relatedness == 0)

    row = judged(stored(noisy_steps, ["a3"]), "efficiency-unrelated")
    assert [reading.outcome for reading in row.evidence.within] == ["fails", "undecided", "undecided", "undecided"]
    assert row.verdict == "fails"


def test_a_reversal_at_full_relatedness_is_a_condition(stored):
    row = judged(stored(reversed_at_full_relatedness, ["a4"]), "depth-shift")
    assert row.verdict == "holds only if"
    assert "r = 1, high-SNR auxiliary tasks" in row.deciding.case
    assert row.deciding.number > 0


def test_seeds_that_all_lie_on_the_limit_decide_nothing(stored):
    """Students that never leave their start have no benefit, in no seed: that is not a benefit that grows."""
    row = judged(stored(lambda **_: 0.0, ["fig2-left"]), "caption-2-left-signal")
    assert row.verdict == "undecided"
    assert {reading.number for reading in row.evidence.within} == {0.0}
    assert judged(stored(lambda **_: 0.0, ["a1"]), "start-table-1a").verdict == "holds"


@pytest.mark.parametrize("key", PLANTED)
def test_what_is_noise_over_seeds_is_undecided(stored, key):
    def noisy(figure, seed, **columns):
        # Of two that are compared, one is steady: what is noise in both alike is no noise in their comparison.
        steady = figure == "a1" and "a2" in captions.STORED[key].figures
        if "student" in columns:
            steady = depth_of(columns["student"]) == 0
        if "choice" in columns:
            steady = columns["choice"] != "standard"
        return np.where(steady, 1.0, NOISE[seed.astype(int)]) * PLANTED[key][0](seed=seed, **columns)

    def spread(figure, seed, **columns):
        return NOISE[seed.astype(int)] * 0.1 + PLANTED[key][0](seed=seed, **columns)

    # Where there is nothing to multiply, the noise is added.
    row = judged(
        stored(spread if PLANTED[key][0] in (nothing, by_amount) else noisy, captions.STORED[key].figures), key
    )
    assert row.verdict == "undecided", claims.number_lines(row)


def test_a_reading_is_the_interval_over_seeds(stored):
    folder = stored(lambda **columns: trends(**columns) * (1 + QUIVER[columns["seed"].astype(int)]), ["fig2-left"])
    row = judged(folder, "caption-2-left-signal")
    strong, weak = (np.mean([s / (1 + s) for s in group]) for group in ((3, 10, 100), (0.01, 0.1, 0.3)))
    expected = estimate(0.6 * (strong - weak) * (1 + QUIVER))
    related = row.evidence.within[0]
    assert related.number == pytest.approx(expected.mean, rel=1e-9)
    assert related.error == pytest.approx(expected.high - expected.mean, rel=1e-9)
    assert row.claim.figures == ("fig2-left",)


def test_one_seed_decides_nothing(stored):
    assert judged(stored(trends, ["fig2-left"], seed=(0,)), "caption-2-left-signal").verdict == "undecided"


def test_a_student_that_is_never_helped_in_some_seed_decides_nothing(stored):
    def sometimes(student, seed, relatedness, **columns):
        never = (depth_of(student) == 2) & (seed == 3)
        return np.where(
            never, -relatedness, shifted_down(student=student, seed=seed, relatedness=relatedness, **columns)
        )

    row = judged(stored(sometimes, ["a4"]), "depth-more-related")
    assert row.verdict == "undecided"
    assert "1 of 5 seeds lack the number" in claims.in_words(row.deciding)
    assert "ReLU, 2 layers" in row.deciding.case


def test_a_seed_without_a_lane_is_left_out_and_told(stored):
    def gone(**columns):
        hole = (columns["seed"] == 2) & (columns["s_main"] == 3) & (columns["relatedness"] == 0)
        return np.where(hole, np.nan, trends(**columns))

    row = judged(stored(gone, ["fig2-left"]), "caption-2-left-signal")
    related, unrelated = row.evidence.within
    assert "lack" not in claims.in_words(related)
    assert "1 of 5 seeds lack the number" in claims.in_words(unrelated)


def test_missing_datasets_and_values_are_not_measured(stored):
    folder = stored(trends, ["a1", "fig2-left"], relatedness=(0.0, 0.5))
    rows = {row.claim.key: row for row in captions.judge_stored(folder)}
    assert list(rows) == list(captions.STORED)
    missing = rows["caption-3-left"]
    assert (missing.verdict, missing.deciding, missing.evidence) == ("not measured", None, None)
    assert missing.words == f"not measured: make it with `sharedtrunk reproduce fig3-left --out {folder}`"
    assert "reproduce a2" in rows["rank-similar"].reason
    assert rows["caption-2-left-signal"].reason == "needs relatedness = 1; this grid has 0, 0.5"
    assert rows["caption-2-left-relatedness"].verdict == "holds"
    assert rows["start-table-1a"].verdict == "fails"
    assert "not measured" in claims.tally(list(rows.values()))


def test_quick_datasets_are_others(stored):
    folder = stored(trends, ["fig2-left"], quick=True)
    assert judged(folder, "caption-2-left-signal").reason == (
        f"make it with `sharedtrunk reproduce fig2-left --out {folder}`"
    )
    assert judged(folder, "caption-2-left-signal", quick=True).verdict == "holds"
    assert "--quick" in judged(folder, "caption-3-left", quick=True).reason


def test_quick_grids_are_judged_as_far_as_they_go(stored):
    """Nothing but a value that is not there keeps a claim from being judged."""
    needed = {figure for claim in captions.STORED.values() for figure in claim.figures}
    rows = captions.judge_stored(stored(trends, needed, quick=True), quick=True)
    assert all(row.reason.startswith("needs ") for row in rows if row.evidence is None)
    assert sum(row.evidence is not None for row in rows) > len(rows) / 3


def test_what_is_no_dataset_of_the_figure_is_refused_or_not_measured(stored):
    folder = stored(trends, ["fig2-left"])
    (folder / "fig2-left.nc").rename(folder / "fig2-right.nc")
    with pytest.raises(
        InputError, match=r"fig2-right.nc must hold the dataset of fig2-right; got the dataset of fig2-left"
    ):
        judged(folder, "caption-2-right-few")
    (folder / "a1.nc").write_bytes(b"no dataset")
    with pytest.raises(InputError, match="checksum"):
        judged(folder, "start-table-1a")
    dataset = sweeps.read_dataset(folder / "fig2-right.nc").rename(benefit="other")
    sweeps.write_dataset(dataset.assign_attrs(figure="fig2-right"), folder / "fig2-right.nc")
    assert judged(folder, "caption-2-right-few").reason == "the dataset of fig2-right has no benefit over seeds"
    with pytest.raises(InputError, match="stored datasets are in a folder"):
        captions.judge_stored(folder / "nowhere")
    with pytest.raises(InputError, match=r"Unknown claim; got caption-99\. Known are start-agreement"):
        captions.judge_stored(folder, ["caption-99"])


def test_datasets_that_were_read_tell_where_they_come_from(stored):
    datasets = captions.Datasets(stored(trends, ["a1", "fig2-left"]))
    captions.judge_stored(datasets, ["caption-2-left-signal"])
    assert datasets.origins == {"fig2-left": {"command": "sharedtrunk reproduce fig2-left", "created": "today"}}


def test_judging_needs_no_jax(stored):
    folder = stored(trends, ["fig2-left"])
    code = (
        "import sys\n"
        "sys.modules['jax'] = None\n"
        "from sharedtrunk.paper.claims import captions\n"
        f"rows = captions.judge_stored({str(folder)!r}, ['caption-2-left-signal'])\n"
        "print(rows[0].verdict, 'matplotlib' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "holds False\n", done.stderr

"""Sensitivity: do the conclusions of Figure 2 survive other choices of what the paper leaves open?

The paper gives neither feature count nor width, noise, start or step. Figure 2's claims are judged under other choices of
each, one at a time, on a coarser grid that has all values that the claims need.

    sharedtrunk reproduce sensitivity        three minutes on 4 cores: 8,640 joint lanes, 720 single-task baselines

Expected: the claims of Figure 2, left, hold under all choices (slope on r 0.15 to 0.40 nats). For Figure 2, right, the
claim of a benefit above 200 points holds too, but whether there is a benefit at 100 points depends on the size of the start.

The choices are in `sharedtrunk.paper.figures._sensitivity_choices`. Means over s_main and over low- and high-SNR
auxiliary tasks have fewer values than in Figure 2, so the column "standard" need not repeat its numbers.
"""

import functools
from typing import TYPE_CHECKING

from sharedtrunk.paper.claims.captions import FIGURE_2_LEFT, FIGURE_2_RIGHT
from sharedtrunk.paper.figures._checks import STOPPING_WORDS, STOPPINGS, Check
from sharedtrunk.paper.figures._figure import Figure
from sharedtrunk.paper.figures._sensitivity_choices import CHOICES, DIM, GRID, QUICK_GRID
from sharedtrunk.paper.figures._survival import Survival, survivals
from sharedtrunk.paper.figures._theory import judge_theory
from sharedtrunk.paper.figures._title_and_note import marked
from sharedtrunk.paper.figures._variants import variant_dataset, variant_sweeps

if TYPE_CHECKING:
    import matplotlib.figure
    import xarray

    from sharedtrunk.paper import pictures

TITLE = "Figure 2's conclusions under other choices of what the paper leaves open"

CLAIMS = {"Figure 2, left": FIGURE_2_LEFT, "Figure 2, right": FIGURE_2_RIGHT}

SUMS = ("holds under every choice", "same verdict everywhere")


def judge_choices(dataset: "xarray.Dataset") -> list[Check]:
    """Judge every claim under each choice, under all choices together, and whether the verdicts agree; then the bounds."""
    checks = []
    for stopping, variable in STOPPINGS.items():
        for claims in CLAIMS.values():
            for survival in survivals(claims, dataset[variable], stopping):
                checks += [survival.under_every, survival.as_standard, *survival.by_choice.values()]
    return checks + judge_theory(dataset)


def draw_choices(dataset: "xarray.Dataset", *, stopping: str) -> "matplotlib.figure.Figure":
    """Draw claims against choices, with a verdict and a number in each cell."""
    from sharedtrunk.paper import pictures  # matplotlib, only where a picture is drawn

    by_figure = {
        heading: survivals(claims, dataset[STOPPINGS[stopping]], stopping) for heading, claims in CLAIMS.items()
    }
    groups = {
        heading: {claim.statement: _row(survival) for claim, survival in zip(CLAIMS[heading], judged, strict=True)}
        for heading, judged in by_figure.items()
    }
    return pictures.matrix_figure(
        groups,
        [*(str(choice) for choice in dataset[DIM].values), *SUMS],
        summing=len(SUMS),
        title=f"{marked(TITLE, dataset)}: {STOPPING_WORDS.get(stopping, stopping)} stopping",
        note=_note(
            [survival for judged in by_figure.values() for survival in judged],
            dataset.sizes["seed"],
        ),
    )


def _row(survival: Survival) -> "list[pictures.Cell]":
    from sharedtrunk.paper import pictures

    differing = survival.differing()
    cells = [
        pictures.Cell(check.verdict, _number(check), choice in differing)
        for choice, check in survival.by_choice.items()
    ]
    return [
        *cells,
        pictures.Cell(survival.under_every.verdict, survival.under_every.verdict.replace(" ", "\n")),
        pictures.Cell(survival.as_standard.verdict, _agreement(survival)),
    ]


def _agreement(survival: Survival) -> str:
    differing = survival.differing()
    if differing:
        return f"{len(differing)} of {len(survival.by_choice) - 1}\ndiffer"
    return "yes" if survival.as_standard.verdict == "holds" else "none has\na verdict"


def _number(check: Check) -> str:
    if check.verdict == "not measured":
        return "not\nmeasured"
    number = f"{check.number:+.3f}".replace("-", "−")
    return number + (f"\n± {check.standard_error:.3f}" if check.n_seeds > 1 else "")


def _note(claims: list[Survival], seeds: int) -> str:
    agreement = [survival.as_standard.verdict for survival in claims]
    holding = sum(survival.under_every.verdict == "holds" for survival in claims)
    same, opposite, undecided = (agreement.count(verdict) for verdict in ("holds", "fails", "undecided"))
    return (
        f"Of {len(claims)} statements {holding} hold under every choice. {same} have the same verdict under every choice, "
        f"{opposite} the opposite verdict under some choice, and {undecided} an undecided one.\n"
        f"✓ holds, ✗ fails, ? undecided: by the 95 % t-interval over {seeds} seeds (fails: for all cases together). Framed: "
        "a verdict other than under the standard choice. Numbers: mean ± standard error of the case that decides, in nats "
        "(slopes: nats per unit relatedness). Each choice differs from the standard problem in the one thing named; there "
        "are fewer SNRs than in Figure 2."
    )


FIGURE = Figure(
    name="sensitivity",
    title=TITLE,
    claim="the conclusions of Figure 2 do not depend on what the paper leaves open",
    paper="Sensitivity",
    minutes=3.0,
    grid=GRID,
    quick_grid=QUICK_GRID,
    sweeps=variant_sweeps(DIM, CHOICES),
    dataset=variant_dataset(DIM),
    judge=judge_choices,
    draw=functools.partial(draw_choices, stopping="oracle"),
    draw_validation=functools.partial(draw_choices, stopping="honest"),
)

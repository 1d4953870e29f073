"""Figure 3, right: multitask benefit of ReLU students of growing depth.

Claim (caption): deeper nonlinear networks show trends similar to those of shallow linear ones. The text adds: with a
general shift downwards.

    sharedtrunk reproduce fig3-right         two minutes on 4 cores: 450 joint lanes, 30 single-task baselines

The lanes are those of Figure A4 with s_main = 10. The paper has ReLU students only; linear ones are added for comparison.
"""

import functools

from sharedtrunk.paper.claims.captions import DEPTH_CLAIMS, trend_claims
from sharedtrunk.paper.figures._depth import DIM, LINEAR, LINEAR_ALIKE, POINTS, STUDENTS, name_of
from sharedtrunk.paper.figures._figure import Figure
from sharedtrunk.paper.figures._standard import RELATEDNESS, SEEDS
from sharedtrunk.paper.figures._summary_pictures import draw_summary
from sharedtrunk.paper.figures._theory import judge_with_theory
from sharedtrunk.paper.figures._variants import variant_dataset, variant_sweeps

TITLE = "Multitask benefit of deeper nonlinear students"
CLEAN = 10.0


FIGURE = Figure(
    name="fig3-right",
    title=TITLE,
    claim="deeper ReLU students show the trends of the linear one, shifted downwards",
    paper="Figure 3, right",
    minutes=2.0,
    grid={
        DIM: tuple(STUDENTS),
        "n_samples": (POINTS,),
        "s_main": (CLEAN,),
        "s_aux": (0.1, 1.0, 10.0),
        "relatedness": RELATEDNESS,
        "seed": SEEDS,
    },
    quick_grid={
        DIM: (LINEAR, LINEAR_ALIKE, name_of(2)),
        "n_samples": (POINTS,),
        "s_main": (CLEAN,),
        "s_aux": (0.1, 10.0),
        "relatedness": (0.0, 1.0),
        "seed": (0, 1),
    },
    sweeps=variant_sweeps(DIM, STUDENTS, ("closure",)),
    dataset=variant_dataset(DIM),
    draw=functools.partial(
        draw_summary,
        stripe=DIM,
        title=f"{TITLE}, N = {POINTS}, s_main = {CLEAN:g}",
        x_label="student: nonlinearity and hidden layers",
        average_over=("n_samples", "s_main"),
    ),
    judge=functools.partial(judge_with_theory, (*trend_claims(DIM, "", f"s_main = {CLEAN:g}"), *DEPTH_CLAIMS)),
)

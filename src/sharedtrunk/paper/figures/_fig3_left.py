"""Figure 3, left: multitask benefit with ever more auxiliary data, high-SNR main tasks with 100 points.

Claim (caption): increasing relatedness and auxiliary data give large multitask benefits.

    sharedtrunk reproduce fig3-left          half a minute on 4 cores: 2,100 joint lanes, 15 single-task baselines

The lanes are those of Figure A3 with s_main ≥ 3.
"""

import functools

from sharedtrunk.paper.claims.captions import AUX_COUNTS, FIGURE_3_LEFT, MAIN_POINTS
from sharedtrunk.paper.figures._benefit_dataset import benefit_dataset
from sharedtrunk.paper.figures._benefit_sweeps import benefit_sweeps
from sharedtrunk.paper.figures._figure import Figure
from sharedtrunk.paper.figures._standard import CLEAN_VALUES, QUICK_CUBE, RELATEDNESS, SEEDS, SINGULAR_VALUES
from sharedtrunk.paper.figures._summary_pictures import draw_summary
from sharedtrunk.paper.figures._theory import judge_with_theory

TITLE = "Multitask benefit as auxiliary data grow"


FIGURE = Figure(
    name="fig3-left",
    title=TITLE,
    claim="increasing relatedness and auxiliary data give large benefits; unrelated data do increasing harm",
    paper="Figure 3, left",
    minutes=0.5,
    grid={
        "n_samples": (MAIN_POINTS,),
        "n_aux": AUX_COUNTS,
        "s_main": CLEAN_VALUES,
        "s_aux": SINGULAR_VALUES,
        "relatedness": RELATEDNESS,
        "seed": SEEDS,
    },
    quick_grid={
        **QUICK_CUBE,
        "n_samples": (MAIN_POINTS,),
        "n_aux": (AUX_COUNTS[0], AUX_COUNTS[-1]),
        "s_main": (10.0,),
    },
    sweeps=benefit_sweeps(),
    dataset=benefit_dataset,
    draw=functools.partial(
        draw_summary,
        stripe="n_aux",
        title=f"{TITLE}: {MAIN_POINTS} main points, mean over s_main ≥ {CLEAN_VALUES[0]:g}",
        x_label="number of auxiliary training points",
        average_over=("n_samples", "s_main"),
    ),
    judge=functools.partial(judge_with_theory, FIGURE_3_LEFT),
)

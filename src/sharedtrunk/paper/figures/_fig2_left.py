"""Figure 2, left: multitask benefit as the main task's signal-to-noise ratio grows, at 800 training points.

Claim (caption): the benefit grows with task relatedness; it grows with the auxiliary task's SNR when the tasks are
related, and falls with it when they are not.

    sharedtrunk reproduce fig2-left          a minute on 4 cores: 1,225 joint lanes, 35 single-task baselines

Expected: at s_aux = 10 and s_main ≥ 1 the benefit rises with every step of relatedness; fully related tasks help and
unrelated ones hurt, by tenths of a nat. The paper's text has s from 0.01 to 100, its caption only to 10; the grid here is
that of the text.
"""

import functools

from sharedtrunk.paper.claims import captions
from sharedtrunk.paper.figures._benefit_dataset import benefit_dataset
from sharedtrunk.paper.figures._benefit_sweeps import benefit_sweeps
from sharedtrunk.paper.figures._figure import Figure
from sharedtrunk.paper.figures._standard import RELATEDNESS, SEEDS, SINGULAR_VALUES
from sharedtrunk.paper.figures._summary_pictures import draw_summary
from sharedtrunk.paper.figures._theory import judge_with_theory

TITLE = "Multitask benefit as the main task's SNR grows"
N = 800


FIGURE = Figure(
    name="fig2-left",
    title=TITLE,
    claim="benefit grows with relatedness; a strong auxiliary signal helps related tasks and hurts unrelated ones",
    paper="Figure 2, left",
    minutes=1.0,
    grid={
        "n_samples": (N,),
        "s_main": SINGULAR_VALUES,
        "s_aux": SINGULAR_VALUES,
        "relatedness": RELATEDNESS,
        "seed": SEEDS,
    },
    quick_grid={
        "n_samples": (N,),
        "s_main": (0.1, 1.0, 10.0),
        "s_aux": (0.1, 1.0, 10.0),
        "relatedness": (0.0, 0.5, 1.0),
        "seed": (0, 1, 2),
    },
    sweeps=benefit_sweeps(),
    dataset=benefit_dataset,
    draw=functools.partial(
        draw_summary,
        stripe="s_main",
        title=f"{TITLE}, {N} training points",
        x_label="main task's SNR (singular value s_main)",
        average_over=("n_samples",),
    ),
    judge=functools.partial(judge_with_theory, captions.FIGURE_2_LEFT),
)

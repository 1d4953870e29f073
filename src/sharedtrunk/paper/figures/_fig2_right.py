"""Figure 2, right: multitask benefit as the amount of training data grows, averaged over the main task's SNR.

Claim (caption): at 100 training points auxiliary data do not help; above 200, related auxiliary data do; when data
are plentiful the single-task student is near its ceiling and auxiliary data have little effect.

    sharedtrunk reproduce fig2-right         two minutes on 4 cores: 6,125 joint lanes, 175 single-task baselines

Expected: a benefit of fully related high-SNR tasks at N = 400 and 800. The teacher's noise is fixed, so theory expects
part of the benefit to survive however much data there are: watch the claims about N = 1600.
"""

import functools

from sharedtrunk.paper.claims import captions
from sharedtrunk.paper.figures._benefit_dataset import benefit_dataset
from sharedtrunk.paper.figures._benefit_sweeps import benefit_sweeps
from sharedtrunk.paper.figures._figure import Figure
from sharedtrunk.paper.figures._standard import QUICK_CUBE, STANDARD_CUBE
from sharedtrunk.paper.figures._summary_pictures import draw_summary
from sharedtrunk.paper.figures._theory import judge_with_theory

TITLE = "Multitask benefit as training data grow"


FIGURE = Figure(
    name="fig2-right",
    title=TITLE,
    claim="no benefit at 100 points, a benefit from related tasks above 200, little effect when data are plentiful",
    paper="Figure 2, right",
    minutes=2.0,
    grid=STANDARD_CUBE,
    quick_grid=QUICK_CUBE,
    sweeps=benefit_sweeps(),
    dataset=benefit_dataset,
    draw=functools.partial(
        draw_summary,
        stripe="n_samples",
        title=f"{TITLE}, mean over s_main",
        x_label="number of training points",
        average_over=("s_main",),
    ),
    judge=functools.partial(judge_with_theory, captions.FIGURE_2_RIGHT),
)

"""Figure A1: multitask benefit over training points, both tasks' SNR and their relatedness.

Claim (caption): the benefit is correlated with relatedness, and with the auxiliary task's SNR for related tasks; for
unrelated tasks it falls with that SNR.

    sharedtrunk reproduce a1                 a minute and a half on 4 cores: 6,125 joint lanes, 175 single-task baselines

Expected: fully related clean tasks bring up to a third of a nat; unrelated ones cost some hundredths. Figure 2 averages
this cube and shares its lanes.
"""

import functools

from sharedtrunk.paper.claims.captions import trend_claims
from sharedtrunk.paper.figures._appendix_pictures import cube_pictures
from sharedtrunk.paper.figures._benefit_dataset import benefit_dataset
from sharedtrunk.paper.figures._benefit_sweeps import benefit_sweeps
from sharedtrunk.paper.figures._figure import Figure
from sharedtrunk.paper.figures._standard import QUICK_CUBE, STANDARD_CUBE
from sharedtrunk.paper.figures._theory import judge_with_theory

TITLE = "Multitask benefit over training points, SNRs and relatedness"

CLAIMS = trend_claims("n_samples", "N")


DRAW, DRAW_VALIDATION = cube_pictures(TITLE, rows="n_samples", row_label="N")

FIGURE = Figure(
    name="a1",
    title=TITLE,
    claim="benefit grows with relatedness, with aux SNR for related tasks, and falls with it for unrelated ones",
    paper="Figure A1",
    minutes=1.5,
    grid=STANDARD_CUBE,
    quick_grid=QUICK_CUBE,
    sweeps=benefit_sweeps(),
    dataset=benefit_dataset,
    judge=functools.partial(judge_with_theory, CLAIMS),
    draw=DRAW,
    draw_validation=DRAW_VALIDATION,
)

"""Figure A2: the cube of Figure A1 for teachers of rank 3 with 3 classes.

Claim (caption, section 4.5): other ranks show very similar trends.

    sharedtrunk reproduce a2                 two minutes on 4 cores: 6,125 joint lanes, 175 single-task baselines

Expected: related tasks help as with 10 classes, but less (ln 3 is less than half of ln 10); unrelated tasks do hardly any
harm.
"""

import functools

from sharedtrunk.experiments.problems import StandardProblem
from sharedtrunk.paper.claims.captions import trend_claims
from sharedtrunk.paper.figures._appendix_pictures import cube_pictures
from sharedtrunk.paper.figures._benefit_dataset import benefit_dataset
from sharedtrunk.paper.figures._benefit_sweeps import benefit_sweeps
from sharedtrunk.paper.figures._figure import Figure
from sharedtrunk.paper.figures._standard import QUICK_CUBE, STANDARD_CUBE
from sharedtrunk.paper.figures._theory import judge_with_theory

TITLE = "Multitask benefit with teachers of rank 3, 3 classes"

CLAIMS = trend_claims("n_samples", "N")


DRAW, DRAW_VALIDATION = cube_pictures(TITLE, rows="n_samples", row_label="N")

FIGURE = Figure(
    name="a2",
    title=TITLE,
    claim="other ranks show the trends of rank 10",
    paper="Figure A2",
    minutes=2.0,
    grid=STANDARD_CUBE,
    quick_grid={**QUICK_CUBE, "n_samples": (400,)},
    problem=StandardProblem(classes=3, rank=3),
    sweeps=benefit_sweeps(),
    dataset=benefit_dataset,
    judge=functools.partial(judge_with_theory, CLAIMS),
    draw=DRAW,
    draw_validation=DRAW_VALIDATION,
)

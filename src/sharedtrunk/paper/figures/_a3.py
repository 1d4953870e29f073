"""Figure A3: multitask benefit at 100 main points with ever more auxiliary points.

Claim (caption): performance improves greatly with larger amounts of auxiliary data.

    sharedtrunk reproduce a3                 one minute on 4 cores: 4,900 joint lanes, 35 single-task baselines

The main task's points are the first 100 of the auxiliary task's. Figure 3, left, averages this cube.
"""

import functools

from sharedtrunk.paper.claims.captions import AUX_COUNTS, FIGURE_3_LEFT, MAIN_POINTS, trend_claims
from sharedtrunk.paper.figures._appendix_pictures import cube_pictures
from sharedtrunk.paper.figures._benefit_dataset import benefit_dataset
from sharedtrunk.paper.figures._benefit_sweeps import benefit_sweeps
from sharedtrunk.paper.figures._figure import Figure
from sharedtrunk.paper.figures._standard import QUICK_CUBE, RELATEDNESS, SEEDS, SINGULAR_VALUES
from sharedtrunk.paper.figures._theory import judge_with_theory

TITLE = "Multitask benefit with ever more auxiliary data"
ROW = "aux points"


DRAW, DRAW_VALIDATION = cube_pictures(
    f"{TITLE}, {MAIN_POINTS} main points", rows="n_aux", row_label=ROW, fixed="n_samples"
)

FIGURE = Figure(
    name="a3",
    title=TITLE,
    claim="more auxiliary data bring a much larger benefit from related tasks",
    paper="Figure A3",
    minutes=1.0,
    grid={
        "n_samples": (MAIN_POINTS,),
        "n_aux": AUX_COUNTS,
        "s_main": SINGULAR_VALUES,
        "s_aux": SINGULAR_VALUES,
        "relatedness": RELATEDNESS,
        "seed": SEEDS,
    },
    quick_grid={**QUICK_CUBE, "n_samples": (MAIN_POINTS,), "n_aux": (AUX_COUNTS[0], AUX_COUNTS[-1])},
    sweeps=benefit_sweeps(),
    dataset=benefit_dataset,
    judge=functools.partial(judge_with_theory, (*trend_claims("n_aux", ROW), *FIGURE_3_LEFT)),
    draw=DRAW,
    draw_validation=DRAW_VALIDATION,
)

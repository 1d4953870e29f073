"""Figure A4: multitask benefit of ReLU students with 1–4 hidden layers, and of linear students for comparison.

Claim (caption): qualitatively similar to linear networks.

    sharedtrunk reproduce a4                 four minutes on 4 cores: 900 joint lanes, 60 single-task baselines
    sharedtrunk reproduce a4 --full          every SNR of the standard grid: an hour

N = 800; the students and their start are described in `sharedtrunk.paper.figures._depth`.
"""

import functools

from sharedtrunk.paper.claims.captions import DEPTH_CLAIMS, trend_claims
from sharedtrunk.paper.figures._appendix_pictures import cube_pictures
from sharedtrunk.paper.figures._depth import DIM, LINEAR, LINEAR_ALIKE, POINTS, STUDENTS, name_of
from sharedtrunk.paper.figures._figure import Figure
from sharedtrunk.paper.figures._standard import RELATEDNESS, SEEDS, SINGULAR_VALUES
from sharedtrunk.paper.figures._theory import judge_with_theory
from sharedtrunk.paper.figures._variants import variant_dataset, variant_sweeps

TITLE = "Multitask benefit of deeper ReLU students"


DRAW, DRAW_VALIDATION = cube_pictures(f"{TITLE}, N = {POINTS}", rows=DIM, row_label="", fixed="n_samples")

FIGURE = Figure(
    name="a4",
    title=TITLE,
    claim="deeper, nonlinear students behave as the linear one does",
    paper="Figure A4",
    minutes=4.0,
    grid={
        DIM: tuple(STUDENTS),
        "n_samples": (POINTS,),
        "s_main": (1.0, 10.0),
        "s_aux": (0.1, 1.0, 10.0),
        "relatedness": RELATEDNESS,
        "seed": SEEDS,
    },
    quick_grid={
        DIM: (LINEAR, LINEAR_ALIKE, name_of(2)),
        "n_samples": (POINTS,),
        "s_main": (10.0,),
        "s_aux": (0.1, 10.0),
        "relatedness": (0.0, 1.0),
        "seed": (0, 1),
    },
    full_grid={
        DIM: tuple(STUDENTS),
        "n_samples": (POINTS,),
        "s_main": SINGULAR_VALUES,
        "s_aux": SINGULAR_VALUES,
        "relatedness": RELATEDNESS,
        "seed": SEEDS,
    },
    sweeps=variant_sweeps(DIM, STUDENTS, ("closure",)),
    dataset=variant_dataset(DIM),
    judge=functools.partial(judge_with_theory, (*trend_claims(DIM, ""), *DEPTH_CLAIMS)),
    draw=DRAW,
    draw_validation=DRAW_VALIDATION,
)

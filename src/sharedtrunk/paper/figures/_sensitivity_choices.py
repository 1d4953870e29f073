"""Other choices of what the paper leaves open about its simulations.

The paper does not give the number of features, width, noise, start or step. Each choice differs from the standard problem
in one of these, which its name says. The largest singular value of Figure 2 is 100 in the paper's text and 10 in its
caption: this grid ends at 10, and Figure 2's own grid at 100.
"""

from sharedtrunk.paper.claims.captions import ALIGNED, STANDARD

DIM = "choice"

CHOICES = {
    STANDARD: {},
    "features: 50": {"features": 50},
    "features: 200": {"features": 200},
    "width: 30": {"hidden": 30},
    "width: 300": {"hidden": 300},
    "noise: 0.5": {"noise": 0.5},
    "noise: 2": {"noise": 2.0},
    "start scale: 0.1": {"start_scale": 0.1},
    "start scale: 1": {"start_scale": 1.0},
    ALIGNED: {"start": "aligned"},
    "descent, step 0.1": {"training": "descent", "step": 0.1},
    "descent, step 0.5": {"training": "descent", "step": 0.5},
}
"""The settings in which each choice differs from the standard problem."""

GRID = {
    DIM: tuple(CHOICES),
    "n_samples": (100, 400, 800, 1600),
    "s_main": (0.1, 1.0, 10.0),
    "s_aux": (0.1, 1.0, 10.0),
    # Four values, so that a group of lanes, with three s_aux, is one chunk of twelve.
    "relatedness": (0.0, 0.25, 0.5, 1.0),
    "seed": (0, 1, 2, 3, 4),
}

QUICK_GRID = {
    **GRID,
    DIM: (STANDARD, "noise: 2", "start scale: 1"),
    "n_samples": (100, 400, 800),
    "s_main": (1.0,),
    "seed": (0, 1),
}

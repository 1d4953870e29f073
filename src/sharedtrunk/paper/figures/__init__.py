"""The paper's figures: one file each, with its claim, grid, picture and checks.

`get` finds a figure by name, `reproduce` makes figures (training what is not stored yet), `redraw` draws and judges
stored datasets again, where JAX is not installed. Nothing here imports JAX; the workers do.
"""

from sharedtrunk._support.environment import worker_environment as worker_environment
from sharedtrunk.experiments.problems import StandardProblem as StandardProblem
from sharedtrunk.paper.figures._checks import Check as Check
from sharedtrunk.paper.figures._checks import Claim as Claim
from sharedtrunk.paper.figures._figure import HONEST as HONEST
from sharedtrunk.paper.figures._figure import SIZE_MARKS as SIZE_MARKS
from sharedtrunk.paper.figures._figure import Figure as Figure
from sharedtrunk.paper.figures._figure import Size as Size
from sharedtrunk.paper.figures._outcome import Lanes as Lanes
from sharedtrunk.paper.figures._outcome import Outcome as Outcome
from sharedtrunk.paper.figures._registry import FIGURES as FIGURES
from sharedtrunk.paper.figures._registry import PAPER as PAPER
from sharedtrunk.paper.figures._registry import get as get
from sharedtrunk.paper.figures._reproduce import Reproduction as Reproduction
from sharedtrunk.paper.figures._reproduce import redraw as redraw
from sharedtrunk.paper.figures._reproduce import reproduce as reproduce

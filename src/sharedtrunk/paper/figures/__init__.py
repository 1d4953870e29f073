"""The paper's figures, one file per figure: its claim, its grid, its picture and its checks.

`get` finds a figure by name, `reproduce` makes figures and trains the lanes that are not stored yet, and `redraw` draws
and judges stored datasets again. Only the workers import JAX.
"""

from sharedtrunk._support.environment import worker_environment as worker_environment
from sharedtrunk.experiments.problems import StandardProblem as StandardProblem
from sharedtrunk.paper.figures._checks import Check as Check
from sharedtrunk.paper.figures._figure import SIZE_MARKS as SIZE_MARKS
from sharedtrunk.paper.figures._figure import VALIDATION as VALIDATION
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

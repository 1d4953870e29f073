"""Simulation: networks with a shared trunk and one head per task, trained side by side.

`train` takes a `SharedTrunk` (the start), a `Problem` (inputs, label probabilities, masks) and a method (`Flow` or
`Descent`), and returns a `Trajectory`. Everything may carry a leading lane axis.
"""

from sharedtrunk.students._descent import Descent as Descent
from sharedtrunk.students._drive import drive as drive
from sharedtrunk.students._evaluation import FreshInputs as FreshInputs
from sharedtrunk.students._evaluation import sampled_losses as sampled_losses
from sharedtrunk.students._flow import Flow as Flow
from sharedtrunk.students._loss import training_loss as training_loss
from sharedtrunk.students._minimize import Minimum as Minimum
from sharedtrunk.students._minimize import balanced as balanced
from sharedtrunk.students._minimize import minimize as minimize
from sharedtrunk.students._network import SharedTrunk as SharedTrunk
from sharedtrunk.students._network import composites as composites
from sharedtrunk.students._network import logits as logits
from sharedtrunk.students._problem import Problem as Problem
from sharedtrunk.students._problem import make_problem as make_problem
from sharedtrunk.students._problem import of_lanes as of_lanes
from sharedtrunk.students._starts import aligned_start as aligned_start
from sharedtrunk.students._starts import aligned_tasks_start as aligned_tasks_start
from sharedtrunk.students._starts import random_start as random_start
from sharedtrunk.students._train import train as train

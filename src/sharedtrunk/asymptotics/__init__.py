"""Theory of the end of training with weight decay, as the numbers of points and features grow together."""

from sharedtrunk.asymptotics._best_decay import Benefit as Benefit
from sharedtrunk.asymptotics._best_decay import benefit_at_best_decay as benefit_at_best_decay
from sharedtrunk.asymptotics._best_decay import best_weight_decay as best_weight_decay
from sharedtrunk.asymptotics._evolved import StateEvolution as StateEvolution
from sharedtrunk.asymptotics._fields import TaskFields as TaskFields
from sharedtrunk.asymptotics._fields import fields_of_gram as fields_of_gram
from sharedtrunk.asymptotics._fields import fields_of_teachers as fields_of_teachers
from sharedtrunk.asymptotics._solver import QUICK_POINTS as QUICK_POINTS
from sharedtrunk.asymptotics._solver import RULE as RULE
from sharedtrunk.asymptotics._state_evolution import of_fields as of_fields
from sharedtrunk.asymptotics._state_evolution import of_teachers as of_teachers
from sharedtrunk.asymptotics._state_evolution import state_evolution as state_evolution

"""Theory of the end: what weight decay leaves of a shared trunk, as the numbers of points and features grow together."""

from sharedtrunk.asymptotics._fields import TaskFields as TaskFields
from sharedtrunk.asymptotics._fields import fields_of_gram as fields_of_gram
from sharedtrunk.asymptotics._fields import fields_of_teachers as fields_of_teachers
from sharedtrunk.asymptotics._state_evolution import RULE as RULE
from sharedtrunk.asymptotics._state_evolution import StateEvolution as StateEvolution
from sharedtrunk.asymptotics._state_evolution import state_evolution as state_evolution

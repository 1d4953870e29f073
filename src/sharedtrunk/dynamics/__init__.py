"""Theory of the training: flows of the expected gradient, in full and reduced to singular values, solved to tolerance."""

from ._aligned import AlignedFlow as AlignedFlow
from ._aligned import SingularValues as SingularValues
from ._aligned import aligned_flow as aligned_flow
from ._aligned import aligned_values as aligned_values
from ._closure import ClosureFlow as ClosureFlow
from ._closure import closure_flow as closure_flow
from ._flow import AbstractFlow as AbstractFlow
from ._integrate import Tolerance as Tolerance
from ._layers import Layers as Layers
from ._population import PopulationFlow as PopulationFlow
from ._population import flow_loss as flow_loss
from ._population import population_flow as population_flow
from ._rank_one import RankOneFlow as RankOneFlow
from ._rank_one import rank_one_flow as rank_one_flow
from ._solve import solve as solve
from ._two_tasks import TwoTaskFlow as TwoTaskFlow
from ._two_tasks import TwoTaskValues as TwoTaskValues
from ._two_tasks import predicted_sign as predicted_sign
from ._two_tasks import two_task_flow as two_task_flow
from ._two_tasks import two_task_start as two_task_start

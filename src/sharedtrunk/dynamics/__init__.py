"""Theory of the training: flows of the expected gradient, in full and reduced to singular values, solved to tolerance.

Each flow is an equation of the paper (or our own) and starts from its own kind of state:

- `population_flow`, (2) and (8) on infinite data: `Layers`, as `balanced_start` makes them;
- `closure_flow`, (8) on N samples by the Gaussian closure, not in the paper: `Layers`; `sampled_closures` for a batch;
- `aligned_flow`, (18): `SingularValues((s1, s2, …))`;
- `rank_one_flow`, (3): one number s(0) ≥ 0;
- `two_task_flow`, (26): `two_task_start(main, auxiliary, relatedness)`;
- `regression_flow`, the regression twin of [16]: `Layers`; `regression_growth` in closed form;
- `hadamard_problem`, where (18) is exact: a population flow and an aligned flow, each with its start.

`solve` follows any of them through given times; `solve_until_bracketed` follows a batch to the minimum of its generalization
loss, which a `Judge` computes. Time is steps × step size throughout. A new equation is an `AbstractFlow` with a `drive` and
its `composites` (see `_flow`).
"""

from sharedtrunk.dynamics._aligned import AlignedFlow as AlignedFlow
from sharedtrunk.dynamics._aligned import SingularValues as SingularValues
from sharedtrunk.dynamics._aligned import aligned_flow as aligned_flow
from sharedtrunk.dynamics._aligned import aligned_response as aligned_response
from sharedtrunk.dynamics._aligned import aligned_values as aligned_values
from sharedtrunk.dynamics._alignment import off_diagonal_share as off_diagonal_share
from sharedtrunk.dynamics._balance import balanced_start as balanced_start
from sharedtrunk.dynamics._balance import conserved as conserved
from sharedtrunk.dynamics._closure import ClosureFlow as ClosureFlow
from sharedtrunk.dynamics._closure import closure_flow as closure_flow
from sharedtrunk.dynamics._closure_average import SampleAverage as SampleAverage
from sharedtrunk.dynamics._closure_average import averaged_closure as averaged_closure
from sharedtrunk.dynamics._closure_average import sampled_closures as sampled_closures
from sharedtrunk.dynamics._flow import AbstractFlow as AbstractFlow
from sharedtrunk.dynamics._hadamard import HadamardProblem as HadamardProblem
from sharedtrunk.dynamics._hadamard import hadamard_problem as hadamard_problem
from sharedtrunk.dynamics._integrate import Tolerance as Tolerance
from sharedtrunk.dynamics._judge import Judge as Judge
from sharedtrunk.dynamics._judge import JudgedFlow as JudgedFlow
from sharedtrunk.dynamics._layers import Layers as Layers
from sharedtrunk.dynamics._minimum import Minimum as Minimum
from sharedtrunk.dynamics._minimum import solve_until_bracketed as solve_until_bracketed
from sharedtrunk.dynamics._population import FAST_RULE as FAST_RULE
from sharedtrunk.dynamics._population import PopulationFlow as PopulationFlow
from sharedtrunk.dynamics._population import flow_loss as flow_loss
from sharedtrunk.dynamics._population import population_flow as population_flow
from sharedtrunk.dynamics._rank_one import RankOneFlow as RankOneFlow
from sharedtrunk.dynamics._rank_one import rank_one_flow as rank_one_flow
from sharedtrunk.dynamics._regression import RegressionBenefit as RegressionBenefit
from sharedtrunk.dynamics._regression import regression_benefit as regression_benefit
from sharedtrunk.dynamics._regression import regression_error as regression_error
from sharedtrunk.dynamics._regression import regression_growth as regression_growth
from sharedtrunk.dynamics._regression_flow import RegressionFlow as RegressionFlow
from sharedtrunk.dynamics._regression_flow import regression_flow as regression_flow
from sharedtrunk.dynamics._regression_spikes import regression_prediction as regression_prediction
from sharedtrunk.dynamics._solve import solve as solve
from sharedtrunk.dynamics._two_tasks import TwoTaskFlow as TwoTaskFlow
from sharedtrunk.dynamics._two_tasks import TwoTaskValues as TwoTaskValues
from sharedtrunk.dynamics._two_tasks import predicted_sign as predicted_sign
from sharedtrunk.dynamics._two_tasks import two_task_flow as two_task_flow
from sharedtrunk.dynamics._two_tasks import two_task_start as two_task_start
from sharedtrunk.gaussian import FAST_LABELS as FAST_LABELS
from sharedtrunk.gaussian import label_moments as label_moments

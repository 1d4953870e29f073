"""What softmax does to Gaussian logits: free energy, moments, the population loss, each with an error bar."""

from ._accuracy import accuracy as accuracy
from ._accuracy import accuracy_with_error as accuracy_with_error
from ._error import mean_and_error as mean_and_error
from ._free_energy import free_energy as free_energy
from ._free_energy import free_energy_scrambles as free_energy_scrambles
from ._free_energy import free_energy_with_error as free_energy_with_error
from ._free_energy import population_loss as population_loss
from ._free_energy import population_loss_with_error as population_loss_with_error
from ._label_moment import label_moment as label_moment
from ._label_moment import label_moment_with_error as label_moment_with_error
from ._moments import softmax_covariance as softmax_covariance
from ._moments import softmax_covariance_with_error as softmax_covariance_with_error
from ._moments import softmax_moment as softmax_moment
from ._moments import softmax_moment_with_error as softmax_moment_with_error
from ._random_energy import expected_maximum as expected_maximum
from ._random_energy import random_energy_free_energy as random_energy_free_energy
from ._random_energy import random_energy_slope as random_energy_slope
from ._rules import COARSE as COARSE
from ._rules import FINE as FINE
from ._rules import FINEST as FINEST
from ._rules import Pairs as Pairs
from ._rules import Panels as Panels
from ._rules import Rule as Rule
from ._rules import Sobol as Sobol

"""Does the auxiliary task help? Losses along a training, where a student is evaluated, and the multitask benefit with its
bounds."""

from sharedtrunk.benefit._aligned_bounds import aligned_bounds as aligned_bounds
from sharedtrunk.benefit._aligned_bounds import printed_aligned_bounds as printed_aligned_bounds
from sharedtrunk.benefit._benefit import MultitaskBenefit as MultitaskBenefit
from sharedtrunk.benefit._benefit import multitask_benefit as multitask_benefit
from sharedtrunk.benefit._bounds import BenefitBounds as BenefitBounds
from sharedtrunk.benefit._bounds import BenefitGaps as BenefitGaps
from sharedtrunk.benefit._bounds import benefit_bounds as benefit_bounds
from sharedtrunk.benefit._bounds import benefit_gaps as benefit_gaps
from sharedtrunk.benefit._bounds import printed_bounds as printed_bounds
from sharedtrunk.benefit._curves import with_generalization_loss as with_generalization_loss
from sharedtrunk.benefit._curves import with_validation_loss as with_validation_loss
from sharedtrunk.benefit._stopping import oracle_stop as oracle_stop
from sharedtrunk.benefit._stopping import validation_stop as validation_stop
from sharedtrunk.benefit._value import value_at as value_at
from sharedtrunk.flows.bracketing import bracketed as bracketed
from sharedtrunk.flows.stopped import Stopped as Stopped

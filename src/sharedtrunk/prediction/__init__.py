"""The benefit at one setting by three methods: theory on infinite data, theory on the samples, and a quick simulation.

All three use the same teachers, inputs and starts (common random numbers), so they are compared seed by seed. A fourth
method, for the same teachers, speaks of weight decay in place of early stopping, at infinite size.
"""

from sharedtrunk.prediction._decay_theory_lanes import decay_drawn_lanes as decay_drawn_lanes
from sharedtrunk.prediction._decay_theory_lanes import decay_limit_lanes as decay_limit_lanes
from sharedtrunk.prediction._predict import predict as predict
from sharedtrunk.prediction._predict import predict_grid as predict_grid
from sharedtrunk.prediction._prediction import Answer as Answer
from sharedtrunk.prediction._prediction import Prediction as Prediction
from sharedtrunk.prediction._report import CAPTION as CAPTION
from sharedtrunk.prediction._report import COLUMNS as COLUMNS
from sharedtrunk.prediction._report import caption as caption
from sharedtrunk.prediction._report import label as label
from sharedtrunk.prediction._report import rows as rows
from sharedtrunk.prediction._report import title as title
from sharedtrunk.prediction._report import write_json as write_json
from sharedtrunk.prediction._sentence import sentence as sentence
from sharedtrunk.prediction._setting import Setting as Setting
from sharedtrunk.prediction._theory_lanes import closure_lanes as closure_lanes
from sharedtrunk.prediction._theory_lanes import population_lanes as population_lanes

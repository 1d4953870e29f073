"""Claims about captions and figures, judged from the stored datasets of figures: no JAX, no training.

`judge_stored` judges the ledger's claims about the captions and about sections 4.4 to 4.7 from a folder of datasets. The
claims that a figure itself shows are in the same files, by topic, so that each contrast and each threshold is defined once:
`FIGURE_2_LEFT`, `FIGURE_2_RIGHT`, `FIGURE_3_LEFT` (in `_auxiliary_data.py`), `DEPTH_CLAIMS`, `TABLE_1` and `trend_claims`.
"""

from sharedtrunk.paper.claims.captions._auxiliary_data import AUX_COUNTS as AUX_COUNTS
from sharedtrunk.paper.claims.captions._auxiliary_data import FIGURE_3_LEFT as FIGURE_3_LEFT
from sharedtrunk.paper.claims.captions._auxiliary_data import MAIN_POINTS as MAIN_POINTS
from sharedtrunk.paper.claims.captions._datasets import Datasets as Datasets
from sharedtrunk.paper.claims.captions._deeper_students import DEPTH_CLAIMS as DEPTH_CLAIMS
from sharedtrunk.paper.claims.captions._deeper_students import LINEAR as LINEAR
from sharedtrunk.paper.claims.captions._deeper_students import LINEAR_ALIKE as LINEAR_ALIKE
from sharedtrunk.paper.claims.captions._figure2 import FIGURE_2_LEFT as FIGURE_2_LEFT
from sharedtrunk.paper.claims.captions._figure2 import FIGURE_2_RIGHT as FIGURE_2_RIGHT
from sharedtrunk.paper.claims.captions._start import ALIGNED as ALIGNED
from sharedtrunk.paper.claims.captions._start import STANDARD as STANDARD
from sharedtrunk.paper.claims.captions._stored_claims import STORED as STORED
from sharedtrunk.paper.claims.captions._stored_claims import judge_stored as judge_stored
from sharedtrunk.paper.claims.captions._table1 import ABUNDANT as ABUNDANT
from sharedtrunk.paper.claims.captions._table1 import LIMITED as LIMITED
from sharedtrunk.paper.claims.captions._table1 import SOURCES as SOURCES
from sharedtrunk.paper.claims.captions._table1 import TABLE_1 as TABLE_1
from sharedtrunk.paper.claims.captions._table1 import THEORY as THEORY
from sharedtrunk.paper.claims.captions._table1 import Statement as Statement
from sharedtrunk.paper.claims.captions._trends import along as along
from sharedtrunk.paper.claims.captions._trends import trend_claims as trend_claims

"""The claims of the paper: statements, the numbers that decide them, and one rule for the verdict.

A *claim* has a measurement that returns *evidence*: *readings* within the claim's condition, beyond it, and of what is true
instead. `judge` measures a claim and `verdict` says what follows; a judged claim is a *row*, and all rows together are the
*ledger*, which has words and a file. Two packages hold the claims:

- `sharedtrunk.paper.claims.equations`: equations, Table 1, observations and errata, by theory and simulation (needs JAX);
- `sharedtrunk.paper.claims.captions`: captions and figures, judged from stored datasets (needs no JAX).
"""

from sharedtrunk.paper.claims._claim import Claim as Claim
from sharedtrunk.paper.claims._claim import Evidence as Evidence
from sharedtrunk.paper.claims._claim import figure_claim as figure_claim
from sharedtrunk.paper.claims._ledger_file import as_json as as_json
from sharedtrunk.paper.claims._ledger_file import read_json as read_json
from sharedtrunk.paper.claims._ledger_file import read_record as read_record
from sharedtrunk.paper.claims._ledger_file import write_json as write_json
from sharedtrunk.paper.claims._per_seed import PerSeed as PerSeed
from sharedtrunk.paper.claims._per_seed import scramble_error as scramble_error
from sharedtrunk.paper.claims._reading import NEGATIVE as NEGATIVE
from sharedtrunk.paper.claims._reading import NO_EFFECT as NO_EFFECT
from sharedtrunk.paper.claims._reading import NOT_POSITIVE as NOT_POSITIVE
from sharedtrunk.paper.claims._reading import POSITIVE as POSITIVE
from sharedtrunk.paper.claims._reading import Limit as Limit
from sharedtrunk.paper.claims._reading import Reading as Reading
from sharedtrunk.paper.claims._reading import above as above
from sharedtrunk.paper.claims._reading import at_least as at_least
from sharedtrunk.paper.claims._reading import at_most as at_most
from sharedtrunk.paper.claims._reading import below as below
from sharedtrunk.paper.claims._reading import each as each
from sharedtrunk.paper.claims._reading import negligible as negligible
from sharedtrunk.paper.claims._reading import over_seeds as over_seeds
from sharedtrunk.paper.claims._verdict import Row as Row
from sharedtrunk.paper.claims._verdict import Verdict as Verdict
from sharedtrunk.paper.claims._verdict import deciding as deciding
from sharedtrunk.paper.claims._verdict import judge as judge
from sharedtrunk.paper.claims._verdict import verdict as verdict
from sharedtrunk.paper.claims._verdict import worst as worst
from sharedtrunk.paper.claims._wording import COLUMNS as COLUMNS
from sharedtrunk.paper.claims._wording import in_words as in_words
from sharedtrunk.paper.claims._wording import number_lines as number_lines
from sharedtrunk.paper.claims._wording import sentence as sentence
from sharedtrunk.paper.claims._wording import statement_lines as statement_lines
from sharedtrunk.paper.claims._wording import tally as tally

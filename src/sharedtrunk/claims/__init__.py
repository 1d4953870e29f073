"""The ledger of claims: which statements of the paper hold, which only under a condition, which fail, by numbers.

A claim is a statement and a function from a seed to readings; `measure` takes the readings, and the verdict follows from
them (`_claim`). The groups of equations are one file each.
"""

from sharedtrunk.claims._claim import Claim as Claim
from sharedtrunk.claims._claim import Evidence as Evidence
from sharedtrunk.claims._claim import Reading as Reading
from sharedtrunk.claims._claim import at_least as at_least
from sharedtrunk.claims._claim import at_most as at_most
from sharedtrunk.claims._claim import deciding as deciding
from sharedtrunk.claims._claim import verdict as verdict
from sharedtrunk.claims._ledger import Row as Row
from sharedtrunk.claims._ledger import measure as measure
from sharedtrunk.claims._registry import CLAIMS as CLAIMS
from sharedtrunk.claims._words import COLUMNS as COLUMNS
from sharedtrunk.claims._words import numbers as numbers
from sharedtrunk.claims._words import said as said
from sharedtrunk.claims._words import sentence as sentence
from sharedtrunk.claims._words import tally as tally
from sharedtrunk.claims._write import as_json as as_json
from sharedtrunk.claims._write import write_json as write_json

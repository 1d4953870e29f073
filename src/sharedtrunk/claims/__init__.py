"""The first half of the ledger: which statements of the paper hold, which only under a condition, which fail, by numbers.

A claim is a statement and a function from a seed to readings; `measure` takes the readings, and the verdict follows from
them (`sharedtrunk.ledger`, which also has the second half: claims judged from stored datasets). The groups of equations
are one file each.
"""

from sharedtrunk.claims._claim import Claim as Claim
from sharedtrunk.claims._ledger import measure as measure
from sharedtrunk.claims._registry import CLAIMS as CLAIMS
from sharedtrunk.ledger import COLUMNS as COLUMNS
from sharedtrunk.ledger import Evidence as Evidence
from sharedtrunk.ledger import Reading as Reading
from sharedtrunk.ledger import Row as Row
from sharedtrunk.ledger import as_json as as_json
from sharedtrunk.ledger import at_least as at_least
from sharedtrunk.ledger import at_most as at_most
from sharedtrunk.ledger import deciding as deciding
from sharedtrunk.ledger import numbers as numbers
from sharedtrunk.ledger import said as said
from sharedtrunk.ledger import sentence as sentence
from sharedtrunk.ledger import tally as tally
from sharedtrunk.ledger import verdict as verdict
from sharedtrunk.ledger import write_json as write_json

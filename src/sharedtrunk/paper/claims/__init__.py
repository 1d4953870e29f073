"""The first half of the ledger: which statements of the paper hold, which only under a condition, which fail, by numbers.

A claim is a statement and a function from a seed to readings; `measure` takes the readings, and the verdict follows from
them (`sharedtrunk.paper.ledger`, which also has the second half: claims judged from stored datasets). The groups of equations
are one file each.
"""

from sharedtrunk.paper.claims._claim import Claim as Claim
from sharedtrunk.paper.claims._ledger import measure as measure
from sharedtrunk.paper.claims._registry import CLAIMS as CLAIMS
from sharedtrunk.paper.ledger import COLUMNS as COLUMNS
from sharedtrunk.paper.ledger import Evidence as Evidence
from sharedtrunk.paper.ledger import Reading as Reading
from sharedtrunk.paper.ledger import Row as Row
from sharedtrunk.paper.ledger import as_json as as_json
from sharedtrunk.paper.ledger import at_least as at_least
from sharedtrunk.paper.ledger import at_most as at_most
from sharedtrunk.paper.ledger import deciding as deciding
from sharedtrunk.paper.ledger import numbers as numbers
from sharedtrunk.paper.ledger import said as said
from sharedtrunk.paper.ledger import sentence as sentence
from sharedtrunk.paper.ledger import tally as tally
from sharedtrunk.paper.ledger import verdict as verdict
from sharedtrunk.paper.ledger import write_json as write_json

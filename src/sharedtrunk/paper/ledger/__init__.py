"""What the ledger of claims is made of, and its second half: claims judged from the stored datasets of figures. No JAX.

A claim is a statement, its evidence are readings, and the verdict follows from these alone; rows have words and a file,
which `read_json` reads back. `judge_stored` judges the claims of the captions and of sections 4.4 to 4.7 from a folder of
datasets. Claims that take measurements of their own are in `sharedtrunk.paper.claims`.
"""

from sharedtrunk.paper.ledger._claim import Claim as Claim
from sharedtrunk.paper.ledger._claim import Evidence as Evidence
from sharedtrunk.paper.ledger._claim import Reading as Reading
from sharedtrunk.paper.ledger._claim import Verdict as Verdict
from sharedtrunk.paper.ledger._claim import at_least as at_least
from sharedtrunk.paper.ledger._claim import at_most as at_most
from sharedtrunk.paper.ledger._claim import deciding as deciding
from sharedtrunk.paper.ledger._claim import verdict as verdict
from sharedtrunk.paper.ledger._claim import worst as worst
from sharedtrunk.paper.ledger._json import as_json as as_json
from sharedtrunk.paper.ledger._json import read_json as read_json
from sharedtrunk.paper.ledger._json import read_record as read_record
from sharedtrunk.paper.ledger._json import write_json as write_json
from sharedtrunk.paper.ledger._registry import STORED as STORED
from sharedtrunk.paper.ledger._registry import judge_stored as judge_stored
from sharedtrunk.paper.ledger._row import Row as Row
from sharedtrunk.paper.ledger._stored import Datasets as Datasets
from sharedtrunk.paper.ledger._stored import StoredClaim as StoredClaim
from sharedtrunk.paper.ledger._words import COLUMNS as COLUMNS
from sharedtrunk.paper.ledger._words import in_words as in_words
from sharedtrunk.paper.ledger._words import numbers as numbers
from sharedtrunk.paper.ledger._words import said as said
from sharedtrunk.paper.ledger._words import sentence as sentence
from sharedtrunk.paper.ledger._words import tally as tally

"""Claims about equations, Table 1, observations and errata, measured by theory and by simulation; needs JAX.

`CLAIMS` are all of them in the paper's order, one file for each group; `measure` measures them, one by one or in workers.
"""

from sharedtrunk.paper.claims.equations._equation_claims import CLAIMS as CLAIMS
from sharedtrunk.paper.claims.equations._measure import measure as measure

"""Claims about equations, Table 1, observations and errata, measured by theory and by simulation; needs JAX.

`CLAIMS` holds all of them in the paper's order; `measure` measures them in this process or in workers. Each file is a group.
"""

from sharedtrunk.paper.claims.equations._equation_claims import CLAIMS as CLAIMS
from sharedtrunk.paper.claims.equations._measure import measure as measure

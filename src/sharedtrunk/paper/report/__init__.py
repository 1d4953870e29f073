"""The report: every figure in a folder, its verdicts and the ledger, as one HTML page that needs nothing else.

`write` gathers (`_gather`), puts into words (`_summary`, `_view`) and assembles (`_page`) the page; its markup, style and
scripts stand in `page/`. Nothing here trains, draws or judges, and JAX need not be installed.
"""

from sharedtrunk.paper.report._write import Report as Report
from sharedtrunk.paper.report._write import write as write
